package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
)

// NewUse is one measured use. Its ID is unique within the customer's organization: what is reported twice counts once.
type NewUse struct {
	Customer     app.ID
	ID           string
	Subscription app.ID
	Meter        billing.Meter
	At           time.Time
	Day          billing.Date // of At, on the seller's calendar
	Quantity     billing.Decimal
	Due          billing.Date // when it is to be charged
}

// InsertUses keeps uses and lets those be charged that nothing else would wake. One whose ID is known already changes nothing, whatever it says. It
// returns which of them were new.
func (t *Tx) InsertUses(ctx context.Context, uses []NewUse, now time.Time) (added []NewUse, err error) {
	var c columns
	byID := map[string]NewUse{}
	for _, u := range uses {
		c.add(u.Customer, u.ID, u.Subscription, string(u.Meter), u.At, u.Day.UTC(), u.Quantity.String())
		byID[u.Customer.String()+u.ID] = u
	}
	if c == nil {
		return nil, nil
	}
	if err := t.lockAccountsOfUses(ctx, uses); err != nil {
		return nil, err
	}
	rows, err := t.tx.Query(ctx, `
		INSERT INTO usage_events (organization_id, id, subscription_id, meter, used_at, used_on, quantity, received_at)
		SELECT customer, id, subscription, meter, at, day, quantity::numeric, $8::timestamptz
		FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::timestamptz[], $6::date[], $7::text[]) u(customer, id, subscription, meter, at, day, quantity)
		ORDER BY subscription, id ON CONFLICT (organization_id, id) DO NOTHING RETURNING organization_id, id`,
		c[0], c[1], c[2], c[3], c[4], c[5], c[6], now)
	if err != nil {
		return nil, classify(err)
	}
	var customer app.ID
	var id string
	if _, err = pgx.ForEachRow(rows, []any{&customer, &id}, func() error {
		added = append(added, byID[customer.String()+id])
		return nil
	}); err != nil {
		return nil, classify(err)
	}
	return added, t.wakeUses(ctx, added)
}

// lockAccountsOfUses locks the accounts of what is reported, before anything of their subscriptions: the run locks in this order, too. Whether one is
// to be woken shows only then: a run may be about to move the day on which it is due.
func (t *Tx) lockAccountsOfUses(ctx context.Context, uses []NewUse) error {
	var c columns
	for _, u := range uses {
		c.add(u.Subscription)
	}
	_, err := t.tx.Exec(ctx, `
		SELECT FROM billing_accounts a WHERE EXISTS (
			SELECT FROM subscriptions s
			WHERE s.id = ANY ($1::uuid[]) AND s.organization_id = a.organization_id AND s.seller_id = a.seller_id AND s.currency = a.currency)
		ORDER BY a.id FOR UPDATE OF a`, c[0])
	return classify(err)
}

// wakeUses brings forward when subscriptions are due, where it is later than the day on which their use is to be charged.
func (t *Tx) wakeUses(ctx context.Context, uses []NewUse) error {
	var c columns
	for _, u := range uses {
		c.add(u.Subscription, u.Due.UTC())
	}
	if c == nil {
		return nil
	}
	_, err := t.tx.Exec(ctx, `
		UPDATE subscriptions s SET next_on = u.due
		FROM (SELECT id, min(due) AS due FROM unnest($1::uuid[], $2::date[]) x(id, due) GROUP BY id ORDER BY id) u
		WHERE s.id = u.id AND (s.next_on IS NULL OR s.next_on > u.due)`, c[0], c[1])
	return classify(err)
}

// Use is a use that is kept.
type Use struct {
	ID           string
	Subscription app.ID
	Meter        billing.Meter
	At           time.Time
	Quantity     billing.Decimal
	Charged      bool
}

// KnownUses returns those of a customer's uses that have one of the IDs.
func (t *Tx) KnownUses(ctx context.Context, customer app.ID, ids []string) (map[string]Use, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT id, subscription_id, meter, used_at, quantity::text, charge_id IS NOT NULL FROM usage_events WHERE organization_id = $1 AND id = ANY ($2)`, customer, ids)
	if err != nil {
		return nil, classify(err)
	}
	known := map[string]Use{}
	var u Use
	var quantity string
	_, err = pgx.ForEachRow(rows, []any{&u.ID, &u.Subscription, &u.Meter, &u.At, &quantity, &u.Charged}, func() (err error) {
		u.Quantity, err = billing.ParseDecimal(quantity)
		known[u.ID] = u
		return err
	})
	return known, classify(err)
}
