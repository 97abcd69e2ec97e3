package config

import (
	"maps"
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

// suggestVariable returns a hint which environment variable is meant by the
// unknown name.
func suggestVariable(name string) string {
	var known []string
	for _, s := range settings {
		known = append(known, s.section+"__"+s.key)
	}
	if found, ok := Closest(strings.ToUpper(strings.TrimPrefix(name, envPrefix)), known); ok {
		return "did you mean " + envPrefix + found + "?"
	}
	return "they are called " + envPrefix + "<SECTION>__<KEY>, e.g. " + envPrefix + "ENVOY__HOST"
}

// suggestOption returns a hint which option of the Home Assistant app is meant by
// the unknown name.
func suggestOption(name string) string {
	known := slices.Sorted(maps.Keys(optionPaths()))
	if found, ok := Closest(name, known); ok {
		return "did you mean " + found + "?"
	}
	return "they are called <section>_<key>, e.g. envoy_host"
}
