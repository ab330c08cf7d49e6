package biller_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"allotment/app/biller"
)

func TestBill(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 2, 30, 2)
	sum, err := b.Biller.Bill(t.Context(), biller.Run{AsOf: day(t, "2026-01-31"), DryRun: true})
	if err != nil || sum.Invoices != 30 || b.Count(t, `SELECT count(*) FROM invoices`) != 0 {
		t.Fatalf("a dry run: %+v, %v", sum, err)
	}
	if sum, err = b.Biller.Bill(t.Context(), biller.Run{AsOf: day(t, "2026-01-31")}); err != nil {
		t.Fatal(err)
	}
	// Each customer has one invoice for two subscriptions, and one setup fee.
	if sum.Invoices != 30 || sum.Charges != 90 || len(sum.Parked) != 0 || sum.Totals["EUR"] != 30*3029 {
		t.Fatalf("%+v", sum)
	}
	if again, err := b.Biller.Bill(t.Context(), biller.Run{AsOf: day(t, "2026-01-31")}); err != nil || again.Invoices != 0 || again.Accounts != 0 {
		t.Errorf("a rerun: %+v, %v", again, err)
	}
	b.Today = b.Today.AddDate(0, 6, 0)
	if sum, err = b.Biller.Bill(t.Context(), biller.Run{AsOf: day(t, "2026-07-31")}); err != nil || sum.Charges != 30*2*6 {
		t.Errorf("half a year later: %+v, %v", sum, err)
	}
	b.Sound(t)
}

// TestOneBadSubscriptionStopsNobody: what cannot be invoiced is parked with its reason, and comes along once it is mended.
func TestOneBadSubscriptionStopsNobody(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 0, 5, 2)
	b.Exec(t, `UPDATE subscriptions SET amount_minor = 9223372036854775807 WHERE id = (SELECT id FROM subscriptions LIMIT 1)`)
	b.Exec(t, `UPDATE billing_profiles SET party = party || '{"street": ""}' WHERE organization_id = (SELECT id FROM organizations WHERE slug = 'customer-5')`)
	sum, err := b.Biller.Bill(t.Context(), biller.Run{AsOf: day(t, "2026-01-31")})
	if err != nil {
		t.Fatal(err)
	}
	if len(sum.Parked) < 2 || len(sum.Parked) > 3 || sum.Invoices < 4 {
		t.Fatalf("%+v", sum)
	}
	for _, p := range sum.Parked {
		if p.Reason == "" || strings.Contains(p.Reason, "0000-") {
			t.Errorf("parked because of %q", p.Reason)
		}
	}
	b.Sound(t)
	b.Exec(t, `UPDATE subscriptions SET amount_minor = 1000 WHERE parked <> ''`)
	b.Exec(t, `UPDATE billing_profiles SET party = party || '{"street": "Example Street 1"}'`)
	b.Today = b.Today.AddDate(0, 0, 1)
	if sum, err = b.Biller.Bill(t.Context(), biller.Run{AsOf: day(t, "2026-02-01")}); err != nil || len(sum.Parked) != 0 || b.Count(t, `SELECT count(*) FROM subscriptions WHERE parked <> ''`) != 0 {
		t.Errorf("the next day: %+v, %v", sum, err)
	}
	if n := b.Count(t, `SELECT count(*) FROM charges WHERE kind = 'period'`); n != 10 {
		t.Errorf("%d periods were charged, want 10", n)
	}
	b.Sound(t)
}

// TestRunsAtOnce: several runs at the same time, each broken off at random moments, charge every period once and leave no gap.
func TestRunsAtOnce(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 3, 600, 2)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 6 {
				ctx, stop := context.WithTimeout(t.Context(), time.Duration(rand.IntN(120))*time.Millisecond)
				_, _ = b.Biller.Bill(ctx, biller.Run{AsOf: day(t, "2026-01-31")}) // broken off: what it says does not matter
				stop()
			}
		})
	}
	all.Wait()
	if _, err := b.Biller.Bill(t.Context(), biller.Run{AsOf: day(t, "2026-01-31")}); err != nil {
		t.Fatal(err)
	}
	if n := b.Count(t, `SELECT count(*) FROM charges WHERE kind = 'period'`); n != 1200 {
		t.Errorf("%d periods were charged, want 1200", n)
	}
	if n := b.Count(t, `SELECT count(*) FROM invoices`); n != 600 {
		t.Errorf("%d invoices, want 600", n)
	}
	b.Sound(t)
}

func TestIssuedIsNeverChanged(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 0, 1, 1)
	if _, err := b.Biller.Bill(t.Context(), biller.Run{AsOf: day(t, "2026-01-31")}); err != nil {
		t.Fatal(err)
	}
	for table, column := range map[string]string{"invoices": "seller_id", "charges": "kind", "ledger_entries": "kind", "ledger_postings": "amount_minor", "payments": "amount_minor",
		"allocations": "amount_minor"} {
		for _, sql := range []string{`DELETE FROM ` + table, `TRUNCATE ` + table + ` CASCADE`, `UPDATE ` + table + ` SET ` + column + ` = ` + column} {
			if _, err := b.Conn.Exec(t.Context(), sql); err == nil {
				t.Errorf("even the superuser may: %s", sql)
			}
		}
	}
	if _, err := b.Conn.Exec(t.Context(), `UPDATE invoices SET number = 'x'`); err == nil {
		t.Error("an issued number was changed")
	}
	_, err := b.Conn.Exec(t.Context(), `INSERT INTO ledger_postings SELECT organization_id, entry_id, position + 10, account, party, 5, currency, posted_on FROM ledger_postings LIMIT 1`)
	if err == nil {
		t.Error("a posting was added that leaves the books askew")
	}
}
