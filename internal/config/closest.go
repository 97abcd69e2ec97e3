package config

import (
	"slices"
	"strings"
)

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
