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

// billingDay tells it the day.
const billingDay = "ALLOTMENT_TEST_BILLING_DAY"

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
	today := day(t, os.Getenv(billingDay))
	b := biller.New(st, tax.Seed(), slog.New(slog.DiscardHandler), func() time.Time { return today.UTC().Add(12 * time.Hour) })
	if _, err := b.Bill(t.Context(), biller.Run{AsOf: today}); err != nil {
		t.Fatal(err)
	}
}

// TestRunIsIdempotentUnderKill kills runs of processes of their own with -9, two at once, in the middle: after some of the invoices were issued, and before
// all of them are. Then one comes through.
func TestRunIsIdempotentUnderKill(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 3, brokenOff, 1)
	b.breakOff(t, 3, func(pair []*exec.Cmd) {
		for _, child := range pair {
			_ = child.Process.Kill()
		}
	})
	b.wantAll(t)
}

// brokenOff is how many customers there are where runs are broken off: many times what one transaction takes.
const brokenOff = 5000

// months are the days on which runs are broken off, one after the other.
func months() []string { return []string{"2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"} }

// breakOff ends pairs of runs until so many of them had issued some invoices, but not all. Where a month is done too soon, the next one is billed.
func (b *books) breakOff(t *testing.T, want int, end func(pair []*exec.Cmd)) {
	t.Helper()
	hits, tries := 0, 0
	for i, on := range months() {
		before := brokenOff * i
		b.Today = day(t, on).UTC().Add(12 * time.Hour)
		for before < brokenOff*(i+1) && hits < want {
			pair := []*exec.Cmd{b.child(t), b.child(t)}
			b.issuedSince(t, before, pair)
			time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
			end(pair)
			for _, child := range pair {
				_ = child.Wait() // how it ended is seen in the books
			}
			n := b.issued(t)
			if tries++; n > before && n < brokenOff*(i+1) {
				hits++
			}
			before = n
		}
		if hits >= want {
			t.Logf("%d of %d runs were broken off in the middle", hits, tries)
			return
		}
		b.comesThrough(t)
	}
	t.Errorf("of %d runs that were broken off, only %d had issued some invoices and not all: want %d", tries, hits, want)
}

// issued is how many invoices of customers there are.
func (b *books) issued(t *testing.T) int {
	t.Helper()
	return b.Count(t, `SELECT count(*) FROM invoices WHERE NOT wholesale`)
}

// issuedSince waits until a pair of runs has issued something.
func (b *books) issuedSince(t *testing.T, before int, pair []*exec.Cmd) {
	t.Helper()
	for end := time.Now().Add(time.Minute); b.issued(t) <= before; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			for _, child := range pair {
				_ = child.Process.Kill()
			}
			t.Fatal("in a minute, nothing was issued")
		}
	}
}

// comesThrough lets a run end.
func (b *books) comesThrough(t *testing.T) {
	t.Helper()
	if err := b.child(t).Wait(); err != nil {
		t.Fatalf("a run that nobody breaks off: %v", err)
	}
}

// wantAll lets the last run end, and again one that finds nothing to do: each customer has one invoice and one charge for each month, and the books agree.
func (b *books) wantAll(t *testing.T) {
	t.Helper()
	for range 2 {
		b.comesThrough(t)
		want := b.Count(t, `SELECT count(*) * (SELECT count(DISTINCT issued_on) FROM invoices WHERE NOT wholesale) FROM subscriptions`)
		if n := b.Count(t, `SELECT count(*) FROM charges WHERE kind = 'period'`); n != want || want%brokenOff != 0 {
			t.Errorf("%d periods were charged, want %d", n, want)
		}
		if n := b.issued(t); n != want {
			t.Errorf("%d invoices, want %d", n, want)
		}
		if n := b.Count(t, `SELECT count(*) FROM (SELECT FROM invoices GROUP BY seller_id, series HAVING min(sequence) <> 1 OR max(sequence) <> count(*)) gaps`); n != 0 {
			t.Errorf("%d series have a gap", n)
		}
	}
	b.Sound(t)
}

// child starts a process that bills.
func (b *books) child(t *testing.T) *exec.Cmd {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestBillsAsAChild$", "-test.count=1")
	child.Env = append(os.Environ(), billingURL+"="+b.URL, billingDay+"="+b.Today.Format(time.DateOnly))
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	return child
}
