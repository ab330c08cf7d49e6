package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

const stepColumns = `organization_id, id, operation_id, service_id, resource_id, kind, position, action, depends_on, state, attempts,
	message, raw_error, progress, under_way, started_at, ended_at, next_at`

func scanStep(row pgx.CollectableRow) (app.Step, error) {
	var s app.Step
	var started, ended, next *time.Time
	err := row.Scan(&s.Organization, &s.ID, &s.Operation, &s.Service, &s.Resource, &s.Kind, &s.Position, &s.Action, &s.DependsOn,
		&s.State, &s.Attempts, &s.Message, &s.RawError, &s.Progress, &s.UnderWay, &started, &ended, &next)
	s.StartedAt, s.EndedAt, s.NextAt = value(started), value(ended), value(next)
	return s, err
}

func (t *Tx) steps(ctx context.Context, operations []app.ID) (map[app.ID][]app.Step, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+stepColumns+` FROM steps WHERE operation_id = ANY ($1) ORDER BY operation_id, position`, operations)
	if err != nil {
		return nil, classify(err)
	}
	steps, err := pgx.CollectRows(rows, scanStep)
	if err != nil {
		return nil, classify(err)
	}
	byOperation := make(map[app.ID][]app.Step, len(operations))
	for _, s := range steps {
		byOperation[s.Operation] = append(byOperation[s.Operation], s)
	}
	return byOperation, nil
}

// StepOwner returns the operation that the step belongs to, or NotFound.
func (t *Tx) StepOwner(ctx context.Context, step app.ID) (app.ID, error) {
	var operation app.ID
	err := t.tx.QueryRow(ctx, `SELECT operation_id FROM steps WHERE id = $1`, step).Scan(&operation)
	return operation, classify(err)
}

// StepJobID returns the job that runs the step, 0 when none has begun.
func (t *Tx) StepJobID(ctx context.Context, step app.ID) (int64, error) {
	var job int64
	err := t.tx.QueryRow(ctx, `SELECT job_id FROM steps WHERE id = $1`, step).Scan(&job)
	return job, classify(err)
}

// SaveStep stores a step after checking that it may go to its new state. job is the job that runs it, 0 to leave that alone.
func (t *Tx) SaveStep(ctx context.Context, before app.StepState, s app.Step, job int64) error {
	if before != s.State {
		if err := before.To(s.State); err != nil {
			return err
		}
	}
	_, err := t.tx.Exec(ctx, `
		UPDATE steps SET state = $2, attempts = $3, message = $4, raw_error = $5, started_at = $6, ended_at = $7, next_at = $8,
			job_id = CASE WHEN $9 = 0 THEN job_id ELSE $9 END, under_way = $10
		WHERE id = $1`,
		s.ID, s.State, s.Attempts, s.Message, s.RawError, optionalTime(s.StartedAt), optionalTime(s.EndedAt), optionalTime(s.NextAt), job, s.UnderWay)
	return classify(err)
}

// BusyElsewhere reports whether a step of another operation of the service is running at this moment.
func (t *Tx) BusyElsewhere(ctx context.Context, service, operation app.ID) (bool, error) {
	var busy bool
	err := t.tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT 1 FROM steps WHERE service_id = $1 AND operation_id <> $2 AND state = 'running')`, service, operation).
		Scan(&busy)
	return busy, classify(err)
}

// AppendProgress adds a guest's line to its step; only the newest hundred are kept.
func (t *Tx) AppendProgress(ctx context.Context, step app.ID, line string) error {
	_, err := t.tx.Exec(ctx, `
		UPDATE steps SET progress = (progress || $2::text)[greatest(1, cardinality(progress) - 98):] WHERE id = $1`, step, line)
	return classify(err)
}

func optionalTime(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
