package biller_test

import (
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"allotment/app/biller"
	"allotment/app/store"
	"allotment/billing/tax"
)

// billingURL tells a child of the test which database it bills.
const billingURL = "ALLOTMENT_TEST_BILLING_URL"

// TestBillsAsAChild is what TestRunIsIdempotentUnderKill starts and kills.
func TestBillsAsAChild(t *testing.T) {
	url := os.Getenv(billingURL)
	if url == "" {
		t.Skip("only as a child of TestRunIsIdempotentUnderKill")
	}
	st, err := store.Open(t.Context(), store.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	now := func() time.Time { return time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC) }
	b := biller.New(st, tax.Seed(), slog.New(slog.DiscardHandler), now)
	if _, err := b.Bill(t.Context(), biller.Run{AsOf: day(t, "2026-01-31")}); err != nil {
		t.Fatal(err)
	}
}

// TestRunIsIdempotentUnderKill kills runs of processes of their own with -9, two at once, at random moments, until one comes through.
func TestRunIsIdempotentUnderKill(t *testing.T) {
	t.Parallel()
	const customers = 4000
	b := newBooks(t, 3, customers, 1)
	broken, before := 0, 0
	for range 8 {
		pair := []*exec.Cmd{billingChild(t, b), billingChild(t, b)}
		time.Sleep(time.Duration(200+rand.IntN(500)) * time.Millisecond)
		for _, child := range pair {
			_ = child.Process.Kill() // it may have come through
			_ = child.Wait()         // how it ended is seen in the books
		}
		n := b.Count(t, `SELECT count(*) FROM invoices`)
		if n > before && n < customers {
			broken++
		}
		before = n
	}
	t.Logf("%d of 8 kills met runs in the middle", broken)
	last := billingChild(t, b)
	if err := last.Wait(); err != nil {
		t.Fatalf("the last run: %v", err)
	}
	if n := b.Count(t, `SELECT count(*) FROM charges WHERE kind = 'period'`); n != customers {
		t.Errorf("%d periods were charged, want %d", n, customers)
	}
	if n := b.Count(t, `SELECT count(*) FROM invoices`); n != customers {
		t.Errorf("%d invoices, want %d", n, customers)
	}
	b.Sound(t)
}
