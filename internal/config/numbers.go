package config

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// decimalComma matches text that is probably one number with a decimal comma, not
// two numbers.
var decimalComma = regexp.MustCompile(`^[+-]?[\d.]+,[\d.]+$`)

// parseNumbers parses one number for all phases, or one for each of up to three.
func parseNumbers(text string) ([]float64, error) {
	if decimalComma.MatchString(text) {
		return nil, errors.New("write a decimal point for one number, such as 1.5, or a space after the comma for two phases, such as 1, 5")
	}
	fields := strings.Split(text, ",")
	if len(fields) > 3 {
		return nil, errors.New("want one number, or one per phase (three at most)")
	}
	numbers := make([]float64, len(fields))
	for i, field := range fields {
		n, err := strconv.ParseFloat(strings.TrimSpace(field), 64)
		if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
			return nil, errors.New("want one number, or one per phase, e.g. 1, -1, 1")
		}
		numbers[i] = n
	}
	return numbers, nil
}

const (
	maxFactor = 1000
	minFactor = 1.0 / maxFactor
	maxWatts  = 1e6 // of grid power
)

func parseFactors(text string) ([]float64, error) {
	factors, err := parseNumbers(text)
	for _, f := range factors {
		switch f = math.Abs(f); {
		case f == 0:
			return nil, errors.New("must not be 0: it would hide what is measured")
		case f < minFactor || f > maxFactor:
			return nil, errors.New("must be between 0.001 and 1000, or between -1000 and -0.001")
		}
	}
	return factors, err
}

func parseOffsets(text string) ([]float64, error) {
	offsets, err := parseNumbers(text)
	for _, w := range offsets {
		if math.Abs(w) > maxWatts {
			return nil, errTooManyWatts
		}
	}
	return offsets, err
}

var errTooManyWatts = errors.New("must be between -1000000 and 1000000 watts")

// parseFailSafe returns nil for off.
func parseFailSafe(text string) (*float64, error) {
	if strings.EqualFold(text, "off") {
		return nil, nil
	}
	watts, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(watts, 0) || math.IsNaN(watts) {
		return nil, errors.New("want off, or a number of watts, e.g. 0")
	}
	if math.Abs(watts) > maxWatts {
		return nil, errTooManyWatts
	}
	return &watts, nil
}
