package biller_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/store"
	"allotment/billing"
)

// row is a run as people see it.
func (b *books) row(t *testing.T, id app.ID) (r store.BillingRun) {
	t.Helper()
	err := b.Store.Read(t.Context(), b.Operator, func(tx *store.Tx) (err error) {
		r, err = tx.BillingRun(t.Context(), id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRunCountsExactly: a run that is broken off and goes on, several times, counts each invoice once: as many as there are.
func TestRunCountsExactly(t *testing.T) {
	t.Parallel()
	const customers = 900
	b := newBooks(t, 2, customers, 1)
	id, err := b.Biller.Record(t.Context(), store.RunBills, day(t, "2026-01-31"), "Demo Operator")
	if err != nil {
		t.Fatal(err)
	}
	broken := 0
	for range 20 {
		ctx, stop := context.WithTimeout(t.Context(), 60*time.Millisecond)
		if _, err := b.Biller.Execute(ctx, id, nil); err != nil {
			broken++
			if r := b.row(t, id); !r.EndedAt.IsZero() {
				t.Fatalf("a run that was broken off from outside has ended: %+v", r)
			}
		}
		stop()
	}
	if _, err := b.Biller.Execute(t.Context(), id, nil); err != nil {
		t.Fatal(err)
	}
	r := b.row(t, id)
	if r.Invoices != customers || r.Accounts != customers || r.Total != customers || r.Charges != customers || r.EndedAt.IsZero() ||
		r.Totals["EUR"] != int64(b.Count(t, `SELECT sum(gross_minor) FROM invoices`)) {
		t.Errorf("after %d breaks: %+v", broken, r)
	}
	again, err := b.Biller.Execute(t.Context(), id, nil)
	if err != nil || again.Invoices != 0 || b.row(t, id).Invoices != customers {
		t.Errorf("a run that has ended was done again: %+v, %v", again, err)
	}
	b.Sound(t)
}

// TestDryRunAndVerify count what they would do and what they have looked at, and write nothing else.
func TestDryRunAndVerify(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 1, 40, 1)
	seen := 0
	dry, err := b.Biller.Record(t.Context(), store.RunDry, billing.Date{}, "Demo Operator")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Biller.Execute(t.Context(), dry, func(s biller.Summary) { seen = s.Total }); err != nil {
		t.Fatal(err)
	}
	if r := b.row(t, dry); r.Invoices != 40 || r.Accounts != 40 || seen != 40 || r.EndedAt.IsZero() || b.Count(t, `SELECT count(*) FROM invoices`) != 0 {
		t.Errorf("a dry run: %+v", r)
	}
	if _, err := b.Biller.Bill(t.Context(), biller.Run{}); err != nil {
		t.Fatal(err)
	}
	b.Exec(t, `SET session_replication_role = replica`)
	b.Exec(t, `UPDATE sales_sums SET net_minor = net_minor + 1 WHERE ctid = (SELECT ctid FROM sales_sums LIMIT 1)`)
	b.Exec(t, `UPDATE receivables SET open_minor = 0 WHERE invoice_id = (SELECT invoice_id FROM receivables LIMIT 1)`)
	b.Exec(t, `SET session_replication_role = origin`)
	look, err := b.Biller.Record(t.Context(), store.RunVerify, billing.Date{}, "Demo Operator")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Biller.Execute(t.Context(), look, nil); err != nil {
		t.Fatal(err)
	}
	if r := b.row(t, look); len(r.Off) != 2 || r.Accounts != 40 || !strings.Contains(strings.Join(r.Off, ""), "summed up") {
		t.Errorf("a look at the books: %+v", r)
	}
	b.Exec(t, `SELECT rebuild_sums()`)
	b.Sound(t)
}

// TestScheduled: the schedule bills each seller's customers on the seller's own day, and writes no run where nothing is due.
func TestScheduled(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 1, 4, 1)
	b.Exec(t, `UPDATE seller_terms SET zone = 'Pacific/Auckland' WHERE organization_id = (SELECT id FROM sellers WHERE n = 1)`)
	b.Exec(t, `UPDATE seller_terms SET zone = 'Nowhere/Land' WHERE organization_id = (SELECT id FROM sellers WHERE n = 0)`)
	runs := func(hour int, want int) {
		t.Helper()
		b.Today = time.Date(2026, 1, 30, hour, 0, 0, 0, time.UTC)
		if err := b.Biller.Scheduled(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := b.Count(t, `SELECT count(*) FROM billing_runs`); n != want {
			t.Errorf("%d runs after %02d:00, want %d", n, hour, want)
		}
	}
	runs(10, 0) // 23:00 of the 30th in Auckland
	runs(12, 1) // 01:00 of the 31st there
	runs(13, 1)
	if n := b.Count(t, `SELECT count(*) FROM invoices WHERE issued_on = '2026-01-31'`); n != 2 {
		t.Errorf("%d invoices on the seller's own day, want 2", n)
	}
	b.Exec(t, `UPDATE seller_terms SET zone = 'Europe/Amsterdam'`)
	b.Today = time.Date(2026, 1, 30, 23, 30, 0, 0, time.UTC) // half past midnight there
	if err := b.Biller.Scheduled(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := b.Count(t, `SELECT count(*) FROM invoices`); n != 4 {
		t.Errorf("%d invoices at midnight in Amsterdam, want 4", n)
	}
	b.Sound(t)
}

// TestAddUp: sums read the same before and after their rows are made one, also while others add some.
func TestAddUp(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 1, 1200, 1)
	if _, err := b.Biller.Bill(t.Context(), biller.Run{}); err != nil {
		t.Fatal(err)
	}
	before := b.Count(t, `SELECT count(*) FROM ledger_sums`)
	done := make(chan error, 2)
	for range 2 {
		go func() { done <- b.Store.AddUp(context.WithoutCancel(t.Context())) }()
	}
	b.Today = b.Today.AddDate(0, 0, 28)
	if _, err := b.Biller.Bill(t.Context(), biller.Run{}); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	b.Sound(t)
	if err := b.Store.AddUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := b.Count(t, `SELECT count(*) FROM ledger_sums`); after >= before*2 {
		t.Errorf("%d rows of sums became %d", before, after)
	}
	b.Sound(t)
}
