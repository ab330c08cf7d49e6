package views

import (
	"context"
	"strconv"

	"allotment/app/portal"
	"allotment/billing"
	"allotment/views/words"
)

// perUnit is the price of one unit in plain words: "EUR 0.012 per hour".
func perUnit(ctx context.Context, meter billing.Meter, price billing.Decimal, currency string) string {
	amount := unitAmount(ctx, &price, currency)
	switch meter {
	case billing.GuestHours:
		return words.T(ctx, "%s for each hour that it runs", amount)
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
		if all, err := o.WholeMonth(u); err == nil && all.Minor > 0 {
			line = words.T(ctx, "%s, about %s a month if it runs all the time", line, money(ctx, all))
		}
		lines = append(lines, line)
	}
	return lines
}

// useChart is what a service has used by a meter on each of the last days.
func useChart(ctx context.Context, u portal.ServiceUsage, m portal.MeterUse) ChartFigures {
	c := ChartFigures{
		ID: "use-" + string(m.Meter), Kind: ChartBars, Title: meterName(ctx, m.Meter), First: words.T(ctx, "Day"), Series: []string{meterName(ctx, m.Meter)},
		About: words.T(ctx, "The last %d days, rounded to whole ones.", len(m.Days)),
	}
	for n, quantity := range m.Days {
		whole, err := billing.Price(quantity, billing.Int(1), "JPY") // a currency without decimals: rounded to whole ones
		if err != nil {
			continue
		}
		on := u.Days.Start.AddDays(n)
		c.Points = append(c.Points, ChartPoint{Label: day(ctx, on), Short: strconv.Itoa(on.Day), Values: []int64{whole.Minor}})
	}
	return c
}

// usageNow is what a meter costs today, and what was announced.
func usageNow(ctx context.Context, m portal.MeterUse, currency string) string {
	if m.Off {
		return words.T(ctx, "no longer measured")
	}
	return perUnit(ctx, m.Meter, m.Price, currency)
}

// usageComing is what was announced of a meter.
func usageComing(ctx context.Context, m portal.MeterUse, currency string) string {
	switch {
	case m.Coming == nil:
		return ""
	case m.Coming.Off:
		return words.T(ctx, "From %s on it is no longer measured.", day(ctx, m.Coming.From))
	}
	return words.T(ctx, "From %s on: %s", day(ctx, m.Coming.From), perUnit(ctx, m.Meter, m.Coming.Price, currency))
}

// orderFor is what the button of an order says: its price, and that use comes beside it.
func orderFor(ctx context.Context, preview portal.Preview) string {
	price, every := money(ctx, preview.Offer.Shown(preview.Plan.Price)), perInterval(ctx, preview.Plan.Interval)
	if len(preview.Plan.Usage) > 0 {
		return words.T(ctx, "Order for %s %s plus use", price, every)
	}
	return words.T(ctx, "Order for %s %s", price, every)
}
