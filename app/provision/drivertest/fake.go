package drivertest

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"time"

	"allotment/app"
)

// Fake is a driver whose remote system is a map in memory: for tests of the engine, and for a machine that lacks a server. It
// passes the suite of its kind. A Fake is its own Link. Use NewRecords, NewMail, NewDirectory.
type Fake[S, O any] struct {
	kind fakeKind[S, O]

	mu      sync.Mutex
	things  map[app.ID]thing[S] // by resource; foreign ones have a fresh ID
	version int
	calls   []Call
	fault   func(Call) error
	refused bool
	hanging bool
	cutAt   int
	cut     bool
}

// Call is one call of a driver's method.
type Call struct {
	Method string // Observe, Ensure or Remove
	Ref    app.Ref
}

// fakeKind is what one kind's remote system does.
type fakeKind[S, O any] struct {
	check  func(S) error                          // an app.Permanent error for a wish that cannot be
	places func(app.Ref, S) []string              // the remote names that a wish takes up
	id     func(app.Ref, S) string                // the external ID
	state  func(app.Ref, S) O                     // what is seen of it
	same   func(was, wanted S) bool               // whether nothing has to be written; nil: reflect.DeepEqual
	merge  func(was, wanted S) S                  // what is there after wanted was written; nil: wanted
	owner  func(app.Ref, S) (place, owner string) // a place that only one owner's things may be in; nil: none
}

type thing[S any] struct {
	ref     app.Ref
	spec    S
	foreign bool
}

func newFake[S, O any](kind fakeKind[S, O]) *Fake[S, O] {
	if kind.same == nil {
		kind.same = func(was, wanted S) bool { return reflect.DeepEqual(was, wanted) }
	}
	if kind.merge == nil {
		kind.merge = func(_, wanted S) S { return wanted }
	}
	return &Fake[S, O]{kind: kind, things: map[app.ID]thing[S]{}}
}

// SetFault makes each later call ask f first; an error from it ends the call before anything happens. Nil takes it away.
func (f *Fake[S, O]) SetFault(fault func(Call) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
}

// Calls returns the calls so far.
func (f *Fake[S, O]) Calls() []Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// Present returns the resources that exist on the remote side, without foreign objects.
func (f *Fake[S, O]) Present() map[app.ID]S {
	f.mu.Lock()
	defer f.mu.Unlock()
	present := map[app.ID]S{}
	for id, thing := range f.things {
		if !thing.foreign {
			present[id] = thing.spec
		}
	}
	return present
}

// Observe implements provision.Driver.
func (f *Fake[S, O]) Observe(ctx context.Context, ref app.Ref) (O, error) {
	var seen O
	err := f.call(ctx, "Observe", ref, func() error {
		thing, ok := f.things[ref.Resource]
		if !ok {
			return app.Errorf(app.NotFound, "It does not exist.")
		}
		seen = f.kind.state(ref, thing.spec)
		return nil
	})
	return seen, err
}

// Ensure implements provision.Driver.
func (f *Fake[S, O]) Ensure(ctx context.Context, ref app.Ref, spec S) (id string, seen O, err error) {
	err = f.call(ctx, "Ensure", ref, func() error {
		if err := f.kind.check(spec); err != nil {
			return err
		}
		if f.taken(ref, spec) {
			return app.Errorf(app.Permanent, "This name is in use by someone else.")
		}
		was, exists := f.things[ref.Resource]
		if !exists || !f.kind.same(was.spec, spec) {
			f.things[ref.Resource] = thing[S]{ref: ref, spec: f.kind.merge(was.spec, spec)}
			f.version++
		}
		id, seen = f.kind.id(ref, spec), f.kind.state(ref, f.things[ref.Resource].spec)
		return nil
	})
	return id, seen, err
}

// Remove implements provision.Driver.
func (f *Fake[S, O]) Remove(ctx context.Context, ref app.Ref) error {
	return f.call(ctx, "Remove", ref, func() error {
		if _, ok := f.things[ref.Resource]; ok {
			delete(f.things, ref.Resource)
			f.version++
		}
		return nil
	})
}

// call is the way to the remote side and back: work is done on the way there, and its reply may be lost.
func (f *Fake[S, O]) call(ctx context.Context, method string, ref app.Ref, work func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	call := Call{Method: method, Ref: ref}
	f.calls = append(f.calls, call)
	if f.fault != nil {
		if err := f.fault(call); err != nil {
			return err
		}
	}
	switch {
	case ctx.Err() != nil:
		return app.Because(app.Retryable, ctx.Err(), "The call was stopped before it began.")
	case f.refused:
		return app.Errorf(app.Retryable, "The system cannot be reached at the moment.")
	case f.hanging:
		f.mu.Unlock()
		defer f.mu.Lock()
		return wait(ctx)
	}
	err := work()
	if f.cutAt > 0 {
		if f.cutAt--; f.cutAt == 0 {
			f.cut = true
			return app.Errorf(app.Unknown, "The system did not say whether it is done.")
		}
	}
	return err
}

func wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
	}
	return app.Errorf(app.Unknown, "The system does not answer.")
}

// taken says whether another thing has one of the places that spec takes up.
func (f *Fake[S, O]) taken(ref app.Ref, spec S) bool {
	wanted := f.kind.places(ref, spec)
	for id, thing := range f.things {
		if id == ref.Resource {
			continue
		}
		if f.otherOwner(ref, spec, thing) {
			return true
		}
		for _, place := range f.kind.places(thing.ref, thing.spec) {
			if slices.Contains(wanted, place) {
				return true
			}
		}
	}
	return false
}

// otherOwner says whether spec would enter a place that the other thing's owner has.
func (f *Fake[S, O]) otherOwner(ref app.Ref, spec S, other thing[S]) bool {
	if f.kind.owner == nil {
		return false
	}
	place, owner := f.kind.owner(ref, spec)
	theirPlace, theirOwner := f.kind.owner(other.ref, other.spec)
	return place == theirPlace && owner != theirOwner
}
