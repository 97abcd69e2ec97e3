package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// The parsers of values say what was wanted and never repeat what was given: whether it may be shown, as a secret may
// not, is their caller's business.

func asText(text string) (string, error) { return text, nil }

func asSecret(text string) (secret, error) { return secret(text), nil }

func oneOf(words ...string) func(string) (string, error) {
	return func(text string) (string, error) {
		if word := strings.ToLower(text); slices.Contains(words, word) {
			return word, nil
		}
		last := len(words) - 1
		return "", fmt.Errorf("want %s or %s", strings.Join(words[:last], ", "), words[last])
	}
}

func parseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, errors.New("want true or false")
}

const longestDuration = 24 * time.Hour

func parseDuration(text string) (time.Duration, error) {
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return 0, errors.New("missing unit, e.g. 5s")
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, errors.New("want a duration, e.g. 500ms, 5s or 2m")
	}
	if d <= 0 {
		return 0, errors.New("must be longer than nothing")
	}
	if d > longestDuration {
		return 0, errors.New("must be 24h at most")
	}
	return d, nil
}

const shortestInterval = 100 * time.Millisecond // below it a gateway would only be kept from measuring

func parseInterval(text string) (time.Duration, error) {
	d, err := parseDuration(text)
	if err == nil && d < shortestInterval {
		return 0, fmt.Errorf("must be %v at least", shortestInterval)
	}
	return d, err
}

var sources = []envoy.Source{envoy.AutoSource, envoy.FromProduction, envoy.FromMeters, envoy.FromLivedata}

func parseSource(text string) (envoy.Source, error) {
	for _, s := range sources {
		if s.String() == strings.ToLower(text) {
			return s, nil
		}
	}
	return 0, fmt.Errorf("want %v, %v, %v or %v", sources[0], sources[1], sources[2], sources[3])
}

// decimalComma matches what is more probably one number with a decimal comma than a number for each of two phases.
var decimalComma = regexp.MustCompile(`^[+-]?[\d.]+,[\d.]+$`)

// parseNumbers reads one number for all phases or up to three, one a phase.
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
	largestFactor  = 1000
	smallestFactor = 1.0 / largestFactor
	largestWatts   = 1e6 // at the grid
)

func parseFactors(text string) ([]float64, error) {
	factors, err := parseNumbers(text)
	for _, f := range factors {
		switch f = math.Abs(f); {
		case f == 0:
			return nil, errors.New("must not be 0: it would hide what is measured")
		case f < smallestFactor || f > largestFactor:
			return nil, errors.New("must be between 0.001 and 1000, or between -1000 and -0.001")
		}
	}
	return factors, err
}

func parseOffsets(text string) ([]float64, error) {
	offsets, err := parseNumbers(text)
	for _, w := range offsets {
		if math.Abs(w) > largestWatts {
			return nil, errTooManyWatts
		}
	}
	return offsets, err
}

var errTooManyWatts = errors.New("must be between -1000000 and 1000000 watts")

// parseProfiles takes names of the bridge's profiles, of each topic one.
func parseProfiles(text string) ([]string, error) {
	var names []string
	taken := map[string]string{}
	for field := range strings.SplitSeq(text, ",") {
		name := strings.ToLower(strings.TrimSpace(field))
		topic := bridge.ProfileTopic(name)
		if topic == "" {
			return nil, errors.New("want any of " + strings.Join(bridge.Profiles(), ", "))
		}
		if other, ok := taken[topic]; ok && other != name {
			return nil, fmt.Errorf("%s and %s are both told on %s; choose one", other, name, topic)
		}
		if _, again := taken[topic]; !again {
			names = append(names, name)
		}
		taken[topic] = name
	}
	return names, nil
}

func parseFailSafe(text string) (*float64, error) {
	if strings.EqualFold(text, "off") {
		return nil, nil
	}
	watts, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(watts, 0) || math.IsNaN(watts) {
		return nil, errors.New("want off, or a number of watts, e.g. 0")
	}
	if math.Abs(watts) > largestWatts {
		return nil, errTooManyWatts
	}
	return &watts, nil
}

var serial = regexp.MustCompile(`^[A-Za-z0-9]{6,32}$`) // it becomes a topic level

func parseSerial(text string) (string, error) {
	if !serial.MatchString(text) {
		return "", errors.New("want 6 to 32 letters and digits")
	}
	return text, nil
}

// parseFingerprint takes a SHA-256 as openssl and browsers write it, with or without colons and the prefix.
func parseFingerprint(text string) (string, error) {
	digits := strings.TrimPrefix(strings.ToLower(text), "sha256:")
	digits = strings.ReplaceAll(digits, ":", "")
	if sum, err := hex.DecodeString(digits); err != nil || len(sum) != 32 {
		return "", errors.New("want sha256: and 64 hex digits")
	}
	return digits, nil
}

// parseTopic takes the beginning of a topic, of one level or more.
func parseTopic(text string) (string, error) {
	switch {
	case strings.ContainsAny(text, "+#"):
		return "", errors.New("must not contain + or #")
	case strings.HasPrefix(text, "/"), strings.HasSuffix(text, "/"):
		return "", errors.New("must not begin or end with /")
	case strings.HasPrefix(text, "$"):
		return "", errors.New("must not begin with $: such topics are the broker's own")
	}
	return parseMQTT(text)
}

const longestMQTT = 65535 // bytes of a string in MQTT

// parseMQTT takes a string that every broker accepts.
func parseMQTT(text string) (string, error) {
	switch {
	case len(text) > longestMQTT:
		return "", fmt.Errorf("must be at most %d bytes long", longestMQTT)
	case strings.ContainsFunc(text, unicode.IsControl):
		return "", errors.New("must not contain control characters")
	case strings.ContainsFunc(text, isNonCharacter):
		return "", errors.New("must not contain non-characters of Unicode, such as U+FFFF")
	}
	return text, nil
}

func isNonCharacter(r rune) bool { return r&0xFFFE == 0xFFFE || r >= 0xFDD0 && r <= 0xFDEF }

// parseMQTTSecret takes what MQTT can hold as a password, which is any bytes.
func parseMQTTSecret(text string) (secret, error) {
	if len(text) > longestMQTT {
		return "", fmt.Errorf("must be at most %d bytes long", longestMQTT)
	}
	return secret(text), nil
}

// parseReadable takes the path of a file that is there.
func parseReadable(path string) (string, error) {
	_, err := state.ReadFile(path, state.MaxFileSize)
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return "", e.Err // the path is shown already
	}
	return path, err
}

// isPlain tells whether text is UTF-8 without control characters but tabs: what topics, headers and MQTT strings can hold.
func isPlain(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return r != '\t' && unicode.IsControl(r) })
}
