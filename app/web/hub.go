package web

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"allotment/app"
	"allotment/app/store"
)

// streamsPerUser is how many live streams one person may have open: a few browser tabs, and no way to take all there are.
const streamsPerUser = 20

// hub tells streams that their operation has changed. A notice carries no state, only "look again", so notices for a stream that
// has not looked yet fall together into one and nothing is lost.
type hub struct {
	limit  int
	ctx    context.Context // ends with the server; a stream lives within it
	cancel context.CancelFunc

	mu    sync.Mutex
	subs  map[app.ID]map[*subscription]struct{} // by operation
	users map[app.ID]int
	count int
}

// subscription is one stream's place in the hub. changed receives at most one notice at a time.
type subscription struct {
	operation app.ID
	user      app.ID
	changed   chan struct{}
}

func newHub(limit int) *hub {
	h := &hub{limit: limit, subs: map[app.ID]map[*subscription]struct{}{}, users: map[app.ID]int{}}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	return h
}

// listen passes notices on until the hub is closed. When the connection broke, every stream looks again: its notice may be lost.
func (h *hub) listen(listener Listener, log *slog.Logger) {
	for h.ctx.Err() == nil {
		err := listener.Listen(h.ctx, func(n store.Notice) { h.wake(n.Operation) })
		if h.ctx.Err() != nil {
			return
		}
		log.Warn("live updates are interrupted; trying again", "error", err)
		select {
		case <-h.ctx.Done():
		case <-time.After(time.Second):
		}
		h.wakeAll()
	}
}

// subscribe opens a place for a stream; leave gives it back.
func (h *hub) subscribe(operation, user app.ID) (*subscription, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx.Err() != nil || h.count >= h.limit {
		return nil, app.Errorf(app.Retryable, "There are no live updates at the moment. Please load the page again to see the newest state.")
	}
	if h.users[user] >= streamsPerUser {
		return nil, app.Errorf(app.TooMany, "You have very many pages open that follow an operation. Please close some.")
	}
	sub := &subscription{operation: operation, user: user, changed: make(chan struct{}, 1)}
	if h.subs[operation] == nil {
		h.subs[operation] = map[*subscription]struct{}{}
	}
	h.subs[operation][sub] = struct{}{}
	h.users[user]++
	h.count++
	return sub, nil
}

func (h *hub) leave(sub *subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.subs[sub.operation], sub)
	if len(h.subs[sub.operation]) == 0 {
		delete(h.subs, sub.operation)
	}
	if h.users[sub.user]--; h.users[sub.user] == 0 {
		delete(h.users, sub.user)
	}
	h.count--
}

func (h *hub) wake(operation app.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for sub := range h.subs[operation] {
		sub.look()
	}
}

func (h *hub) wakeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, subs := range h.subs {
		for sub := range subs {
			sub.look()
		}
	}
}

// look never waits: a stream that has a notice already will read the newest state anyway.
func (s *subscription) look() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func (h *hub) open() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.count
}

func (h *hub) close()       { h.cancel() }
func (h *hub) closed() bool { return h.ctx.Err() != nil }
