package cycle_test

import (
	"testing"

	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/cycle"
	"allotment/billing/invoice"
	"allotment/billing/tax"
)

func subscription(t *testing.T) cycle.Subscription {
	return cycle.Subscription{ID: "s1", Name: "Redmine, small", Price: billingtest.Euro(1000), Setup: billingtest.Euro(500), Every: billing.Month,
		Anchor: billingtest.Day(t, "2026-01-31")}
}

// TestEveryPeriodOnce runs on random days, as a run that is sometimes late, twice a day or away for a year: every period is charged once, in
// order, without a gap.
func TestEveryPeriodOnce(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for range 300 {
		s := subscription(t)
		s.Every = billing.Intervals()[dice.IntN(3)]
		s.Anchor = billingtest.Date(dice)
		if dice.IntN(2) == 0 {
			s.End = s.Anchor.AddDays(1 + dice.IntN(900))
		}
		day, last := s.Anchor.AddDays(-40), s.Anchor
		setups := 0
		for day.Before(s.Anchor.AddDays(1500)) {
			charges := s.Due(day)
			for _, c := range charges {
				switch c.Kind {
				case cycle.Setup:
					setups++
				case cycle.Period:
					if c.Period.Start != last || day.Before(c.Period.Start) {
						t.Fatalf("%+v charged on %s after a period that ended on %s", c, day, last)
					}
					last = c.Period.End
				}
			}
			s.Next, _ = s.Charged(charges)
			if len(charges) == 0 || dice.IntN(2) == 0 {
				day = day.AddDays(dice.IntN(200))
			}
		}
		if setups != 1 {
			t.Fatalf("the setup fee was charged %d times", setups)
		}
		if !s.End.IsZero() && last != s.End {
			t.Fatalf("it ended on %s and was charged until %s", s.End, last)
		}
	}
}

func TestLeavingEarlyIsCharged(t *testing.T) {
	t.Parallel()
	s := subscription(t)
	s.Next, s.End = 1, billingtest.Day(t, "2026-03-10")
	charges := s.Due(billingtest.Day(t, "2026-12-01"))
	if len(charges) != 1 || charges[0].Period != billingtest.Span(t, "2026-02-28", "2026-03-10") || charges[0].Whole != billingtest.Span(t, "2026-02-28", "2026-03-31") {
		t.Errorf("%+v", charges)
	}
	if next, on := s.Charged(charges); next != 2 || !on.IsZero() {
		t.Errorf("next is %d on %s", next, on)
	}
}

// TestRateChangesInAPeriod: the price is divided by days, each part has its own rate, and nothing is lost.
func TestRateChangesInAPeriod(t *testing.T) {
	t.Parallel()
	c := billingtest.Cases()[0]
	change := billingtest.Day(t, "2026-02-15")
	a := cycle.Agreement{Seller: c.Seller, Buyer: c.Buyer, SellerTax: c.SellerTax, BuyerTax: c.BuyerTax, Currency: "EUR", Language: "nl", DueDays: 14,
		Rates: tax.Table{{Country: "NL", Percent: billing.Int(21), From: billingtest.Day(t, "2012-10-01"), To: change}, {Country: "NL", Percent: billing.Int(22), From: change}}}
	s := subscription(t)
	d, err := cycle.Draft(a, s.Due(s.Anchor), s.Anchor)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Lines) != 3 || len(d.Groups) != 2 || d.Net != billingtest.Euro(1500) {
		t.Fatalf("%d lines, %d groups, net %s", len(d.Lines), len(d.Groups), d.Net)
	}
	if got := d.Lines[1].Net.Minor; got != 536 || d.Lines[2].Net.Minor != 464 { // 15 and 13 of 28 days
		t.Errorf("the parts are %s and %s", d.Lines[1].Net, d.Lines[2].Net)
	}
	if err := invoice.Verify(d); err != nil {
		t.Error(err)
	}
}

func TestDraftRefuses(t *testing.T) {
	t.Parallel()
	c := billingtest.Cases()[0]
	a := cycle.Agreement{Seller: c.Seller, Buyer: c.Buyer, SellerTax: c.SellerTax, BuyerTax: c.BuyerTax, Currency: "CHF", Rates: tax.Seed()}
	s := subscription(t)
	if _, err := cycle.Draft(a, s.Due(s.Anchor), s.Anchor); err == nil {
		t.Error("a price in euros stands on an invoice in francs")
	}
	a.Currency, a.BuyerTax = "EUR", tax.Buyer{}
	if _, err := cycle.Draft(a, s.Due(s.Anchor), s.Anchor); err == nil {
		t.Error("VAT was decided for a customer without a country")
	}
}

// TestCouponAndLaterPlan: the first periods are cheaper, and a plan that was chosen for later takes over when its period begins.
func TestCouponAndLaterPlan(t *testing.T) {
	t.Parallel()
	c := billingtest.Cases()[0]
	a := cycle.Agreement{Seller: c.Seller, Buyer: c.Buyer, SellerTax: c.SellerTax, BuyerTax: c.BuyerTax, Currency: "EUR", Language: "de", Rates: tax.Seed()}
	s := subscription(t)
	s.Coupon = &cycle.Coupon{Coupon: invoice.Coupon{Code: "DEMO", Percent: billing.Int(25)}, Periods: 2}
	s.Later = &cycle.Later{From: 3, Name: "Redmine, large", Price: billingtest.Euro(4000)}
	want := []int64{500 + 750, 750, 1000, 4000, 4000}
	for n, cents := range want {
		day := billing.PeriodAt(s.Anchor, s.Every, n).Start
		charges := s.Due(day)
		d, err := cycle.Draft(a, charges, day)
		if err != nil {
			t.Fatal(err)
		}
		if d.Net != billingtest.Euro(cents) {
			t.Errorf("period %d costs %s, want %d cents", n, d.Net, cents)
		}
		s.Next, _ = s.Charged(charges)
	}
}
