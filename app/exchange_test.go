package app_test

import (
	"testing"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/billingtest"
)

// TestCrossRates: a rate goes through the euro, of one day for both sides where there is one, rounded half up once.
func TestCrossRates(t *testing.T) {
	t.Parallel()
	table := app.ExchangeTable{On: billingtest.Day(t, "2026-11-27"), Rates: map[string][]app.ExchangeRate{}}
	for _, r := range []struct{ currency, day, per string }{
		{"CHF", "2026-11-26", "0.9324"}, {"CHF", "2026-11-25", "0.93"},
		{"PLN", "2026-11-25", "4.65"}, {"PLN", "2026-11-24", "4.2"},
		{"SEK", "2026-11-20", "11"}, {"HUF", "2026-11-26", "0.000017"}, {"IDR", "2026-11-26", "999999999999.999999"}, {"XXA", "2026-11-26", "1.6"}, {"XXB", "2026-11-26", "3200000"},
	} {
		table.Rates[r.currency] = append(table.Rates[r.currency], app.ExchangeRate{Currency: r.currency, Day: billingtest.Day(t, r.day), PerEuro: billing.MustDecimal(r.per)})
	}
	for _, c := range []struct{ from, to, rate, day string }{
		{"CHF", "EUR", "0.9324", "2026-11-26"},
		{"EUR", "CHF", "1.072501", "2026-11-26"}, // 1.07250107…
		{"EUR", "EUR", "1", "2026-11-27"}, {"CHF", "CHF", "1", "2026-11-27"},
		{"CHF", "PLN", "0.2", "2026-11-25"}, {"PLN", "CHF", "5", "2026-11-25"}, // the newest day that both have
		{"CHF", "SEK", "0.084764", "2026-11-20"}, {"SEK", "CHF", "11.797512", "2026-11-20"}, // no such day: 0.9324 / 11 and 11 / 0.9324
		{"XXA", "XXB", "0.000001", "2026-11-26"}, // 0.0000005, half up
		{"EUR", "USD", "", ""}, {"USD", "EUR", "", ""}, {"USD", "CHF", "", ""}, {"CHF", "USD", "", ""}, {"EUR", "IDR", "", ""}, {"IDR", "HUF", "", ""},
	} {
		rate, day, err := table.Rate(c.from, c.to)
		if c.rate == "" {
			if app.CodeOf(err) != app.NotFound || !rate.IsZero() || !day.IsZero() {
				t.Errorf("%s for one %s: %s of %s (%v), want NotFound", c.from, c.to, rate, day, err)
			}
			continue
		}
		if err != nil || rate.String() != c.rate || day.String() != c.day {
			t.Errorf("%s for one %s: %s of %s (%v), want %s of %s", c.from, c.to, rate, day, err, c.rate, c.day)
		}
	}
}
