package worker_test

import (
	"errors"
	"testing"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/provision/drivertest"
)

func TestOrderBecomesActive(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	order := r.order(t, "team")
	d := r.until(t, order.Service, "active", inState(app.ServiceActive))
	if d.Subscription.StartsAt.IsZero() {
		t.Error("the service is active and billing has not begun")
	}
	r.wantThings(t, 1)
	secrets, err := r.Portal.RevealSecrets(t.Context(), r.Tenant, order.Service)
	if err != nil || len(secrets) != 1 || len(secrets[0].Value) < 16 {
		t.Errorf("access data: %d values (%v), want the administrator's password", len(secrets), err)
	}
	if _, err := r.Portal.RevealSecrets(t.Context(), r.Tenant, order.Service); app.CodeOf(err) != app.Gone {
		t.Errorf("access data shown twice: %v", err)
	}

	if _, err := r.Portal.TerminateService(t.Context(), r.Tenant, order.Service, "wrong"); app.FieldsOf(err)["confirm"] == "" {
		t.Errorf("removal without confirmation: %v", err)
	}
	if _, err := r.Portal.TerminateService(t.Context(), r.Tenant, order.Service, "team."+portaltest.Zone); err != nil {
		t.Fatal(err)
	}
	d = r.until(t, order.Service, "terminated", inState(app.ServiceTerminated))
	r.wantThings(t, 0)
	if d.Subscription.EndsAt.IsZero() {
		t.Error("the service is gone and billing goes on")
	}
	_, err = r.Portal.PlaceOrder(t.Context(), r.Other, portal.OrderRequest{
		App: "redmine", Plan: "small", Name: "Ours now", Host: "team." + portaltest.Zone, Key: "again",
	})
	if err != nil {
		t.Errorf("the host of a removed service is not free: %v", err)
	}
}

func TestNotActiveBeforeItAnswers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.answers.Store(false)
	order := r.order(t, "slow")
	d := r.until(t, order.Service, "waiting for an answer", func(d portal.ServiceDetail) bool {
		last := d.Operation.Steps[len(d.Operation.Steps)-1]
		return last.State == app.StepWaiting && last.Attempts > 1
	})
	if d.Service.State != app.ServiceCreating || !d.Subscription.StartsAt.IsZero() {
		t.Errorf("it does not answer and is %s, billed from %v", d.Service.State, d.Subscription.StartsAt)
	}
	r.answers.Store(true)
	r.until(t, order.Service, "active", inState(app.ServiceActive))
}

func TestServerDownIsWaitedFor(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.records.Refuse()
	r.directory.Refuse()
	order := r.order(t, "patient")
	d := r.until(t, order.Service, "waiting", func(d portal.ServiceDetail) bool {
		waiting := 0
		for _, s := range d.Operation.Steps {
			if s.State == app.StepWaiting && s.Message != "" && s.Attempts > 1 {
				waiting++
			}
		}
		return waiting == 2
	})
	if d.Service.State != app.ServiceCreating {
		t.Errorf("the order is %s, want it kept", d.Service.State)
	}
	r.records.Mend()
	r.directory.Mend()
	r.until(t, order.Service, "active", inState(app.ServiceActive))
	r.wantThings(t, 1)
}

func TestFullNodeLeavesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.guests.SetFull(true)
	order := r.order(t, "big")
	d := r.until(t, order.Service, "undone", func(d portal.ServiceDetail) bool {
		return d.Operation.Kind == app.OperationUndo && d.Operation.State == app.OperationDone
	})
	if d.Service.State != app.ServiceFailed || d.Service.Failure == "" {
		t.Errorf("the tenant is told %q by a service that is %s", d.Service.Failure, d.Service.State)
	}
	r.wantThings(t, 0)
	r.guests.SetFull(false)
	if _, err := r.Portal.RetryOperation(t.Context(), r.Tenant, d.Operation.ID); err != nil {
		t.Fatal(err)
	}
	r.until(t, order.Service, "active", inState(app.ServiceActive))
	r.wantThings(t, 1)
}

func TestFailedSetUpIsRetriedWithANewGuest(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fails.Store(true)
	order := r.order(t, "clumsy")
	d := r.until(t, order.Service, "failed", inState(app.ServiceFailed))
	if raw := d.Operation.Steps[6].RawError; raw == "" {
		t.Errorf("the operator does not see the guest's output: %+v", d.Operation.Steps[6])
	}
	r.fails.Store(false)
	if _, err := r.Portal.RetryOperation(t.Context(), r.Tenant, d.Operation.ID); err != nil {
		t.Fatal(err)
	}
	r.until(t, order.Service, "active", inState(app.ServiceActive))
	r.wantThings(t, 1)
}

func TestPermanentErrorIsShownAndCancelled(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.mail.SetFault(func(c drivertest.Call) error {
		if c.Method == "Ensure" {
			return app.Because(app.Permanent, errors.New("550 secret detail"), "This mail domain is in use by someone else.")
		}
		return nil
	})
	order := r.order(t, "refused")
	d := r.until(t, order.Service, "failed", inState(app.ServiceFailed))
	mine, err := r.Portal.Service(t.Context(), r.Tenant, order.Service)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range mine.Operation.Steps {
		if s.RawError != "" {
			t.Errorf("the tenant reads the raw error %q", s.RawError)
		}
		if s.State == app.StepFailed && d.Operation.Steps[i].RawError == "" {
			t.Error("the operator does not read the raw error")
		}
	}
	if _, err := r.Portal.CancelOperation(t.Context(), r.Tenant, d.Operation.ID); err != nil {
		t.Fatal(err)
	}
	r.until(t, order.Service, "terminated", inState(app.ServiceTerminated))
	r.wantThings(t, 0)
}

func TestCancelWhileItRuns(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.answers.Store(false)
	order := r.order(t, "regret")
	d := r.until(t, order.Service, "half made", func(d portal.ServiceDetail) bool { return len(r.guests.Present()) == 1 })
	if _, err := r.Portal.CancelOperation(t.Context(), r.Tenant, d.Operation.ID); err != nil {
		t.Fatal(err)
	}
	r.until(t, order.Service, "terminated", inState(app.ServiceTerminated))
	r.wantThings(t, 0)
}
