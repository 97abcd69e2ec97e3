package config

import (
	"regexp"
	"slices"
	"strings"
)

// suggestKey returns a hint which key of section is meant by the unknown key, and
// that key, "" if none is close.
func suggestKey(section, key string) (hint, meant string) {
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
		return "did you mean " + found + suffix + "?", found
	}
	return "known here: " + strings.Join(known, ", "), ""
}

// colonPattern matches a key and a value with a colon or a space between them.
var colonPattern = regexp.MustCompile(`^([A-Za-z_]+)(?:\s*:\s*|\s+)(.+)$`)

// suggestEquals returns a hint how to write a line that has a known key of section
// but no equals sign, and that key, otherwise "". It shows the value only if it
// cannot be a secret.
func suggestEquals(section, line string) (hint, meant string) {
	m := colonPattern.FindStringSubmatch(line)
	if m == nil {
		return "", ""
	}
	key, value := strings.ToUpper(m[1]), m[2]
	known, _, ok := lookUp(section, key)
	if !ok {
		return "", ""
	}
	if known == "PASSWORD" || known == "TOKEN" || strings.Contains(value, "@") {
		value = "…"
	}
	return "; write " + key + " = " + value, known
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
	return "known: [" + strings.Join(known, "], [") + "], [ENVOY_<name>], [TOTAL_<name>]"
}
