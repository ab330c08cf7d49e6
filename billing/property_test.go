package billing_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"allotment/billing"
	"allotment/billing/billingtest"
)

// daysIn is the length of a month, by Go's calendar and not by ours.
func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// TestAnchorNeverDrifts: however many periods there were, one begins on the anchor's day, or on the last of a month that is shorter; a short month
// before it changes nothing.
func TestAnchorNeverDrifts(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for range 2000 {
		anchor, every, n := billingtest.Date(dice), billing.Intervals()[dice.IntN(3)], dice.IntN(400)
		start := billing.PeriodAt(anchor, every, n).Start
		month := time.Date(anchor.Year, anchor.Month, 1, 0, 0, 0, 0, time.UTC).AddDate(0, n*every.Months(), 0)
		want := billing.Date{Year: month.Year(), Month: month.Month(), Day: min(anchor.Day, daysIn(month.Year(), month.Month()))}
		if start != want {
			t.Fatalf("period %d from %s every %s begins on %s, want %s", n, anchor, every, start, want)
		}
	}
}

// amount is any amount of a currency with no, two or three decimals, often one over 32 bits.
func amount(dice *rand.Rand) billing.Money {
	currency := []string{"JPY", "EUR", "KWD"}[dice.IntN(3)]
	return billing.Money{Minor: dice.Int64N(1 << []int{8, 20, 48}[dice.IntN(3)]), Currency: currency}
}

// TestChangeOfPlanLosesNoCent: what is used of the old plan and what is credited of it are what was charged for it, and the parts into which days
// divide a price are what it was, in whatever currency and size.
func TestChangeOfPlanLosesNoCent(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for range 3000 {
		charged := amount(dice)
		period := billing.PeriodAt(billingtest.Date(dice), billing.Intervals()[dice.IntN(3)], dice.IntN(12))
		first := dice.IntN(period.Days())
		second := first + dice.IntN(period.Days()-first)
		once, err := billing.Unused(charged, period, period.Start.AddDays(first))
		if err != nil {
			t.Fatal(err)
		}
		used, err := charged.Sub(once)
		if err != nil || used.Minor < 0 {
			t.Fatalf("%s for %s, of which %s is credited after %d days: %s is used, %v", charged, period, once, first, used, err)
		}
		twice, err := billing.Unused(charged, period, period.Start.AddDays(second))
		if err != nil || once.Minor < twice.Minor {
			t.Fatalf("%s for %s: %s is left after %d days and %s after %d, %v", charged, period, once, first, twice, second, err)
		}
		parts, err := charged.Split([]int64{int64(first), int64(second - first), int64(period.Days() - second)})
		if err != nil {
			t.Fatal(err)
		}
		if sum, err := billing.Sum(charged.Currency, parts...); err != nil || sum != charged {
			t.Fatalf("%s divided into %v is %s, %v", charged, parts, sum, err)
		}
	}
}

// TestUnitsRoundOnce: what many units cost is within half a minor unit of the exact product, and half a unit is always rounded up.
func TestUnitsRoundOnce(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for currency, places := range map[string]int{"JPY": 0, "EUR": 2, "KWD": 3} {
		for range 500 {
			whole := dice.Int64N(1 << 40)
			half, err := billing.NewDecimal(whole*10+5, places+1)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := billing.Price(half, billing.Int(1), currency); err != nil || got.Minor != whole+1 {
				t.Fatalf("%s %s is %s, %v", half, currency, got, err)
			}
			below, err := billing.NewDecimal(whole*100+49, places+2)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := billing.Price(below, billing.Int(1), currency); err != nil || got.Minor != whole {
				t.Fatalf("%s %s is %s, %v", below, currency, got, err)
			}
		}
	}
}
