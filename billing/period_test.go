package billing_test

import (
	"testing"

	"allotment/billing"
	"allotment/billing/billingtest"
)

func TestPeriodsFromThe31st(t *testing.T) {
	t.Parallel()
	anchor := billingtest.Day(t, "2027-10-31")
	want := []string{"2027-10-31/2027-11-30", "2027-11-30/2027-12-31", "2027-12-31/2028-01-31", "2028-01-31/2028-02-29", "2028-02-29/2028-03-31"}
	for n, w := range want {
		if got := billing.PeriodAt(anchor, billing.Month, n).String(); got != w {
			t.Errorf("period %d is %s, want %s", n, got, w)
		}
	}
}

// TestPeriodsTileTheCalendar: whatever the anchor, every day belongs to one period, which PeriodOn finds, and neighbours touch.
func TestPeriodsTileTheCalendar(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for range 5000 {
		anchor, day := billingtest.Date(dice), billingtest.Date(dice)
		every := billing.Intervals()[dice.IntN(3)]
		period, n, err := billing.PeriodOn(anchor, every, day)
		if err != nil || !period.Contains(day) || period != billing.PeriodAt(anchor, every, n) {
			t.Fatalf("anchor %s every %s: %s is put into %s (%d): %v", anchor, every, day, period, n, err)
		}
		next := billing.PeriodAt(anchor, every, n+1)
		if next.Start != period.End || next.Contains(day) || period.Days() < 28*every.Months() || period.Days() > 31*every.Months() {
			t.Fatalf("anchor %s every %s: %s is followed by %s", anchor, every, period, next)
		}
	}
	if _, _, err := billing.PeriodOn(billingtest.Date(dice), "week", billingtest.Date(dice)); err == nil {
		t.Error("a week was taken for an interval")
	}
}

func TestPeriodRefusesToRunBackwards(t *testing.T) {
	t.Parallel()
	day := billingtest.Day(t, "2026-05-01")
	for _, end := range []billing.Date{day, day.AddDays(-1), {}} {
		if p, err := billing.NewPeriod(day, end); err == nil {
			t.Errorf("%v is a period", p)
		}
	}
	if _, err := billing.NewPeriod(billing.Date{}, day); err == nil {
		t.Error("a period starts nowhere")
	}
}

func TestCutAndFrom(t *testing.T) {
	t.Parallel()
	p := billingtest.Span(t, "2025-06-15", "2025-07-15")
	parts := p.Cut(billingtest.Day(t, "2025-06-15"), billingtest.Day(t, "2025-07-01"), billingtest.Day(t, "2025-07-15"))
	if len(parts) != 2 || parts[0].String() != "2025-06-15/2025-07-01" || parts[1].String() != "2025-07-01/2025-07-15" {
		t.Errorf("cut into %v", parts)
	}
	if got := p.From(billingtest.Day(t, "2025-07-14")); got.Days() != 1 {
		t.Errorf("the last day alone is %v", got)
	}
	if got := p.From(p.End); !got.IsZero() {
		t.Errorf("after its end there is %v", got)
	}
	if got := p.From(p.Start.AddDays(-3)); got != p {
		t.Errorf("before its start there is %v", got)
	}
}

func TestEarliestEnd(t *testing.T) {
	t.Parallel()
	cases := []struct {
		anchor string
		every  billing.Interval
		term   billing.Term
		day    string
		want   string
	}{
		{"2026-01-31", billing.Month, billing.Term{}, "2026-02-10", "2026-02-28"},
		{"2026-01-31", billing.Month, billing.Term{Notice: 30}, "2026-02-10", "2026-03-31"},
		{"2026-01-31", billing.Month, billing.Term{Minimum: 12}, "2026-02-10", "2027-01-31"},
		{"2026-01-31", billing.Month, billing.Term{Minimum: 12, Notice: 30}, "2027-01-15", "2027-02-28"},
		{"2026-01-31", billing.Year, billing.Term{Notice: 14}, "2026-06-01", "2027-01-31"},
		{"2026-01-31", billing.Month, billing.Term{}, "2026-02-28", "2026-02-28"},
		{"2026-01-31", billing.Month, billing.Term{}, "2026-01-31", "2026-02-28"},
		{"2026-01-31", billing.Month, billing.Term{}, "2026-01-20", "2026-01-31"}, // in its trial
		{"2026-01-31", billing.Month, billing.Term{Notice: 14}, "2026-01-10", "2026-01-31"},
		{"2026-01-31", billing.Month, billing.Term{Notice: 14}, "2026-01-20", "2026-02-28"},
		{"2026-01-31", billing.Month, billing.Term{Minimum: 3}, "2026-01-20", "2026-04-30"},
	}
	for _, c := range cases {
		got, err := c.term.EarliestEnd(billingtest.Day(t, c.anchor), c.every, billingtest.Day(t, c.day))
		if err != nil || got.String() != c.want {
			t.Errorf("%s every %s, %+v, given up on %s: %s (%v), want %s", c.anchor, c.every, c.term, c.day, got, err, c.want)
		}
	}
}

func TestTrialMovesTheAnchor(t *testing.T) {
	t.Parallel()
	if got := billing.Trial(billingtest.Day(t, "2028-02-16"), 14).String(); got != "2028-03-01" {
		t.Errorf("14 free days from 16 February of a leap year end on %s", got)
	}
}
