package proxmox_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/provision"
	"allotment/app/provision/drivertest"
	"allotment/e2e/pve"
)

func TestContainers(t *testing.T) {
	t.Parallel()
	drivertest.Guests(t, func(t *testing.T) drivertest.GuestsHarness { return newEmulator(t).harness(t, true) })
}

func TestMachines(t *testing.T) {
	t.Parallel()
	drivertest.Guests(t, func(t *testing.T) drivertest.GuestsHarness { return newEmulator(t).harness(t, false) })
}

// ensure calls Ensure as the engine does, until it is done.
func ensure(t *testing.T, d provision.Guests, ref app.Ref, spec app.GuestSpec) app.GuestState {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		_, state, err := d.Ensure(t.Context(), ref, spec)
		if err == nil {
			return state
		}
		if code := app.CodeOf(err); code != app.Retryable && code != app.Unknown || time.Now().After(end) {
			t.Fatalf("Ensure: %v", err)
		}
	}
}

func remove(t *testing.T, d provision.Guests, ref app.Ref) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := d.Remove(t.Context(), ref)
		if err == nil {
			return
		}
		if code := app.CodeOf(err); code != app.Retryable && code != app.Unknown || time.Now().After(end) {
			t.Fatalf("Remove: %v", err)
		}
	}
}

// changes are the requests with which the driver changes anything, as method and path.
var changes = [][2]string{
	{http.MethodPost, "/upload$"}, {http.MethodPost, creates}, {http.MethodPost, "/status/[a-z]+$"}, {http.MethodPut, "/config$"},
	{http.MethodPut, "/resize$"}, {http.MethodDelete, "/content/"}, {http.MethodDelete, "/(lxc|qemu)/[0-9]+$"},
}

// TestFaultsAtEveryChange: each changing request is done and gets no answer, every time; or it fails once. Nothing doubles, and
// all of it comes to its end.
func TestFaultsAtEveryChange(t *testing.T) {
	t.Parallel()
	for _, containers := range []bool{true, false} {
		for name, fault := range map[string]pve.Fault{
			"596 after":  {Effect: pve.StatusAfter, Status: 596},
			"lost UPID":  {Effect: pve.CutAfter},
			"599 before": {Effect: pve.StatusBefore, Status: 599, Nth: 1}, // once: otherwise nothing would ever be done
			"error":      {Effect: pve.Error, Nth: 1},
		} {
			t.Run(fmt.Sprintf("%s/container=%t", name, containers), func(t *testing.T) {
				t.Parallel()
				e := newEmulator(t)
				d, ref, spec := e.driver(t, nil), testRef(), testSpec()
				spec.Container, spec.Enrolment = containers, &app.Enrolment{URL: "https://portal.demo.example/enrol/1"}
				for _, call := range changes {
					f := fault
					f.Method, f.PathPattern = call[0], call[1]
					e.inject(t, f)
				}
				ensure(t, d, ref, spec)
				spec.Enrolment, spec.DiskGiB, spec.VCPU = nil, 10, 2
				if state := ensure(t, d, ref, spec); state.Seeded || state.DiskGiB != 10 || state.VCPU != 2 || !state.Running {
					t.Errorf("after the change: %+v", state)
				}
				if list := e.objects(t); len(list) != 1 || list[0].Mark != ref.Resource.String() {
					t.Errorf("not exactly one guest: %v", list)
				}
				remove(t, d, ref)
				if len(e.objects(t)) > 0 || len(e.isos(t)) > 0 || len(e.claims.quarantined) > 0 {
					t.Errorf("something is left: %v %v %v", e.objects(t), e.isos(t), e.claims.quarantined)
				}
			})
		}
	}
}

// TestKilledWorker: the worker that makes the guest dies and leaves its lock, which no token can take away. The number is given
// up, the operator told, and the guest made under another.
func TestKilledWorker(t *testing.T) {
	t.Parallel()
	for _, containers := range []bool{true, false} {
		t.Run(fmt.Sprintf("container=%t", containers), func(t *testing.T) {
			t.Parallel()
			e := newEmulator(t)
			d, ref, spec := e.driver(t, nil), testRef(), testSpec()
			spec.Container = containers
			e.inject(t, pve.Fault{Method: http.MethodPost, PathPattern: creates, Nth: 1, Effect: pve.KillWorker})
			state := ensure(t, d, ref, spec)
			if state.Number != 5001 || !state.Running {
				t.Errorf("the guest is %+v, want number 5001, running", state)
			}
			if reason := e.claims.quarantined[5000]; !strings.Contains(reason, "lock") {
				t.Errorf("the operator is told %q of number 5000", reason)
			}
			marked := slices.DeleteFunc(e.objects(t), func(o drivertest.Object) bool { return o.Mark == "" })
			if len(marked) != 1 {
				t.Errorf("not exactly one guest has the mark: %v", marked)
			}
		})
	}
}

// TestSweep: a marked guest that nobody knows is found, a clone that carries its source's mark is not taken for one.
func TestSweep(t *testing.T) {
	t.Parallel()
	e := newEmulator(t)
	d, ref, known := e.driver(t, nil), testRef(), testRef()
	state := ensure(t, d, ref, testSpec())
	e.strangers(t, true)
	kept := ensure(t, d, known, testSpec())
	strays, err := d.Sweep(t.Context(), func(resource app.ID, number int) bool {
		return resource == known.Resource && number == kept.Number
	})
	if err != nil || len(strays) != 1 || strays[0].Resource != ref.Resource || strays[0].Number != state.Number {
		t.Errorf("strays %+v, %v", strays, err)
	}
}

// TestHasTemplate: what was uploaded is there, what was not is not.
func TestHasTemplate(t *testing.T) {
	t.Parallel()
	e := newEmulator(t)
	d := e.driver(t, nil)
	for _, c := range []struct {
		container bool
		name      string
		want      bool
	}{{true, "demo", true}, {false, "demo", true}, {true, "demo.tar.zst", true}, {true, "other", false}, {false, "demo.tar.zst", false}} {
		if has, err := d.HasTemplate(t.Context(), c.container, c.name); err != nil || has != c.want {
			t.Errorf("container=%t %s: %t, %v", c.container, c.name, has, err)
		}
	}
}

// TestPrivileges: a token with what the package's documentation asks for, and no more, can do all of it.
func TestPrivileges(t *testing.T) {
	t.Parallel()
	e := newEmulator(t)
	e.call(t, http.MethodPost, "/access/users", url.Values{"userid": {"portal@pve"}}, nil)
	for role, grant := range map[string]struct{ path, privileges string }{
		"Guests": {"/pool/portal", "VM.Allocate,VM.Audit,VM.Config.CDROM,VM.Config.CPU,VM.Config.Disk,VM.Config.HWType,VM.Config.Memory," +
			"VM.Config.Network,VM.Config.Options,VM.PowerMgmt,Pool.Audit"},
		"Look":    {"/vms", "VM.Audit"},
		"Store":   {"/storage/local", "Datastore.Audit,Datastore.AllocateSpace,Datastore.AllocateTemplate,Datastore.Allocate"},
		"Nodes":   {"/nodes", "Sys.Audit"},
		"Network": {"/sdn/zones/localnetwork/vmbr0", "SDN.Use"},
	} {
		e.call(t, http.MethodPost, "/access/roles", url.Values{"roleid": {role}, "privs": {grant.privileges}}, nil)
		e.call(t, http.MethodPut, "/access/acl", url.Values{"path": {grant.path}, "roles": {role}, "users": {"portal@pve"}}, nil)
	}
	var token struct{ Value string }
	e.call(t, http.MethodPost, "/access/users/portal@pve/token/allotment", url.Values{"privsep": {"0"}}, &token)
	c := testConfig(e.URL())
	c.Secret = token.Value
	d := e.driverOf(t, c, nil)
	for _, containers := range []bool{true, false} {
		ref, spec := testRef(), testSpec()
		spec.Container, spec.Enrolment = containers, &app.Enrolment{URL: "https://portal.demo.example/enrol/1"}
		ensure(t, d, ref, spec)
		spec.Enrolment, spec.Running, spec.VCPU, spec.DiskGiB = nil, false, 2, 9
		ensure(t, d, ref, spec)
		remove(t, d, ref)
	}
	if left := e.objects(t); len(left) > 0 {
		t.Errorf("there is still %v", left)
	}
}
