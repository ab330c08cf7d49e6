package worker_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/biller/billertest"
	"allotment/app/store"
	"allotment/app/worker"
)

// TestScheduleBills: of two workers one does what is due, once, and whichever is free does what a person asked for.
func TestScheduleBills(t *testing.T) {
	t.Parallel()
	b := billertest.New(t, 1, 30, 1)
	log := slog.New(slog.DiscardHandler)
	for range 2 {
		w, err := worker.Start(t.Context(), b.Store, nil, worker.Config{Biller: b.Biller}, log)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Stop(context.WithoutCancel(t.Context())) //nolint:errcheck // the database goes with the test
	}
	until := func(what, sql string) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if b.Count(t, sql) > 0 {
				return
			}
		}
		t.Fatalf("in 20 seconds, it never happened that %s", what)
	}
	until("the schedule's run ended", `SELECT count(*) FROM billing_runs WHERE ended_at IS NOT NULL AND invoices = 30 AND asked_by = 'the schedule'`)
	look := store.BillingRun{ID: app.NewID(), Kind: store.RunVerify, AskedBy: "Demo Operator", AskedAt: b.Today}
	if err := b.Store.InTenant(t.Context(), b.Operator, func(tx *store.Tx) error { return tx.InsertBillingRun(t.Context(), look, true) }); err != nil {
		t.Fatal(err)
	}
	until("what a person asked for was done", `SELECT count(*) FROM billing_runs WHERE kind = 'verify' AND ended_at IS NOT NULL AND error = '' AND accounts = 30`)
	if n := b.Count(t, `SELECT count(*) FROM billing_runs WHERE kind = 'run'`); n != 1 {
		t.Errorf("%d runs by the schedule, want one", n)
	}
	b.Sound(t)
}

// TestRunOfALostWorkerGoesOn: what a killed worker left running is taken up by the next round, in the same row.
func TestRunOfALostWorkerGoesOn(t *testing.T) {
	t.Parallel()
	b := billertest.New(t, 0, 5, 1)
	b.Exec(t, `INSERT INTO billing_runs (organization_id, id, kind, asked_by, asked_at, started_at, total) SELECT id, $1, 'run', 'the schedule', now(), now(), 5
		FROM organizations WHERE kind = 'operator'`, app.NewID())
	if err := b.Biller.Scheduled(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := b.Count(t, `SELECT count(*) FROM billing_runs WHERE ended_at IS NOT NULL AND invoices = 5`); n != 1 || b.Count(t, `SELECT count(*) FROM billing_runs`) != 1 {
		t.Error("the run that was left behind was not taken up")
	}
}
