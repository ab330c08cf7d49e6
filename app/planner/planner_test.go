package planner_test

import (
	"slices"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/planner"
	"allotment/catalog"
)

func plan(t *testing.T, id string) (*catalog.App, app.Service, []app.Resource) {
	t.Helper()
	entries, err := catalog.Load(catalog.Embedded)
	if err != nil {
		t.Fatal(err)
	}
	entry, ok := entries.App(id)
	if !ok {
		t.Fatalf("no app %s", id)
	}
	s := app.Service{
		ID: app.NewID(), Organization: app.NewID(), App: id, Plan: entry.Plans[0].ID, Host: "team.example.test",
		Answers: map[string]string{"mailbox": "anna"},
	}
	resources, err := planner.Resources(planner.Want(entry, &entry.Plans[0], s, "tenant", planner.Site{Zone: "example.test", Mail: true}), s)
	if err != nil {
		t.Fatal(err)
	}
	return entry, s, resources
}

// TestEveryKindComesAndGoes: whatever an app of the catalog wants is made by one step and removed by one.
func TestEveryKindComesAndGoes(t *testing.T) {
	t.Parallel()
	entries, err := catalog.Load(catalog.Embedded)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries.Apps() {
		_, s, resources := plan(t, entry.ID)
		for kind, action := range map[app.OperationKind]app.Action{
			app.OperationCreate: app.ActionEnsure, app.OperationTerminate: app.ActionRemove, app.OperationUndo: app.ActionRemove,
		} {
			o := planner.Operation(kind, s, resources, time.Unix(0, 0))
			for _, r := range resources {
				n := 0
				for _, step := range o.Steps {
					if step.Resource == r.Resource && step.Action == action {
						n++
					}
				}
				if n != 1 {
					t.Errorf("%s: %s has %d steps that %s the %s, want one", entry.ID, kind, n, action, r.Kind)
				}
			}
		}
	}
}

// TestEveryOrderOfStepsEnds walks a plan by always doing all that is due, and wants each step exactly once.
func TestEveryOrderOfStepsEnds(t *testing.T) {
	t.Parallel()
	_, s, resources := plan(t, "roundcube")
	for _, o := range []app.Operation{
		planner.Operation(app.OperationCreate, s, resources, time.Unix(0, 0)),
		planner.Operation(app.OperationTerminate, s, resources, time.Unix(0, 0)),
		planner.Operation(app.OperationChange, s, resources, time.Unix(0, 0)),
		planner.Operation(app.OperationSuspend, s, resources, time.Unix(0, 0)),
		planner.Operation(app.OperationResume, s, resources, time.Unix(0, 0)),
		planner.Recreate(s, resources, time.Unix(0, 0)),
	} {
		if len(planner.Due(o)) == 0 {
			t.Errorf("%s begins with nothing", o.Kind)
		}
		for {
			progress := false
			for i := range o.Steps {
				if o.Steps[i].State == app.StepQueued {
					o.Steps[i].State, progress = app.StepDone, true
				}
			}
			for _, i := range planner.Next(o) {
				o.Steps[i].State, progress = app.StepQueued, true
			}
			if !progress {
				break
			}
		}
		if done, all := o.Progress(); done != all {
			t.Errorf("%s: %d of %d steps are ever due", o.Kind, done, all)
		}
	}
}

func TestOrderOfSteps(t *testing.T) {
	t.Parallel()
	_, s, resources := plan(t, "roundcube")
	before := func(o app.Operation, first, second app.Kind) {
		t.Helper()
		at := func(k app.Kind) app.Step {
			return o.Steps[slices.IndexFunc(o.Steps, func(s app.Step) bool { return s.Kind == k })]
		}
		if !slices.Contains(at(second).DependsOn, at(first).Position) {
			t.Errorf("%s: the %s does not wait for the %s", o.Kind, second, first)
		}
	}
	create := planner.Operation(app.OperationCreate, s, resources, time.Unix(0, 0))
	for _, first := range []app.Kind{app.KindSecret, app.KindAddress, app.KindDirectory, app.KindMail} {
		before(create, first, app.KindGuest)
	}
	terminate := planner.Operation(app.OperationTerminate, s, resources, time.Unix(0, 0))
	before(terminate, app.KindGuest, app.KindAddress)
	before(terminate, app.KindRecords, app.KindAddress)
	before(terminate, app.KindMail, app.KindSecret)
}

func TestGuestNamesAreUnique(t *testing.T) {
	t.Parallel()
	entry, s, _ := plan(t, "redmine")
	name := func(s app.Service) string {
		for _, w := range planner.Want(entry, &entry.Plans[0], s, "tenant", planner.Site{}) {
			if w.Kind == app.KindGuest {
				return w.Name
			}
		}
		return ""
	}
	other := s
	other.ID = app.NewID()
	if name(s) == name(other) || len(name(s)) > 63 {
		t.Errorf("guests are called %q and %q", name(s), name(other))
	}
}

func TestSiteWithoutMail(t *testing.T) {
	t.Parallel()
	for id, offered := range map[string]bool{"redmine": true, "roundcube": false} {
		entry, s, _ := plan(t, id)
		site := planner.Site{Zone: "example.test"}
		if site.Offers(entry) != offered {
			t.Errorf("%s is offered without mail: %t, want %t", id, !offered, offered)
		}
		for _, w := range planner.Want(entry, &entry.Plans[0], s, "tenant", site) {
			if w.Kind == app.KindMail {
				t.Errorf("%s wants mail of a site that has none", id)
			}
		}
	}
}
