package store

import "strings"

// likeText makes a search text literal inside an ILIKE pattern.
func likeText(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
