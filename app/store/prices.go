package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
)

// Price is one version of what a seller asks for a plan.
type Price struct {
	ID       app.ID
	App      string
	Plan     string
	Version  int
	Amount   billing.Money
	Setup    billing.Money
	Interval billing.Interval
}

// InsertPrices adds prices of the organization, each as the next version of its plan; one that says nothing new is left out.
func (t *Tx) InsertPrices(ctx context.Context, seller app.ID, prices []Price, now time.Time) error {
	batch := &pgx.Batch{}
	for _, p := range prices {
		batch.Queue(`
			INSERT INTO prices (organization_id, id, app, plan, version, currency, amount_minor, setup_minor, period, created_at)
			SELECT $1::uuid, $2::uuid, $3::text, $4::text, coalesce(last.version, 0) + 1, $5::text, $6::bigint, $7::bigint, $8::text,
				$9::timestamptz
			FROM (SELECT 1) one
			LEFT JOIN LATERAL (
				SELECT version, amount_minor, setup_minor FROM prices
				WHERE organization_id = $1 AND app = $3 AND plan = $4 AND currency = $5 AND period = $8
				ORDER BY version DESC LIMIT 1) last ON true
			WHERE last.version IS NULL OR last.amount_minor <> $6 OR last.setup_minor <> $7`,
			seller, p.ID, p.App, p.Plan, p.Amount.Currency, p.Amount.Minor, p.Setup.Minor, p.Interval, now)
	}
	return classify(t.tx.SendBatch(ctx, batch).Close())
}

// Prices returns the newest prices that the nearest seller above (or of) the buyer asks; app "" is every app. The buyer is in the actor's
// sub-tree.
func (t *Tx) Prices(ctx context.Context, buyer app.ID, appID string) ([]Price, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT DISTINCT ON (p.app, p.plan, p.currency, p.period)
			p.id, p.app, p.plan, p.version, p.currency, p.amount_minor, p.setup_minor, p.period
		FROM prices p
		JOIN sellers_above($1) t ON t.ancestor = p.organization_id
		WHERE $2 = '' OR p.app = $2
		ORDER BY p.app, p.plan, p.currency, p.period, t.depth, p.version DESC`, buyer, appID)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Price, error) {
		var p Price
		err := row.Scan(&p.ID, &p.App, &p.Plan, &p.Version, &p.Amount.Currency, &p.Amount.Minor, &p.Setup.Minor, &p.Interval)
		p.Setup.Currency = p.Amount.Currency
		return p, err
	})
}
