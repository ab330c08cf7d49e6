package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal/portaltest"
	"allotment/app/worker"
)

// TestChoresAreDoneOnceByAll starts two workers and wants one round, in which a failing chore does not keep the next from its turn.
func TestChoresAreDoneOnceByAll(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	var failing, rounds atomic.Int32
	chores := []worker.Chore{
		func(context.Context) error { failing.Add(1); return errors.New("this one fails") },
		func(context.Context) error { rounds.Add(1); return nil },
	}
	log := slog.New(slog.DiscardHandler)
	for range 2 {
		one, err := worker.Start(t.Context(), w.Store, nil, worker.Config{Chores: chores}, log)
		if err != nil {
			t.Fatal(err)
		}
		defer one.Stop(context.WithoutCancel(t.Context())) //nolint:errcheck // the database goes with the test
	}
	deadline := time.Now().Add(20 * time.Second)
	for rounds.Load() == 0 && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
	}
	time.Sleep(500 * time.Millisecond)
	if rounds.Load() != 1 || failing.Load() != 1 {
		t.Errorf("the chores were done %d and %d times, want once", failing.Load(), rounds.Load())
	}
}

func TestUnknownGuestIsNotKnown(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	known, err := w.Store.GuestKnown(t.Context(), app.NewID(), 100)
	if err != nil || known {
		t.Errorf("a guest that nobody ordered is known: %t (%v)", known, err)
	}
}
