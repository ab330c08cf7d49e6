package portal_test

import (
	"testing"

	"allotment/app"
)

// TestParkedOfWhoMovedAway: what could not be invoiced stays on the page of the seller that sold it when its customer has moved to another, and there alone; that
// seller retries it.
func TestParkedOfWhoMovedAway(t *testing.T) {
	t.Parallel()
	d := newParted(t)
	ctx := t.Context()
	exec(t, d.conn, `UPDATE subscriptions SET parked = 'The invoice lacks the customer''s name and address.' WHERE seller_id = $1`, d.giver.Organization)
	page, err := d.Portal.Parked(ctx, d.giver, "")
	if err != nil || len(page.Subscriptions) != 1 || page.Subscriptions[0].Customer != d.customer.Organization || page.Subscriptions[0].CustomerName == "" || !page.Subscriptions[0].Moved {
		t.Fatalf("%+v, %v", page, err)
	}
	id := page.Subscriptions[0].ID
	if other, err := d.Portal.Parked(ctx, d.receiver, ""); err != nil || len(other.Subscriptions) != 0 {
		t.Errorf("the new seller sees %+v (%v)", other, err)
	}
	if _, err := d.Portal.Parked(ctx, d.customer, ""); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a customer: %v", err)
	}
	if err := d.Portal.RetryParked(ctx, d.receiver, id); app.CodeOf(err) != app.NotFound {
		t.Errorf("the new seller retries it: %v", err)
	}
	if err := d.Portal.RetryParked(ctx, d.giver, id); err != nil && app.CodeOf(err) != app.Conflict {
		t.Errorf("its own seller: %v", err)
	}
}
