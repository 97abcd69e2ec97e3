package config

import (
	"slices"
	"strings"
)

// suggestKey returns a hint which key of section is meant by the unknown key.
func suggestKey(section, key string) string {
	var known []string
	for _, s := range settingsOf(section) {
		known = append(known, s.key)
	}
	wanted, suffix := key, ""
	if name, isFile := strings.CutSuffix(key, "_FILE"); isFile {
		if _, ok := Closest(key, known); !ok {
			wanted, suffix = name, "_FILE"
		}
	}
	if found, ok := Closest(wanted, known); ok {
		return "did you mean " + found + suffix + "?"
	}
	return "known here: " + strings.Join(known, ", ")
}

// suggestSection returns a hint which section is meant by the unknown name.
func suggestSection(name string) string {
	var known []string
	for _, s := range settings {
		if !slices.Contains(known, s.section) {
			known = append(known, s.section)
		}
	}
	if found, ok := Closest(name, known); ok {
		return "did you mean [" + found + "]?"
	}
	return "known: [" + strings.Join(known, "], [") + "], [ENVOY_<name>]"
}
