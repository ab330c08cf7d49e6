package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// NewVisit is a stay in a customer's name that begins.
type NewVisit struct {
	ID       app.ID
	Customer app.ID
	Reason   string
	Begins   time.Time
	Ends     time.Time
}

// BeginVisit makes the actor's session act in a customer's name until the visit ends.
func (t *Tx) BeginVisit(ctx context.Context, v NewVisit) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO impersonations (organization_id, id, user_id, user_name, seller_id, seller_name, reason, started_at, ends_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		v.Customer, v.ID, t.actor.User, t.actor.Name, t.actor.Organization, t.actor.OrganizationName, v.Reason, v.Begins, v.Ends)
	if err != nil {
		return classify(err)
	}
	return t.changeOne(ctx, `UPDATE sessions SET impersonation_id = $2 WHERE id = $1`, t.actor.Session, v.ID)
}

// EndVisit ends a visit of the acting organization. One that has ended is NotFound.
func (t *Tx) EndVisit(ctx context.Context, id app.ID, now time.Time) error {
	return t.changeOne(ctx, `
		UPDATE impersonations SET ended_at = $3, end_noted = true WHERE organization_id = $1 AND id = $2 AND ended_at IS NULL AND ends_at > $3`, t.actor.Organization, id, now)
}

// OverVisit is a visit whose end nobody has written down: its time was over, or its session has ended.
type OverVisit struct {
	Organization app.ID
	ID           app.ID
	User         app.ID
	UserName     string
	SellerName   string
	EndedAt      time.Time
}

// TakeOverVisits returns up to limit visits that are over and whose end is not in the audit log, each once, by organization. Whoever takes them
// writes that row in the same transaction.
func (t *Tx) TakeOverVisits(ctx context.Context, now time.Time, limit int) ([]OverVisit, error) {
	rows, err := t.tx.Query(ctx, `
		WITH over AS (
			SELECT organization_id, id FROM impersonations WHERE NOT end_noted AND least(coalesce(ended_at, ends_at), ends_at) <= $1
			ORDER BY ends_at LIMIT $2 FOR UPDATE SKIP LOCKED),
		noted AS (
			UPDATE impersonations i SET end_noted = true FROM over WHERE i.organization_id = over.organization_id AND i.id = over.id
			RETURNING i.organization_id, i.id, i.user_id, i.user_name, i.seller_name, least(coalesce(i.ended_at, i.ends_at), i.ends_at))
		SELECT * FROM noted ORDER BY 1, 2`, now, limit)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[OverVisit])
	return all, classify(err)
}

// LeaveVisit makes the actor's session their own again.
func (t *Tx) LeaveVisit(ctx context.Context) error {
	return t.changeOne(ctx, `UPDATE sessions SET impersonation_id = NULL WHERE id = $1`, t.actor.Session)
}

// Visits returns who acts in the acting organization's name at a moment, at most twenty.
func (t *Tx) Visits(ctx context.Context, now time.Time) ([]app.Visit, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT id, user_name, seller_name, reason, started_at, ends_at FROM impersonations
		WHERE organization_id = $1 AND ended_at IS NULL AND ends_at > $2 ORDER BY id LIMIT 20`, t.actor.Organization, now)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[app.Visit])
}
