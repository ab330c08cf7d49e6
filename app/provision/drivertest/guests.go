package drivertest

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"allotment/app"
	"allotment/app/provision"
)

// GuestsHarness is a driver of guests with its remote system. Links must be exactly one, a GuestsLink.
type GuestsHarness struct {
	Harness[app.GuestSpec, app.GuestState]

	// Restart returns a driver as a new process would have it: with what is kept on the remote side and in the claims, and a link
	// of its own that is not broken.
	Restart func(t testing.TB) (provision.Guests, GuestsLink)

	// Fill uses up all room until free is called.
	Fill func(t testing.TB) (free func())

	// Seeds lists the enrolments of ref's guest that still lie on the remote side outside the guest.
	Seeds func(t testing.TB, ref app.Ref) []string

	// Containers says whether guests are containers, otherwise virtual machines.
	Containers bool

	// Template is one that the remote side has.
	Template string
}

// GuestsLink is a link whose driver can die.
type GuestsLink interface {
	Link
	// Crash ends the driver's process at the nth request from now (the first is 1): before it is sent, or after its effect and
	// before its reply. From then on nothing of the driver reaches the remote side or the claims.
	Crash(nth int, effect bool)
	Crashed() bool
}

// Guests is the suite of drivers of guests.
func Guests(t *testing.T, open func(t *testing.T) GuestsHarness) {
	shared := map[string]func(*testing.T, Harness[app.GuestSpec, app.GuestState], wishes[app.GuestSpec, app.GuestState]){
		"Lifecycle":   testLifecycle[app.GuestSpec, app.GuestState],
		"Neighbours":  testNeighbours[app.GuestSpec, app.GuestState],
		"Parallel":    testParallel[app.GuestSpec, app.GuestState],
		"Cancelled":   testCancelled[app.GuestSpec, app.GuestState],
		"Refused":     testRefused[app.GuestSpec, app.GuestState],
		"Hanging":     testHanging[app.GuestSpec, app.GuestState],
		"CutEnsure":   testCutEnsure[app.GuestSpec, app.GuestState],
		"CutChange":   testCutChange[app.GuestSpec, app.GuestState],
		"CutRemove":   testCutRemove[app.GuestSpec, app.GuestState],
		"InvalidWish": testInvalidWish[app.GuestSpec, app.GuestState],
	}
	for name, test := range shared {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			test(t, h.Harness, h.wishes())
		})
	}
	own := map[string]func(*testing.T, GuestsHarness){
		"Foreign":     guestsForeign,
		"Grow":        guestsGrow,
		"Suspend":     guestsSuspend,
		"Enrolment":   guestsEnrolment,
		"Full":        guestsFull,
		"CrashMake":   guestsCrashMake,
		"CrashChange": guestsCrashChange,
		"CrashRemove": guestsCrashRemove,
	}
	for name, test := range own {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// wishes are guests that run, each with an address of its own.
func (h GuestsHarness) wishes() wishes[app.GuestSpec, app.GuestState] {
	return wishes[app.GuestSpec, app.GuestState]{
		want: h.want,
		change: func(spec app.GuestSpec) app.GuestSpec {
			spec.VCPU, spec.MemoryMiB = spec.VCPU+1, spec.MemoryMiB*2
			return spec
		},
		misfit: guestsMisfit,
		refused: map[string]func(place string) (app.Ref, app.GuestSpec){
			"no memory":   h.wrong(func(spec *app.GuestSpec) { spec.MemoryMiB = 0 }),
			"no vCPU":     h.wrong(func(spec *app.GuestSpec) { spec.VCPU = 0 }),
			"no disk":     h.wrong(func(spec *app.GuestSpec) { spec.DiskGiB = 0 }),
			"no template": h.wrong(func(spec *app.GuestSpec) { spec.Template = "" }),
			"no address":  h.wrong(func(spec *app.GuestSpec) { spec.Address = netip.Prefix{} }),
		},
	}
}

func (h GuestsHarness) want(_ string, nth int) (app.Ref, app.GuestSpec) {
	address := netip.AddrFrom4([4]byte{10, 0, byte(nth / 250), byte(nth%250 + 2)})
	return newRef(fmt.Sprintf("guest%d.demo.example", nth)), app.GuestSpec{
		Container: h.Containers, Template: h.Template, VCPU: 1, MemoryMiB: 256, DiskGiB: 4,
		Address: netip.PrefixFrom(address, 16), Gateway: netip.MustParseAddr("10.0.0.1"), Running: true,
	}
}

func (h GuestsHarness) wrong(spoil func(*app.GuestSpec)) func(string) (app.Ref, app.GuestSpec) {
	return func(place string) (app.Ref, app.GuestSpec) {
		ref, spec := h.want(place, 0)
		spoil(&spec)
		return ref, spec
	}
}

// guestsMisfit compares what is wanted with what is seen. A disk may be larger than wanted.
func guestsMisfit(_ app.Ref, spec app.GuestSpec, seen app.GuestState) string {
	switch {
	case seen.Number == 0 || seen.Node == "":
		return fmt.Sprintf("the guest is nowhere: %+v", seen)
	case seen.Running != spec.Running:
		return fmt.Sprintf("running is %t, want %t", seen.Running, spec.Running)
	case seen.VCPU != spec.VCPU || seen.MemoryMiB != spec.MemoryMiB || seen.DiskGiB < spec.DiskGiB:
		return fmt.Sprintf("the sizes are %d/%d/%d, want %d/%d/%d", seen.VCPU, seen.MemoryMiB, seen.DiskGiB,
			spec.VCPU, spec.MemoryMiB, spec.DiskGiB)
	case seen.Seeded && spec.Enrolment == nil:
		return "an enrolment is still attached"
	}
	return ""
}

// guestsForeign: someone else's guest has the number that we would take. It stays as it is, and ours gets another.
func guestsForeign(t *testing.T, h GuestsHarness) {
	ref, spec := h.want(h.Place, 0)
	h.Foreign(t, ref, spec)
	theirs := h.objects(t)
	wantCode(t, h.Harness, app.NotFound, observe(t, h.Harness, ref))
	remove(t, h.Harness, ref)
	wantObjects(t, h.Harness, theirs, "after Remove of what is foreign")

	ref = ensure(t, h.Harness, h.wishes(), ref, spec)
	all := h.objects(t)
	for _, object := range theirs {
		if !slices.Contains(all, object) {
			t.Errorf("the foreign %v is not there as it was:\n%v", object, all)
		}
	}
	wantOne(t, h, ref)
	remove(t, h.Harness, ref)
	wantObjects(t, h.Harness, theirs, "after Remove")
}

// guestsGrow: a disk grows and never shrinks.
func guestsGrow(t *testing.T, h GuestsHarness) {
	ref, spec := h.want(h.Place, 0)
	ref = ensure(t, h.Harness, h.wishes(), ref, spec)
	larger := spec
	larger.DiskGiB += 3
	ref = ensure(t, h.Harness, h.wishes(), ref, larger)
	ref = ensure(t, h.Harness, h.wishes(), ref, spec)
	seen, err := h.Driver.Observe(t.Context(), ref)
	if err != nil || seen.DiskGiB != larger.DiskGiB {
		t.Errorf("the disk has %d GiB (%v), want %d: it must not shrink", seen.DiskGiB, err, larger.DiskGiB)
	}
}

// guestsSuspend: a guest stops and starts again, and is the same.
func guestsSuspend(t *testing.T, h GuestsHarness) {
	ref, spec := h.want(h.Place, 0)
	ref = ensure(t, h.Harness, h.wishes(), ref, spec)
	suspended := spec
	suspended.Running = false
	ref = ensure(t, h.Harness, h.wishes(), ref, suspended)
	unchanged(t, h.Harness, "a repeated suspension", func() { ensure(t, h.Harness, h.wishes(), ref, suspended) })
	ref = ensure(t, h.Harness, h.wishes(), ref, spec)
	wantOne(t, h, ref)

	fresh, stopped := h.want(h.Place, 1)
	stopped.Running = false
	ensure(t, h.Harness, h.wishes(), fresh, stopped)
}

// guestsEnrolment: the way to the configuration is there at first boot, and nothing of it is left afterwards.
func guestsEnrolment(t *testing.T, h GuestsHarness) {
	ref, spec := h.want(h.Place, 0)
	enrolled := spec
	spec.Enrolment = &app.Enrolment{URL: "https://portal.demo.example/enrol/one-time-token", CA: "-----BEGIN CERTIFICATE-----\ndemo\n"}
	ref = ensure(t, h.Harness, h.wishes(), ref, spec)
	if seen, err := h.Driver.Observe(t.Context(), ref); err != nil || !seen.Seeded {
		t.Fatalf("the guest has no enrolment: %+v, %v", seen, err)
	}
	unchanged(t, h.Harness, "a repeated Ensure with an enrolment", func() { ensure(t, h.Harness, h.wishes(), ref, spec) })

	ref = ensure(t, h.Harness, h.wishes(), ref, enrolled)
	if left := h.Seeds(t, ref); len(left) > 0 {
		t.Errorf("after enrolment there is still %v", left)
	}
	unchanged(t, h.Harness, "Ensure after enrolment", func() { ensure(t, h.Harness, h.wishes(), ref, enrolled) })

	other, otherSpec := h.want(h.Place, 1)
	otherSpec.Enrolment = spec.Enrolment
	other = ensure(t, h.Harness, h.wishes(), other, otherSpec)
	remove(t, h.Harness, other)
	if left := h.Seeds(t, other); len(left) > 0 {
		t.Errorf("after removal there is still %v", left)
	}
}

// guestsFull: no room is said in words, nothing half-made stays, and when there is room it goes on.
func guestsFull(t *testing.T, h GuestsHarness) {
	ref, spec := h.want(h.Place, 0)
	spec.Enrolment = &app.Enrolment{URL: "https://portal.demo.example/enrol/one-time-token"}
	before := h.objects(t)
	free := h.Fill(t)
	err := repeat(t.Context(), func() error { _, _, err := h.Driver.Ensure(t.Context(), ref, spec); return err })
	wantCode(t, h.Harness, app.Full, err)
	wantObjects(t, h.Harness, before, "after a guest that did not fit")
	if left := h.Seeds(t, ref); len(left) > 0 {
		t.Errorf("after a guest that did not fit there is still %v", left)
	}
	free()
	ref = ensure(t, h.Harness, h.wishes(), ref, spec)
	wantOne(t, h, ref)
}

// wantOne wants exactly one object with ref's mark.
func wantOne(t testing.TB, h GuestsHarness, ref app.Ref) {
	t.Helper()
	if got := marked(h.objects(t), ref); len(got) != 1 {
		t.Errorf("%d guests have the mark, want one:\n%v", len(got), got)
	}
}
