package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
)

// ParkedSubscription is one that could not be invoiced, with whose it is and why; or what was sold through a reseller and could not be.
type ParkedSubscription struct {
	ID           app.ID // of the subscription, or of the reseller's account
	Customer     app.ID
	CustomerName string
	Service      app.ID // the zero ID of what was sold through a reseller
	Name         string
	Price        billing.Money // of a period; of what was sold through a reseller: all that was not invoiced yet, net
	NextOn       billing.Date
	Reason       string
	Wholesale    bool
	Moved        bool // the customer buys from somebody else by now: the seller sees it no more
}

// Parked returns what a seller could not invoice, from behind one on.
func (t *Tx) Parked(ctx context.Context, seller, after app.ID, limit int) ([]ParkedSubscription, error) {
	return t.parked(ctx, `seller_id = $1 AND ($2::uuid IS NULL OR id > $2)`, seller, optional(after), limit)
}

// ParkedOne returns one of them, or NotFound.
func (t *Tx) ParkedOne(ctx context.Context, seller, id app.ID) (ParkedSubscription, error) {
	all, err := t.parked(ctx, `seller_id = $1 AND id = $2`, seller, id, 1)
	if err == nil && len(all) == 0 {
		err = classify(pgx.ErrNoRows)
	}
	if err != nil {
		return ParkedSubscription{}, err
	}
	return all[0], nil
}

func (t *Tx) parked(ctx context.Context, which string, args ...any) ([]ParkedSubscription, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT p.id, p.organization_id, coalesce(o.name, ''), p.service_id, p.name, p.currency, p.amount_minor, p.next_on, p.parked, p.service_id IS NULL,
			NOT EXISTS (SELECT FROM organization_tree b WHERE b.ancestor = $1 AND b.descendant = p.organization_id)
		FROM (
			(SELECT id, seller_id, organization_id, service_id, name, currency, amount_minor, next_on, parked FROM subscriptions
				WHERE parked <> '' AND `+which+` ORDER BY id LIMIT $3)
			UNION ALL
			(SELECT id, seller_id, organization_id, NULL, '', currency, coalesce((SELECT sum(s.amount_minor)::bigint FROM ledger_sums s
					WHERE s.organization_id = a.seller_id AND s.account = 'unbilled' AND s.party = a.organization_id::text AND s.currency = a.currency), 0), NULL, parked
				FROM billing_accounts a WHERE parked <> '' AND `+which+` ORDER BY id LIMIT $3)) p
		LEFT JOIN organizations o ON o.id = p.organization_id ORDER BY p.id LIMIT $3`, args...)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (ParkedSubscription, error) {
		var p ParkedSubscription
		var service *app.ID
		var next *time.Time
		err := row.Scan(&p.ID, &p.Customer, &p.CustomerName, &service, &p.Name, &p.Price.Currency, &p.Price.Minor, &next, &p.Reason, &p.Wholesale, &p.Moved)
		p.Service, p.NextOn = value(service), dateOf(next)
		return p, err
	})
	return all, classify(err)
}

// CountParked counts what a seller could not invoice, up to most.
func (t *Tx) CountParked(ctx context.Context, seller app.ID, most int) (n int, err error) {
	err = t.tx.QueryRow(ctx, `
		SELECT count(*) FROM (
			SELECT FROM subscriptions WHERE seller_id = $1 AND parked <> ''
			UNION ALL SELECT FROM billing_accounts WHERE seller_id = $1 AND parked <> '' LIMIT $2) few`, seller, most).Scan(&n)
	return n, classify(err)
}

// ParkTrade notes why a reseller could not be asked for what was sold through it; "" where nothing is in the way.
func (t *Tx) ParkTrade(ctx context.Context, trade Trade, why string) error {
	id, err := t.LockAccount(ctx, trade.Parent, trade.Reseller, trade.Pending.Currency)
	if err != nil {
		return err
	}
	_, err = t.tx.Exec(ctx, `UPDATE billing_accounts SET parked = $3 WHERE organization_id = $1 AND id = $2 AND parked <> $3`, trade.Reseller, id, why)
	return classify(err)
}
