package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/cycle"
)

// Trade is what a reseller owes its parent and was not asked for yet, net.
type Trade struct {
	Parent   app.ID
	Reseller app.ID
	Pending  billing.Money
}

const pending = `
	SELECT s.organization_id, s.party::uuid AS reseller, s.currency, sum(s.amount_minor)::bigint - coalesce((
		SELECT sum(b.net_minor) FROM wholesale_bills b
		WHERE b.organization_id = s.organization_id AND b.reseller_id = s.party::uuid AND b.currency = s.currency AND b.issued_on >= $1), 0)::bigint AS minor
	FROM ledger_sums s WHERE s.account = 'unbilled' AND s.month < $1`

// Trades returns what every reseller was sold in the months before one and was not asked for yet. Where its parent has asked it for the month
// before already, what came later waits for the next.
func (t *Tx) Trades(ctx context.Context, before billing.Date) ([]Trade, error) {
	return t.trades(ctx, `WITH p AS (`+pending+` GROUP BY 1, s.party, 3)
		SELECT p.organization_id, p.reseller, p.currency, p.minor FROM p
		WHERE p.minor > 0 AND NOT EXISTS (SELECT 1 FROM wholesale_bills b
			WHERE b.organization_id = p.organization_id AND b.reseller_id = p.reseller AND b.currency = p.currency AND b.month = ($1::date - interval '1 month')::date)
		ORDER BY 1, 2, 3`, before.UTC())
}

// Trade is Trades of one parent, reseller and currency; nothing is pending where none is found.
func (t *Tx) Trade(ctx context.Context, parent, reseller app.ID, currency string, before billing.Date) (Trade, error) {
	all, err := t.Trades(ctx, before)
	for _, one := range all {
		if one.Parent == parent && one.Reseller == reseller && one.Pending.Currency == currency {
			return one, err
		}
	}
	return Trade{Parent: parent, Reseller: reseller, Pending: billing.Zero(currency)}, err
}

func (t *Tx) trades(ctx context.Context, sql string, args ...any) ([]Trade, error) {
	rows, err := t.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Trade, error) {
		var one Trade
		err := row.Scan(&one.Parent, &one.Reseller, &one.Pending.Currency, &one.Pending.Minor)
		return one, err
	})
	return all, classify(err)
}

// soldBetween are the wholesale legs of a parent and a reseller within a period, with what was charged. A leg that was taken back has no charge.
const soldBetween = `
	FROM ledger_postings p
	JOIN ledger_entries e ON e.id = p.entry_id AND e.kind = 'sold'
	LEFT JOIN charges c ON c.id = split_part(e.source, ' ', 1)::uuid
	LEFT JOIN subscriptions s ON s.organization_id = c.organization_id AND s.id = c.subscription_id
	WHERE p.organization_id = $1 AND p.account = 'unbilled' AND p.party = $2::uuid::text AND p.currency = $3 AND p.posted_on >= $4 AND p.posted_on < $5`

// Sold returns what a reseller's customers were charged for in a period, at the reseller's own prices, by the name of it.
func (t *Tx) Sold(ctx context.Context, parent, reseller app.ID, currency string, month billing.Period) ([]cycle.Sold, error) {
	rows, err := t.tx.Query(ctx, `SELECT coalesce(s.name, ''), count(*), sum(p.amount_minor)::bigint `+soldBetween+` GROUP BY 1 ORDER BY 1`,
		parent, reseller, currency, month.Start.UTC(), month.End.UTC())
	if err != nil {
		return nil, classify(err)
	}
	sold, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (cycle.Sold, error) {
		one := cycle.Sold{Amount: billing.Zero(currency)}
		err := row.Scan(&one.Name, &one.Count, &one.Amount.Minor)
		return one, err
	})
	return sold, classify(err)
}

// InsertWholesaleBill notes that a reseller's month is invoiced; a second time is refused.
func (t *Tx) InsertWholesaleBill(ctx context.Context, issue Issue, month billing.Date) error {
	d := issue.Document
	_, err := t.tx.Exec(ctx, `
		INSERT INTO wholesale_bills (organization_id, reseller_id, month, currency, invoice_id, issued_on, net_minor) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		issue.Seller, issue.Buyer, month.UTC(), d.Currency, issue.ID, d.Issued.UTC(), d.Net.Minor)
	return classify(err)
}

// AccountFor locks a customer's account with a seller and returns it, without subscriptions. It is made where there is none.
func (t *Tx) AccountFor(ctx context.Context, seller, customer app.ID, currency string) (Account, error) {
	id, err := t.LockAccount(ctx, seller, customer, currency)
	if err != nil {
		return Account{}, err
	}
	rows, err := t.tx.Query(ctx, `SELECT `+accountColumns+` FROM billing_accounts a `+accountJoins+` WHERE a.organization_id = $1 AND a.id = $2`, customer, id)
	if err != nil {
		return Account{}, classify(err)
	}
	a, err := pgx.CollectExactlyOneRow(rows, scanAccount)
	return a, classify(err)
}

// IsWholesale reports whether an issued document asks a reseller for what was sold wholesale.
func (t *Tx) IsWholesale(ctx context.Context, id app.ID) (wholesale bool, err error) {
	err = t.tx.QueryRow(ctx, `SELECT wholesale FROM invoices WHERE id = $1`, id).Scan(&wholesale)
	return wholesale, classify(err)
}
