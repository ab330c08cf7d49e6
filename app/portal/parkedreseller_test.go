package portal_test

import (
	"log/slog"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/biller"
)

// TestParkedReseller: a reseller that could not be asked for what was sold through it stands on its parent's page, with the reason and what is
// pending; its parent alone retries it, and once the reason is mended it is invoiced and gone from there.
func TestParkedReseller(t *testing.T) {
	t.Parallel()
	w := newTrade(t)
	ctx, conn := t.Context(), superuser(t, w.World)
	placed, err := w.Portal.PlaceOrder(ctx, w.customer, request("team"))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)
	b := biller.New(w.Store, nil, slog.New(slog.DiscardHandler), func() time.Time { return at })
	exec(t, conn, `UPDATE subscriptions SET starts_at = $2, wholesale = jsonb_build_array(jsonb_build_object('reseller', $3::uuid, 'parent', $4::uuid,
		'price', jsonb_build_object('minor', 700, 'currency', 'EUR'), 'setup', jsonb_build_object('minor', 0, 'currency', 'EUR'))) WHERE service_id = $1`,
		placed.Service, at, w.giver.Organization, w.Operator.Organization)
	exec(t, conn, `UPDATE billing_profiles SET party = party || '{"street": ""}' WHERE organization_id = $1`, w.giver.Organization)
	exec(t, conn, `UPDATE billing_profiles SET party = party || '{"street": "Example Street 1"}' WHERE organization_id = $1`, w.customer.Organization)
	bill := func() biller.Summary {
		t.Helper()
		sum, err := b.Bill(ctx, biller.Run{})
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	exec(t, conn, `UPDATE billing_profiles SET party = party || '{"street": "Example Street 1"}' WHERE organization_id = $1`, w.giver.Organization)
	if sum := bill(); sum.Invoices != 1 {
		t.Fatalf("%+v", sum)
	}
	exec(t, conn, `UPDATE billing_profiles SET party = party || '{"street": ""}' WHERE organization_id = $1`, w.giver.Organization)
	at = time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC)
	if sum := bill(); sum.Wholesale != 0 || len(sum.Parked) != 1 {
		t.Fatalf("%+v", sum)
	}
	page, err := w.Portal.Parked(ctx, w.Operator, "")
	if err != nil || len(page.Subscriptions) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	one := page.Subscriptions[0]
	if !one.Wholesale || one.Moved || one.Customer != w.giver.Organization || one.Price.Minor != 700 || one.Reason != "The invoice lacks the customer's name and address." {
		t.Errorf("%+v", one)
	}
	if below, err := w.Portal.Parked(ctx, w.giver, ""); err != nil || len(below.Subscriptions) != 0 {
		t.Errorf("the reseller sees %+v (%v)", below, err)
	}
	if err := w.Portal.RetryParked(ctx, w.receiver, one.ID); app.CodeOf(err) != app.NotFound {
		t.Errorf("another seller: %v", err)
	}
	if err := w.Portal.RetryParked(ctx, w.Operator, one.ID); app.CodeOf(err) != app.Conflict {
		t.Errorf("while it is not mended: %v", err)
	}
	exec(t, conn, `UPDATE billing_profiles SET party = party || '{"street": "Example Street 1"}' WHERE organization_id = $1`, w.giver.Organization)
	if err := w.Portal.RetryParked(ctx, w.Operator, one.ID); err != nil {
		t.Errorf("once it is mended: %v", err)
	}
	if page, err = w.Portal.Parked(ctx, w.Operator, ""); err != nil || len(page.Subscriptions) != 0 {
		t.Errorf("%+v is still there, %v", page, err)
	}
	var net int64
	if err := conn.QueryRow(ctx, `SELECT net_minor FROM invoices WHERE wholesale AND buyer_id = $1`, w.giver.Organization).Scan(&net); err != nil || net != 700 {
		t.Errorf("it is asked for %d, %v", net, err)
	}
}
