package worker_test

import (
	"testing"

	"allotment/app"
	"allotment/app/portal"
)

// TestChangeOfPlan: the same guest gets its new size, answers again, and the quotas count what it has; a hold stops it and lets it go on.
func TestChangeOfPlan(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	order := r.order(t, "team")
	r.until(t, order.Service, "active", inState(app.ServiceActive))
	many := int64(100)
	if err := r.Portal.SetQuota(ctx, r.Operator, r.Tenant.Organization, app.Quota{DiskGiB: app.Limit{Max: &many}}); err != nil {
		t.Fatal(err)
	}
	r.answers.Store(false)
	if _, err := r.Portal.ChangePlan(ctx, r.Tenant, order.Service, portal.PlanRequest{Plan: "large", When: portal.Now}); err != nil {
		t.Fatal(err)
	}
	r.until(t, order.Service, "waiting for an answer", func(d portal.ServiceDetail) bool {
		return d.Operation.Kind == app.OperationChange && d.Operation.Steps[1].State == app.StepWaiting
	})
	r.answers.Store(true)
	d := r.until(t, order.Service, "active", inState(app.ServiceActive))
	if d.Service.Plan != "large" || d.Operation.Kind != app.OperationChange || d.Operation.State != app.OperationDone {
		t.Errorf("it has the plan %s after a %s that is %s", d.Service.Plan, d.Operation.Kind, d.Operation.State)
	}
	r.wantThings(t, 1)
	for _, resource := range d.Resources {
		if resource.Kind != app.KindGuest {
			continue
		}
		seen, err := r.guests.Observe(ctx, resource.Ref)
		if err != nil || seen.VCPU != 4 || seen.MemoryMiB != 8192 || seen.DiskGiB != 80 || !seen.Running {
			t.Errorf("the guest is %+v (%v)", seen, err)
		}
	}
	for _, kind := range []app.HoldKind{app.HoldAbuse, app.HoldManual} {
		if err := r.Portal.HoldService(ctx, r.Operator, order.Service, kind, "It sends unwanted mail."); err != nil {
			t.Fatal(err)
		}
	}
	r.until(t, order.Service, "suspended", inState(app.ServiceSuspended))
	if err := r.Portal.ReleaseService(ctx, r.Operator, order.Service, app.HoldAbuse); err != nil {
		t.Fatal(err)
	}
	if err := r.Portal.AlignHolds(ctx); err != nil {
		t.Fatal(err)
	}
	r.until(t, order.Service, "still suspended", inState(app.ServiceSuspended))
	if err := r.Portal.ReleaseService(ctx, r.Operator, order.Service, app.HoldManual); err != nil {
		t.Fatal(err)
	}
	r.until(t, order.Service, "active", inState(app.ServiceActive))
}
