package hasstest

import (
	"encoding/json"
	"regexp"
	"slices"
)

// controls are the platforms of entities that can be changed.
var controls = []string{"number", "select", "switch"}

// valueOnly matches the only template of a command that we use: JSON with the value.
var valueOnly = regexp.MustCompile(`^\{"[a-z_]+": (?:\{\{ value \}\}|"\{\{ value \}\}")\}$`)

// checkControl checks what a user sets with the component, and what is shown.
func (c componentChecker) checkControl() {
	p := c.p
	if !slices.Contains(controls, p.platform()) {
		return
	}
	if text(p.all, "state_topic") == "" || p.own["optimistic"] == true {
		c.add(OwnRule, ruleControl, "shows the command, not the state")
	}
	if p.own["retain"] == true {
		c.add(OwnRule, ruleControl, "its commands would be retained, and executed again")
	}
	switch p.platform() {
	case "number":
		c.checkBounds()
	case "select":
		list, ok := texts(p.own["options"])
		if sorted := slices.Compact(slices.Sorted(slices.Values(list))); !ok || len(list) == 0 || len(sorted) < len(list) {
			c.add(ComponentLost, ruleControl, "options are no list of different texts")
		}
	case "switch":
		if words := switchWords(p.own); words[0] == words[1] {
			c.add(ComponentLost, ruleControl, "on and off are the same state")
		}
	}
}

// checkBounds checks the range of a number. Home Assistant's is 1 to 100 by default.
func (c componentChecker) checkBounds() {
	m := c.p.own
	low, high, step := bound(m, "min", 1), bound(m, "max", 100), bound(m, "step", 1)
	if low >= high {
		c.add(ComponentLost, ruleControl, "min is not below max")
	}
	if step < 0.001 {
		c.add(ComponentLost, ruleControl, "step is below 0.001")
	}
	if mode, ok := m["mode"]; ok && mode != "auto" && mode != "box" && mode != "slider" {
		c.add(ComponentLost, ruleControl, "mode is none of auto, box and slider")
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
