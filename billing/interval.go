package billing

import "fmt"

// Interval is how often a price is charged.
type Interval string

// The intervals.
const (
	Month   Interval = "month"
	Quarter Interval = "quarter"
	Year    Interval = "year"
)

// Intervals lists every interval, the shortest first.
func Intervals() []Interval { return []Interval{Month, Quarter, Year} }

// Months returns the interval's length in calendar months, 0 for a value that is no interval.
func (i Interval) Months() int {
	switch i {
	case Month:
		return 1
	case Quarter:
		return 3
	case Year:
		return 12
	}
	return 0
}

// ParseInterval reads an interval by its word.
func ParseInterval(s string) (Interval, error) {
	if i := Interval(s); i.Months() > 0 {
		return i, nil
	}
	return "", fmt.Errorf("%q is not an interval; write month, quarter or year", s)
}
