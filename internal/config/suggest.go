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

// minPrefix is how many letters of a candidate are enough to suggest it.
const minPrefix = 3

// Closest returns the candidate with the smallest edit distance from word, or else
// the first candidate that begins with word. ok is false if more than a third of
// the letters differ and word is not the beginning of a candidate. candidates must
// not be empty.
func Closest(word string, candidates []string) (closest string, ok bool) {
	closest = slices.MinFunc(candidates, func(a, b string) int { return levenshtein(word, a) - levenshtein(word, b) })
	if levenshtein(word, closest) <= (len(word)+2)/3 {
		return closest, true
	}
	i := slices.IndexFunc(candidates, func(c string) bool { return len(word) >= minPrefix && strings.HasPrefix(c, word) })
	if i < 0 {
		return closest, false
	}
	return candidates[i], true
}

// levenshtein returns the edit distance of a and b in bytes.
func levenshtein(a, b string) int {
	row := make([]int, len(b)+1) // distances of the current prefix of a from each prefix of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
