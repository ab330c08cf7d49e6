package biller_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/store"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
)

// TestInvoiceNumbersHaveNoGaps: runs that are broken off at random moments, beside credit notes that are issued one by one and half of them taken
// back before they are committed, leave each seller's series of invoices and of credit notes without a gap and without a number that came twice.
func TestInvoiceNumbersHaveNoGaps(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 3, 1600, 1)
	if _, err := b.Biller.Bill(t.Context(), biller.Run{AsOf: day(t, "2026-01-31")}); err != nil {
		t.Fatal(err)
	}
	b.Today = b.Today.AddDate(0, 1, 0)
	rows, err := b.Conn.Query(t.Context(), `SELECT id FROM invoices ORDER BY md5(id::text) LIMIT 80`)
	if err != nil {
		t.Fatal(err)
	}
	var documents []app.ID
	for rows.Next() {
		var id app.ID
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		documents = append(documents, id)
	}
	dropped := app.Errorf(app.Internal, "taken back before it was committed")
	var all sync.WaitGroup
	var middle atomic.Int32 // runs that were broken off when they had issued something
	for range 3 {
		all.Go(func() {
			for i := range 5 {
				ctx, stop := context.WithTimeout(t.Context(), time.Duration(20+rand.IntN(200))*time.Millisecond)
				if i == 0 {
					ctx, stop = context.WithCancel(t.Context())
				}
				sum, err := b.Biller.Bill(ctx, biller.Run{AsOf: day(t, "2026-02-28"), Progress: func(done biller.Summary) {
					if i == 0 && done.Invoices > 0 {
						stop()
					}
				}})
				stop()
				if err != nil && sum.Invoices > 0 {
					middle.Add(1)
				}
			}
		})
	}
	for worker := range 4 {
		all.Go(func() {
			for i := worker; i < len(documents); i += 4 {
				err := b.do(t.Context(), func(tx *store.Tx) error {
					_, err := b.Biller.CreditInvoice(t.Context(), tx, documents[i], []invoice.Ask{{Line: "1", Net: billingtest.Euro(10)}}, "A little.")
					if err == nil && i%2 == 1 {
						err = dropped
					}
					return err
				})
				if (err != nil) != (i%2 == 1) {
					t.Errorf("credit note %d: %v", i, err)
				}
			}
		})
	}
	all.Wait()
	if middle.Load() == 0 {
		t.Error("no run was broken off in the middle")
	}
	if _, err := b.Biller.Bill(t.Context(), biller.Run{AsOf: day(t, "2026-02-28")}); err != nil {
		t.Fatal(err)
	}
	if n := b.Count(t, `SELECT count(*) FROM invoices WHERE kind = 'credit note'`); n != len(documents)/2 {
		t.Errorf("%d credit notes, want %d", n, len(documents)/2)
	}
	if n := b.Count(t, `SELECT count(DISTINCT (seller_id, series)) FROM invoices`); n < 8 {
		t.Errorf("only %d series", n)
	}
	if n := b.Count(t, `SELECT count(*) FROM (
		SELECT FROM invoices GROUP BY seller_id, series HAVING min(sequence) <> 1 OR max(sequence) <> count(*) OR count(DISTINCT number) <> count(*)) gaps`); n != 0 {
		t.Errorf("%d series have a gap", n)
	}
	b.Sound(t)
}
