package crash

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/e2e/pve"
)

// disturbances are what is done to each changing call of the hypervisor.
var disturbances = []struct {
	name  string
	fault pve.Fault
}{
	{"599-after", pve.Fault{Effect: pve.StatusAfter, Status: 599}},
	{"596-before", pve.Fault{Effect: pve.StatusBefore, Status: 596}},
	{"cut-after", pve.Fault{Effect: pve.CutAfter}}, // the task's ID is lost
	{"500-before", pve.Fault{Effect: pve.Error}},
	{"killed", pve.Fault{Effect: pve.KillWorker}}, // half-way, with its lock left behind
}

// disturbed is one service with the one call that is disturbed for it.
type disturbed struct {
	service
	what string
}

// TestFaultsAtEveryCall disturbs each changing call of an order, and of a removal, in every way, each in an order of its own. In the
// end everything is there once, or nothing is left.
func TestFaultsAtEveryCall(t *testing.T) {
	w := theWorld(t)
	c := w.start(t, nil)
	made, removed := w.record(t)
	t.Logf("an order calls %v, a removal %v", made, removed)
	cases := w.disturb(t, made, removed)
	all := make([]service, len(cases))
	for i, d := range cases {
		all[i] = d.service
	}
	w.untilAll(t, 2*time.Minute, app.ServiceActive, all...)
	w.wantStruck(t, cases)
	for _, d := range cases {
		w.wantWhole(t, d.service)
	}
	w.stuck += stuckOf(cases)
	cases = w.disturbRemovals(t, cases, removed)
	w.untilAll(t, 2*time.Minute, app.ServiceTerminated, all...)
	w.wantStruck(t, cases)
	for _, s := range all {
		w.wantGone(t, s)
	}
	c.stop(t)
	w.stuck += stuckOf(cases)
	w.wantQuiet(t)
}

// record returns the changing calls of an order and of a removal that nothing disturbs.
func (w *world) record(t *testing.T) (made, removed []change) {
	t.Helper()
	s := w.order(t, "roundcube", "clean")
	w.untilAll(t, time.Minute, app.ServiceActive, s)
	made = w.gate.changes(s.label)
	w.terminate(t, s)
	w.untilAll(t, time.Minute, app.ServiceTerminated, s)
	removed = w.gate.changes(s.label)[len(made):]
	if len(made) < 3 || len(removed) < 2 {
		t.Fatalf("an order calls %v and a removal %v: the gate does not see them", made, removed)
	}
	return made, removed
}

// disturb places one order for each disturbance of each call.
func (w *world) disturb(t *testing.T, made, removed []change) (cases []disturbed) {
	t.Helper()
	apps := appsToTry()
	each(made, func(call change, nth int, what string, fault pve.Fault) {
		s := w.order(t, apps[len(cases)%len(apps)], "fault")
		w.gate.strikeAt(s.label, &strike{name: call.Name, nth: nth, fault: fault})
		cases = append(cases, disturbed{s, what})
	})
	if n := len(removed) * len(disturbances); len(cases) < n {
		t.Fatalf("%d services are too few for %d disturbed removals", len(cases), n)
	}
	return cases
}

// disturbRemovals terminates all, some of them with a disturbance of their own.
func (w *world) disturbRemovals(t *testing.T, cases []disturbed, removed []change) (struck []disturbed) {
	t.Helper()
	each(removed, func(call change, nth int, what string, fault pve.Fault) {
		s := cases[len(struck)].service
		w.gate.strikeAt(s.label, &strike{name: call.Name, nth: nth, fault: fault})
		struck = append(struck, disturbed{s, what})
	})
	for _, d := range cases {
		w.terminate(t, d.service)
	}
	return struck
}

// each calls fn for every disturbance of every call that it can be done to.
func each(calls []change, fn func(call change, nth int, what string, fault pve.Fault)) {
	nth := map[string]int{}
	for _, call := range calls {
		nth[call.Name]++
		for _, d := range disturbances {
			if d.fault.Effect == pve.KillWorker && !call.Task {
				continue // it has no worker
			}
			fn(call, nth[call.Name], fmt.Sprintf("%s (no. %d): %s", call.Name, nth[call.Name], d.name), d.fault)
		}
	}
}

func (w *world) wantStruck(t *testing.T, cases []disturbed) {
	t.Helper()
	for _, d := range cases {
		if !w.gate.struck(d.label) {
			t.Errorf("%s: %s did not happen", d.label, d.what)
		}
	}
	t.Logf("%d disturbances happened", len(cases))
}

// stuckOf counts the cases that leave a placeholder which no API token can remove: the worker that made or removed it was killed.
func stuckOf(cases []disturbed) (n int) {
	for _, d := range cases {
		placeholder := strings.HasPrefix(d.what, "POST guest (") || strings.HasPrefix(d.what, "DELETE guest/{number} (")
		if placeholder && strings.HasSuffix(d.what, "killed") {
			n++
		}
	}
	return n
}
