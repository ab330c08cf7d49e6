package words

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Ago says how long before now a moment was, in words. A moment more than a month back is a date.
func Ago(ctx context.Context, at, now time.Time) string {
	switch d := now.Sub(at); {
	case d < time.Minute:
		return T(ctx, "just now")
	case d < time.Hour:
		return T(ctx, "%d minutes ago", int(d.Minutes()))
	case d < 24*time.Hour:
		return T(ctx, "%d hours ago", int(d.Hours()))
	case d < 31*24*time.Hour:
		return T(ctx, "%d days ago", int(d.Hours()/24))
	}
	return Date(ctx, at)
}

// In says how long after now a moment is, in words.
func In(ctx context.Context, at, now time.Time) string {
	switch d := at.Sub(now); {
	case d < time.Second:
		return T(ctx, "any moment now")
	case d < time.Minute:
		return T(ctx, "in %d seconds", int(d.Seconds()))
	default:
		return T(ctx, "in %d minutes", int(d.Minutes()))
	}
}

// Date writes a day as the language does: "3 March 2026", "3. März 2026".
func Date(ctx context.Context, at time.Time) string {
	dot := ""
	if Locale(ctx) == "de" {
		dot = "."
	}
	return strconv.Itoa(at.Day()) + dot + " " + month(ctx, at.Month()) + " " + strconv.Itoa(at.Year())
}

// Moment writes a day and a time of it, in UTC: "3 March 2026, 14:30 UTC".
func Moment(ctx context.Context, at time.Time) string {
	return Date(ctx, at.UTC()) + ", " + at.UTC().Format("15:04") + " UTC"
}

func month(ctx context.Context, m time.Month) string {
	return Say(ctx, m.String())
}

// Clock writes a duration as minutes and seconds: "2:05".
func Clock(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}
