package program

import (
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/biller"
)

// TestSummary: a run says what it did in sentences, whatever the numbers are, and names everything that is parked with its reason.
func TestSummary(t *testing.T) {
	t.Parallel()
	subscription := app.NewID()
	for name, c := range map[string]struct {
		sum  biller.Summary
		dry  bool
		want string
	}{
		"nothing": {biller.Summary{}, false, "\nIssued 0 invoices for 0 charges on 0 accounts.\n"},
		"one":     {biller.Summary{Accounts: 1, Invoices: 1, Charges: 1, Wholesale: 1, Totals: map[string]int64{"EUR": 4429}}, false, "\nIssued 1 invoice for 1 charge on 1 account.\n  44.29 EUR\nIssued 1 invoice to resellers.\n"},
		"currencies": {biller.Summary{Accounts: 3, Invoices: 2, Charges: 7, Totals: map[string]int64{"KWD": 1853, "JPY": 2526}}, true,
			"\nA run would issue 2 invoices for 7 charges on 3 accounts.\n  2526 JPY\n  1.853 KWD\n"},
		"parked": {biller.Summary{Accounts: 1, Parked: []biller.Parked{{Subscription: subscription, Reason: "No address."}, {Reason: "No terms."}}}, false,
			"\nIssued 0 invoices for 0 charges on 1 account.\nParked: subscription " + subscription.String() + " of customer " + (app.ID{}).String() + ". No address.\n" +
				"Parked: the wholesale invoice to " + (app.ID{}).String() + ". No terms.\n"},
	} {
		var out strings.Builder
		writeSummary(&out, c.sum, c.dry)
		if out.String() != c.want {
			t.Errorf("%s: %q, want %q", name, out.String(), c.want)
		}
	}
}

// TestRunsDay: what --as-of may say. A year that is mistyped issues nothing, since issued invoices cannot be taken back.
func TestRunsDay(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		asOf string
		dry  bool
		want string // part of the error; "" for none
	}{
		{"", false, ""}, {"2026-03-31", false, ""}, {"2027-03-02", false, ""}, {"2027-03-03", false, "--dry-run"}, {"2062-03-31", true, ""},
		{"2026-02-30", false, "not a date"}, {"20260331", true, "not a date"}, {"tomorrow", false, "not a date"},
	} {
		day, err := (&BillingRunCommand{AsOf: c.asOf, DryRun: c.dry}).day(now)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.asOf, err, c.want)
		}
		if err == nil && c.asOf != "" && day.String() != c.asOf {
			t.Errorf("%q becomes %s", c.asOf, day)
		}
	}
}
