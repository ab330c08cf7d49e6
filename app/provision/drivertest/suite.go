package drivertest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"allotment/app"
)

// patience is how long a suite repeats a call that says Retryable ("still under way") on a healthy link.
const patience = 60 * time.Second

// run is the suite that all kinds share.
func run[S, O any](t *testing.T, open func(t *testing.T) Harness[S, O], w wishes[S, O]) {
	tests := map[string]func(*testing.T, Harness[S, O], wishes[S, O]){
		"Lifecycle":   testLifecycle[S, O],
		"Neighbours":  testNeighbours[S, O],
		"Foreign":     testForeign[S, O],
		"Rival":       testRival[S, O],
		"Parallel":    testParallel[S, O],
		"Cancelled":   testCancelled[S, O],
		"Refused":     testRefused[S, O],
		"Hanging":     testHanging[S, O],
		"CutEnsure":   testCutEnsure[S, O],
		"CutChange":   testCutChange[S, O],
		"CutRemove":   testCutRemove[S, O],
		"InvalidWish": testInvalidWish[S, O],
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t), w)
		})
	}
}

func testLifecycle[S, O any](t *testing.T, h Harness[S, O], w wishes[S, O]) {
	before := h.objects(t)
	ref, spec := w.want(h.Place, 0)
	wantCode(t, h, app.NotFound, observe(t, h, ref))
	if err := h.Driver.Remove(t.Context(), ref); err != nil {
		t.Fatalf("Remove of what never was: %v", err)
	}

	ref = ensure(t, h, w, ref, spec)
	if len(marked(h.objects(t), ref)) == 0 {
		t.Fatalf("nothing on the remote side has the mark:\n%v", h.objects(t))
	}
	unchanged(t, h, "a repeated Ensure", func() { ensure(t, h, w, ref, spec) })
	unchanged(t, h, "Ensure that does not know the external ID", func() {
		forgetful := ref
		forgetful.ExternalID = ""
		ensure(t, h, w, forgetful, spec)
	})
	unchanged(t, h, "Observe", func() { wantFit(t, h, w, ref, spec) })

	changed := w.change(spec)
	ref = ensure(t, h, w, ref, changed)
	unchanged(t, h, "Ensure repeated after a change", func() { ensure(t, h, w, ref, changed) })
	ensure(t, h, w, ref, spec)

	remove(t, h, ref)
	wantCode(t, h, app.NotFound, observe(t, h, ref))
	wantObjects(t, h, before, "after Remove")
	unchanged(t, h, "a repeated Remove", func() { remove(t, h, ref) })

	ref = ensure(t, h, w, ref, spec)
	ref.ExternalID = ""
	remove(t, h, ref)
	wantObjects(t, h, before, "after Remove without the external ID")
}

// testNeighbours: what happens to one resource leaves another's objects alone.
func testNeighbours[S, O any](t *testing.T, h Harness[S, O], w wishes[S, O]) {
	first, firstSpec := w.want(h.Place, 0)
	second, secondSpec := w.want(h.Place, 1)
	second = ensure(t, h, w, second, secondSpec)
	theirs := marked(h.objects(t), second)
	first = ensure(t, h, w, first, firstSpec)
	ensure(t, h, w, first, w.change(firstSpec))
	remove(t, h, first)
	if got := marked(h.objects(t), second); !slices.Equal(got, theirs) {
		t.Errorf("the neighbour's objects changed\nfrom %v\nto   %v", theirs, got)
	}
	wantFit(t, h, w, second, secondSpec)
}

// testForeign: an object that we did not make stays as it is, and the words say that it is in the way.
func testForeign[S, O any](t *testing.T, h Harness[S, O], w wishes[S, O]) {
	ref, spec := w.want(h.Place, 0)
	h.Foreign(t, ref, spec)
	unchanged(t, h, "a foreign object", func() {
		_, _, err := h.Driver.Ensure(t.Context(), ref, spec)
		wantCode(t, h, app.Permanent, err)
		wantCode(t, h, app.NotFound, observe(t, h, ref))
		remove(t, h, ref)
	})
}

// testRival: two resources that want the same remote object; the second one is told.
func testRival[S, O any](t *testing.T, h Harness[S, O], w wishes[S, O]) {
	ref, spec := w.want(h.Place, 0)
	rival, rivalSpec := w.rival(ref, spec)
	ref = ensure(t, h, w, ref, spec)
	unchanged(t, h, "a rival", func() {
		_, _, err := h.Driver.Ensure(t.Context(), rival, rivalSpec)
		wantCode(t, h, app.Permanent, err)
		wantCode(t, h, app.NotFound, observe(t, h, rival))
		remove(t, h, rival)
	})
	wantFit(t, h, w, ref, spec)
}

// testParallel: two workers that do the same step at once make one.
func testParallel[S, O any](t *testing.T, h Harness[S, O], w wishes[S, O]) {
	single, singleSpec := w.want(h.Place, 0)
	single = ensure(t, h, w, single, singleSpec)
	want := len(marked(h.objects(t), single))

	ref, spec := w.want(h.Place, 1)
	errs := make([]error, 4)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() { _, _, errs[i] = h.Driver.Ensure(t.Context(), ref, spec) })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			wantTransient(t, h, err)
		}
	}
	ref = ensure(t, h, w, ref, spec)
	if got := marked(h.objects(t), ref); len(got) != want {
		t.Errorf("%d objects have the mark, a single Ensure makes %d:\n%v", len(got), want, got)
	}
}

// testInvalidWish: what cannot be is refused in words before anything happens.
func testInvalidWish[S, O any](t *testing.T, h Harness[S, O], w wishes[S, O]) {
	for name, wish := range w.refused {
		t.Run(name, func(t *testing.T) {
			ref, spec := wish(h.Place)
			unchanged(t, h, name, func() {
				_, _, err := h.Driver.Ensure(t.Context(), ref, spec)
				wantCode(t, h, app.Permanent, err)
			})
		})
	}
}

// ensure calls Ensure until it is done, checks what it observed, and returns ref with its external ID.
func ensure[S, O any](t testing.TB, h Harness[S, O], w wishes[S, O], ref app.Ref, spec S) app.Ref {
	t.Helper()
	err := repeat(t.Context(), func() error {
		id, observed, err := h.Driver.Ensure(t.Context(), ref, spec)
		if err != nil {
			checkWords(t, h.Hidden, err)
			return err
		}
		if id == "" {
			t.Error("Ensure returned no external ID")
		}
		if ref.ExternalID != "" && ref.ExternalID != id {
			t.Errorf("the external ID became %q from %q", id, ref.ExternalID)
		}
		if misfit := w.misfit(ref, spec, observed); misfit != "" {
			t.Errorf("Ensure: %s", misfit)
		}
		ref.ExternalID = id
		return nil
	})
	if err != nil {
		t.Fatalf("Ensure: %v", err)
	}
	wantFit(t, h, w, ref, spec)
	return ref
}

// remove calls Remove until it is done.
func remove[S, O any](t testing.TB, h Harness[S, O], ref app.Ref) {
	t.Helper()
	if err := repeat(t.Context(), func() error { return h.Driver.Remove(t.Context(), ref) }); err != nil {
		t.Fatalf("Remove: %v", err)
	}
}

// repeat calls f until it returns anything but Retryable, or patience ends.
func repeat(ctx context.Context, f func() error) error {
	end := time.Now().Add(patience)
	for {
		err := f()
		if app.CodeOf(err) != app.Retryable || time.Now().After(end) || ctx.Err() != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func observe[S, O any](t testing.TB, h Harness[S, O], ref app.Ref) error {
	t.Helper()
	_, err := h.Driver.Observe(t.Context(), ref)
	return err
}

// wantFit observes and compares with spec.
func wantFit[S, O any](t testing.TB, h Harness[S, O], w wishes[S, O], ref app.Ref, spec S) {
	t.Helper()
	observed, err := h.Driver.Observe(t.Context(), ref)
	if err != nil {
		t.Fatalf("Observe: %v", err)
	}
	if misfit := w.misfit(ref, spec, observed); misfit != "" {
		t.Errorf("Observe: %s", misfit)
	}
}

// wantCode wants an error with one code and proper words.
func wantCode[S, O any](t testing.TB, h Harness[S, O], code app.Code, err error) {
	t.Helper()
	if app.CodeOf(err) != code {
		t.Fatalf("the error has code %q, want %q: %v", app.CodeOf(err), code, err)
	}
	checkWords(t, h.Hidden, err)
}

// wantTransient wants an error after which the engine tries again.
func wantTransient[S, O any](t testing.TB, h Harness[S, O], err error) {
	t.Helper()
	if code := app.CodeOf(err); code != app.Retryable && code != app.Unknown {
		t.Fatalf("the error has code %q, want retryable or unknown: %v", code, err)
	}
	checkWords(t, h.Hidden, err)
}

// unchanged wants that f writes nothing on the remote side.
func unchanged[S, O any](t testing.TB, h Harness[S, O], what string, f func()) {
	t.Helper()
	objects, version := h.objects(t), h.version(t)
	f()
	wantObjects(t, h, objects, "after "+what)
	if got := h.version(t); got != version {
		t.Errorf("%s wrote something: version\n%s, before\n%s", what, got, version)
	}
}

func wantObjects[S, O any](t testing.TB, h Harness[S, O], want []Object, when string) {
	t.Helper()
	if got := h.objects(t); !slices.Equal(got, want) {
		t.Errorf("the remote side %s is\n%v\nwant\n%v", when, got, want)
	}
}
