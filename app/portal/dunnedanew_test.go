package portal_test

import (
	"testing"
	"time"

	"allotment/app"
	"allotment/app/biller"
	"allotment/billing"
)

// TestDunningBeginsAnew: whoever's services ended orders none before it has paid, and is reminded again of what it orders after that.
func TestDunningBeginsAnew(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	d.exec(`UPDATE seller_terms SET dunning = dunning || '{"delete": true, "end": 30}'`)
	stage := func(days int, want string) {
		t.Helper()
		d.later(days)
		var stage string
		if err := d.conn.QueryRow(t.Context(), `SELECT stage FROM billing_accounts`).Scan(&stage); err != nil || stage != want {
			t.Fatalf("on %s it is %q, want %q (%v)", d.today.Format(time.DateOnly), stage, want, err)
		}
	}
	order := func(host string) error {
		_, err := d.Portal.PlaceOrder(t.Context(), d.Tenant, request(host))
		return err
	}
	stage(17, "reminded")
	if err := order("late"); err != nil {
		t.Errorf("who is only reminded cannot order: %v", err)
	}
	d.exec(`UPDATE services SET state = 'failed' WHERE id <> $1`, d.order.Service)
	for _, step := range []struct {
		days  int
		stage string
	}{{7, "warned"}, {7, "held"}, {60, "grace"}, {90, "ended"}, {1, "ended"}} {
		stage(step.days, step.stage)
		if step.stage == "held" {
			d.exec(`UPDATE operations SET state = 'done', ended_at = now() WHERE kind = 'suspend'`)
			d.exec(`UPDATE services SET state = 'suspended' WHERE id = $1`, d.order.Service)
		}
		if err := order(step.stage + "x"); step.stage != "warned" && app.CodeOf(err) != app.Conflict {
			t.Errorf("an order while it is %s: %v", step.stage, err)
		}
		o, err := d.Portal.BillingOverview(t.Context(), d.Tenant)
		if err != nil {
			t.Fatal(err)
		}
		if stands := len(o.Held) > 0; stands != (step.stage == "held" || step.stage == "grace") { // what is removed does not run again once it is paid
			t.Errorf("while it is %s, the overview says that services stand still: %t", step.stage, stands)
		}
	}
	d.pay(d.invoice.Minor)
	if err := order("anew"); err != nil {
		t.Fatalf("who has paid cannot order: %v", err)
	}
	stage(0, "clear")
	d.exec(`UPDATE operations SET state = 'done', ended_at = now() WHERE state = 'running'`)
	d.exec(`UPDATE services SET state = 'active', active_at = $1 WHERE host LIKE 'anew.%'`, d.today)
	d.exec(`UPDATE subscriptions SET starts_at = $1 WHERE service_id = (SELECT id FROM services WHERE host LIKE 'anew.%')`, d.today)
	if sum, err := d.biller.Bill(t.Context(), biller.Run{AsOf: billing.DateIn(d.today, time.UTC)}); err != nil || sum.Invoices != 1 {
		t.Fatalf("%+v, %v", sum, err)
	}
	stage(10, "clear")
	stage(7, "reminded")
}
