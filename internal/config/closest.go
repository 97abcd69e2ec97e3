package config

import "slices"

// Closest returns the candidate with the smallest edit distance from word. ok is
// false if more than a third of the letters differ. candidates must not be empty.
func Closest(word string, candidates []string) (closest string, ok bool) {
	closest = slices.MinFunc(candidates, func(a, b string) int { return levenshtein(word, a) - levenshtein(word, b) })
	return closest, levenshtein(word, closest) <= (len(word)+2)/3
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
