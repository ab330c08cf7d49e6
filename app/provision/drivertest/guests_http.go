package drivertest

import (
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
)

// GuestsHTTP is a GuestsLink around the transport of a driver that speaks HTTP: one request is one step.
type GuestsHTTP struct {
	mu      sync.Mutex
	refused bool
	hanging bool
	cutAt   int
	cut     bool
	crashAt int
	effect  bool
	crashed bool
	writes  int
}

var errCrashed = errors.New("the process has ended")

// Wrap puts the link around base.
func (l *GuestsHTTP) Wrap(base http.RoundTripper) http.RoundTripper {
	return guestsTrip(func(req *http.Request) (*http.Response, error) { return l.trip(base, req) })
}

type guestsTrip func(*http.Request) (*http.Response, error)

func (f guestsTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// Mend implements Link.
func (l *GuestsHTTP) Mend() {
	l.set(func() { l.refused, l.hanging, l.cutAt, l.cut = false, false, 0, false })
}

// Refuse implements Link.
func (l *GuestsHTTP) Refuse() { l.set(func() { l.refused = true }) }

// Hang implements Link.
func (l *GuestsHTTP) Hang() { l.set(func() { l.hanging = true }) }

// CutReply implements Link.
func (l *GuestsHTTP) CutReply(nth int) { l.set(func() { l.cutAt, l.cut = nth, false }) }

// WasReplyCut implements Link.
func (l *GuestsHTTP) WasReplyCut() (was bool) { l.set(func() { was = l.cut }); return was }

// Crash implements GuestsLink.
func (l *GuestsHTTP) Crash(nth int, effect bool) { l.set(func() { l.crashAt, l.effect = nth, effect }) }

// Crashed implements GuestsLink.
func (l *GuestsHTTP) Crashed() (crashed bool) { l.set(func() { crashed = l.crashed }); return crashed }

// Writes returns how many requests other than GET were sent.
func (l *GuestsHTTP) Writes() (n int) { l.set(func() { n = l.writes }); return n }

func (l *GuestsHTTP) set(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
}

func (l *GuestsHTTP) trip(base http.RoundTripper, req *http.Request) (*http.Response, error) {
	before, lost := l.next(req.Method)
	switch {
	case before != nil:
		return nil, before
	case l.isHanging():
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	res, err := base.RoundTrip(req)
	if lost == nil || err != nil {
		return res, err
	}
	_, _ = io.Copy(io.Discard, res.Body)
	res.Body.Close()
	return nil, lost
}

func (l *GuestsHTTP) isHanging() (hanging bool) {
	l.set(func() { hanging = l.hanging })
	return hanging
}

// next counts a request. before keeps it from being sent; lost takes its reply away.
func (l *GuestsHTTP) next(method string) (before, lost error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if method != http.MethodGet {
		l.writes++
	}
	switch {
	case l.crashed:
		return errCrashed, nil
	case l.refused:
		return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}, nil
	}
	if l.cutAt > 0 {
		if l.cutAt--; l.cutAt == 0 {
			l.cut = true
			lost = io.ErrUnexpectedEOF
		}
	}
	if l.crashAt > 0 {
		if l.crashAt--; l.crashAt == 0 {
			l.crashed = true
			if !l.effect {
				return errCrashed, nil
			}
			lost = errCrashed
		}
	}
	return nil, lost
}
