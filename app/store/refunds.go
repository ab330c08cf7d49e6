package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// refunds are attempts to send money back, each with why, as its seller wrote it.
const refunds = `
	SELECT ` + attemptColumns + `, coalesce(p.note, '')
	FROM payment_attempts a LEFT JOIN payments p ON p.organization_id = a.organization_id AND p.seller_id = a.seller_id AND p.through = a.through
		AND p.kind = 'refund' AND p.reference = a.id::text
	WHERE a.kind = 'refund'`

// RefundsOf returns what of an attempt's money was sent back, or was to be, the newest first.
func (t *Tx) RefundsOf(ctx context.Context, of app.Attempt) ([]app.Attempt, error) {
	return t.refunds(ctx, refunds+` AND a.organization_id = $1 AND a.of_id = $2 ORDER BY a.id DESC LIMIT 100`, of.Customer, of.ID)
}

// RefundsFor returns what was sent back, or was to be, of the money that came in for an invoice, the newest first.
func (t *Tx) RefundsFor(ctx context.Context, invoice app.ID) ([]app.Attempt, error) {
	return t.refunds(ctx, refunds+`
		AND (a.organization_id, a.of_id) IN (SELECT o.organization_id, o.id FROM payment_attempts o WHERE o.invoice_id = $1) ORDER BY a.id DESC LIMIT 100`, invoice)
}

func (t *Tx) refunds(ctx context.Context, sql string, args ...any) ([]app.Attempt, error) {
	rows, err := t.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (app.Attempt, error) {
		return scanAttemptWith(row, func(a *app.Attempt) []any { return []any{&a.Note} })
	})
	return all, classify(err)
}

// UnbookedRefunds returns a seller's refunds that went out at the provider itself and are not in the books yet, the oldest first.
func (t *Tx) UnbookedRefunds(ctx context.Context, seller app.ID, limit int) ([]app.Attempt, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+attemptColumns+`, o.name, coalesce(i.number, '')
		FROM payment_attempts a JOIN organizations o ON o.id = a.organization_id
		LEFT JOIN payment_attempts of ON of.organization_id = a.organization_id AND of.id = a.of_id LEFT JOIN invoices i ON i.id = of.invoice_id
		WHERE a.seller_id = $1 AND a.kind = 'refund' AND a.state = 'succeeded' AND NOT a.posted ORDER BY a.id LIMIT $2`, seller, limit)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, scanNamedAttempt)
	return all, classify(err)
}
