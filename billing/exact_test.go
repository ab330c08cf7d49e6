package billing_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"allotment/billing"
	"allotment/billing/billingtest"
)

func TestRoundHalfUp(t *testing.T) {
	t.Parallel()
	cases := []struct {
		unit, quantity, currency string
		want                     int64
	}{
		{"0.005", "1", "EUR", 1},
		{"-0.005", "1", "EUR", -1},
		{"0.0049999", "1", "EUR", 0},
		{"0.0125", "3", "EUR", 4},
		{"0.015", "1", "EUR", 2}, // half to even would agree here,
		{"0.025", "1", "EUR", 3}, // and not here
		{"1.005", "1", "EUR", 101},
		{"0.5", "1", "JPY", 1},
		{"0.0005", "1", "KWD", 1},
		{"0.000277777778", "3600", "EUR", 100},
		{"92233720368547758.07", "1", "EUR", math.MaxInt64},
	}
	for _, c := range cases {
		got, err := billing.Price(billing.MustDecimal(c.unit), billing.MustDecimal(c.quantity), c.currency)
		if err != nil || got.Minor != c.want {
			t.Errorf("%s x %s %s = %v, %v; want %d", c.unit, c.quantity, c.currency, got, err, c.want)
		}
	}
	if _, err := billing.Price(billing.Int(math.MaxInt64), billing.Int(1), "EUR"); !errors.Is(err, billing.ErrOverflow) {
		t.Errorf("an amount over 64 bits: %v", err)
	}
	if _, err := billing.Price(billing.Int(1), billing.Int(1), "XXX"); err == nil {
		t.Error("an unknown currency has a price")
	}
}

// TestRoundingIsWithinHalfAUnit compares with exact fractions, and a negative amount with its mirror.
func TestRoundingIsWithinHalfAUnit(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for range 5000 {
		m := billingtest.Euro(dice.Int64N(1<<40) - 1<<39)
		rate, err := billing.NewDecimal(dice.Int64N(4000), dice.IntN(3))
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Percent(rate)
		if err != nil {
			t.Fatal(err)
		}
		exact, _ := new(big.Rat).SetString(rate.String())
		exact.Mul(exact, big.NewRat(m.Minor, 100))
		off := new(big.Rat).Sub(new(big.Rat).SetInt64(got.Minor), exact)
		if off.Abs(off).Cmp(big.NewRat(1, 2)) > 0 {
			t.Fatalf("%s%% of %s = %s, off by %s", rate, m, got, off)
		}
		if mirrored, err := (billing.Money{Minor: -m.Minor, Currency: "EUR"}).Percent(rate); err != nil || mirrored.Minor != -got.Minor {
			t.Fatalf("%s%% of -%s = %s, but of the positive %s", rate, m, mirrored, got)
		}
	}
}

func TestDecimalIsReadBack(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"25.50": "25.5", "0.0125": "0.0125", "-0.050": "-0.05", "0": "0", "-0": "0", "007": "7", "1200": "1200", "0.000000000001": "0.000000000001"} {
		d, err := billing.ParseDecimal(in)
		if err != nil || d.String() != want {
			t.Errorf("%q is %q, %v", in, d, err)
		}
		if again, err := billing.ParseDecimal(d.String()); err != nil || again != d {
			t.Errorf("%q read again is %v, %v", want, again, err)
		}
	}
	for _, bad := range []string{"", "1,5", ".5", "5.", "1e3", "+1", "0.0000000000001", "99999999999999999999", "NaN"} {
		if d, err := billing.ParseDecimal(bad); err == nil {
			t.Errorf("%q was read as %s", bad, d)
		}
	}
	if billing.MustDecimal("25.5").Format("nl") != "25,5" || billing.MustDecimal("25.5").Format("en") != "25.5" {
		t.Error("a decimal is not written as its readers expect")
	}
}

// TestSplitsLoseNoCent: parts add up, none is a whole unit from its exact share, and the same question has the same answer.
func TestSplitsLoseNoCent(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for range 3000 {
		m := billingtest.Euro(dice.Int64N(200001) - 100000)
		weights, total := make([]int64, 1+dice.IntN(8)), int64(0)
		for i := range weights {
			weights[i] = dice.Int64N(1000)
			total += weights[i]
		}
		parts, err := m.Split(weights)
		if total == 0 {
			if err == nil {
				t.Fatal("shared with nobody")
			}
			continue
		}
		sum, sumErr := billing.Sum("EUR", parts...)
		if err != nil || sumErr != nil || sum != m {
			t.Fatalf("%s by %v = %v, %v", m, weights, parts, err)
		}
		for i, part := range parts {
			off := new(big.Rat).Sub(new(big.Rat).SetInt64(part.Minor), big.NewRat(m.Minor*weights[i], total))
			if off.Abs(off).Cmp(big.NewRat(1, 1)) >= 0 {
				t.Fatalf("%s by %v gives %s for %d", m, weights, part, weights[i])
			}
		}
	}
}

func TestSplitTies(t *testing.T) {
	t.Parallel()
	parts, err := billingtest.Euro(100).Split([]int64{1, 1, 1})
	if err != nil || parts[0].Minor != 34 || parts[1].Minor != 33 || parts[2].Minor != 33 {
		t.Errorf("a euro in three: %v, %v", parts, err)
	}
	parts, err = billingtest.Euro(math.MinInt64).Split([]int64{math.MaxInt64, math.MaxInt64, 0})
	if err != nil || parts[0].Minor != math.MinInt64/2 || parts[1].Minor != math.MinInt64/2 || parts[2].Minor != 0 {
		t.Errorf("the largest debt in two: %v, %v", parts, err)
	}
	if _, err := billingtest.Euro(100).Split([]int64{2, -1}); err == nil {
		t.Error("somebody has a negative share")
	}
}

// TestUsedAndUnusedMakeTheWhole: for every day of every period, and never more than was charged.
func TestUsedAndUnusedMakeTheWhole(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for range 1000 {
		anchor, every := billingtest.Date(dice), billing.Intervals()[dice.IntN(3)]
		period := billing.PeriodAt(anchor, every, dice.IntN(12))
		charged := billingtest.Euro(dice.Int64N(100000))
		last := charged.Minor
		for day := period.Start; day.Before(period.End); day = day.AddDays(1) {
			unused, err := billing.Unused(charged, period, day)
			if err != nil || unused.Minor < 0 || unused.Minor > last {
				t.Fatalf("%s for %s, unused from %s: %s (was %d), %v", charged, period, day, unused, last, err)
			}
			last = unused.Minor
		}
		if all, err := billing.Unused(charged, period, period.Start); err != nil || all != charged {
			t.Fatalf("nothing used of %s: %s, %v", charged, all, err)
		}
		if none, err := billing.Unused(charged, period, period.End); err != nil || !none.IsZero() {
			t.Fatalf("all used of %s: %s, %v", charged, none, err)
		}
	}
}

// TestMarchAndOctoberAreWhole: days are counted, not hours, so a change of summer time costs nobody an hour.
func TestMarchAndOctoberAreWhole(t *testing.T) {
	t.Parallel()
	for _, month := range []string{"03", "10"} {
		period := billingtest.Span(t, "2026-"+month+"-01", billingtest.Day(t, "2026-"+month+"-01").AddMonths(1).String())
		if period.Days() != 31 {
			t.Fatalf("%s has %d days", period, period.Days())
		}
		if got, err := billing.Unused(billingtest.Euro(3100), period, period.Start.AddDays(30)); err != nil || got.Minor != 100 {
			t.Errorf("the last day of %s: %s, %v", period, got, err)
		}
	}
	outside := billingtest.Span(t, "2026-03-20", "2026-04-02")
	if _, err := billing.Prorate(billingtest.Euro(1), outside, billingtest.Span(t, "2026-03-01", "2026-04-01")); err == nil {
		t.Error("a part lies outside its whole")
	}
}

func TestSumRefusesToMix(t *testing.T) {
	t.Parallel()
	if _, err := billing.Sum("EUR", billingtest.Euro(1), billing.Money{Minor: 1, Currency: "USD"}); err == nil {
		t.Error("euros and dollars were added")
	}
	if _, err := billingtest.Euro(math.MaxInt64).Sub(billingtest.Euro(-1)); !errors.Is(err, billing.ErrOverflow) {
		t.Errorf("too much: %v", err)
	}
	if _, err := billingtest.Euro(0).Sub(billingtest.Euro(math.MinInt64)); !errors.Is(err, billing.ErrOverflow) {
		t.Errorf("the sign of the least: %v", err)
	}
}

func TestDecimalsAreAddedExactly(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for range 3000 {
		a, errA := billing.NewDecimal(dice.Int64N(1<<40)-1<<39, dice.IntN(6))
		b, errB := billing.NewDecimal(dice.Int64N(1<<40)-1<<39, dice.IntN(6))
		got, err := a.Add(b)
		if errA != nil || errB != nil || err != nil {
			t.Fatal(errA, errB, err)
		}
		x, _ := new(big.Rat).SetString(a.String())
		y, _ := new(big.Rat).SetString(b.String())
		z, _ := new(big.Rat).SetString(got.String())
		if x.Add(x, y).Cmp(z) != 0 {
			t.Fatalf("%s + %s = %s", a, b, got)
		}
		if again, err := billing.ParseDecimal(got.String()); err != nil || again != got {
			t.Fatalf("%s has zeros at its end", got)
		}
	}
	if _, err := billing.Int(math.MaxInt64).Add(billing.Int(1)); !errors.Is(err, billing.ErrOverflow) {
		t.Errorf("more than 64 bits: %v", err)
	}
}

// TestExchange: an amount at a price is rounded once, half up without its sign, between currencies of no, two and three decimals; what cannot be is
// refused.
func TestExchange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		minor          int64
		from, rate, to string
		want           string
	}{
		{2100, "CHF", "0.9345", "EUR", "22.47 EUR"}, {-2100, "CHF", "0.9345", "EUR", "-22.47 EUR"},
		{1, "EUR", "2", "USD", "0.01 USD"}, {-1, "EUR", "2", "USD", "-0.01 USD"}, {1, "EUR", "2.01", "USD", "0.00 USD"},
		{100, "JPY", "160", "EUR", "0.63 EUR"}, {63, "EUR", "0.00625", "JPY", "101 JPY"}, {5, "KWD", "1", "EUR", "0.01 EUR"}, {1, "EUR", "1", "KWD", "0.010 KWD"},
		{0, "EUR", "0.000000000001", "USD", "0.00 USD"},
	} {
		from := billing.Money{Minor: c.minor, Currency: c.from}
		if got, err := from.Exchange(billing.MustDecimal(c.rate), c.to); err != nil || got.String() != c.want {
			t.Errorf("%s at %s: %s, %v; want %s", from, c.rate, got, err, c.want)
		}
	}
	for _, c := range []struct {
		minor          int64
		from, rate, to string
	}{
		{1, "EUR", "0", "USD"}, {1, "EUR", "-1", "USD"}, {1, "EUR", "1", "XXX"}, {1, "XXX", "1", "EUR"}, {1 << 62, "EUR", "0.1", "USD"},
	} {
		if got, err := (billing.Money{Minor: c.minor, Currency: c.from}).Exchange(billing.MustDecimal(c.rate), c.to); err == nil {
			t.Errorf("%d %s at %s became %s", c.minor, c.from, c.rate, got)
		}
	}
}
