package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
)

// Floor is below what no reseller may ask for a plan: a version of it.
type Floor struct {
	App      string
	Plan     string
	Interval billing.Interval
	Amount   billing.Money
	Version  int
}

// InsertFloor adds the next version of a floor; nothing lifts one.
func (t *Tx) InsertFloor(ctx context.Context, operator app.ID, f Floor, now time.Time) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO price_floors (organization_id, id, app, plan, currency, period, version, floor_minor, created_at)
		SELECT $1, $2, $3, $4, $5, $6, coalesce(max(version), 0) + 1, $7, $8 FROM price_floors
		WHERE organization_id = $1 AND app = $3 AND plan = $4 AND currency = $5 AND period = $6`,
		operator, app.NewID(), f.App, f.Plan, f.Amount.Currency, f.Interval, f.Amount.Minor, now)
	return classify(err)
}

// Floors returns the floors that hold for those below the operator; app "" is every app.
func (t *Tx) Floors(ctx context.Context, appID string) ([]Floor, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT DISTINCT ON (app, plan, currency, period) app, plan, period, currency, floor_minor, version FROM price_floors
		WHERE $1 = '' OR app = $1 ORDER BY app, plan, currency, period, version DESC`, appID)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (f Floor, err error) {
		return f, row.Scan(&f.App, &f.Plan, &f.Interval, &f.Amount.Currency, &f.Amount.Minor, &f.Version)
	})
}

// AnnounceDays returns how many days ahead a seller's subscribers are told of a price; 30 where it never said.
func (t *Tx) AnnounceDays(ctx context.Context, seller app.ID) (days int, err error) {
	err = t.tx.QueryRow(ctx, `SELECT coalesce((SELECT announce_days FROM price_settings WHERE organization_id = $1), 30)`, seller).Scan(&days)
	return days, classify(err)
}

// SetAnnounceDays keeps how many days ahead a seller's subscribers are told of a price.
func (t *Tx) SetAnnounceDays(ctx context.Context, seller app.ID, days int, now time.Time) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO price_settings (organization_id, announce_days, changed_at) VALUES ($1, $2, $3)
		ON CONFLICT (organization_id) DO UPDATE SET announce_days = $2, changed_at = $3`, seller, days, now)
	return classify(err)
}
