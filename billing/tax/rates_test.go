package tax_test

import (
	"strings"
	"testing"

	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/tax"
)

func TestSeedCoversEveryStateAndDay(t *testing.T) {
	t.Parallel()
	table := tax.Seed()
	if err := table.Check(); err != nil {
		t.Fatal(err)
	}
	states := strings.Fields("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK")
	for _, state := range states {
		if !tax.Member(state) {
			t.Errorf("%s is not a member state", state)
		}
		for day := billingtest.Day(t, "2020-01-01"); day.Year < 2030; day = day.AddDays(1) {
			if _, err := table.On(state, day); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, rate := range table {
		if !strings.HasPrefix(rate.Source, "https://") || !rate.From.Before(billingtest.Day(t, "2026-01-02")) || !strings.Contains(strings.Join(states, " "), rate.Country) {
			t.Errorf("%+v has no source, or belongs to no state", rate)
		}
	}
	for _, other := range []string{"GB", "XI", "CH", "NO", "EL", ""} {
		if tax.Member(other) {
			t.Errorf("%s is a member state", other)
		}
	}
}

func TestRatesChangeOnTheirDay(t *testing.T) {
	t.Parallel()
	cases := []struct{ country, day, want string }{
		{"EE", "2023-12-31", "20"}, {"EE", "2024-01-01", "22"}, {"EE", "2025-06-30", "22"}, {"EE", "2025-07-01", "24"},
		{"SK", "2024-12-31", "20"}, {"SK", "2025-01-01", "23"},
		{"RO", "2025-07-31", "19"}, {"RO", "2025-08-01", "21"},
		{"FI", "2024-08-31", "24"}, {"FI", "2024-09-01", "25.5"},
		{"LU", "2023-12-31", "16"}, {"LU", "2024-01-01", "17"},
		{"DE", "2020-12-31", "16"}, {"DE", "2021-01-01", "19"},
		{"IE", "2021-02-28", "21"}, {"IE", "2021-03-01", "23"},
		{"NL", "2026-11-20", "21"}, {"HU", "2026-11-20", "27"}, {"GR", "2026-11-20", "24"}, {"MT", "2026-11-20", "18"},
	}
	for _, c := range cases {
		rate, err := tax.Seed().On(c.country, billingtest.Day(t, c.day))
		if err != nil || rate.Percent.String() != c.want {
			t.Errorf("%s on %s: %s, %v; want %s", c.country, c.day, rate.Percent, err, c.want)
		}
	}
	if _, err := tax.Seed().On("NL", billingtest.Day(t, "2012-09-30")); err == nil {
		t.Error("a rate was made up for a day before the table")
	}
}

func TestARateThatChangesInTheMiddleOfAPeriod(t *testing.T) {
	t.Parallel()
	period := billingtest.Span(t, "2025-06-15", "2025-07-15")
	parts := tax.Seed().Cut("EE", period)
	if len(parts) != 2 || parts[0].String() != "2025-06-15/2025-07-01" || parts[1].End != period.End {
		t.Fatalf("cut into %v", parts)
	}
	shares, err := billingtest.Euro(1000).Split([]int64{int64(parts[0].Days()), int64(parts[1].Days())})
	if err != nil || shares[0].Minor != 533 || shares[1].Minor != 467 {
		t.Errorf("16 and 14 days of 10 euro: %v, %v", shares, err)
	}
	if parts := tax.Seed().Cut("EE", billingtest.Span(t, "2025-07-01", "2025-08-01")); len(parts) != 1 {
		t.Errorf("a change on the first day cuts into %v", parts)
	}
}

func TestCheckRefusesTwoRatesOnOneDay(t *testing.T) {
	t.Parallel()
	from, to := billingtest.Day(t, "2027-01-01"), billingtest.Day(t, "2026-01-01")
	bad := []tax.Table{
		append(tax.Seed(), tax.Rate{Country: "NL", Percent: billing.Int(22), From: from}),
		{{Country: "NL", Percent: billing.Int(21), From: from, To: to}},
		{{Country: "NL", Percent: billing.Int(101), From: from}},
		{{Country: "NL", Percent: billing.Int(-1), From: from}},
	}
	for i, table := range bad {
		if table.Check() == nil {
			t.Errorf("table %d passed", i)
		}
	}
}
