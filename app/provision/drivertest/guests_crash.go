package drivertest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/provision"
)

// guestsCrashMake: the process dies at each request of a making Ensure, on both sides of it. A new process makes exactly one.
func guestsCrashMake(t *testing.T, h GuestsHarness) {
	eachCrash(t, h, func(nth int, crash func(call func(provision.Guests) error) provision.Guests) {
		ref, spec := h.want(h.Place, nth)
		spec.Enrolment = &app.Enrolment{URL: fmt.Sprintf("https://portal.demo.example/enrol/%d", nth)}
		heir := crash(func(d provision.Guests) error { _, _, err := d.Ensure(t.Context(), ref, spec); return err })
		ref.ExternalID = finishEnsure(t, h, heir, ref, spec)
		wantOne(t, h, ref)
		spec.Enrolment = nil
		finishEnsure(t, h, heir, ref, spec)
		if left := h.Seeds(t, ref); len(left) > 0 {
			t.Errorf("there is still %v", left)
		}
		finishRemove(t, h, heir, ref)
	})
}

// guestsCrashChange: the same while a guest grows, loses its enrolment and is suspended.
func guestsCrashChange(t *testing.T, h GuestsHarness) {
	eachCrash(t, h, func(nth int, crash func(call func(provision.Guests) error) provision.Guests) {
		ref, spec := h.want(h.Place, nth)
		spec.Enrolment = &app.Enrolment{URL: fmt.Sprintf("https://portal.demo.example/enrol/%d", nth)}
		ref.ExternalID = finishEnsure(t, h, h.Driver, ref, spec)
		spec.Enrolment = nil
		spec.VCPU, spec.MemoryMiB, spec.DiskGiB, spec.Running = spec.VCPU+1, spec.MemoryMiB+128, spec.DiskGiB+1, false
		heir := crash(func(d provision.Guests) error { _, _, err := d.Ensure(t.Context(), ref, spec); return err })
		finishEnsure(t, h, heir, ref, spec)
		if seen, err := heir.Observe(t.Context(), ref); err != nil || seen.DiskGiB != spec.DiskGiB {
			t.Errorf("the disk has %d GiB (%v), want %d: it grew twice", seen.DiskGiB, err, spec.DiskGiB)
		}
		if left := h.Seeds(t, ref); len(left) > 0 {
			t.Errorf("there is still %v", left)
		}
		wantOne(t, h, ref)
		finishRemove(t, h, heir, ref)
	})
}

// guestsCrashRemove: the same while a guest is removed. A new process leaves nothing.
func guestsCrashRemove(t *testing.T, h GuestsHarness) {
	eachCrash(t, h, func(nth int, crash func(call func(provision.Guests) error) provision.Guests) {
		ref, spec := h.want(h.Place, nth)
		spec.Enrolment = &app.Enrolment{URL: fmt.Sprintf("https://portal.demo.example/enrol/%d", nth)}
		ref.ExternalID = finishEnsure(t, h, h.Driver, ref, spec)
		heir := crash(func(d provision.Guests) error { return d.Remove(t.Context(), ref) })
		finishRemove(t, h, heir, ref)
	})
}

// eachCrash calls round with a growing number until the call has fewer requests than that. The crash that round gets makes the
// call with a process that dies there, and returns the driver of the next process.
func eachCrash(t *testing.T, h GuestsHarness, round func(nth int, crash func(func(provision.Guests) error) provision.Guests)) {
	before := h.objects(t)
	number := 0
	for _, effect := range []bool{false, true} {
		crashed, nth := true, 1
		for ; crashed && nth <= maxReplies && !t.Failed(); nth++ {
			number++
			round(number, func(call func(provision.Guests) error) provision.Guests {
				driver, link := h.Restart(t)
				link.Crash(nth, effect)
				_ = repeat(t.Context(), func() error { // what a dying process returns reaches nobody
					if link.Crashed() {
						return nil
					}
					return call(driver)
				})
				crashed = link.Crashed()
				heir, _ := h.Restart(t)
				return heir
			})
			wantObjects(t, h.Harness, before, fmt.Sprintf("after a crash at request %d (its effect done: %t)", nth, effect))
		}
		if nth <= 2 || nth > maxReplies {
			t.Errorf("the call went on for %d requests, so nothing was tested", nth)
		}
	}
}

// finishEnsure calls Ensure as the engine does, until it is done, and returns the external ID.
func finishEnsure(t testing.TB, h GuestsHarness, d provision.Guests, ref app.Ref, spec app.GuestSpec) (id string) {
	t.Helper()
	finish(t, h, "Ensure", func() error {
		var seen app.GuestState
		var err error
		if id, seen, err = d.Ensure(t.Context(), ref, spec); err != nil {
			return err
		}
		if misfit := guestsMisfit(ref, spec, seen); misfit != "" {
			t.Errorf("Ensure: %s", misfit)
		}
		return nil
	})
	return id
}

func finishRemove(t testing.TB, h GuestsHarness, d provision.Guests, ref app.Ref) {
	t.Helper()
	finish(t, h, "Remove", func() error { return d.Remove(t.Context(), ref) })
	if left := marked(h.objects(t), ref); len(left) > 0 {
		t.Errorf("after Remove there is still %v", left)
	}
	if left := h.Seeds(t, ref); len(left) > 0 {
		t.Errorf("after Remove there is still %v", left)
	}
}

// finish repeats call while it may still come to an end.
func finish(t testing.TB, h GuestsHarness, what string, call func() error) {
	t.Helper()
	end := time.Now().Add(patience)
	for {
		err := call()
		if err == nil {
			return
		}
		checkWords(t, h.Hidden, err)
		if !slices.Contains([]app.Code{app.Retryable, app.Unknown}, app.CodeOf(err)) || time.Now().After(end) {
			t.Fatalf("%s: %v", what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
