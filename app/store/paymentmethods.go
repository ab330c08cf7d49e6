package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

const methodColumns = `organization_id, id, seller_id, through, reference, kind, brand, last4, expires, standard, created_at`

func scanMethod(row pgx.CollectableRow) (app.Method, error) {
	var m app.Method
	err := row.Scan(&m.Customer, &m.ID, &m.Seller, &m.Through, &m.Reference, &m.Kind, &m.Brand, &m.Last4, &m.Expires, &m.Standard, &m.CreatedAt)
	return m, err
}

// Methods returns a customer's saved ways to pay a seller, the standard one first.
func (t *Tx) Methods(ctx context.Context, seller, customer app.ID) ([]app.Method, error) {
	rows, err := t.tx.Query(ctx, `SELECT `+methodColumns+` FROM payment_methods
		WHERE seller_id = $1 AND organization_id = $2 AND removed_at IS NULL ORDER BY standard DESC, id`, seller, customer)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, scanMethod)
	return all, classify(err)
}

// Method returns a saved way to pay, or NotFound where it was removed.
func (t *Tx) Method(ctx context.Context, id app.ID) (app.Method, error) {
	rows, err := t.tx.Query(ctx, `SELECT `+methodColumns+` FROM payment_methods WHERE id = $1 AND removed_at IS NULL`, id)
	if err != nil {
		return app.Method{}, classify(err)
	}
	m, err := pgx.CollectExactlyOneRow(rows, scanMethod)
	return m, classify(err)
}

// AddMethod keeps a way to pay in a seller's account at a provider, and reports whether it is a new one. The first is the standard.
func (t *Tx) AddMethod(ctx context.Context, account string, m app.Method) (bool, error) {
	tag, err := t.tx.Exec(ctx, `
		INSERT INTO payment_methods (organization_id, id, seller_id, through, account, reference, kind, brand, last4, expires, standard, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
			NOT EXISTS (SELECT FROM payment_methods WHERE organization_id = $1 AND seller_id = $3 AND standard), $11)
		ON CONFLICT ON CONSTRAINT payment_methods_once DO NOTHING`,
		m.Customer, m.ID, m.Seller, m.Through, account, m.Reference, m.Kind, m.Brand, m.Last4, m.Expires, m.CreatedAt)
	return tag.RowsAffected() == 1, classify(err)
}

// SetStandard makes a way to pay the one by which invoices are collected.
func (t *Tx) SetStandard(ctx context.Context, m app.Method) error {
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE payment_methods SET standard = false WHERE organization_id = $1 AND seller_id = $2 AND standard AND id <> $3`, m.Customer, m.Seller, m.ID)
	batch.Queue(`UPDATE payment_methods SET standard = true WHERE organization_id = $1 AND id = $2 AND removed_at IS NULL`, m.Customer, m.ID)
	return classify(t.tx.SendBatch(ctx, batch).Close())
}

// RemoveMethod forgets a way to pay. Another one, the newest, takes its place as the standard.
func (t *Tx) RemoveMethod(ctx context.Context, m app.Method, now time.Time) error {
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE payment_methods SET removed_at = $3, standard = false WHERE organization_id = $1 AND id = $2 AND removed_at IS NULL`, m.Customer, m.ID, now)
	if m.Standard {
		batch.Queue(`UPDATE payment_methods SET standard = true WHERE id = (SELECT id FROM payment_methods
			WHERE organization_id = $1 AND seller_id = $2 AND removed_at IS NULL ORDER BY id DESC LIMIT 1)`, m.Customer, m.Seller)
	}
	return classify(t.tx.SendBatch(ctx, batch).Close())
}

// MethodOf returns the way to pay that a provider knows by its ID in a seller's account, or NotFound where there is none or it was removed.
func (t *Tx) MethodOf(ctx context.Context, through, account, reference string) (app.Method, error) {
	rows, err := t.tx.Query(ctx, `SELECT `+methodColumns+` FROM payment_methods
		WHERE through = $1 AND account = $2 AND reference = $3 AND removed_at IS NULL`, through, account, reference)
	if err != nil {
		return app.Method{}, classify(err)
	}
	m, err := pgx.CollectExactlyOneRow(rows, scanMethod)
	return m, classify(err)
}

// ProviderCustomer returns a customer as the provider of a seller knows it, with a Reference where it has one, for the pages of the provider.
func (t *Tx) ProviderCustomer(ctx context.Context, a app.Attempt) (app.ProviderCustomer, error) {
	c := app.ProviderCustomer{Organization: a.Customer}
	err := t.tx.QueryRow(ctx, `
		SELECT coalesce(p.party ->> 'name', o.name), coalesce(p.party ->> 'email', ''), coalesce(c.reference, '')
		FROM organizations o LEFT JOIN billing_profiles p ON p.organization_id = o.id
		LEFT JOIN payment_customers c ON c.organization_id = o.id AND c.seller_id = $2 AND c.through = $3 AND c.account = $4
		WHERE o.id = $1`, a.Customer, a.Seller, a.Through, a.Account).Scan(&c.Name, &c.Email, &c.Reference)
	return c, classify(err)
}

// SaveProviderCustomer keeps by which ID the provider of a seller knows a customer. The first stays.
func (t *Tx) SaveProviderCustomer(ctx context.Context, a app.Attempt, reference string) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO payment_customers (organization_id, seller_id, through, account, reference) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		a.Customer, a.Seller, a.Through, a.Account, reference)
	return classify(err)
}

// CountMethods returns how many ways to pay a seller's customers have saved at a provider.
func (t *Tx) CountMethods(ctx context.Context, seller app.ID, through string) (n int, err error) {
	err = t.tx.QueryRow(ctx, `SELECT count(*) FROM payment_methods WHERE seller_id = $1 AND through = $2 AND removed_at IS NULL`, seller, through).Scan(&n)
	return n, classify(err)
}

// ReplaceProviderCustomer keeps by which other ID the provider of a seller knows a customer, whom it did not know any more by the one before.
func (t *Tx) ReplaceProviderCustomer(ctx context.Context, a app.Attempt, before, reference string) error {
	_, err := t.tx.Exec(ctx, `
		UPDATE payment_customers SET reference = $6 WHERE organization_id = $1 AND seller_id = $2 AND through = $3 AND account = $4 AND reference = $5`,
		a.Customer, a.Seller, a.Through, a.Account, before, reference)
	return classify(err)
}
