package views

import (
	"context"
	"strconv"
	"time"

	"allotment/app"
	"allotment/views/words"
)

const keysBase = "/organization/keys"

func keysNext(l KeyList) string {
	if l.Page.Next == "" {
		return ""
	}
	return address(keysBase, "after", l.Page.Next)
}

func keysFirst(l KeyList) string {
	if l.After == "" {
		return ""
	}
	return keysBase
}

// KeyDays lists after how many days a new key may expire; "" for never.
func KeyDays() []string { return []string{"90", "30", "365", ""} }

func keyDays(ctx context.Context, days string) string {
	n, err := strconv.Atoi(days)
	if err != nil {
		return words.T(ctx, "never")
	}
	return words.T(ctx, "after %d days", n)
}

func keyState(ctx context.Context, k app.Key, now time.Time) (tone, icon, label string) {
	switch {
	case !k.RevokedAt.IsZero():
		return "plain", "circle-x", words.T(ctx, "Revoked")
	case !k.Usable(now):
		return "wait", "clock", words.T(ctx, "Expired")
	}
	return "good", "circle-check", words.T(ctx, "In use")
}
