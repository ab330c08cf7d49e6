package views

import (
	"context"

	"allotment/app/portal"
	"allotment/billing"
	"allotment/views/words"
)

// perUnit is the price of one unit in plain words: "EUR 0.012 per hour".
func perUnit(ctx context.Context, meter billing.Meter, price billing.Decimal, currency string) string {
	amount := currency + " " + price.Format(words.Locale(ctx))
	if m, err := billing.ParseMoney(price.String(), currency); err == nil {
		amount = money(ctx, m)
	}
	switch meter {
	case billing.GuestHours:
		return words.T(ctx, "%s per hour that it runs", amount)
	case billing.DiskHours:
		return words.T(ctx, "%s per GiB of disk and hour", amount)
	case billing.Traffic:
		return words.T(ctx, "%s per GiB of traffic", amount)
	}
	return amount
}

// meterName is what is measured.
func meterName(ctx context.Context, meter billing.Meter) string {
	switch meter {
	case billing.GuestHours:
		return words.T(ctx, "Hours that it runs")
	case billing.DiskHours:
		return words.T(ctx, "Disk, in GiB times hours")
	case billing.Traffic:
		return words.T(ctx, "Traffic in GiB")
	}
	return string(meter)
}

// meterQuantity is how much was used, with its unit.
func meterQuantity(ctx context.Context, meter billing.Meter, quantity billing.Decimal) string {
	n := quantity.Format(words.Locale(ctx))
	switch meter {
	case billing.GuestHours:
		return words.T(ctx, "%s hours", n)
	case billing.DiskHours:
		return words.T(ctx, "%s GiB-hours", n)
	}
	return n + " GiB"
}

// usageTerms are what is paid by use beside the price of a size, in plain words.
func usageTerms(ctx context.Context, o portal.PlanOffer) (lines []string) {
	for _, u := range o.Usage {
		line := perUnit(ctx, u.Meter, u.Price, u.Currency)
		if most, err := o.MostUsage(u); err == nil && most.Minor > 0 {
			line = words.T(ctx, "%s, at most about %s per month", line, money(ctx, most))
		}
		lines = append(lines, words.T(ctx, "and by use: %s", line))
	}
	return lines
}
