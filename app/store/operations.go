package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

func queueOperation(batch *pgx.Batch, o app.Operation, by string) {
	batch.Queue(`
		INSERT INTO operations (organization_id, id, service_id, kind, state, started_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		o.Organization, o.ID, o.Service, o.Kind, o.State, by, o.CreatedAt)
	for _, s := range o.Steps {
		batch.Queue(`
			INSERT INTO steps (organization_id, id, operation_id, service_id, resource_id, kind, position, action, depends_on, state)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			s.Organization, s.ID, o.ID, s.Service, s.Resource, s.Kind, s.Position, s.Action, s.DependsOn, s.State)
	}
}

// InsertOperation adds an operation with its steps. While another one runs on the service it is a Conflict.
func (t *Tx) InsertOperation(ctx context.Context, o app.Operation, by string) error {
	batch := &pgx.Batch{}
	queueOperation(batch, o, by)
	return classify(t.tx.SendBatch(ctx, batch).Close())
}

const operationColumns = `p.organization_id, p.id, p.service_id, p.kind, p.state, p.created_at, p.ended_at, s.name, s.host, s.app`

func scanOperation(row pgx.CollectableRow) (app.Operation, error) {
	var o app.Operation
	var ended *time.Time
	err := row.Scan(&o.Organization, &o.ID, &o.Service, &o.Kind, &o.State, &o.CreatedAt, &ended, &o.ServiceName, &o.ServiceHost, &o.App,
		&o.OrganizationName)
	o.EndedAt = value(ended)
	return o, err
}

const operationTables = ` FROM operations p JOIN services s ON s.id = p.service_id JOIN organizations o ON o.id = p.organization_id `

// Operation returns one operation with its steps, or NotFound.
func (t *Tx) Operation(ctx context.Context, id app.ID) (app.Operation, error) {
	return t.oneOperation(ctx, `WHERE p.id = $1`, id)
}

// LastOperation returns a service's newest operation with its steps, or NotFound.
func (t *Tx) LastOperation(ctx context.Context, service app.ID) (app.Operation, error) {
	return t.oneOperation(ctx, `WHERE p.service_id = $1 ORDER BY p.id DESC LIMIT 1`, service)
}

// LockOperation is Operation, and nobody else changes it until this transaction ends.
func (t *Tx) LockOperation(ctx context.Context, id app.ID) (app.Operation, error) {
	return t.oneOperation(ctx, `WHERE p.id = $1 FOR UPDATE OF p`, id)
}

func (t *Tx) oneOperation(ctx context.Context, where string, arg any) (app.Operation, error) {
	rows, err := t.tx.Query(ctx, `SELECT `+operationColumns+`, o.name`+operationTables+where, arg)
	if err != nil {
		return app.Operation{}, classify(err)
	}
	o, err := pgx.CollectExactlyOneRow(rows, scanOperation)
	if err != nil {
		return app.Operation{}, classify(err)
	}
	steps, err := t.steps(ctx, []app.ID{o.ID})
	o.Steps = steps[o.ID]
	return o, err
}

// OperationQuery selects a page of operations.
type OperationQuery struct {
	Text   string
	State  string
	Kind   string
	Only   app.ID // the one service; the zero ID for every one
	Before app.ID
	Limit  int
}

// Operations returns a page of operations with their steps, newest first, and how many there are in each state.
func (t *Tx) Operations(ctx context.Context, q OperationQuery) ([]app.Operation, map[app.OperationState]int, error) {
	scope, err := t.scope(ctx, "p.organization_id", app.ID{})
	if err != nil {
		return nil, nil, err
	}
	rows, err := t.tx.Query(ctx, `SELECT `+operationColumns+`, o.name`+operationTables+`
		WHERE `+scope+` AND ($1 = '00000000-0000-0000-0000-000000000000'::uuid OR p.id < $1)
		AND ($2 = '' OR s.name ILIKE '%' || $2 || '%' OR s.host ILIKE '%' || $2 || '%' OR o.name ILIKE '%' || $2 || '%')
		AND ($3 = '' OR p.state = $3)
		AND ($4 = '' OR p.kind = $4)
		AND ($5::uuid IS NULL OR p.service_id = $5)
		ORDER BY p.id DESC LIMIT $6`, q.Before, likeText(q.Text), q.State, q.Kind, optional(q.Only), q.Limit)
	if err != nil {
		return nil, nil, classify(err)
	}
	operations, err := pgx.CollectRows(rows, scanOperation)
	if err != nil {
		return nil, nil, classify(err)
	}
	ids := make([]app.ID, len(operations))
	for i := range operations {
		ids[i] = operations[i].ID
	}
	steps, err := t.steps(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	for i := range operations {
		operations[i].Steps = steps[operations[i].ID]
	}
	counts, err := t.operationCounts(ctx, scope)
	return operations, counts, err
}

func (t *Tx) operationCounts(ctx context.Context, scope string) (map[app.OperationState]int, error) {
	rows, err := t.tx.Query(ctx, `SELECT p.state, count(*) FROM operations p WHERE `+scope+` GROUP BY p.state`)
	if err != nil {
		return nil, classify(err)
	}
	counts := map[app.OperationState]int{}
	var state app.OperationState
	var n int
	_, err = pgx.ForEachRow(rows, []any{&state, &n}, func() error { counts[state] = n; return nil })
	return counts, classify(err)
}

// MoveOperation changes an operation's state if the state machine allows it. The caller holds its lock.
func (t *Tx) MoveOperation(ctx context.Context, o *app.Operation, next app.OperationState, now time.Time) error {
	if err := o.State.To(next); err != nil {
		return err
	}
	var ended *time.Time
	if next != app.OperationRunning {
		ended = &now
	}
	o.State, o.EndedAt = next, value(ended)
	_, err := t.tx.Exec(ctx, `UPDATE operations SET state = $2, ended_at = $3 WHERE id = $1`, o.ID, next, ended)
	return classify(err)
}
