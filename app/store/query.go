package store

import (
	"strconv"
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

// numbered puts a number behind a name, from the second on.
func numbered(name string, nth int) string {
	if nth == 1 {
		return name
	}
	return name + strconv.Itoa(nth)
}
