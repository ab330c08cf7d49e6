package app_test

import (
	"slices"
	"testing"

	"allotment/app"
)

// machine is one state machine, told as the moves that a reader expects. Every other pair must be refused.
func machine[S interface {
	~string
	To(S) error
}](t *testing.T, all []S, allowed map[S][]S) {
	t.Helper()
	for _, from := range all {
		for _, to := range all {
			err := from.To(to)
			if want := slices.Contains(allowed[from], to); want != (err == nil) {
				t.Errorf("%s -> %s: error %v, allowed should be %t", from, to, err, want)
			}
			if err != nil && app.CodeOf(err) != app.Conflict {
				t.Errorf("%s -> %s is refused with %q, want conflict", from, to, app.CodeOf(err))
			}
		}
		if from.To("nonsense") == nil {
			t.Errorf("%s -> nonsense is allowed", from)
		}
	}
}

func TestServiceMoves(t *testing.T) {
	t.Parallel()
	machine(t, []app.ServiceState{
		app.ServiceCreating, app.ServiceActive, app.ServiceChanging, app.ServiceSuspending, app.ServiceSuspended, app.ServiceResuming,
		app.ServiceFailed, app.ServiceTerminating, app.ServiceTerminated,
	}, map[app.ServiceState][]app.ServiceState{
		"creating":    {"active", "failed", "terminating"},
		"active":      {"changing", "suspending", "terminating"},
		"changing":    {"active", "suspending", "terminating"}, // suspending: a change that failed does not keep a hold away
		"suspending":  {"suspended", "terminating"},
		"suspended":   {"resuming", "terminating"},
		"resuming":    {"active", "terminating"},
		"failed":      {"creating", "terminating"},
		"terminating": {"terminated"},
	})
}

func TestOperationMoves(t *testing.T) {
	t.Parallel()
	machine(t, []app.OperationState{app.OperationRunning, app.OperationFailed, app.OperationDone, app.OperationCancelled},
		map[app.OperationState][]app.OperationState{"running": {"done", "failed", "cancelled"}, "failed": {"running", "cancelled"}})
}

func TestStepMoves(t *testing.T) {
	t.Parallel()
	machine(t, []app.StepState{
		app.StepPending, app.StepQueued, app.StepRunning, app.StepWaiting, app.StepDone, app.StepFailed, app.StepCancelled,
	}, map[app.StepState][]app.StepState{
		"pending": {"queued", "cancelled"},
		"queued":  {"running", "cancelled"},
		"running": {"running", "done", "waiting", "failed", "cancelled"}, // running again: its worker was killed
		"waiting": {"queued", "running", "cancelled"},
		"failed":  {"queued", "cancelled"},
	})
}

func TestResourceMoves(t *testing.T) {
	t.Parallel()
	machine(t, []app.ResourceState{app.ResourceWanted, app.ResourceMaking, app.ResourcePresent, app.ResourceRemoving, app.ResourceRemoved},
		map[app.ResourceState][]app.ResourceState{
			"wanted":   {"making", "removing", "removed"},
			"making":   {"making", "present", "removing"},
			"present":  {"making", "present", "removing"},
			"removing": {"removing", "removed"},
			"removed":  {"making", "removing"},
		})
}

func TestRolesAllowOnlyWhatTheTableSays(t *testing.T) {
	t.Parallel()
	if app.Role("nonsense").Allows(app.SeeServices) || app.Role("").Allows(app.SeeCatalog) {
		t.Error("an unknown role allows something")
	}
	for _, role := range app.Roles() {
		if !role.Allows(app.SeeServices) {
			t.Errorf("%s may not even see services", role)
		}
	}
	for _, role := range []app.Role{app.RoleCustomerViewer, app.RoleCustomerBilling, app.RoleResellerBilling, app.RoleOperatorBilling, app.RoleOperatorViewer} {
		for _, p := range []app.Permission{app.OrderServices, app.ChangeServices, app.TerminateService, app.SeeSecrets, app.RunOperations} {
			if role.Allows(p) {
				t.Errorf("%s allows %s", role, p)
			}
		}
	}
	if app.RoleCustomerDeveloper.Allows(app.SeeBilling) || app.RoleCustomerDeveloper.Allows(app.ManageMembers) {
		t.Error("a developer sees billing or manages people")
	}
}

func TestShownState(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		step app.Step
		want app.StepState
	}{
		{app.Step{State: app.StepWaiting}, app.StepWaiting},
		{app.Step{State: app.StepWaiting, UnderWay: true}, app.StepRunning},
		{app.Step{State: app.StepFailed, UnderWay: true}, app.StepFailed},
	} {
		if got := c.step.Shown(); got != c.want {
			t.Errorf("%+v is shown as %s, want %s", c.step, got, c.want)
		}
	}
}
