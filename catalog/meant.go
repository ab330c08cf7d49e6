package catalog

import (
	"fmt"
	"maps"
	"slices"
)

// didYouMean returns a hint such as `; did you mean "plans"?` for a word that is close to one of known, and "" otherwise.
func didYouMean(word string, known []string) string {
	best, distance := "", 1+max(1, len(word)/3)
	for _, candidate := range known {
		if d := editDistance(word, candidate); d < distance {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// editDistance counts the letters to insert, delete or replace to make b of a (Levenshtein), with one row of memory.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

func contains(list []string, word string) bool { return slices.Contains(list, word) }

func keys(values map[string]string) []string { return slices.Sorted(maps.Keys(values)) }
