// Package billingtest holds what the tests of billing share.
package billingtest

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"allotment/billing"
)

// Dice returns a source of random cases. A test that fails prints its seed; SEED=<number> in the environment repeats it.
func Dice(t testing.TB) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if given := os.Getenv("SEED"); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatalf("SEED: %v", err)
		}
	}
	t.Logf("repeat with SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// Date returns any date from 2020 to 2039.
func Date(dice *rand.Rand) billing.Date {
	return billing.Date{Year: 2020, Month: time.January, Day: 1}.AddDays(dice.IntN(20 * 365))
}

// Day reads a date that stands in a test.
func Day(t testing.TB, s string) billing.Date {
	t.Helper()
	d, err := billing.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Span reads a period that stands in a test; end is the first day that no longer belongs to it.
func Span(t testing.TB, start, end string) billing.Period {
	t.Helper()
	p, err := billing.NewPeriod(Day(t, start), Day(t, end))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Euro returns an amount in cents.
func Euro(cents int64) billing.Money { return billing.Money{Minor: cents, Currency: "EUR"} }
