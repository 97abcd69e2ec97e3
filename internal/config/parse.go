package config

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/serialnumber"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// The errors of parsers say what is expected and do not contain the value, which
// may be a secret.

func asText(text string) (string, error) { return text, nil }

func asSecret(text string) (Secret, error) { return Secret(text), nil }

// listOf returns a parser of elements that are separated by commas. Equal elements are
// one.
func listOf(parse func(string) (string, error)) func(string) ([]string, error) {
	return func(text string) ([]string, error) {
		var list []string
		for field := range strings.SplitSeq(text, ",") {
			element, err := parse(strings.TrimSpace(field))
			if err != nil {
				return nil, err
			}
			if !slices.Contains(list, element) {
				list = append(list, element)
			}
		}
		return list, nil
	}
}

// OneOf returns a parser that accepts words, which are in lower case, and ignores
// case.
func OneOf(words ...string) func(string) (string, error) {
	return func(text string) (string, error) {
		if word := strings.ToLower(text); slices.Contains(words, word) {
			return word, nil
		}
		last := len(words) - 1
		return "", fmt.Errorf("want %s or %s", strings.Join(words[:last], ", "), words[last])
	}
}

// ParseLogLevel parses debug, info, warn or error.
func ParseLogLevel(text string) (string, error) {
	return OneOf("debug", "info", "warn", "error")(text)
}

// ParseLogFormat parses text or json. auto and console are older names of text.
func ParseLogFormat(text string) (string, error) {
	switch word := strings.ToLower(text); word {
	case "text", "json":
		return word, nil
	case "auto", "console":
		return "text", nil
	}
	return "", errors.New("want text or json")
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

// parseDiscovery parses device, entity, or a word of parseBool: true is an older
// name of device.
func parseDiscovery(text string) (Discovery, error) {
	if isOn, err := parseBool(text); err == nil && isOn {
		return DiscoveryByDevice, nil
	} else if err == nil {
		return NoDiscovery, nil
	}
	word, err := OneOf(string(DiscoveryByDevice), string(DiscoveryByEntity), "false")(text)
	return Discovery(word), err
}

const maxDuration = 24 * time.Hour

func parseDuration(text string) (time.Duration, error) {
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return 0, errors.New("missing unit, e.g. 5s")
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, errors.New("want a duration, e.g. 500ms, 5s or 2m")
	}
	if d <= 0 {
		return 0, errors.New("must be more than 0")
	}
	if d > maxDuration {
		return 0, errors.New("must be 24h at most")
	}
	return d, nil
}

const minInterval = 100 * time.Millisecond // faster requests would keep a gateway from measuring

func parseInterval(text string) (time.Duration, error) {
	d, err := parseDuration(text)
	if err == nil && d < minInterval {
		return 0, fmt.Errorf("must be %v at least", minInterval)
	}
	return d, err
}

var sources = []envoy.Source{envoy.AutoSource, envoy.FromProduction, envoy.FromMeters, envoy.FromLivedata, envoy.FromSunSpec}

func parseSource(text string) (envoy.Source, error) {
	for _, s := range sources {
		if s.String() == strings.ToLower(text) {
			return s, nil
		}
	}
	return 0, fmt.Errorf("want %v, %v, %v, %v or %v", sources[0], sources[1], sources[2], sources[3], sources[4])
}

func parseSerial(text string) (string, error) {
	if !serialnumber.IsGateway(text) {
		return "", errors.New("want 6 to 32 letters and digits")
	}
	return text, nil
}

// parseSection returns the name of a section in upper case, without brackets.
func parseSection(text string) (string, error) {
	name := strings.ToUpper(strings.TrimSpace(strings.Trim(text, "[]")))
	if !isGateway(name) {
		return "", errors.New("want the section of a gateway, such as ENVOY or ENVOY_GARAGE")
	}
	return name, nil
}

// parseFingerprint parses a SHA-256 in the formats of openssl and browsers, with
// or without colons and the prefix sha256:.
func parseFingerprint(text string) (string, error) {
	digits := strings.TrimPrefix(strings.ToLower(text), "sha256:")
	digits = strings.ReplaceAll(digits, ":", "")
	if sum, err := hex.DecodeString(digits); err != nil || len(sum) != 32 {
		return "", errors.New("want sha256: and 64 hex digits")
	}
	return digits, nil
}

// parseReadable parses the path of a file, which must be readable.
func parseReadable(path string) (string, error) {
	_, err := state.ReadFile(path, state.MaxFileSize)
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return "", e.Err // the caller adds the path
	}
	return path, err
}

// IsPlainText reports whether text is UTF-8 without control characters other than
// tabs, as topics, headers and MQTT strings require.
func IsPlainText(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return r != '\t' && unicode.IsControl(r) })
}
