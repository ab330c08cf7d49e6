package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// PaymentAccount returns on which account at a provider a seller collects, or NotFound where it does not. The operator's is "".
func (t *Tx) PaymentAccount(ctx context.Context, seller app.ID, through string) (account string, err error) {
	err = t.tx.QueryRow(ctx, `SELECT account FROM payment_accounts WHERE organization_id = $1 AND through = $2`, seller, through).Scan(&account)
	return account, classify(err)
}

// PaymentAccounts returns every account at a provider, with its seller.
func (t *Tx) PaymentAccounts(ctx context.Context, through string) (map[string]app.ID, error) {
	rows, err := t.tx.Query(ctx, `SELECT account, organization_id FROM payment_accounts WHERE through = $1`, through)
	if err != nil {
		return nil, classify(err)
	}
	all := map[string]app.ID{}
	var account string
	var seller app.ID
	_, err = pgx.ForEachRow(rows, []any{&account, &seller}, func() error { all[account] = seller; return nil })
	return all, classify(err)
}

// SavePaymentAccount keeps on which account a seller collects; "" takes it away.
func (t *Tx) SavePaymentAccount(ctx context.Context, seller app.ID, through, account string, now time.Time) error {
	if account == "" {
		_, err := t.tx.Exec(ctx, `DELETE FROM payment_accounts WHERE organization_id = $1 AND through = $2`, seller, through)
		return classify(err)
	}
	_, err := t.tx.Exec(ctx, `
		INSERT INTO payment_accounts (organization_id, through, account, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (organization_id, through) DO UPDATE SET account = $3, created_at = $4`, seller, through, account, now)
	return classify(err)
}

// DropStandards keeps a seller's customers' saved ways to pay from being used any more: they belong to an account that it has left.
func (t *Tx) DropStandards(ctx context.Context, seller app.ID, through string, now time.Time) error {
	_, err := t.tx.Exec(ctx, `UPDATE payment_methods SET standard = false, removed_at = $3 WHERE seller_id = $1 AND through = $2 AND removed_at IS NULL`,
		seller, through, now)
	return classify(err)
}
