package invoice_test

import (
	"fmt"
	"testing"

	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
)

// TestEveryUseIsBilledOnce reports uses late, twice and out of order, and bills month after month.
func TestEveryUseIsBilledOnce(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	anchor := billingtest.Day(t, "2026-01-31")
	var reported []invoice.Event
	billed, sum, want := map[string]bool{}, billing.Decimal{}, int64(0)
	for month := range 24 {
		period := billing.PeriodAt(anchor, billing.Month, month)
		for i := range dice.IntN(50) {
			late := dice.IntN(60)
			e := invoice.Event{ID: fmt.Sprintf("%d-%d", month, i), Day: period.Start.AddDays(dice.IntN(period.Days()) - late), Quantity: billing.Int(dice.Int64N(100))}
			want += mustInt(t, e.Quantity)
			reported = append(reported, e)
			if dice.IntN(4) == 0 {
				reported = append(reported, e)
			}
		}
		dice.Shuffle(len(reported), func(i, j int) { reported[i], reported[j] = reported[j], reported[i] })
		total, taken, err := invoice.Usage(reported, period.End, billed)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range taken {
			if billed[id] {
				t.Fatalf("%s was billed twice", id)
			}
			billed[id] = true
		}
		if sum, err = sum.Add(total); err != nil {
			t.Fatal(err)
		}
	}
	if sum != billing.Int(want) {
		t.Errorf("billed %s of %d", sum, want)
	}
}

func mustInt(t *testing.T, d billing.Decimal) int64 {
	t.Helper()
	m, err := billing.Price(d, billing.Int(1), "JPY")
	if err != nil {
		t.Fatal(err)
	}
	return m.Minor
}

func TestUsageRefuses(t *testing.T) {
	t.Parallel()
	day := billingtest.Day(t, "2026-01-01")
	one := invoice.Event{ID: "1", Day: day, Quantity: billing.Int(1)}
	for name, events := range map[string][]invoice.Event{
		"no ID":              {{Day: day, Quantity: billing.Int(1)}},
		"less than nothing":  {{ID: "1", Day: day, Quantity: billing.Int(-1)}},
		"two of one ID":      {one, {ID: "1", Day: day, Quantity: billing.Int(2)}},
		"more than is known": {{ID: "1", Day: day, Quantity: billing.Int(1 << 62)}, {ID: "2", Day: day, Quantity: billing.Int(1 << 62)}},
	} {
		if total, _, err := invoice.Usage(events, day.AddDays(1), nil); err == nil {
			t.Errorf("%s was billed: %s", name, total)
		}
	}
	if total, taken, err := invoice.Usage([]invoice.Event{one}, day, nil); err != nil || !total.IsZero() || len(taken) != 0 {
		t.Errorf("a use on the day after the period was billed: %s, %v", total, err)
	}
}
