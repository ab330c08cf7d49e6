package store

import (
	"context"
	"time"

	"allotment/app"
)

// ProviderLine is a line of a seller's account at a payment provider.
type ProviderLine struct {
	app.Movement
	Seller  app.ID
	Through string
	Account string
}

// InsertProviderLine keeps a line, and reports whether it is a new one.
func (t *Tx) InsertProviderLine(ctx context.Context, l ProviderLine) (bool, error) {
	tag, err := t.tx.Exec(ctx, `
		INSERT INTO provider_lines (organization_id, id, through, account, reference, source, payment, kind, currency, amount_minor, fee_minor, happened_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT ON CONSTRAINT provider_lines_once DO NOTHING`,
		l.Seller, app.NewID(), l.Through, l.Account, l.ID, l.Reference, l.Payment, l.Kind, l.Amount.Currency, l.Amount.Minor, l.Fee.Minor, l.At)
	return tag.RowsAffected() == 1, classify(err)
}

// NewestProviderLine is when the newest line of an account that is kept happened; the zero time for none.
func (t *Tx) NewestProviderLine(ctx context.Context, seller app.ID, through, account string) (time.Time, error) {
	var at *time.Time
	err := t.tx.QueryRow(ctx, `SELECT max(happened_at) FROM provider_lines WHERE organization_id = $1 AND through = $2 AND account = $3`, seller, through, account).Scan(&at)
	return value(at), classify(err)
}

// providerBalances is what is left of a seller's account at a provider by its lines, and by the books, for each currency. What a person set aside counts on
// neither side.
const providerBalances = `
	SELECT currency, sum(theirs)::bigint AS theirs, sum(ours)::bigint AS ours FROM (
		SELECT currency, amount_minor - fee_minor, 0 FROM provider_lines WHERE organization_id = $1 AND through = $2 AND aside_at IS NULL
		UNION ALL SELECT currency, 0, amount_minor FROM ledger_postings WHERE organization_id = $1 AND account = 'cash' AND party = $2
	) both_sides (currency, theirs, ours) GROUP BY currency`

// MoneyUnderWay reports whether some of a seller's payments or refunds have left one side and are not at the other yet.
func (t *Tx) MoneyUnderWay(ctx context.Context, seller app.ID, through string) (bool, error) {
	var on bool
	err := t.tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM payment_attempts WHERE seller_id = $1 AND through = $2
			AND (state = 'processing' OR state = 'created' AND kind IN ('charge', 'refund')))`, seller, through).Scan(&on)
	return on, classify(err)
}

// SetProviderLinesAside says of all lines of one thing that moved money that it is no customer's, and reports whether there were any.
func (t *Tx) SetProviderLinesAside(ctx context.Context, seller app.ID, through, source, note string, now time.Time) (bool, error) {
	tag, err := t.tx.Exec(ctx, `
		UPDATE provider_lines SET aside_at = $4, note = $5 WHERE organization_id = $1 AND through = $2 AND source = $3 AND aside_at IS NULL`,
		seller, through, source, now, note)
	return tag.RowsAffected() > 0, classify(err)
}
