package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
)

// Subscribers counts, for each price of a seller's list, the running subscriptions that pay by it.
func (t *Tx) Subscribers(ctx context.Context, seller app.ID) (map[PriceKey]int, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT p.app, p.plan, p.currency, p.period, p.audience, count(*)
		FROM subscriptions s JOIN prices p ON p.organization_id = s.price_list AND p.id = s.price_id
		WHERE p.organization_id = $1 AND s.ends_at IS NULL GROUP BY 1, 2, 3, 4, 5`, seller)
	if err != nil {
		return nil, classify(err)
	}
	all := map[PriceKey]int{}
	var key PriceKey
	var n int
	_, err = pgx.ForEachRow(rows, []any{&key.App, &key.Plan, &key.Currency, &key.Interval, &key.Audience, &n}, func() error {
		all[key] = n
		return nil
	})
	return all, classify(err)
}

// Repriced is a running subscription whose lists have newer prices than it had when it was bought. Whether it pays another price is to be seen.
type Repriced struct {
	Customer app.ID
	Kind     app.OrganizationKind
	Seller   app.ID
	Zone     string // the seller's
	ID       app.ID
	Service  app.ID
	App      string
	Plan     string
	Currency string
	Interval billing.Interval
	Anchor   billing.Date
	Next     int
	Price    billing.Money // as it will be for the periods from Next on that no announcement names
	PriceID  app.ID
	Legs     []Leg
	Waits    bool // another price or plan is to begin: that comes first
}

// Repriced returns up to limit of them behind after.
func (t *Tx) Repriced(ctx context.Context, after app.ID, limit int) ([]Repriced, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT s.organization_id, o.kind, s.seller_id, coalesce(z.zone, 'Europe/Amsterdam'), s.id, v.id, v.app, v.plan, s.currency, s.period, s.anchor, s.next_period,
			s.amount_minor, s.price_id, s.wholesale, s.later IS NOT NULL
		FROM subscriptions s
		JOIN services v ON v.organization_id = s.organization_id AND v.id = s.service_id
		JOIN organizations o ON o.id = s.organization_id
		LEFT JOIN seller_terms z ON z.organization_id = s.seller_id
		WHERE s.id > $1 AND s.price_id IS NOT NULL AND s.seller_id IS NOT NULL AND s.anchor IS NOT NULL AND s.next_on IS NOT NULL AND s.end_on IS NULL
			AND s.ends_at IS NULL AND v.terminated_at IS NULL
			AND EXISTS (SELECT 1 FROM organization_tree up JOIN prices p ON p.organization_id = up.ancestor
				WHERE up.descendant = s.organization_id AND up.depth > 0 AND p.app = v.app AND p.plan = v.plan AND p.currency = s.currency
					AND p.period = s.period AND p.created_at > s.created_at)
		ORDER BY s.id LIMIT $2`, after, limit)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Repriced, err error) {
		var anchor time.Time
		var legs []byte
		err = row.Scan(&r.Customer, &r.Kind, &r.Seller, &r.Zone, &r.ID, &r.Service, &r.App, &r.Plan, &r.Currency, &r.Interval, &anchor, &r.Next, &r.Price.Minor,
			&r.PriceID, &legs, &r.Waits)
		if err != nil {
			return r, err
		}
		r.Price.Currency, r.Anchor = r.Currency, dateOf(&anchor)
		if err := json.Unmarshal(legs, &r.Legs); err != nil {
			return r, fmt.Errorf("subscription %s: %w", r.ID, err)
		}
		return r, nil
	})
	return all, classify(err)
}
