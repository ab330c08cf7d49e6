package billing

import (
	"fmt"
	"time"
)

// Date is a day of the calendar (proleptic Gregorian), in no time zone. The zero Date means "no date". Dates compare with ==.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// secondsADay is the length of a day in UTC, where no hour is skipped or repeated.
const secondsADay = 24 * 60 * 60

// NewDate returns the date of y, m and d. A day that the month does not have (2026-02-30) is an error, never the next month.
func NewDate(y int, m time.Month, d int) (Date, error) {
	date := Date{y, m, d}
	if date != dateOf(date.utc()) || y < 1 || y > 9999 {
		return Date{}, fmt.Errorf("%04d-%02d-%02d is not a date", y, m, d)
	}
	return date, nil
}

// ParseDate reads a date as ISO 8601 writes it: 2026-01-31.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a date; write it like 2026-01-31", s)
	}
	return dateOf(t), nil
}

// DateIn returns the day that the instant t falls on in zone: the seller's, since a seller's day decides on periods and numbers.
func DateIn(t time.Time, zone *time.Location) Date { return dateOf(t.In(zone)) }

// Start returns the first instant of the day in zone. Where summer time skips midnight, that is when the skipped hour ends;
// where it repeats midnight, the earlier of the two.
func (d Date) Start(zone *time.Location) time.Time {
	t := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
	start, end := t.ZoneBounds()
	if dateOf(t).Before(d) {
		return end
	}
	if !start.IsZero() {
		_, now := t.Zone()
		_, before := start.Add(-1).Zone()
		if earlier := t.Add(time.Duration(now-before) * time.Second); earlier.Before(start) && dateOf(earlier.In(zone)) == d {
			return earlier
		}
	}
	return t
}

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Before reports whether d is earlier than other.
func (d Date) Before(other Date) bool { return d.Compare(other) < 0 }

// Compare returns -1, 0 or 1 as d is earlier than, equal to or later than other.
func (d Date) Compare(other Date) int { return d.utc().Compare(other.utc()) }

// AddDays returns the date n days later, or earlier for a negative n.
func (d Date) AddDays(n int) Date { return dateOf(d.utc().AddDate(0, 0, n)) }

// AddMonths returns the same day n months later; a day that the month does not have becomes its last: 31 January + 1 = 28 February.
// Count from the anchor always: the clamped day has forgotten the 31.
func (d Date) AddMonths(n int) Date {
	first := time.Date(d.Year, d.Month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return Date{first.Year(), first.Month(), min(d.Day, last)}
}

// DaysUntil returns how many days other is later than d.
func (d Date) DaysUntil(other Date) int {
	return int((other.utc().Unix() - d.utc().Unix()) / secondsADay)
}

// String writes the date as ISO 8601 does; no date is "".
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// UTC returns the instant at which the day starts in UTC, as drivers of databases want a DATE.
func (d Date) UTC() time.Time { return d.utc() }

// MarshalText writes the date as String does, for JSON.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	date, err := ParseDate(string(text))
	*d = date
	return err
}

func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

func dateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}
