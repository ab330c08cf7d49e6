package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"allotment/app"
)

// ExportJob asks a worker to make an export. It carries IDs and nothing else.
type ExportJob struct {
	Organization app.ID `json:"organization"`
	Export       app.ID `json:"export"`
}

// Kind names the job for the queue.
func (ExportJob) Kind() string { return "export" }

// InsertOpts: a job is taken up again after each crash of its worker; the export's own row counts how often.
func (ExportJob) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 10_000, Queue: ExportQueue}
}

// ExportQueue keeps long exports from standing in the way of steps and mails.
const ExportQueue = "exports"

// Snapshot runs fn in one transaction that can change nothing and sees the books of one moment throughout, however long it reads.
func (s *Store) Snapshot(ctx context.Context, actor app.Actor, fn func(*Tx) error) error {
	return s.inTenant(ctx, actor, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", fn)
}

const exportColumns = `x.organization_id, x.id, x.side, x.kind, x.first_day, x.last_day, x.settings, x.language, x.state, x.attempt, x.tries, x.done, x.total, x.size,
	x.message, x.raw_error, x.started_by, x.started_by_name, x.created_at, x.started_at, x.ended_at, x.expires_at`

func scanExport(row pgx.CollectableRow) (app.Export, error) {
	var e app.Export
	var first, last time.Time
	var settings []byte
	var by *app.ID
	var started, ended, expires *time.Time
	err := row.Scan(&e.Organization, &e.ID, &e.Side, &e.Kind, &first, &last, &settings, &e.Language, &e.State, &e.Attempt, &e.Tries, &e.Done, &e.Total, &e.Size,
		&e.Message, &e.RawError, &by, &e.StartedByName, &e.CreatedAt, &started, &ended, &expires)
	if err != nil {
		return e, err
	}
	if by != nil {
		e.StartedBy = *by
	}
	e.First, e.Last = dateOf(&first), dateOf(&last)
	e.StartedAt, e.EndedAt, e.ExpiresAt = value(started), value(ended), value(expires)
	if err := json.Unmarshal(settings, &e.Settings); err != nil {
		return e, fmt.Errorf("export %s: %w", e.ID, err)
	}
	return e, nil
}

// InsertExport adds an export, and a job for one that waits.
func (t *Tx) InsertExport(ctx context.Context, e app.Export) error {
	settings, err := json.Marshal(e.Settings)
	if err != nil || e.Settings == nil {
		settings = []byte(`{}`)
	}
	_, err = t.tx.Exec(ctx, `
		INSERT INTO exports (organization_id, id, side, kind, first_day, last_day, settings, language, started_by, started_by_name, created_at, state)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		e.Organization, e.ID, e.Side, e.Kind, e.First.UTC(), e.Last.UTC(), settings, e.Language, optional(e.StartedBy), e.StartedByName, e.CreatedAt, e.State)
	if err != nil || e.State != app.ExportQueued {
		return classify(err)
	}
	return t.EnqueueExport(ctx, e)
}

// EnqueueExport puts a job for the export into the queue.
func (t *Tx) EnqueueExport(ctx context.Context, e app.Export) error {
	job := river.InsertManyParams{Args: ExportJob{Organization: e.Organization, Export: e.ID}}
	if _, err := t.store.jobs.InsertManyFastTx(ctx, t.tx, []river.InsertManyParams{job}); err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	return nil
}

// Exports returns a page of the acting organization's own exports of a side ("" for both), newest first.
func (t *Tx) Exports(ctx context.Context, side app.ExportSide, before app.ID, limit int) ([]app.Export, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+exportColumns+` FROM exports x
		WHERE x.organization_id = $1 AND ($2 = '' OR x.side = $2) AND ($3::uuid IS NULL OR x.id < $3) ORDER BY x.id DESC LIMIT $4`,
		t.actor.Organization, side, optional(before), limit)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, scanExport)
}

// OwnExport returns one of the acting organization's own exports, or NotFound.
func (t *Tx) OwnExport(ctx context.Context, id app.ID) (app.Export, error) {
	return t.export(ctx, id, "")
}

// LockExport is OwnExport; nobody else changes it until this transaction ends.
func (t *Tx) LockExport(ctx context.Context, id app.ID) (app.Export, error) {
	return t.export(ctx, id, "FOR UPDATE")
}

func (t *Tx) export(ctx context.Context, id app.ID, lock string) (app.Export, error) {
	rows, err := t.tx.Query(ctx, `SELECT `+exportColumns+` FROM exports x WHERE x.organization_id = $1 AND x.id = $2 `+lock, t.actor.Organization, id)
	if err != nil {
		return app.Export{}, classify(err)
	}
	e, err := pgx.CollectExactlyOneRow(rows, scanExport)
	return e, classify(err)
}

// CountExports returns how many of the acting organization's exports wait or are being made.
func (t *Tx) CountExports(ctx context.Context) (n int, err error) {
	err = t.tx.QueryRow(ctx, `SELECT count(*) FROM exports WHERE organization_id = $1 AND state IN ('queued', 'running')`, t.actor.Organization).Scan(&n)
	return n, classify(err)
}

// SaveExport keeps where an export stands, and tells those who follow it.
func (t *Tx) SaveExport(ctx context.Context, e app.Export) error {
	_, err := t.tx.Exec(ctx, `
		UPDATE exports SET state = $3, attempt = $4, done = $5, total = $6, size = $7, message = $8, raw_error = $9, started_at = $10, ended_at = $11, expires_at = $12, tries = $13
		WHERE organization_id = $1 AND id = $2`,
		e.Organization, e.ID, e.State, e.Attempt, e.Done, e.Total, e.Size, e.Message, e.RawError, moment(e.StartedAt), moment(e.EndedAt), moment(e.ExpiresAt), e.Tries)
	if err != nil {
		return classify(err)
	}
	return t.notifyExport(ctx, e)
}

// SaveExportProgress keeps how far an attempt is; false when it is not the one that counts any more.
func (t *Tx) SaveExportProgress(ctx context.Context, e app.Export) (bool, error) {
	tag, err := t.tx.Exec(ctx, `
		UPDATE exports SET done = $4, total = $5 WHERE organization_id = $1 AND id = $2 AND attempt = $3 AND state = 'running'`,
		e.Organization, e.ID, e.Attempt, e.Done, e.Total)
	if err != nil || tag.RowsAffected() == 0 {
		return false, classify(err)
	}
	return true, t.notifyExport(ctx, e)
}

func (t *Tx) notifyExport(ctx context.Context, e app.Export) error {
	return t.Notify(ctx, app.Operation{Organization: e.Organization, ID: e.ID})
}

// DeleteExport forgets an export, with what it took of invoices to collect.
func (t *Tx) DeleteExport(ctx context.Context, e app.Export) error {
	if _, err := t.tx.Exec(ctx, `DELETE FROM exports WHERE organization_id = $1 AND id = $2`, e.Organization, e.ID); err != nil {
		return classify(err)
	}
	return t.notifyExport(ctx, e)
}

// StaleExports returns exports of all organizations whose files are to be dropped: for staff.
func (t *Tx) StaleExports(ctx context.Context, now time.Time, limit int) ([]app.Export, error) {
	rows, err := t.tx.Query(ctx, `SELECT `+exportColumns+` FROM exports x WHERE x.state = 'done' AND x.expires_at <= $1 ORDER BY x.expires_at LIMIT $2`, now, limit)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, scanExport)
}

// LivingExports returns which of these IDs are exports that have a file or are getting one: for staff.
func (t *Tx) LivingExports(ctx context.Context, ids []app.ID) (map[app.ID]bool, error) {
	rows, err := t.tx.Query(ctx, `SELECT id FROM exports WHERE id = ANY ($1) AND state IN ('queued', 'running', 'done')`, ids)
	if err != nil {
		return nil, classify(err)
	}
	living := map[app.ID]bool{}
	var id app.ID
	_, err = pgx.ForEachRow(rows, []any{&id}, func() error { living[id] = true; return nil })
	return living, classify(err)
}
