package store

import (
	"strings"
	"time"
)

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

// moment is a time as PostgreSQL takes it: NULL for the zero time.
func moment(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
