package main

import (
	"slices"
	"strings"
)

// suggestKey says which key of section was probably meant by key.
func suggestKey(section, key string) string {
	var known []string
	for _, s := range settingsOf(section) {
		known = append(known, s.key)
	}
	wanted, suffix := key, ""
	if name, isFile := strings.CutSuffix(key, "_FILE"); isFile {
		if _, ok := nearest(key, known); !ok {
			wanted, suffix = name, "_FILE"
		}
	}
	if found, ok := nearest(wanted, known); ok {
		return "did you mean " + found + suffix + "?"
	}
	return "known here: " + strings.Join(known, ", ")
}

// suggestSection says which section was probably meant by name.
func suggestSection(name string) string {
	var known []string
	for _, s := range settings {
		if !slices.Contains(known, s.section) {
			known = append(known, s.section)
		}
	}
	if found, ok := nearest(name, known); ok {
		return "did you mean [" + found + "]?"
	}
	return "known: [" + strings.Join(known, "], [") + "], [ENVOY_<name>]"
}

// suggestVariable says which environment variable was probably meant by name.
func suggestVariable(name string) string {
	var known []string
	for _, s := range settings {
		known = append(known, s.section+"__"+s.key)
	}
	if found, ok := nearest(strings.ToUpper(strings.TrimPrefix(name, envPrefix)), known); ok {
		return "did you mean " + envPrefix + found + "?"
	}
	return "they are called " + envPrefix + "<SECTION>__<KEY>, e.g. " + envPrefix + "ENVOY__HOST"
}

// nearest returns the candidate that needs the fewest letters changed, added or left out to become word. It is not
// found when so many would be needed that the likeness is chance.
func nearest(word string, candidates []string) (string, bool) {
	best := slices.MinFunc(candidates, func(a, b string) int { return edits(word, a) - edits(word, b) })
	return best, edits(word, best) <= (len(word)+2)/3
}

// edits is the Levenshtein distance of a and b.
func edits(a, b string) int {
	row := make([]int, len(b)+1) // from the letters of a so far to each beginning of b
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
