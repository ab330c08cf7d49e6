package cycle_test

import (
	"fmt"
	"slices"
	"testing"

	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/cycle"
	"allotment/billing/invoice"
	"allotment/billing/tax"
)

func decimal(t *testing.T, text string) billing.Decimal {
	t.Helper()
	d, err := billing.ParseDecimal(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func metered(t *testing.T) cycle.Subscription {
	return cycle.Subscription{ID: "s1", Name: "Redmine, small", Price: billingtest.Euro(1000), Every: billing.Month, Anchor: billingtest.Day(t, "2026-01-31"),
		Usage: []cycle.UsagePrice{
			{Meter: billing.GuestHours, Unit: "HUR", Price: decimal(t, "0.0125"), Legs: []cycle.UsageLeg{{Reseller: "r", Parent: "o", Price: decimal(t, "0.009")}}},
			{Meter: billing.GuestHours, Unit: "HUR", Price: decimal(t, "0.02"), From: billingtest.Day(t, "2026-02-15"), Legs: []cycle.UsageLeg{{Reseller: "r", Parent: "o", Price: decimal(t, "0.01")}}},
			{Meter: billing.Traffic, Unit: "E62", Price: decimal(t, "0.1"), From: billingtest.Day(t, "2026-02-01")},
			{Meter: billing.Traffic, Unit: "E62", Off: true, From: billingtest.Day(t, "2026-03-10")},
		}}
}

func agreement() cycle.Agreement {
	c := billingtest.Cases()[0]
	return cycle.Agreement{Seller: c.Seller, Buyer: c.Buyer, SellerTax: c.SellerTax, BuyerTax: c.BuyerTax, Currency: "EUR", Language: "en", DueDays: 14, Rates: tax.Seed()}
}

// TestUseIsChargedOnce runs on random days while events come in late and early: each use that has a price is charged exactly once, at the price of
// its day, no charge has the period of another one of its kind, and after the end nothing is left.
func TestUseIsChargedOnce(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for round := range 300 {
		s := metered(t)
		s.Every = billing.Intervals()[dice.IntN(3)]
		if dice.IntN(2) == 0 {
			s.End = s.Anchor.AddDays(1 + dice.IntN(300))
		}
		reported, charged, periods := map[string]int{}, map[string]int{}, map[string]bool{}
		run := func(day billing.Date) {
			charges := s.Due(day)
			s.Next, _ = s.Charged(charges)
			due := s.DueNext(charges)
			for _, c := range charges {
				key := fmt.Sprint(c.Kind, c.Period.Start)
				if periods[key] {
					t.Fatalf("round %d: a second charge of %s on %s", round, key, day)
				}
				periods[key] = true
				for _, used := range c.Used {
					for _, use := range used.Uses {
						if price, _ := s.UsagePriceOn(use.Meter, use.Day); price.Price != used.Price {
							t.Fatalf("a use of %s is charged at %s", use.Day, used.Price)
						}
						charged[use.Quantity.String()]++
					}
				}
			}
			s.UsedUntil = s.Cut(charges)
			s.Uses = slices.DeleteFunc(s.Uses, func(u cycle.Use) bool { return charged[u.Quantity.String()] > 0 })
			if again := s.Due(day); slices.ContainsFunc(again, func(c cycle.Charge) bool { return c.Kind.IsUsage() }) {
				t.Fatalf("a rerun charges %+v", again)
			}
			if !due.IsZero() && !day.Before(due) && len(s.Due(day)) == 0 {
				t.Fatalf("something is due on %s, and on %s nothing is charged", due, day)
			}
		}
		day := s.Anchor.AddDays(-3)
		for n := 1; day.Before(s.Anchor.AddDays(400)); n++ {
			used := day.AddDays(-dice.IntN(50))
			if s.End.IsZero() || used.Before(s.End) {
				meter := billing.Meters()[dice.IntN(3)]
				s.Uses = append(s.Uses, cycle.Use{Meter: meter, Day: used, Quantity: billing.Int(int64(n))})
				if _, priced := s.UsagePriceOn(meter, used); priced && !used.Before(s.Anchor) {
					reported[fmt.Sprint(n)]++
				}
			}
			if dice.IntN(3) == 0 {
				run(day)
			}
			day = day.AddDays(dice.IntN(12))
		}
		for range 40 { // what is left of a running one comes with the next month's end
			run(day)
			day = day.AddDays(30)
		}
		for n := range reported {
			if charged[n] != 1 {
				t.Fatalf("round %d, end %q: use %s was charged %d times", round, s.End, n, charged[n])
			}
		}
		if len(charged) != len(reported) {
			t.Fatalf("%d uses were charged, %d reported", len(charged), len(reported))
		}
	}
}

// TestUseBeforeTheLastDay: whoever looks again only on the day of the end, which begins no month any more, still charges the months before it, and
// what is said to be due is never left lying.
func TestUseBeforeTheLastDay(t *testing.T) {
	t.Parallel()
	s := metered(t)
	s.Every, s.Next, s.End, s.UsedUntil = billing.Quarter, 3, billingtest.Day(t, "2026-10-31"), billingtest.Day(t, "2026-07-31")
	s.Uses = []cycle.Use{
		{Meter: billing.GuestHours, Day: billingtest.Day(t, "2026-09-03"), Quantity: billing.Int(1)},
		{Meter: billing.GuestHours, Day: billingtest.Day(t, "2026-10-02"), Quantity: billing.Int(2)},
	}
	for _, c := range []struct {
		on, until, next string
		due             int
	}{{"2026-10-31", "2026-09-30", "2026-11-01", 1}, {"2026-11-01", "2026-11-01", "", 1}} {
		day := billingtest.Day(t, c.on)
		charges := s.Due(day)
		if len(charges) != c.due || charges[0].Period.End.String() != c.until || s.DueNext(charges).String() != c.next {
			t.Fatalf("on %s: %+v, next %s", c.on, charges, s.DueNext(charges))
		}
		s.UsedUntil, s.Uses = s.Cut(charges), s.Uses[1:]
	}
}

// TestUsageLines: what was used in the past month stands below the price of the coming one, each price on a line of its own, rounded once; the
// reseller's part likewise.
func TestUsageLines(t *testing.T) {
	t.Parallel()
	s := metered(t)
	s.Next = 1
	for i := range 28 {
		s.Uses = append(s.Uses, cycle.Use{Meter: billing.GuestHours, Day: s.Anchor.AddDays(i), Quantity: decimal(t, "23.75")})
	}
	day := billingtest.Day(t, "2026-02-28")
	s.Uses = append(s.Uses, cycle.Use{Meter: billing.GuestHours, Day: day, Quantity: billing.Int(10)}) // of the next month
	if on := s.DueNext(nil); on != day {
		t.Errorf("it is due on %s", on)
	}
	charges := s.Due(day)
	d, err := cycle.Draft(agreement(), charges, day)
	if err != nil {
		t.Fatal(err)
	}
	if err := invoice.Verify(d); err != nil {
		t.Error(err)
	}
	// 15 days at 0.0125: 356.25 hours = 4.453125; 13 days at 0.02: 308.75 hours = 6.175
	if len(d.Lines) != 3 || d.Lines[1].Net != billingtest.Euro(445) || d.Lines[2].Net != billingtest.Euro(618) || d.Lines[1].Quantity != decimal(t, "356.25") ||
		d.Lines[1].Unit != "HUR" || d.Lines[1].Name != "Redmine, small: hours in use" || d.Lines[1].Period != billingtest.Span(t, "2026-01-31", "2026-02-15") {
		t.Errorf("%+v", d.Lines)
	}
	if cost, err := charges[1].Wholesale("r"); err != nil || cost != billingtest.Euro(321+309) { // 3.20625 and 3.0875
		t.Errorf("the reseller pays %s, %v", cost, err)
	}
	if again, err := cycle.Draft(agreement(), charges, day); err != nil || again.Gross != d.Gross {
		t.Errorf("again it is %s, %v", again.Gross, err)
	}
	if cut := s.Cut(charges); cut != day {
		t.Errorf("charged until %s", cut)
	}
}

// TestUsageOfAYear: what is paid by the year is asked for its use every month, and its last use a day after its end.
func TestUsageOfAYear(t *testing.T) {
	t.Parallel()
	s := metered(t)
	s.Every, s.Next = billing.Year, 1
	s.Uses = []cycle.Use{{Meter: billing.GuestHours, Day: billingtest.Day(t, "2026-04-05"), Quantity: billing.Int(5)}}
	if on := s.DueNext(nil); on.String() != "2026-04-30" {
		t.Errorf("due on %s", on)
	}
	if charges := s.Due(billingtest.Day(t, "2026-04-29")); len(charges) != 0 {
		t.Errorf("too early: %+v", charges)
	}
	charges := s.Due(billingtest.Day(t, "2026-04-30"))
	if len(charges) != 1 || s.DueNext(charges).String() != "2027-01-31" {
		t.Errorf("%+v, next on %s", charges, s.DueNext(charges))
	}
	s.End = billingtest.Day(t, "2026-04-20")
	if on := s.DueNext(nil); on.String() != "2026-04-21" {
		t.Errorf("it ends, and its use is due on %s", on)
	}
	if charges := s.Due(billingtest.Day(t, "2026-04-20")); len(charges) != 0 {
		t.Errorf("its last hours are not known yet: %+v", charges)
	}
	charges = s.Due(billingtest.Day(t, "2026-04-21"))
	if len(charges) != 1 || !s.DueNext(charges).IsZero() {
		t.Fatalf("%+v, next %s", charges, s.DueNext(charges))
	}
	s.UsedUntil = s.Cut(charges)
	late := s.Due(billingtest.Day(t, "2026-05-01"))
	if len(late) != 1 || late[0].Period.Start != charges[0].Period.End {
		t.Errorf("what is late: %+v", late)
	}
}

// TestRateChangesWhileUsed: the hours of each VAT rate have a line of their own.
func TestRateChangesWhileUsed(t *testing.T) {
	t.Parallel()
	a, s := agreement(), metered(t)
	s.Next, s.Usage = 1, s.Usage[:1]
	change := billingtest.Day(t, "2026-02-10")
	a.Rates = tax.Table{{Country: "NL", Percent: billing.Int(21), From: billingtest.Day(t, "2012-10-01"), To: change}, {Country: "NL", Percent: billing.Int(22), From: change}}
	for i := range 20 {
		s.Uses = append(s.Uses, cycle.Use{Meter: billing.GuestHours, Day: s.Anchor.AddDays(i), Quantity: billing.Int(24)})
	}
	day := billingtest.Day(t, "2026-02-28")
	d, err := cycle.Draft(a, s.Due(day), day)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Lines) != 3 || d.Lines[1].Quantity != billing.Int(240) || d.Lines[2].Quantity != billing.Int(240) || d.Lines[1].Tax.Rate != billing.Int(21) ||
		d.Lines[2].Tax.Rate != billing.Int(22) {
		t.Errorf("%+v", d.Lines)
	}
}

func TestMeters(t *testing.T) {
	t.Parallel()
	for _, meter := range billing.Meters() {
		for _, language := range []string{"en", "nl", "de", "fr"} {
			if name := meter.Name(language); name == "" || name == string(meter) {
				t.Errorf("%s has no name in %s", meter, language)
			}
		}
		if !meter.Known() || meter.Unit() == "" {
			t.Errorf("%s is not known", meter)
		}
	}
	if billing.Meter("tea").Known() || billing.DiskHours.WholeMonth(10) != billing.Int(7440) || !billing.Traffic.WholeMonth(10).IsZero() {
		t.Error("a meter is not what it should be")
	}
}
