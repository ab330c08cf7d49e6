package views

import (
	"context"

	"allotment/billing"
	"allotment/views/words"
)

// priceLetter says that a service costs something else from a day on, and how to leave before.
func priceLetter(ctx context.Context, d map[string]string) letter {
	if d["meter"] != "" {
		return usageLetter(ctx, d)
	}
	every, from := perInterval(ctx, billing.Interval(d["interval"])), d["from"]
	if at, err := billing.ParseDate(from); err == nil {
		from = day(ctx, at)
	}
	return letter{
		subject: words.T(ctx, "The price of %s changes on %s", d["service"], from),
		lines: []string{
			words.T(ctx, "From %s on, %s costs %s %s. Until then it costs %s as before. Both are without VAT.", from, d["service"], d["after"], every, d["before"]),
			words.T(ctx, "If you agree, you need not do anything."),
			words.T(ctx, "If you do not want the new price, you can cancel the service. Whoever cancels before %s never pays the new price, whatever term or notice was agreed.", from),
		},
		button: words.T(ctx, "See the service"),
	}
}
