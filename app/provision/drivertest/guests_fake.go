package drivertest

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"sync/atomic"
	"testing"

	"allotment/app"
	"allotment/app/provision"
)

// FakeGuests is a driver of guests whose hypervisor is a map in memory.
type FakeGuests struct {
	*Fake[app.GuestSpec, app.GuestState]
	full atomic.Bool
}

// NewGuests returns a fake with no guests.
func NewGuests() *FakeGuests {
	return &FakeGuests{Fake: newFake(fakeKind[app.GuestSpec, app.GuestState]{
		check:  checkGuest,
		places: func(ref app.Ref, _ app.GuestSpec) []string { return []string{"guest " + ref.Resource.String()} },
		id:     func(ref app.Ref, _ app.GuestSpec) string { return fmt.Sprintf("fake/%d", fakeNumber(ref)) },
		state:  fakeGuestState,
		merge: func(was, wanted app.GuestSpec) app.GuestSpec {
			wanted.DiskGiB = max(was.DiskGiB, wanted.DiskGiB)
			return wanted
		},
	})}
}

// SetFull says whether there is no room for another guest.
func (f *FakeGuests) SetFull(full bool) { f.full.Store(full) }

// Ensure implements provision.Driver.
func (f *FakeGuests) Ensure(ctx context.Context, ref app.Ref, spec app.GuestSpec) (string, app.GuestState, error) {
	if _, exists := f.Present()[ref.Resource]; !exists && f.full.Load() && ctx.Err() == nil {
		return "", app.GuestState{}, app.Errorf(app.Full, "There is no room for this server at the moment.")
	}
	return f.Fake.Ensure(ctx, ref, spec)
}

// GuestsHarness is the fake as the suite needs it.
func (f *FakeGuests) GuestsHarness() GuestsHarness {
	h := GuestsHarness{Harness: f.Fake.Harness(""), Containers: true, Template: "demo"}
	h.Driver = f
	h.Foreign = func(t testing.TB, _ app.Ref, spec app.GuestSpec) { f.putForeign(t, newRef("foreign"), spec) }
	h.Seeds = func(testing.TB, app.Ref) []string { return nil }
	h.Fill = func(testing.TB) func() { f.SetFull(true); return func() { f.SetFull(false) } }
	h.Restart = func(testing.TB) (provision.Guests, GuestsLink) {
		life := &fakeLife{FakeGuests: f}
		return life, life
	}
	return h
}

func checkGuest(spec app.GuestSpec) error {
	if spec.VCPU < 1 || spec.MemoryMiB < 1 || spec.DiskGiB < 1 || spec.Template == "" || !spec.Address.IsValid() {
		return app.Errorf(app.Permanent, "The server's sizes are not complete.")
	}
	return nil
}

func fakeNumber(ref app.Ref) int {
	sum := fnv.New32a()
	sum.Write(ref.Resource[:])
	return 100 + int(sum.Sum32()%1_000_000)
}

func fakeGuestState(ref app.Ref, spec app.GuestSpec) app.GuestState {
	return app.GuestState{Node: "fake", Number: fakeNumber(ref), Running: spec.Running, Seeded: spec.Enrolment != nil,
		VCPU: spec.VCPU, MemoryMiB: spec.MemoryMiB, DiskGiB: spec.DiskGiB}
}

// fakeLife is one process with the fake as its driver: one call is one request.
type fakeLife struct {
	*FakeGuests
	crashAt int
	effect  bool
	crashed bool
}

var errLifeEnded = errors.New("the process has ended")

// Crash implements GuestsLink.
func (l *fakeLife) Crash(nth int, effect bool) { l.crashAt, l.effect = nth, effect }

// Crashed implements GuestsLink.
func (l *fakeLife) Crashed() bool { return l.crashed }

func (l *fakeLife) step(call func() error) error {
	if l.crashAt > 0 {
		l.crashAt--
		l.crashed = l.crashed || l.crashAt == 0
	}
	if l.crashed && !l.effect {
		return errLifeEnded
	}
	err := call()
	if l.crashed {
		return errLifeEnded
	}
	return err
}

// Ensure implements provision.Driver.
func (l *fakeLife) Ensure(ctx context.Context, ref app.Ref, spec app.GuestSpec) (id string, seen app.GuestState, err error) {
	err = l.step(func() error { id, seen, err = l.FakeGuests.Ensure(ctx, ref, spec); return err })
	return id, seen, err
}

// Remove implements provision.Driver.
func (l *fakeLife) Remove(ctx context.Context, ref app.Ref) error {
	return l.step(func() error { return l.FakeGuests.Remove(ctx, ref) })
}
