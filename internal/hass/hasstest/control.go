package hasstest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
)

// Entities that can be changed: numbers, selects, switches. Rule 44.

// controls are their platforms.
var controls = []string{"number", "select", "switch"}

// valueOnly is the one template of a command that we need: JSON with the value in
// its place.
var valueOnly = regexp.MustCompile(`^\{"[a-z_]+": (?:\{\{ value \}\}|"\{\{ value \}\}")\}$`)

// control checks what a person sets with component p, and what is shown.
func (c *checker) control(p component) {
	if !slices.Contains(controls, p.platform()) {
		return
	}
	if text(p.all, "state_topic") == "" || p.own["optimistic"] == true {
		c.add(House, 44, "shows what was asked for, not what is")
	}
	if p.own["retain"] == true {
		c.add(House, 44, "its commands would be retained, and be carried out again")
	}
	switch p.platform() {
	case "number":
		c.bounds(p.own)
	case "select":
		list, ok := texts(p.own["options"])
		if sorted := slices.Compact(slices.Sorted(slices.Values(list))); !ok || len(list) == 0 || len(sorted) < len(list) {
			c.add(ComponentLost, 44, "options are no list of different texts")
		}
	case "switch":
		if words := switchWords(p.own); words[0] == words[1] {
			c.add(ComponentLost, 44, "on and off are the same state")
		}
	}
}

// bounds checks the range of a number. Home Assistant's is 1 to 100 by default.
func (c *checker) bounds(m map[string]any) {
	low, high, step := bound(m, "min", 1), bound(m, "max", 100), bound(m, "step", 1)
	if low >= high {
		c.add(ComponentLost, 44, "min is not below max")
	}
	if step < 0.001 {
		c.add(ComponentLost, 44, "step is below 0.001")
	}
	if mode, ok := m["mode"]; ok && mode != "auto" && mode != "box" && mode != "slider" {
		c.add(ComponentLost, 44, "mode is none of auto, box and slider")
	}
}

// bound returns m's number at key.
func bound(m map[string]any, key string, byDefault float64) float64 {
	n, ok := m[key].(json.Number)
	if v, err := n.Float64(); ok && err == nil {
		return v
	}
	return byDefault
}

// switchWords returns the payloads of a switch that is on and off.
func switchWords(m map[string]any) [2]string {
	words := [2]string{"ON", "OFF"}
	for i, keys := range [2][2]string{{"state_on", "payload_on"}, {"state_off", "payload_off"}} {
		for _, key := range keys {
			if word := text(m, key); word != "" {
				words[i] = word
				break
			}
		}
	}
	return words
}

// controlState checks the payload of a state topic.
func (c *checker) controlState(m map[string]any, payload string) {
	switch text(m, "platform") {
	case "switch":
		if words := switchWords(m); !slices.Contains(words[:], payload) {
			c.add(ComponentLost, 39, "%q is neither %q nor %q", payload, words[0], words[1])
		}
	case "number":
		c.number(m, payload)
		v, err := strconv.ParseFloat(payload, 64)
		if err == nil && (v < bound(m, "min", 1) || v > bound(m, "max", 100)) {
			c.add(ComponentLost, 39, "%q is outside min and max", payload)
		}
	}
}
