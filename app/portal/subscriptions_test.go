package portal_test

import (
	"encoding/json"
	"sync"
	"testing"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
)

// engineDid stands for the engine after a change of plan: every step went well.
func (d *debtor) engineDid() {
	d.t.Helper()
	d.exec(`UPDATE operations SET state = 'done', ended_at = now() WHERE kind = 'change' AND state = 'running'`)
	d.exec(`UPDATE services SET state = 'active' WHERE state = 'changing'`)
	d.exec(`UPDATE services s SET vcpu = (r.spec ->> 'vcpu')::int, memory_mib = (r.spec ->> 'memory_mib')::int, disk_gib = (r.spec ->> 'disk_gib')::int
		FROM resources r WHERE r.service_id = s.id AND r.kind = 'guest'`)
}

// on turns the clock to a day and runs the run and the hourly chore, as the installation does.
func (d *debtor) on(day string) {
	d.t.Helper()
	date, err := billing.ParseDate(day)
	if err != nil {
		d.t.Fatal(err)
	}
	d.today = date.UTC().Add(12 * 3600e9)
	if _, err := d.biller.Bill(d.t.Context(), biller.Run{AsOf: date}); err != nil {
		d.t.Fatal(err)
	}
	for range 2 {
		if _, err := d.Portal.TurnSubscriptions(d.t.Context()); err != nil {
			d.t.Fatal(err)
		}
	}
}

// issued returns the documents that were issued since there were n of them, as previews show them.
func (d *debtor) issued(after int) []invoice.Document {
	d.t.Helper()
	rows, err := d.conn.Query(d.t.Context(), `SELECT document FROM invoices ORDER BY id OFFSET $1`, after)
	if err != nil {
		d.t.Fatal(err)
	}
	defer rows.Close()
	var all []invoice.Document
	for rows.Next() {
		var data []byte
		if err := rows.Scan(&data); err != nil {
			d.t.Fatal(err)
		}
		var document invoice.Document
		if err := json.Unmarshal(data, &document); err != nil {
			d.t.Fatal(err)
		}
		document.Number, document.Payment.Reference = "", ""
		all = append(all, document)
	}
	return all
}

func (d *debtor) detail() portal.ServiceDetail {
	d.t.Helper()
	detail, err := d.Portal.Service(d.t.Context(), d.Tenant, d.order.Service)
	if err != nil {
		d.t.Fatal(err)
	}
	return detail
}

func (d *debtor) sound() {
	d.t.Helper()
	off, err := d.biller.Verify(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	for _, sentence := range off {
		d.t.Error(sentence)
	}
}

// TestChangePlanNow: one transaction moves the service, its server's size, its quota, and the invoices; the shrinking side is given back when the
// server is smaller.
func TestChangePlanNow(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx, id := t.Context(), d.order.Service
	if err := d.Portal.SetQuota(ctx, d.Operator, d.Tenant.Organization, app.Quota{Services: limit(10), VCPU: limit(4)}); err != nil {
		t.Fatal(err)
	}
	d.on("2026-02-10")
	before := d.count(`SELECT count(*) FROM invoices`)
	done, err := d.Portal.ChangePlan(ctx, d.Tenant, id, portal.PlanRequest{Plan: "large", When: portal.Now})
	if err != nil {
		t.Fatal(err)
	}
	if len(done.Documents) != 2 || done.Documents[0].Kind != invoice.CreditNote || done.Documents[1].Kind != invoice.Invoice || len(d.issued(before)) != 2 {
		t.Errorf("issued %+v", done.Documents)
	}
	if done.Operation.Kind != app.OperationChange || len(done.Operation.Steps) != 2 || done.On.String() != "2026-02-10" {
		t.Errorf("the operation is %+v on %s", done.Operation, done.On)
	}
	detail := d.detail()
	if detail.Service.Plan != "large" || detail.Service.State != app.ServiceChanging || detail.Subscription.Price != billingtest.Euro(3400) {
		t.Errorf("the service is %s in state %s at %s", detail.Service.Plan, detail.Service.State, detail.Subscription.Price)
	}
	if n := d.count(`SELECT used_vcpu FROM quotas`); n != 4 {
		t.Errorf("%d processors are counted, want 4", n)
	}
	for _, r := range []portal.PlanRequest{{Plan: "medium", When: portal.Now}, {Plan: "medium", When: portal.AtPeriodEnd}} {
		if _, err := d.Portal.ChangePlan(ctx, d.Tenant, id, r); app.CodeOf(err) != app.Conflict {
			t.Errorf("a change while another one goes on: %v", err)
		}
	}
	d.engineDid()
	if _, err := d.Portal.ChangePlan(ctx, d.Tenant, id, portal.PlanRequest{Plan: "small", When: portal.Now}); app.CodeOf(err) != app.Conflict {
		t.Errorf("its disk shrinks: %v", err)
	}
	if n := d.count(`SELECT count(*) FROM mails WHERE kind = 'subscription'`); n != 1 {
		t.Errorf("%d mails, want one to the owner", n)
	}
	if n := d.count(`SELECT count(*) FROM audit WHERE action = 'service.change' AND outcome = 'done'`); n != 1 {
		t.Errorf("%d rows in the audit log, want 1", n)
	}
	d.on("2026-02-28")
	if last := d.issued(before + 2); len(last) != 1 || last[0].Net != billingtest.Euro(3400) {
		t.Errorf("the next period is invoiced as %+v", last)
	}
	d.sound()
}

// TestChangePlanLater: the day comes once, with the new price and the new size, whoever looks how often.
func TestChangePlanLater(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx, id := t.Context(), d.order.Service
	d.on("2026-02-10")
	for range 2 { // the second choice takes the place of the first
		done, err := d.Portal.ChangePlan(ctx, d.Tenant, id, portal.PlanRequest{Plan: "medium", When: portal.AtPeriodEnd})
		if err != nil || done.On.String() != "2026-02-28" || done.Operation.ID != (app.ID{}) || len(done.Documents) > 0 {
			t.Fatalf("on %s: %+v, %v", done.On, done.Documents, err)
		}
	}
	if err := d.Portal.KeepPlan(ctx, d.Tenant, id); err != nil {
		t.Fatal(err)
	}
	if err := d.Portal.KeepPlan(ctx, d.Tenant, id); app.CodeOf(err) != app.Conflict {
		t.Errorf("nothing was chosen: %v", err)
	}
	if _, err := d.Portal.ChangePlan(ctx, d.Tenant, id, portal.PlanRequest{Plan: "medium", When: portal.AtPeriodEnd}); err != nil {
		t.Fatal(err)
	}
	if a := d.detail().Agreement; a.Later == nil || a.Later.Plan != "medium" || a.Later.On.String() != "2026-02-28" {
		t.Errorf("chosen is %+v", a.Later)
	}
	d.on("2026-02-27")
	if got := d.detail().Service; got.Plan != "small" || got.State != app.ServiceActive {
		t.Errorf("a day early it is %s and %s", got.Plan, got.State)
	}
	before := d.count(`SELECT count(*) FROM invoices`)
	d.on("2026-02-28")
	if got := d.detail(); got.Service.Plan != "medium" || got.Service.State != app.ServiceChanging || got.Agreement.Later != nil ||
		got.Subscription.Price != billingtest.Euro(1650) {
		t.Errorf("on the day it is %s and %s at %s, later %+v", got.Service.Plan, got.Service.State, got.Subscription.Price, got.Agreement.Later)
	}
	if n := d.count(`SELECT count(*) FROM operations WHERE kind = 'change'`); n != 1 {
		t.Errorf("%d operations, want one", n)
	}
	if got := d.issued(before); len(got) != 1 || got[0].Net != billingtest.Euro(1650) {
		t.Errorf("issued %+v", got)
	}
	d.engineDid()
	d.on("2026-03-31")
	if got := d.issued(before + 1); len(got) != 1 || got[0].Net != billingtest.Euro(1650) {
		t.Errorf("the month after: %+v", got)
	}
	d.sound()
}

// TestChangePlanTakesQuota: of two services that both want the last processors, one gets them.
func TestChangePlanTakesQuota(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx := t.Context()
	second, err := d.Portal.PlaceOrder(ctx, d.Tenant, request("second"))
	if err != nil {
		t.Fatal(err)
	}
	d.exec(`UPDATE operations SET state = 'done'`)
	d.exec(`UPDATE services SET state = 'active', active_at = now()`)
	d.exec(`UPDATE subscriptions SET starts_at = $1`, d.today)
	if err := d.Portal.SetQuota(ctx, d.Operator, d.Tenant.Organization, app.Quota{Services: limit(10), VCPU: limit(6)}); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	errs := make([]error, 2)
	for i, id := range []app.ID{d.order.Service, second.Service} {
		all.Go(func() {
			_, errs[i] = d.Portal.ChangePlan(ctx, d.Tenant, id, portal.PlanRequest{Plan: "large", When: []portal.When{portal.Now, portal.AtPeriodEnd}[i]})
		})
	}
	all.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || (errs[0] != nil && app.CodeOf(errs[0]) != app.Conflict) || (errs[1] != nil && app.CodeOf(errs[1]) != app.Conflict) {
		t.Errorf("of two that want the last room: %v and %v", errs[0], errs[1])
	}
	if n := d.count(`SELECT used_vcpu FROM quotas`); n != 6 {
		t.Errorf("%d processors are counted, want 6", n)
	}
	if errs[1] == nil {
		if err := d.Portal.KeepPlan(ctx, d.Tenant, second.Service); err != nil || d.count(`SELECT used_vcpu FROM quotas`) != 4 {
			t.Errorf("what was taken for later is not given back (%v)", err)
		}
	}
	d.sound()
}

// TestChangeThatFailed: what failed can be given up for another plan, and does not keep a hold away.
func TestChangeThatFailed(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx, id := t.Context(), d.order.Service
	if _, err := d.Portal.ChangePlan(ctx, d.Tenant, id, portal.PlanRequest{Plan: "large", When: portal.Now}); err != nil {
		t.Fatal(err)
	}
	failed := func() {
		d.exec(`UPDATE operations SET state = 'failed', ended_at = now() WHERE kind = 'change' AND state = 'running'`)
		d.exec(`UPDATE steps SET state = 'failed' WHERE operation_id IN (SELECT id FROM operations WHERE state = 'failed') AND position = 1`)
	}
	failed()
	d.exec(`UPDATE resources SET observed = '{"disk_gib": 10}' WHERE kind = 'guest'`)
	if _, err := d.Portal.ChangePlan(ctx, d.Tenant, id, portal.PlanRequest{Plan: "small", When: portal.Now}); err != nil {
		t.Fatalf("back to where it was: %v", err)
	}
	if n := d.count(`SELECT count(*) FROM operations WHERE kind = 'change' AND state = 'cancelled'`); n != 1 {
		t.Errorf("%d operations were given up, want 1", n)
	}
	failed()
	if err := d.Portal.HoldService(ctx, d.Operator, id, app.HoldAbuse, "It sends unwanted mail."); err != nil {
		t.Fatal(err)
	}
	if got := d.detail().Service.State; got != app.ServiceSuspending {
		t.Errorf("a held service whose change failed is %s, want suspending", got)
	}
	d.sound()
}

// TestCancelAtPeriodEnd: it runs until its day, is stopped then, kept for a while, and removed once; nothing is charged after the end.
func TestCancelAtPeriodEnd(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx, id := t.Context(), d.order.Service
	d.exec(`UPDATE subscriptions SET notice = 14`)
	d.on("2026-02-20")
	done, err := d.Portal.CancelSubscription(ctx, d.Tenant, id, portal.CancelRequest{When: portal.AtPeriodEnd})
	if err != nil || done.End.String() != "2026-03-31" || done.KeptUntil.String() != "2026-04-14" {
		t.Fatalf("it ends on %s and is kept until %s: %v", done.End, done.KeptUntil, err)
	}
	if _, err := d.Portal.CancelSubscription(ctx, d.Tenant, id, portal.CancelRequest{When: portal.AtPeriodEnd}); app.CodeOf(err) != app.Conflict {
		t.Errorf("cancelled twice: %v", err)
	}
	if err := d.Portal.Reactivate(ctx, d.Tenant, id); err != nil {
		t.Fatal(err)
	}
	if err := d.Portal.Reactivate(ctx, d.Tenant, id); app.CodeOf(err) != app.Conflict {
		t.Errorf("it does not end: %v", err)
	}
	if _, err = d.Portal.CancelSubscription(ctx, d.Tenant, id, portal.CancelRequest{When: portal.AtPeriodEnd}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		day, state                 string
		mails, suspended, removals int
	}{
		{"2026-03-20", "active", 3, 0, 0},
		{"2026-03-25", "active", 4, 0, 0},
		{"2026-03-30", "active", 4, 0, 0},
		{"2026-03-31", "suspending", 5, 1, 0},
		{"2026-04-13", "suspended", 5, 1, 0},
		{"2026-04-14", "terminating", 5, 1, 1},
		{"2026-05-20", "terminated", 5, 1, 1},
	} {
		switch step.state {
		case "suspended":
			d.settled("suspend", "suspended")
		case "terminated":
			d.settled("terminate", "terminated")
		}
		d.on(step.day)
		if got := string(d.detail().Service.State); got != step.state {
			t.Errorf("on %s it is %s, want %s", step.day, got, step.state)
		}
		if n := d.count(`SELECT count(*) FROM mails WHERE kind = 'subscription'`); n != step.mails {
			t.Errorf("on %s: %d mails, want %d", step.day, n, step.mails)
		}
		if n := d.count(`SELECT count(*) FROM operations WHERE kind = 'suspend'`); n != step.suspended {
			t.Errorf("on %s: %d were stopped, want %d", step.day, n, step.suspended)
		}
		if n := d.count(`SELECT count(*) FROM operations WHERE kind = 'terminate'`); n != step.removals {
			t.Errorf("on %s: %d removals, want %d", step.day, n, step.removals)
		}
	}
	if n := d.count(`SELECT count(*) FROM charges WHERE period_end > '2026-03-31'`); n != 0 {
		t.Errorf("%d charges after the end", n)
	}
	if err := d.Portal.Reactivate(ctx, d.Tenant, id); app.CodeOf(err) != app.Conflict {
		t.Errorf("what is gone is reactivated: %v", err)
	}
	d.sound()
}

// TestRemovalEndsTheSubscription: whoever removes a service is charged for nothing after its end, and for a minimum term that binds them.
func TestRemovalEndsTheSubscription(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		change          string
		by              func(*debtor) app.Actor
		notes           int
		end             string
		lastCharged     string
		terminateByVerb bool
	}{
		{"at once", ``, func(d *debtor) app.Actor { return d.Tenant }, 1, "2026-02-10", "2026-02-28", false},
		{"by the other verb", ``, func(d *debtor) app.Actor { return d.Tenant }, 1, "2026-02-10", "2026-02-28", true},
		{"bound for three months", `UPDATE subscriptions SET minimum = 3`, func(d *debtor) app.Actor { return d.Tenant }, 0, "2026-04-30", "2026-04-30", false},
		{"bound, and let go by the seller", `UPDATE subscriptions SET minimum = 3`, func(d *debtor) app.Actor { return d.Operator }, 1, "2026-02-10", "2026-02-28", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDebtor(t)
			ctx, id := t.Context(), d.order.Service
			if c.change != "" {
				d.exec(c.change)
			}
			d.on("2026-02-10")
			host := d.detail().Service.Host
			if _, err := d.Portal.CancelSubscription(ctx, d.Tenant, id, portal.CancelRequest{When: portal.Now, Confirm: "another"}); app.FieldsOf(err)["confirm"] == "" {
				t.Errorf("without the address: %v", err)
			}
			var err error
			if c.terminateByVerb {
				_, err = d.Portal.TerminateService(ctx, c.by(d), id, host)
			} else {
				_, err = d.Portal.CancelSubscription(ctx, c.by(d), id, portal.CancelRequest{When: portal.Now, Confirm: host})
			}
			if err != nil {
				t.Fatal(err)
			}
			if n := d.count(`SELECT count(*) FROM invoices WHERE kind = 'credit note'`); n != c.notes {
				t.Errorf("%d credit notes, want %d", n, c.notes)
			}
			if got := d.detail(); got.Service.State != app.ServiceTerminating || got.Agreement.End.String() != c.end {
				t.Errorf("it is %s and ends on %s, want %s", got.Service.State, got.Agreement.End, c.end)
			}
			d.settled("terminate", "terminated")
			d.exec(`UPDATE subscriptions SET ends_at = $1`, d.today)
			for _, day := range []string{"2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"} {
				d.on(day)
			}
			var last string
			if err := d.conn.QueryRow(ctx, `SELECT max(period_end)::text FROM charges`).Scan(&last); err != nil || last != c.lastCharged {
				t.Errorf("charged until %s, want %s (%v)", last, c.lastCharged, err)
			}
			d.sound()
		})
	}
}
