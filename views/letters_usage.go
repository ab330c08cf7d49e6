package views

import (
	"context"

	"allotment/billing"
	"allotment/views/words"
)

// usageLetter says that what a service uses costs something else from a day on, and how to leave before.
func usageLetter(ctx context.Context, d map[string]string) letter {
	meter, from := billing.Meter(d["meter"]), d["from"]
	if at, err := billing.ParseDate(from); err == nil {
		from = day(ctx, at)
	}
	price := func(text string) string {
		p, err := billing.ParseDecimal(text)
		if err != nil {
			return text
		}
		return perUnit(ctx, meter, p, d["currency"])
	}
	return letter{
		subject: words.T(ctx, "The price of use of %s changes on %s", d["service"], from),
		lines: []string{
			words.T(ctx, "From %s on, the use of %s costs %s. Until then it costs %s. Both are without VAT.", from, d["service"], price(d["after"]), price(d["before"])),
			words.T(ctx, "What is used before is charged at the old price."),
			words.T(ctx, "If you agree, you need not do anything."),
			words.T(ctx, "If you do not want the new price, you can cancel the service before %s.", from),
		},
		button: words.T(ctx, "See the service"),
	}
}
