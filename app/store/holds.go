package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// PutHold notes a reason why a service is stopped, and reports whether it is a new one: the same kind twice is the first.
func (t *Tx) PutHold(ctx context.Context, organization app.ID, h app.Hold) (bool, error) {
	tag, err := t.tx.Exec(ctx, `
		INSERT INTO holds (organization_id, id, service_id, kind, reason, put_by, put_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (service_id, kind) WHERE released_at IS NULL DO NOTHING`, organization, h.ID, h.Service, string(h.Kind), h.Reason, h.PutBy, h.PutAt)
	return tag.RowsAffected() == 1, classify(err)
}

// ReleaseHold takes a hold off, and reports whether there was one.
func (t *Tx) ReleaseHold(ctx context.Context, service app.ID, kind app.HoldKind, by string, now time.Time) (bool, error) {
	tag, err := t.tx.Exec(ctx, `
		UPDATE holds SET released_by = $3, released_at = $4 WHERE service_id = $1 AND kind = $2 AND released_at IS NULL`, service, string(kind), by, now)
	return tag.RowsAffected() == 1, classify(err)
}

// Holds returns the reasons why a service is stopped, the oldest first.
func (t *Tx) Holds(ctx context.Context, service app.ID) ([]app.Hold, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT id, service_id, kind, reason, put_by, put_at FROM holds WHERE service_id = $1 AND released_at IS NULL ORDER BY put_at, id`, service)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (app.Hold, error) {
		var h app.Hold
		err := row.Scan(&h.ID, &h.Service, &h.Kind, &h.Reason, &h.PutBy, &h.PutAt)
		return h, err
	})
}

// LockService keeps everybody else from changing a service's state and holds until the transaction ends.
func (t *Tx) LockService(ctx context.Context, id app.ID) error {
	var found app.ID
	return classify(t.tx.QueryRow(ctx, `SELECT id FROM services WHERE id = $1 FOR UPDATE`, id).Scan(&found))
}

// Unaligned returns services that run although they are held, or stand although they are not, and nothing is being done about it.
func (t *Tx) Unaligned(ctx context.Context, limit int) ([]app.Service, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+serviceColumns+`, o.name FROM services s JOIN organizations o ON o.id = s.organization_id
		WHERE (s.state <> 'suspended') = EXISTS (SELECT 1 FROM holds h WHERE h.service_id = s.id AND h.released_at IS NULL)
		  AND s.state IN ('active', 'suspended', 'changing')
		  AND NOT EXISTS (SELECT 1 FROM operations p WHERE p.service_id = s.id AND p.state = 'running')
		ORDER BY s.id LIMIT $1`, limit)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, scanService)
}

// ServicesOfAccount returns a customer's living services that a seller sold it in a currency.
func (t *Tx) ServicesOfAccount(ctx context.Context, seller, customer app.ID, currency string) ([]app.ID, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT s.id FROM services s JOIN subscriptions u ON u.organization_id = s.organization_id AND u.service_id = s.id
		WHERE u.seller_id = $1 AND s.organization_id = $2 AND u.currency = $3 AND s.terminated_at IS NULL ORDER BY s.id`, seller, customer, currency)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[app.ID])
}
