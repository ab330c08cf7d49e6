package portal_test

import (
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
)

// TestAppByTheHour: the catalog's own size by the hour, from the published list to what three days of it cost: each hour that its server ran, and the
// used days of its price.
func TestAppByTheHour(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx := t.Context()
	d.exec(`UPDATE subscriptions SET next_on = NULL`) // the debtor's own service is no matter here
	wanted := request("workshop")
	wanted.Plan = "hourly"
	preview, err := d.Portal.Preview(ctx, d.Tenant, wanted)
	if err != nil || len(preview.Plan.Usage) != 1 || preview.Plan.Usage[0].Meter != billing.GuestHours || preview.Plan.Usage[0].Price.String() != "0.02" {
		t.Fatalf("the review says %+v, %v", preview.Plan.Usage, err)
	}
	if month, err := preview.Plan.WholeMonth(preview.Plan.Usage[0]); err != nil || month != billingtest.Euro(1488) {
		t.Errorf("a whole month is said to cost %s, %v", month, err)
	}
	order, err := d.Portal.PlaceOrder(ctx, d.Tenant, wanted)
	if err != nil {
		t.Fatal(err)
	}
	d.settled("create", "active")
	d.exec(`UPDATE services SET active_at = $1`, d.today)
	d.exec(`UPDATE subscriptions SET starts_at = $2 WHERE service_id = $1`, order.Service, d.today)
	before := d.count(`SELECT count(*) FROM invoices`)
	d.on("2026-01-31")
	d.today = d.today.Add(72 * time.Hour)
	guests := &hypervisor{state: app.GuestState{Running: true, UpFor: 72 * time.Hour, DiskGiB: 10}}
	if n, err := d.Portal.MeasureUse(ctx, guests); err != nil || n != 72 {
		t.Fatalf("%d hours were noted (%v)", n, err)
	}
	use, err := d.Portal.Usage(ctx, d.Tenant, order.Service)
	if err != nil || len(use.Meters) != 1 || use.Cost != billingtest.Euro(144) {
		t.Fatalf("its page shows %+v, %v", use, err)
	}
	if _, err := d.Portal.CancelSubscription(ctx, d.Tenant, order.Service, portal.CancelRequest{When: portal.Now, Confirm: wanted.Host}); err != nil {
		t.Fatal(err)
	}
	d.settled("terminate", "terminated")
	d.on("2026-02-28")
	net := billing.Zero("EUR")
	hours := 0
	for _, document := range d.issued(before) {
		for _, line := range document.Lines {
			if line.Unit == "HUR" {
				hours++
				if line.Quantity.String() != "72" || line.Net != billingtest.Euro(144) {
					t.Errorf("%s hours cost %s", line.Quantity, line.Net)
				}
			}
		}
		if document.Kind == invoice.CreditNote {
			document.Net.Minor = -document.Net.Minor
		}
		net.Minor += document.Net.Minor
	}
	if hours != 1 || net != billingtest.Euro(144+16) { // and 3 of 28 days of 1.50
		t.Errorf("%d lines of hours; all in all %s", hours, net)
	}
	d.sound()
}
