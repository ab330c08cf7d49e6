package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

func queueEvent(batch *pgx.Batch, organization app.ID, e app.Event) {
	batch.Queue(`
		INSERT INTO events (organization_id, id, service_id, operation_id, step_id, at, actor, kind, message)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		organization, e.ID, e.Service, optional(e.Operation), optional(e.Step), e.At, e.Actor, e.Kind, e.Message)
}

// InsertEvent adds one line to a service's activity.
func (t *Tx) InsertEvent(ctx context.Context, organization app.ID, e app.Event) error {
	batch := &pgx.Batch{}
	queueEvent(batch, organization, e)
	return classify(t.tx.SendBatch(ctx, batch).Close())
}

// Events returns a service's newest activity.
func (t *Tx) Events(ctx context.Context, service app.ID, limit int) ([]app.Event, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT id, service_id, operation_id, step_id, at, actor, kind, message FROM events
		WHERE service_id = $1 ORDER BY id DESC LIMIT $2`, service, limit)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (app.Event, error) {
		var e app.Event
		var operation, step *app.ID
		err := row.Scan(&e.ID, &e.Service, &operation, &step, &e.At, &e.Actor, &e.Kind, &e.Message)
		e.Operation, e.Step = value(operation), value(step)
		return e, err
	})
}

func optional(id app.ID) *app.ID {
	if id == (app.ID{}) {
		return nil
	}
	return &id
}

func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
