package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"allotment/app"
	"allotment/billing"
)

const attemptColumns = `a.organization_id, a.id, a.seller_id, a.through, a.account, a.kind, a.invoice_id, a.method_id, a.of_id, a.nth, a.currency,
	a.amount_minor, a.state, a.reference, a.page, a.why, a.hard, a.keep, a.posted, a.created_at, a.changed_at`

func scanAttempt(row pgx.CollectableRow) (app.Attempt, error) {
	return scanAttemptWith(row, func(*app.Attempt) []any { return nil })
}

// scanNamedAttempt reads an attempt behind whose columns the customer's name and the invoice's number stand.
func scanNamedAttempt(row pgx.CollectableRow) (app.Attempt, error) {
	return scanAttemptWith(row, func(a *app.Attempt) []any { return []any{&a.CustomerName, &a.Number} })
}

func scanAttemptWith(row pgx.CollectableRow, more func(*app.Attempt) []any) (app.Attempt, error) {
	var a app.Attempt
	into, done := attemptTargets(&a)
	err := row.Scan(append(into, more(&a)...)...)
	done()
	return a, err
}

// attemptTargets are where the columns of an attempt go; done fills in what may be NULL.
func attemptTargets(a *app.Attempt) (into []any, done func()) {
	var invoice, method, of *app.ID
	into = []any{&a.Customer, &a.ID, &a.Seller, &a.Through, &a.Account, &a.Kind, &invoice, &method, &of, &a.Nth, &a.Amount.Currency, &a.Amount.Minor,
		&a.State, &a.Reference, &a.Page, &a.Why, &a.Hard, &a.Keep, &a.Posted, &a.CreatedAt, &a.ChangedAt}
	return into, func() { a.Invoice, a.Method, a.Of = value(invoice), value(method), value(of) }
}

// InsertAttempt writes a new attempt.
func (t *Tx) InsertAttempt(ctx context.Context, a app.Attempt) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO payment_attempts (organization_id, id, seller_id, through, account, kind, invoice_id, method_id, of_id, nth, currency, amount_minor,
			state, keep, posted, created_at, changed_at, checked_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16, $16)`,
		a.Customer, a.ID, a.Seller, a.Through, a.Account, a.Kind, optional(a.Invoice), optional(a.Method), optional(a.Of), a.Nth, a.Amount.Currency,
		a.Amount.Minor, a.State, a.Keep, a.Posted, a.CreatedAt)
	return classify(err)
}

// Attempt returns an attempt, or NotFound.
func (t *Tx) Attempt(ctx context.Context, id app.ID) (app.Attempt, error) {
	return t.attempt(ctx, `SELECT `+attemptColumns+` FROM payment_attempts a WHERE a.id = $1`, id)
}

// LockAttempt is Attempt, and keeps everybody else from changing it until the transaction ends.
func (t *Tx) LockAttempt(ctx context.Context, id app.ID) (app.Attempt, error) {
	return t.attempt(ctx, `SELECT `+attemptColumns+` FROM payment_attempts a WHERE a.id = $1 FOR NO KEY UPDATE`, id)
}

// AttemptOf returns the attempt of a seller's account whose money a provider knows by its ID, or NotFound.
func (t *Tx) AttemptOf(ctx context.Context, through, account, reference string) (app.Attempt, error) {
	return t.attempt(ctx, `SELECT `+attemptColumns+` FROM payment_attempts a WHERE a.through = $1 AND a.account = $2 AND a.reference = $3`,
		through, account, reference)
}

func (t *Tx) attempt(ctx context.Context, sql string, args ...any) (app.Attempt, error) {
	rows, err := t.tx.Query(ctx, sql, args...)
	if err != nil {
		return app.Attempt{}, classify(err)
	}
	a, err := pgx.CollectExactlyOneRow(rows, scanAttempt)
	return a, classify(err)
}

// SaveAttempt keeps how far an attempt is.
func (t *Tx) SaveAttempt(ctx context.Context, a app.Attempt, now time.Time) error {
	_, err := t.tx.Exec(ctx, `
		UPDATE payment_attempts SET state = $3, reference = $4, page = $5, why = $6, hard = $7, posted = $8, changed_at = $9, checked_at = $10
		WHERE organization_id = $1 AND id = $2`, a.Customer, a.ID, a.State, a.Reference, a.Page, a.Why, a.Hard, a.Posted, a.ChangedAt, now)
	return classify(err)
}

// Charges returns how often an invoice was collected, the newest first.
func (t *Tx) Charges(ctx context.Context, invoice app.ID) ([]app.Attempt, error) {
	return t.attempts(ctx, `SELECT `+attemptColumns+` FROM payment_attempts a WHERE a.invoice_id = $1 AND a.kind = 'charge' ORDER BY a.nth DESC`, invoice)
}

// PaidThere reports whether an invoice was paid through the provider once, whatever became of the money since.
func (t *Tx) PaidThere(ctx context.Context, invoice app.ID) (paid bool, err error) {
	err = t.tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM payment_attempts a WHERE a.invoice_id = $1 AND a.kind IN ('charge', 'checkout') AND a.state = 'succeeded')`, invoice).Scan(&paid)
	return paid, classify(err)
}

// AttemptsFor returns every attempt to pay an invoice, the newest first.
func (t *Tx) AttemptsFor(ctx context.Context, invoice app.ID) ([]app.Attempt, error) {
	return t.attempts(ctx, `SELECT `+attemptColumns+` FROM payment_attempts a WHERE a.invoice_id = $1 ORDER BY a.id DESC LIMIT 50`, invoice)
}

// WaitingAttempts returns attempts after one of them of which something may still come and which nobody has looked at since a time, in the order
// of their IDs.
func (t *Tx) WaitingAttempts(ctx context.Context, before time.Time, after app.ID, limit int) ([]app.Attempt, error) {
	return t.attempts(ctx, `
		SELECT `+attemptColumns+` FROM payment_attempts a
		WHERE a.state IN ('created', 'processing', 'requires_action') AND a.checked_at <= $1 AND a.id > $2 ORDER BY a.id LIMIT $3`, before, after, limit)
}

func (t *Tx) attempts(ctx context.Context, sql string, args ...any) ([]app.Attempt, error) {
	rows, err := t.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, scanAttempt)
	return all, classify(err)
}

// Given is how much of an attempt's money was sent back, or is to be.
func (t *Tx) Given(ctx context.Context, of app.Attempt) (billing.Money, error) {
	sum := billing.Zero(of.Amount.Currency)
	err := t.tx.QueryRow(ctx, `
		SELECT coalesce(sum(amount_minor), 0)::bigint FROM payment_attempts
		WHERE organization_id = $1 AND of_id = $2 AND kind = 'refund' AND state NOT IN ('failed', 'canceled')`, of.Customer, of.ID).Scan(&sum.Minor)
	return sum, classify(err)
}

// PaymentProcessing reports whether a customer's payment to a seller is on its way. What waits for a person is not.
func (t *Tx) PaymentProcessing(ctx context.Context, seller, customer app.ID, currency string) (bool, error) {
	var on bool
	err := t.tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM payment_attempts WHERE organization_id = $2 AND seller_id = $1 AND currency = $3 AND kind IN ('charge', 'checkout')
			AND (state = 'processing' OR state = 'created' AND kind = 'charge'))`, seller, customer, currency).Scan(&on)
	return on, classify(err)
}

// Chargeable is an unpaid invoice that is to be collected by its customer's saved way to pay.
type Chargeable struct {
	Invoice  app.ID
	Seller   app.ID
	Customer app.ID
	Currency string
	Due      billing.Date
	Zone     string
}

// Chargeables returns invoices after one of them that are due by a day, are open, have a customer with a standard way to pay and are not being
// collected, in the order of their IDs.
func (t *Tx) Chargeables(ctx context.Context, through string, day billing.Date, after app.ID, limit int) ([]Chargeable, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT r.invoice_id, r.seller_id, r.buyer_id, r.currency, r.due_on, s.zone
		FROM payment_methods m
		JOIN receivables r ON r.seller_id = m.seller_id AND r.buyer_id = m.organization_id AND r.open_minor > 0
		JOIN seller_terms s ON s.organization_id = r.seller_id
		WHERE m.standard AND m.through = $1 AND r.due_on <= $2 AND r.invoice_id > $3
		  AND NOT EXISTS (SELECT FROM payment_attempts a WHERE a.invoice_id = r.invoice_id AND a.kind IN ('charge', 'checkout') AND a.state IN ('processing', 'succeeded'))
		  AND NOT EXISTS (SELECT FROM payment_attempts a WHERE a.invoice_id = r.invoice_id AND a.kind = 'charge' AND a.state = 'created')
		ORDER BY r.invoice_id LIMIT $4`, through, day.UTC(), after, limit)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Chargeable, error) {
		var c Chargeable
		var due time.Time
		err := row.Scan(&c.Invoice, &c.Seller, &c.Customer, &c.Currency, &due, &c.Zone)
		c.Due = dateOf(&due)
		return c, err
	})
}

// OpenAmount is what is left to pay of an invoice.
func (t *Tx) OpenAmount(ctx context.Context, invoice app.ID) (billing.Money, error) {
	var m billing.Money
	err := t.tx.QueryRow(ctx, `
		SELECT i.currency, i.gross_minor - coalesce((SELECT sum(x.amount_minor) FROM allocations x WHERE x.invoice_id = i.id), 0)::bigint
		FROM invoices i WHERE i.id = $1 AND i.kind = 'invoice'`, invoice).Scan(&m.Currency, &m.Minor)
	return m, classify(err)
}

// PaymentJob asks a worker to carry out one attempt. It carries IDs and nothing else.
type PaymentJob struct {
	Organization app.ID `json:"organization"`
	Attempt      app.ID `json:"attempt"`
}

// Kind names the job for the queue.
func (PaymentJob) Kind() string { return "payment" }

// InsertOpts: an attempt is repeatable, so the number of tries is not what ends it.
func (PaymentJob) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 10_000} }

// EnqueuePayment has an attempt carried out once the transaction commits.
func (t *Tx) EnqueuePayment(ctx context.Context, a app.Attempt) error {
	return t.enqueue(ctx, PaymentJob{Organization: a.Customer, Attempt: a.ID})
}

func (t *Tx) enqueue(ctx context.Context, job river.JobArgs) error {
	if _, err := t.store.jobs.InsertManyFastTx(ctx, t.tx, []river.InsertManyParams{{Args: job}}); err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	return nil
}
