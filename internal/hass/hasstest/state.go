package hasstest

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const maxState = 255 // characters of a state in Home Assistant

var plainNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)

// decimals are those of retained values, by unit; others have at most three.
var decimals = map[string]int{"W": 0, "V": 1, "var": 1, "VA": 1, "Hz": 2}

// A stateChecker checks payloads of the state topic of one component.
type stateChecker struct {
	*checker
	m map[string]any // the component
}

// check checks one payload. "None" is Home Assistant's word for unknown.
func (c stateChecker) check(payload string) {
	m := c.m
	if payload == "" {
		c.add(OwnRule, ruleState, "empty, which only clears a retained topic")
		return
	}
	if payload == "None" {
		return
	}
	class := strings.ToLower(text(m, "device_class"))
	platform := text(m, "platform")
	switch {
	case platform == "binary_sensor":
		c.checkBinary(payload)
	case platform == "sensor" && (class == "timestamp" || class == "uptime"):
		if _, err := time.Parse(time.RFC3339, payload); err != nil {
			c.add(ComponentLost, ruleState, "%q is no RFC 3339 time with a zone", payload)
		}
	case platform == "sensor" && class == "date":
		if _, err := time.Parse(time.DateOnly, payload); err != nil {
			c.add(ComponentLost, ruleState, "%q is no date", payload)
		}
	case platform == "select" || class == "enum":
		if list, ok := texts(m["options"]); ok && !slices.Contains(list, payload) {
			c.add(ComponentLost, ruleState, "%q is none of the options", payload)
		}
	case platform == "switch":
		if words := switchWords(m); !slices.Contains(words[:], payload) {
			c.add(ComponentLost, ruleState, "%q is neither %q nor %q", payload, words[0], words[1])
		}
	case platform == "number":
		c.checkNumber(payload)
		if v, err := strconv.ParseFloat(payload, 64); err == nil && (v < bound(m, "min", 1) || v > bound(m, "max", 100)) {
			c.add(ComponentLost, ruleState, "%q is outside min and max", payload)
		}
	case platform == "sensor" && isNumeric(m):
		c.checkNumber(payload)
	case utf8.RuneCountInString(payload) > maxState:
		c.add(ComponentLost, ruleState, "more than %d characters", maxState)
	}
}

// isNumeric reports whether Home Assistant expects a number of sensor m.
func isNumeric(m map[string]any) bool {
	keys := []string{"device_class", "state_class", "unit_of_measurement", "suggested_display_precision"}
	return slices.ContainsFunc(keys, func(key string) bool { return m[key] != nil })
}

func (c stateChecker) checkBinary(payload string) {
	words := []string{"ON", "OFF"}
	for i, key := range []string{"payload_on", "payload_off"} {
		if word, ok := c.m[key].(string); ok {
			words[i] = word
		}
	}
	if !slices.Contains(words, payload) {
		c.add(ComponentLost, ruleState, "%q is neither %q nor %q", payload, words[0], words[1])
	}
}

func (c stateChecker) checkNumber(payload string) {
	v, err := strconv.ParseFloat(strings.TrimSpace(payload), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || strings.ContainsAny(payload, "xX_") {
		c.add(ComponentLost, ruleState, "%q is no number", payload)
		return
	}
	if v < 0 && c.m["state_class"] == "total_increasing" {
		c.add(Warning, ruleCounter, "%q: a counter below zero is ignored", payload)
	}
	if !plainNumber.MatchString(payload) {
		c.add(OwnRule, ruleState, "%q is not a plain decimal number", payload)
		return
	}
	if v == 0 && strings.HasPrefix(payload, "-") {
		c.add(OwnRule, ruleState, "%q: zero has no sign", payload)
	}
	limit, ok := decimals[text(c.m, "unit_of_measurement")]
	if !ok {
		limit = 3
	}
	if _, fraction, ok := strings.Cut(payload, "."); len(fraction) > limit {
		c.add(OwnRule, ruleState, "%q has more than %d decimals", payload, limit)
	} else if ok && strings.HasSuffix(fraction, "0") {
		c.add(OwnRule, ruleState, "%q is not the shortest way to write it", payload)
	}
}
