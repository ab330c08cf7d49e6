package crash

import (
	"fmt"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/e2e/site"
)

// service is one that a test ordered.
type service struct {
	app.Order
	label string // the host's first part
	host  string
}

// answersOf are the answers of each app's form beyond those that have defaults.
var answersOf = map[string]map[string]string{"redmine": {}, "roundcube": {"mailbox": "info"}}

// order places an order of the smallest plan. label begins the first part of its host; a number makes it unique.
func (w *world) order(t *testing.T, appID, label string) service {
	t.Helper()
	w.ordered++
	label = fmt.Sprintf("%s-%d", label, w.ordered)
	s := service{label: label, host: label + "." + site.Zone}
	var err error
	s.Order, err = w.program.Portal.PlaceOrder(t.Context(), w.tenant, portal.OrderRequest{
		App: appID, Plan: "small", Name: "Crash " + label, Host: s.host, Answers: answersOf[appID], Key: label,
	})
	if err != nil {
		t.Fatalf("the order of %s: %v", label, err)
	}
	return s
}

func (w *world) terminate(t *testing.T, s service) {
	t.Helper()
	if _, err := w.program.Portal.TerminateService(t.Context(), w.tenant, s.Service, s.host); err != nil {
		t.Fatalf("the removal of %s: %v", s.label, err)
	}
}

// detail is what the operator sees of a service.
func (w *world) detail(t *testing.T, s service) portal.ServiceDetail {
	t.Helper()
	d, err := w.program.Portal.Service(t.Context(), w.operator, s.Service)
	if err != nil {
		t.Fatalf("%s: %v", s.label, err)
	}
	return d
}

// are reports whether all services are in the state.
func (w *world) are(t *testing.T, state app.ServiceState, services ...service) bool {
	t.Helper()
	for _, s := range services {
		if w.detail(t, s).Service.State != state {
			return false
		}
	}
	return true
}

// until waits until ok, and otherwise says how far the services are.
func (w *world) until(t *testing.T, limit time.Duration, what string, ok func() bool, services ...service) {
	t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			w.describe(t, services...)
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

// untilAll waits until all services are in the state.
func (w *world) untilAll(t *testing.T, limit time.Duration, state app.ServiceState, services ...service) {
	t.Helper()
	w.until(t, limit, "every service is "+string(state), func() bool { return w.are(t, state, services...) }, services...)
}

// describe logs every step of the services that are not at rest.
func (w *world) describe(t *testing.T, services ...service) {
	t.Helper()
	for _, s := range services {
		d := w.detail(t, s)
		t.Logf("%s is %s (%s); its %s is %s", s.label, d.Service.State, d.Service.Failure, d.Operation.Kind, d.Operation.State)
		if d.Operation.State == app.OperationDone {
			continue
		}
		for _, step := range d.Operation.Steps {
			t.Logf("  %d %s %s: %s after %d attempts: %s (%s)", step.Position, step.Action, step.Kind, step.State, step.Attempts,
				step.Message, step.RawError)
		}
	}
}
