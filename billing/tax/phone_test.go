package tax_test

import (
	"strconv"
	"testing"

	"allotment/billing/billingtest"
	"allotment/billing/tax"
)

func TestPhoneNames(t *testing.T) {
	t.Parallel()
	cases := []struct{ typed, number, country string }{
		{"+31 20 123 45 67", "+31201234567", "NL"},
		{"0031-20-1234567", "+31201234567", "NL"},
		{"+49 (0)30 / 901820", "+4930901820", "DE"},
		{"+358 9 1234567", "+35891234567", "FI"},
		{"+44 20 7946 0000", "+442079460000", ""},
		{"+1 202 555 0100", "+12025550100", ""},
		{"020 1234567", "", ""}, // no country
		{"+31 call me", "", ""},
		{"+31", "", ""},
		{"+0312012345", "", ""},
		{"+3120123456789012", "", ""},
	}
	for _, c := range cases {
		if got := tax.ParsePhone(c.typed); got != c.number {
			t.Errorf("%q: %q, want %q", c.typed, got, c.number)
		}
		if got := tax.PhoneCountry(c.typed); got != c.country {
			t.Errorf("%q is of %q, want %q", c.typed, got, c.country)
		}
	}
}

// TestEveryStateHasACallingCode: no state is left out of the second proof.
func TestEveryStateHasACallingCode(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for code := range 1000 {
		if code >= 10 {
			seen[tax.PhoneCountry("+"+strconv.Itoa(code)+"20123456")] = true
		}
	}
	for _, rate := range tax.Seed() {
		if !seen[rate.Country] {
			t.Errorf("no telephone number is of %s", rate.Country)
		}
	}
}

func TestAnswersGrowOld(t *testing.T) {
	t.Parallel()
	on := billingtest.Day(t, "2026-01-01")
	cases := []struct {
		recheck, days int
		check, want   tax.Check
	}{
		{0, 365, tax.Valid, tax.Valid}, {0, 395, tax.Valid, tax.Valid}, {0, 396, tax.Valid, tax.Unchecked},
		{30, 60, tax.Valid, tax.Valid}, {30, 61, tax.Valid, tax.Unchecked},
		{30, 900, tax.Invalid, tax.Invalid}, {30, 900, tax.Unchecked, tax.Unchecked},
	}
	for _, c := range cases {
		if got := (tax.Policy{RecheckDays: c.recheck}).Fresh(c.check, on, on.AddDays(c.days)); got != c.want {
			t.Errorf("recheck %d, after %d days: %q, want %q", c.recheck, c.days, got, c.want)
		}
	}
}
