package planner_test

import (
	"encoding/json"
	"testing"

	"allotment/app"
	"allotment/app/planner"
	"allotment/catalog"
)

// TestResize: the same server is wanted in another size, a disk never shrinks, and a restart is said beforehand.
func TestResize(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		container bool
		plan      catalog.Plan
		code      app.Code
		restart   bool
	}{
		{"a larger container", true, catalog.Plan{VCPU: 2, MemoryMiB: 2048, DiskGiB: 20}, "", false},
		{"a larger machine", false, catalog.Plan{VCPU: 2, MemoryMiB: 2048, DiskGiB: 20}, "", true},
		{"more disk alone", false, catalog.Plan{VCPU: 1, MemoryMiB: 1024, DiskGiB: 20}, "", false},
		{"less memory", false, catalog.Plan{VCPU: 1, MemoryMiB: 512, DiskGiB: 10}, "", true},
		{"less disk", true, catalog.Plan{VCPU: 2, MemoryMiB: 2048, DiskGiB: 9}, app.Conflict, false},
	} {
		before := app.GuestSpec{Container: c.container, Template: "demo", VCPU: 1, MemoryMiB: 1024, DiskGiB: 10, Running: true}
		spec, err := json.Marshal(before)
		if err != nil {
			t.Fatal(err)
		}
		guest := app.Resource{Ref: app.Ref{Resource: app.NewID(), ExternalID: "demo/1"}, Kind: app.KindGuest, Spec: spec}
		got, err := planner.Resize([]app.Resource{{Kind: app.KindAddress, Spec: []byte("{}")}, guest}, &c.plan)
		if app.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %q", c.name, err, c.code)
		}
		if err != nil {
			continue
		}
		var after app.GuestSpec
		if err := json.Unmarshal(got.Guest.Spec, &after); err != nil {
			t.Fatal(err)
		}
		want := before
		want.VCPU, want.MemoryMiB, want.DiskGiB = c.plan.VCPU, c.plan.MemoryMiB, c.plan.DiskGiB
		if after != want || got.From != before || got.To != want || got.Guest.Ref != guest.Ref || got.Restart != c.restart {
			t.Errorf("%s: %+v is wanted (restart %t), want %+v (%t)", c.name, after, got.Restart, want, c.restart)
		}
		if takes := got.Takes(); takes != (app.Amounts{Services: 1, Guests: 1, VCPU: int64(want.VCPU), MemoryMiB: int64(want.MemoryMiB), DiskGiB: int64(want.DiskGiB)}) {
			t.Errorf("%s takes %+v", c.name, takes)
		}
	}
	if _, err := planner.Resize(nil, &catalog.Plan{}); app.CodeOf(err) != app.Conflict {
		t.Errorf("a service without a server: %v", err)
	}
}
