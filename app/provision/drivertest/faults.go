package drivertest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"allotment/app"
)

// maxReplies ends a loop over the replies of one call: no driver needs so many.
const maxReplies = 200

// testCancelled: a call whose context has ended does nothing and says so at once.
func testCancelled[S, O any](t *testing.T, h Harness[S, O], w wishes[S, O]) {
	ref, spec := w.want(h.Place, 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	unchanged(t, h, "a cancelled call", func() {
		_, _, err := h.Driver.Ensure(ctx, ref, spec)
		wantTransient(t, h, err)
		_, err = h.Driver.Observe(ctx, ref)
		wantTransient(t, h, err)
		wantTransient(t, h, h.Driver.Remove(ctx, ref))
	})
}

// testRefused: the server is down. It has not happened, and when the server is back it goes on.
func testRefused[S, O any](t *testing.T, h Harness[S, O], w wishes[S, O]) {
	kept, keptSpec := w.want(h.Place, 0)
	kept = ensure(t, h, w, kept, keptSpec)
	for i, link := range h.Links {
		ref, spec := w.want(h.Place, i+1)
		link.Refuse()
		_, _, err := h.Driver.Ensure(t.Context(), ref, spec)
		wantCode(t, h, app.Retryable, err)
		wantCode(t, h, app.Retryable, observe(t, h, kept))
		wantCode(t, h, app.Retryable, h.Driver.Remove(t.Context(), kept))
		link.Mend()
		wantFit(t, h, w, kept, keptSpec)
		ensure(t, h, w, ref, spec)
	}
}

// testHanging: nobody answers. The call ends with its context, and nobody knows whether it happened.
func testHanging[S, O any](t *testing.T, h Harness[S, O], w wishes[S, O]) {
	kept, keptSpec := w.want(h.Place, 0)
	kept = ensure(t, h, w, kept, keptSpec)
	for i, link := range h.Links {
		ref, spec := w.want(h.Place, i+1)
		link.Hang()
		started := time.Now()
		for name, call := range map[string]func(context.Context) error{
			"Ensure":  func(ctx context.Context) error { _, _, err := h.Driver.Ensure(ctx, ref, spec); return err },
			"Observe": func(ctx context.Context) error { _, err := h.Driver.Observe(ctx, kept); return err },
			"Remove":  func(ctx context.Context) error { return h.Driver.Remove(ctx, kept) },
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			err := call(ctx)
			cancel()
			if code := app.CodeOf(err); code != app.Unknown {
				t.Errorf("%s has code %q, want unknown: %v", name, code, err)
			}
			checkWords(t, h.Hidden, err)
		}
		if took := time.Since(started); took > 10*time.Second {
			t.Errorf("three calls of 300 ms took %s", took)
		}
		link.Mend()
		ensure(t, h, w, kept, keptSpec)
		ensure(t, h, w, ref, spec)
	}
}

// testCutEnsure: each reply of a making Ensure is lost once, with the effect done. The next Ensure makes exactly one.
func testCutEnsure[S, O any](t *testing.T, h Harness[S, O], w wishes[S, O]) {
	single, singleSpec := w.want(h.Place, 0)
	single = ensure(t, h, w, single, singleSpec)
	want := len(marked(h.objects(t), single))
	eachReply(t, h, func(nth int, cut func(call func() error)) {
		ref, spec := w.want(h.Place, nth)
		cut(func() error { _, _, err := h.Driver.Ensure(t.Context(), ref, spec); return err })
		ref = ensure(t, h, w, ref, spec)
		if got := marked(h.objects(t), ref); len(got) != want {
			t.Errorf("%d objects have the mark, a single Ensure makes %d:\n%v", len(got), want, got)
		}
		remove(t, h, ref)
	})
}

// testCutChange: the same while something present is changed.
func testCutChange[S, O any](t *testing.T, h Harness[S, O], w wishes[S, O]) {
	ref, spec := w.want(h.Place, 0)
	ref = ensure(t, h, w, ref, spec)
	eachReply(t, h, func(_ int, cut func(call func() error)) {
		changed := w.change(spec)
		cut(func() error { _, _, err := h.Driver.Ensure(t.Context(), ref, changed); return err })
		ref = ensure(t, h, w, ref, changed)
		ensure(t, h, w, ref, spec)
	})
}

// testCutRemove: the same while something is removed. The next Remove leaves nothing.
func testCutRemove[S, O any](t *testing.T, h Harness[S, O], w wishes[S, O]) {
	before := h.objects(t)
	eachReply(t, h, func(nth int, cut func(call func() error)) {
		ref, spec := w.want(h.Place, nth)
		ref = ensure(t, h, w, ref, spec)
		cut(func() error { return h.Driver.Remove(t.Context(), ref) })
		remove(t, h, ref)
		wantObjects(t, h, before, fmt.Sprintf("after Remove whose reply %d was cut", nth))
	})
}

// eachReply calls round with a growing number on each link until the call has fewer replies than that. The cut that round gets
// makes a call with this reply lost, and checks the call's error against what it did on the remote side.
func eachReply[S, O any](t *testing.T, h Harness[S, O], round func(nth int, cut func(call func() error))) {
	number := 0
	for _, link := range h.Links {
		was, nth := true, 1
		for ; was && nth <= maxReplies && !t.Failed(); nth++ {
			number++
			round(number, func(call func() error) {
				before := h.objects(t)
				var err error
				was, err = callCut(link, nth, call)
				checkCut(t, h, before, was, err)
			})
		}
		if nth <= 2 || nth > maxReplies {
			t.Errorf("the call went on for %d replies, so nothing was tested", nth)
		}
	}
}

// callCut makes a call whose nth reply is lost, and again as long as it ends before that with Retryable, on a busy server.
func callCut(link Link, nth int, call func() error) (was bool, err error) {
	for range 100 {
		link.CutReply(nth)
		err = call()
		was = link.WasReplyCut()
		link.Mend()
		if was || app.CodeOf(err) != app.Retryable {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	return was, err
}

// checkCut: a call that did something and does not know is Unknown, never Retryable; a driver that noticed by itself may succeed.
func checkCut[S, O any](t *testing.T, h Harness[S, O], before []Object, was bool, err error) {
	t.Helper()
	switch {
	case err == nil:
	case !was:
		t.Errorf("nothing was cut, but the call failed: %v", err)
	case slices.Equal(before, h.objects(t)):
		wantTransient(t, h, err)
	default:
		wantCode(t, h, app.Unknown, err)
	}
}
