package web

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/store"
)

// quiet is a listener that has nothing to say.
type quiet struct{}

func (quiet) Listen(ctx context.Context, _ func(store.Notice)) error {
	<-ctx.Done()
	return ctx.Err()
}

// broken is a listener whose connection breaks once, and then works.
type broken struct{ calls chan struct{} }

func (b broken) Listen(ctx context.Context, _ func(store.Notice)) error {
	select {
	case b.calls <- struct{}{}:
		return errors.New("connection reset")
	default:
		return quiet{}.Listen(ctx, nil)
	}
}

func TestHubWakesOnlyWhoFollows(t *testing.T) {
	t.Parallel()
	h := newHub(10)
	one, two := app.NewID(), app.NewID()
	first, err := h.subscribe(one, app.NewID())
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.subscribe(two, app.NewID())
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		h.wake(one) // never waits, though nobody reads
	}
	if len(first.changed) != 1 || len(second.changed) != 0 {
		t.Errorf("notices: %d and %d, want 1 and 0", len(first.changed), len(second.changed))
	}
	h.leave(first)
	h.leave(second)
	h.wake(one)
	if h.open() != 0 || len(h.subs) != 0 || len(h.users) != 0 {
		t.Errorf("something is left: %d %v %v", h.open(), h.subs, h.users)
	}
}

// TestHubLooksAgain wants every stream to look again after the connection broke, since a notice may be lost meanwhile.
func TestHubLooksAgain(t *testing.T) {
	t.Parallel()
	h := newHub(10)
	defer h.close()
	sub, err := h.subscribe(app.NewID(), app.NewID())
	if err != nil {
		t.Fatal(err)
	}
	go h.listen(broken{make(chan struct{}, 1)}, slog.New(slog.DiscardHandler))
	select {
	case <-sub.changed:
	case <-time.After(10 * time.Second):
		t.Error("nobody looks again")
	}
}

func TestHubClosed(t *testing.T) {
	t.Parallel()
	h := newHub(10)
	h.close()
	if _, err := h.subscribe(app.NewID(), app.NewID()); app.CodeOf(err) != app.Retryable {
		t.Errorf("a place in a closed hub: %v", err)
	}
}
