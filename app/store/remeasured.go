package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing/cycle"
)

// Remeasured is a running subscription above which there are newer prices of use than it had when it was bought. Whether it pays another is to be seen.
type Remeasured struct {
	Customer app.ID
	Kind     app.OrganizationKind
	Seller   app.ID
	Zone     string // the seller's
	ID       app.ID
	Service  app.ID
	App      string
	Plan     string
	Currency string
	Usage    []cycle.UsagePrice
}

// Remeasured returns up to limit of them behind after. Those for which another plan or price is to begin come when it has.
func (t *Tx) Remeasured(ctx context.Context, after app.ID, limit int) ([]Remeasured, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT s.organization_id, o.kind, s.seller_id, coalesce(z.zone, 'Europe/Amsterdam'), s.id, v.id, v.app, v.plan, s.currency, s.meters
		FROM subscriptions s
		JOIN services v ON v.organization_id = s.organization_id AND v.id = s.service_id
		JOIN organizations o ON o.id = s.organization_id
		LEFT JOIN seller_terms z ON z.organization_id = s.seller_id
		WHERE s.id > $1 AND s.seller_id IS NOT NULL AND s.anchor IS NOT NULL AND s.end_on IS NULL AND s.ends_at IS NULL AND s.later IS NULL
			AND v.terminated_at IS NULL
			AND EXISTS (SELECT 1 FROM organization_tree up JOIN usage_prices p ON p.organization_id = up.ancestor
				WHERE up.descendant = s.organization_id AND up.depth > 0 AND p.app = v.app AND p.plan = v.plan AND p.currency = s.currency
					AND p.created_at > s.created_at)
		ORDER BY s.id LIMIT $2`, after, limit)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Remeasured, err error) {
		var usage []byte
		if err = row.Scan(&r.Customer, &r.Kind, &r.Seller, &r.Zone, &r.ID, &r.Service, &r.App, &r.Plan, &r.Currency, &usage); err != nil {
			return r, err
		}
		if err := json.Unmarshal(usage, &r.Usage); err != nil {
			return r, fmt.Errorf("subscription %s: %w", r.ID, err)
		}
		return r, nil
	})
	return all, classify(err)
}
