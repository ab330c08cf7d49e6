package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"allotment/app"
)

// look is a transaction that can change nothing. It begins with its first statement: where that is a batch, in the same round trip. PostgreSQL
// sees what it sees of every other transaction, only sooner.
type look struct {
	pgx.Tx // nil until it has begun
	conn   *pgxpool.Conn
	actor  app.Actor
}

const beginRead = "BEGIN READ ONLY"

// SendBatch sends a batch, after what begins the transaction if nothing has yet.
func (l *look) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	if l.Tx != nil {
		return l.Tx.SendBatch(ctx, batch)
	}
	whole := &pgx.Batch{}
	whole.BeginTx(pgx.TxOptions{BeginQuery: beginRead})
	settings := `SELECT set_config('allotment.organization', $1, true), set_config('allotment.person', $2, true)`
	if l.actor.Staff() {
		settings += `, set_config('role', 'allotment_operator', true)`
	}
	whole.Queue(settings, l.actor.Organization.String(), l.actor.User.String())
	whole.QueuedQueries = append(whole.QueuedQueries, batch.QueuedQueries...)
	results := l.conn.SendBatch(ctx, whole)
	l.Tx = results.Tx()
	return results
}

// Query runs one statement that returns rows.
func (l *look) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := l.begin(ctx); err != nil {
		return nil, err
	}
	return l.Tx.Query(ctx, sql, args...)
}

// QueryRow runs one statement that returns one row.
func (l *look) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if err := l.begin(ctx); err != nil {
		return failedRow{err}
	}
	return l.Tx.QueryRow(ctx, sql, args...)
}

// Exec runs one statement that returns nothing.
func (l *look) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if err := l.begin(ctx); err != nil {
		return pgconn.CommandTag{}, err
	}
	return l.Tx.Exec(ctx, sql, args...)
}

// Commit ends the transaction; one that has not begun needs no end.
func (l *look) Commit(ctx context.Context) error {
	if l.Tx == nil {
		return nil
	}
	return l.Tx.Commit(ctx)
}

// Rollback ends the transaction after an error.
func (l *look) Rollback(ctx context.Context) error {
	if l.Tx == nil {
		return nil
	}
	return l.Tx.Rollback(ctx)
}

func (l *look) begin(ctx context.Context) (err error) {
	if l.Tx == nil {
		l.Tx, err = begin(ctx, l.conn, l.actor, beginRead)
	}
	return err
}

// failedRow is the row of a statement that was not sent.
type failedRow struct{ err error }

// Scan returns why.
func (r failedRow) Scan(...any) error { return r.err }
