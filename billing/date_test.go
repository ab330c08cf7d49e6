package billing_test

import (
	"encoding/json"
	"testing"
	"time"
	_ "time/tzdata" // the test compares zones that a small machine may not know

	"allotment/billing"
	"allotment/billing/billingtest"
)

func TestParseDate(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"2026-01-31", "2028-02-29", "0001-01-01", "9999-12-31"} {
		if d, err := billing.ParseDate(good); err != nil || d.String() != good {
			t.Errorf("%s: %v, %v", good, d, err)
		}
	}
	for _, bad := range []string{"", "2026-02-29", "2026-13-01", "2026-1-1", "31-01-2026", "2026-01-31T00:00:00Z", "２026-01-01"} {
		if d, err := billing.ParseDate(bad); err == nil {
			t.Errorf("%q was read as %v", bad, d)
		}
	}
	if _, err := billing.NewDate(2026, time.February, 30); err == nil {
		t.Error("30 February was taken for a date")
	}
}

func TestAddMonthsClampsToTheMonthsEnd(t *testing.T) {
	t.Parallel()
	cases := []struct {
		from   string
		months int
		want   string
	}{
		{"2026-01-31", 1, "2026-02-28"},
		{"2026-01-31", 2, "2026-03-31"},
		{"2028-01-31", 1, "2028-02-29"},
		{"2028-02-29", 12, "2029-02-28"},
		{"2028-02-29", 48, "2032-02-29"},
		{"2026-12-31", 2, "2027-02-28"},
		{"2026-03-31", -1, "2026-02-28"},
		{"2026-01-15", -1, "2025-12-15"},
		{"2026-01-15", -25, "2023-12-15"},
	}
	for _, c := range cases {
		if got := billingtest.Day(t, c.from).AddMonths(c.months).String(); got != c.want {
			t.Errorf("%s + %d months = %s, want %s", c.from, c.months, got, c.want)
		}
	}
}

func TestDayOfTheSeller(t *testing.T) {
	t.Parallel()
	cases := []struct{ zone, instant, day, start string }{
		{"Europe/Amsterdam", "2026-12-31T23:30:00Z", "2027-01-01", "2026-12-31T23:00:00Z"},
		{"Europe/Amsterdam", "2026-03-29T00:30:00Z", "2026-03-29", "2026-03-28T23:00:00Z"},
		{"Europe/Amsterdam", "2026-10-25T22:59:59Z", "2026-10-25", "2026-10-24T22:00:00Z"},
		{"Europe/Amsterdam", "2026-10-25T23:00:00Z", "2026-10-26", "2026-10-25T23:00:00Z"},
		{"America/Sao_Paulo", "2018-11-04T03:00:00Z", "2018-11-04", "2018-11-04T03:00:00Z"}, // midnight was skipped
		{"America/Havana", "2026-11-01T04:30:00Z", "2026-11-01", "2026-11-01T04:00:00Z"},    // midnight comes twice
		{"America/Havana", "2026-11-01T05:30:00Z", "2026-11-01", "2026-11-01T04:00:00Z"},
	}
	for _, c := range cases {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		instant, err := time.Parse(time.RFC3339, c.instant)
		if err != nil {
			t.Fatal(err)
		}
		day := billing.DateIn(instant, zone)
		if start := day.Start(zone).UTC().Format(time.RFC3339); day.String() != c.day || start != c.start {
			t.Errorf("%s in %s: day %s from %s, want %s from %s", c.instant, c.zone, day, start, c.day, c.start)
		}
	}
}

func TestEveryInstantLiesWithinItsDay(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for _, name := range []string{"Europe/Amsterdam", "America/Sao_Paulo", "America/Havana", "Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo", "UTC"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for range 2000 {
			instant := time.Unix(1262304000+dice.Int64N(30*365*86400), 0)
			day := billing.DateIn(instant, zone)
			next := day.AddDays(1)
			for billing.DateIn(next.Start(zone), zone) != next { // Samoa had no 30 December 2011
				next = next.AddDays(1)
			}
			if instant.Before(day.Start(zone)) || !instant.Before(next.Start(zone)) {
				t.Fatalf("%v in %s is not within %s: %v to %v", instant.UTC(), name, day, day.Start(zone).UTC(), next.Start(zone).UTC())
			}
		}
	}
}

func TestDatesAsJSON(t *testing.T) {
	t.Parallel()
	type pair struct{ A, B billing.Date }
	in := pair{A: billing.Date{Year: 2026, Month: time.May, Day: 1}}
	text, err := json.Marshal(in)
	if err != nil || string(text) != `{"A":"2026-05-01","B":""}` {
		t.Fatalf("%s, %v", text, err)
	}
	var out pair
	if err := json.Unmarshal(text, &out); err != nil || out != in {
		t.Fatalf("%+v, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"A":"soon"}`), &out); err == nil {
		t.Error("soon was read as a date")
	}
}
