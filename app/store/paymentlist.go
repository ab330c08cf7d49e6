package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
)

// PaymentLine is money that moved, as its seller's list shows it.
type PaymentLine struct {
	Payment
	CustomerName string
	Attempt      app.ID        // by which it came; the zero ID for none
	Refundable   billing.Money // what can go back the way it came; nothing where it came by bank
}

// PaymentQuery selects a page of a seller's payments, the newest first.
type PaymentQuery struct {
	Seller  app.ID
	Text    string      // part of the customer's name, the reference or the note
	Kind    PaymentKind // "" for all
	Through string      // "" for all
	Before  app.ID      // only IDs smaller than this one; the zero ID for the first page
	Limit   int
}

// SellerPayments returns a page of a seller's payments.
func (t *Tx) SellerPayments(ctx context.Context, q PaymentQuery) ([]PaymentLine, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT p.organization_id, p.id, p.seller_id, p.kind, p.through, p.reference, p.currency, p.amount_minor, p.paid_on, p.note, p.created_at, o.name, a.id,
			coalesce(a.amount_minor - (SELECT coalesce(sum(r.amount_minor), 0) FROM payment_attempts r
				WHERE r.organization_id = a.organization_id AND r.of_id = a.id AND r.state NOT IN ('failed', 'canceled')), 0)::bigint
		FROM payments p JOIN organizations o ON o.id = p.organization_id
		LEFT JOIN payment_attempts a ON p.kind = 'receipt' AND a.through = p.through AND a.reference = p.reference AND a.organization_id = p.organization_id
			AND a.kind IN ('charge', 'checkout')
		WHERE p.seller_id = $1 AND ($2::uuid IS NULL OR p.id < $2) AND ($3 = '' OR p.kind = $3) AND ($4 = '' OR p.through = $4)
		  AND ($5 = '' OR o.name ILIKE '%' || $5 || '%' OR p.reference ILIKE '%' || $5 || '%' OR p.note ILIKE '%' || $5 || '%')
		ORDER BY p.id DESC LIMIT $6`, q.Seller, optional(q.Before), string(q.Kind), q.Through, likeText(q.Text), q.Limit)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (PaymentLine, error) {
		var l PaymentLine
		var attempt *app.ID
		var paid time.Time
		err := row.Scan(&l.Customer, &l.ID, &l.Seller, &l.Kind, &l.Through, &l.Reference, &l.Amount.Currency, &l.Amount.Minor, &paid, &l.Note, &l.CreatedAt,
			&l.CustomerName, &attempt, &l.Refundable.Minor)
		l.PaidOn, l.Attempt, l.Refundable.Currency = dateOf(&paid), value(attempt), l.Amount.Currency
		return l, err
	})
	return all, classify(err)
}

// AttemptQuery selects a page of a seller's attempts, the newest first.
type AttemptQuery struct {
	Seller app.ID
	Text   string             // part of the customer's name or the invoice's number
	States []app.AttemptState // nil for all
	Unpaid bool               // only the newest of each invoice that is still open
	Before app.ID
	Limit  int
}

// unpaidAttempt is true of an attempt a that left its invoice open, with no other after it.
const unpaidAttempt = `EXISTS (SELECT FROM receivables c WHERE c.invoice_id = a.invoice_id AND c.open_minor > 0)
	AND NOT EXISTS (SELECT FROM payment_attempts l WHERE l.organization_id = a.organization_id AND l.invoice_id = a.invoice_id AND l.id > a.id AND l.state <> 'canceled')`

// CountFailing returns how many of a seller's open invoices could not be collected, or wait for the customer, at most most.
func (t *Tx) CountFailing(ctx context.Context, seller app.ID, most int) (n int, err error) {
	err = t.tx.QueryRow(ctx, `
		SELECT count(*) FROM (
			SELECT FROM payment_attempts a WHERE a.seller_id = $1 AND a.kind <> 'setup' AND a.state IN ('failed', 'requires_action') AND `+unpaidAttempt+` LIMIT $2) f`,
		seller, most).Scan(&n)
	return n, classify(err)
}

// SellerAttempts returns a page of a seller's attempts to collect money or send it back.
func (t *Tx) SellerAttempts(ctx context.Context, q AttemptQuery) ([]app.Attempt, error) {
	states := make([]string, 0, len(q.States))
	for _, s := range q.States {
		states = append(states, string(s))
	}
	rows, err := t.tx.Query(ctx, `
		SELECT `+attemptColumns+`, o.name, coalesce(i.number, '')
		FROM payment_attempts a JOIN organizations o ON o.id = a.organization_id LEFT JOIN invoices i ON i.id = a.invoice_id
		WHERE a.seller_id = $1 AND a.kind <> 'setup' AND ($2::uuid IS NULL OR a.id < $2) AND (cardinality($3::text[]) = 0 OR a.state = ANY ($3))
		  AND ($4 = '' OR o.name ILIKE '%' || $4 || '%' OR i.number ILIKE '%' || $4 || '%') AND (NOT $6 OR `+unpaidAttempt+`)
		ORDER BY a.id DESC LIMIT $5`, q.Seller, optional(q.Before), states, likeText(q.Text), q.Limit, q.Unpaid)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, scanNamedAttempt)
	return all, classify(err)
}
