package billing_test

import (
	"testing"

	"allotment/billing"
	"allotment/billing/billingtest"
)

// TestMargins: what is asked is never less than what is paid, what is kept and what is paid are the price again, a larger margin never asks
// less, and rounding is off by half a unit at most.
func TestMargins(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for range 5000 {
		currency := []string{"EUR", "JPY", "KWD"}[dice.IntN(3)]
		wholesale := billing.Money{Minor: dice.Int64N(1_000_000), Currency: currency}
		percent, err := billing.NewDecimal(dice.Int64N(100_000), 3)
		if err != nil {
			t.Fatal(err)
		}
		retail, err := billing.Margin{Percent: percent}.Retail(wholesale)
		if err != nil {
			t.Fatal(err)
		}
		kept, _, err := billing.Earned(retail, wholesale)
		if err != nil || kept.Minor < 0 {
			t.Fatalf("%s with %s%% is %s: keeps %s, %v", wholesale, percent, retail, kept, err)
		}
		if sum, err := wholesale.Add(kept); err != nil || sum != retail {
			t.Fatalf("%s + %s is not %s (%v)", wholesale, kept, retail, err)
		}
		exact, err := billing.Price(percent, billing.Int(wholesale.Minor), "JPY") // whole units of 1/100
		if err != nil || abs(exact.Minor-kept.Minor*100) > 50 {
			t.Fatalf("%s%% of %s is %s/100, and %s was added (%v)", percent, wholesale, exact, kept, err)
		}
		more, err := percent.Add(billing.MustDecimal("0.5"))
		if err != nil {
			t.Fatal(err)
		}
		if larger, err := (billing.Margin{Percent: more}).Retail(wholesale); err != nil || larger.Minor < retail.Minor {
			t.Fatalf("a larger margin asks less: %s after %s (%v)", larger, retail, err)
		}
		amount := billing.Money{Minor: 1 + dice.Int64N(10_000), Currency: currency}
		if retail, err = (billing.Margin{Amount: amount}).Retail(wholesale); err != nil || retail.Minor != wholesale.Minor+amount.Minor {
			t.Fatalf("%s + %s is %s, %v", wholesale, amount, retail, err)
		}
		floor := billing.Money{Minor: dice.Int64N(1_000_000), Currency: currency}
		if lifted, err := billing.Larger(retail, floor); err != nil || lifted.Minor < floor.Minor || lifted.Minor < retail.Minor || lifted != retail && lifted != floor {
			t.Fatalf("%s lifted to %s is %s, %v", retail, floor, lifted, err)
		}
	}
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

func TestMarginIsRoundedOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		wholesale int64
		percent   string
		retail    int64
		shown     string
	}{
		{999, "12.5", 1124, "12.5"}, // 124.875
		{1, "50", 2, "100"},         // half a cent goes up
		{0, "50", 0, "0"},
		{950, "20", 1140, "20"},
		{333, "33.333", 444, "33.3"},
	} {
		retail, err := billing.Margin{Percent: billing.MustDecimal(c.percent)}.Retail(billingtest.Euro(c.wholesale))
		if err != nil || retail.Minor != c.retail {
			t.Errorf("%d with %s%% is %v, %v, want %d", c.wholesale, c.percent, retail, err, c.retail)
		}
		if _, percent, err := billing.Earned(retail, billingtest.Euro(c.wholesale)); err != nil || percent.String() != c.shown {
			t.Errorf("%v on %d is shown as %s%%, %v, want %s", retail, c.wholesale, percent, err, c.shown)
		}
	}
}

func TestMarginRefuses(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]billing.Margin{
		"negative":  {Percent: billing.Int(-1)},
		"less":      {Amount: billingtest.Euro(-1)},
		"both":      {Percent: billing.Int(1), Amount: billingtest.Euro(1)},
		"excessive": {Percent: billing.Int(1001)},
		"foreign":   {Amount: billing.Money{Minor: 1, Currency: "JPY"}},
	} {
		if retail, err := m.Retail(billingtest.Euro(100)); err == nil {
			t.Errorf("%s: %s", name, retail)
		}
	}
}
