package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
)

// BankLineState is what became of a line of a statement.
type BankLineState string

// The states of a line.
const (
	BankLineOpen   BankLineState = "open"
	BankLineBooked BankLineState = "booked"
	BankLineAside  BankLineState = "set aside" // it is no payment of a customer
)

// BankLine is a line of a seller's bank statement. Amount is negative where money left.
type BankLine struct {
	ID         app.ID
	Seller     app.ID
	IBAN       string // of the seller's account
	Reference  string // the bank's
	Statement  string
	Booked     billing.Date
	Amount     billing.Money
	Party      string
	PartyIBAN  string
	Remittance string
	State      BankLineState
}

// InsertBankLine keeps a line, and reports whether it is a new one.
func (t *Tx) InsertBankLine(ctx context.Context, l BankLine, now time.Time) (bool, error) {
	tag, err := t.tx.Exec(ctx, `
		INSERT INTO bank_lines (organization_id, id, iban, reference, statement, booked_on, currency, amount_minor, party, party_iban, remittance, state, imported_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT ON CONSTRAINT bank_lines_once DO NOTHING`,
		l.Seller, l.ID, l.IBAN, l.Reference, l.Statement, l.Booked.UTC(), l.Amount.Currency, l.Amount.Minor, l.Party, l.PartyIBAN, l.Remittance, l.State, now)
	return tag.RowsAffected() == 1, classify(err)
}

const bankLineColumns = `organization_id, id, iban, reference, statement, booked_on, currency, amount_minor, party, party_iban, remittance, state`

func scanBankLine(row pgx.CollectableRow) (BankLine, error) {
	var l BankLine
	var booked time.Time
	err := row.Scan(&l.Seller, &l.ID, &l.IBAN, &l.Reference, &l.Statement, &booked, &l.Amount.Currency, &l.Amount.Minor, &l.Party, &l.PartyIBAN, &l.Remittance, &l.State)
	l.Booked = dateOf(&booked)
	return l, err
}

// OpenBankLines returns a page of the lines that nobody has settled yet, the oldest first.
func (t *Tx) OpenBankLines(ctx context.Context, seller, after app.ID, limit int) ([]BankLine, error) {
	rows, err := t.tx.Query(ctx, `SELECT `+bankLineColumns+` FROM bank_lines WHERE organization_id = $1 AND state = 'open' AND id > $2 ORDER BY id LIMIT $3`, seller, after, limit)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, scanBankLine)
	return all, classify(err)
}

// LockBankLine returns a line, and keeps everybody else from settling it until the transaction ends.
func (t *Tx) LockBankLine(ctx context.Context, seller, id app.ID) (BankLine, error) {
	rows, err := t.tx.Query(ctx, `SELECT `+bankLineColumns+` FROM bank_lines WHERE organization_id = $1 AND id = $2 FOR UPDATE`, seller, id)
	if err != nil {
		return BankLine{}, classify(err)
	}
	l, err := pgx.CollectExactlyOneRow(rows, scanBankLine)
	return l, classify(err)
}

// SettleBankLine keeps what became of a line; customer is whom it was booked for, the zero ID for nobody.
func (t *Tx) SettleBankLine(ctx context.Context, l BankLine, state BankLineState, customer app.ID, now time.Time) error {
	_, err := t.tx.Exec(ctx, `UPDATE bank_lines SET state = $3, customer_id = $4, settled_at = $5 WHERE organization_id = $1 AND id = $2`,
		l.Seller, l.ID, state, optional(customer), now)
	return classify(err)
}

// Claim is an invoice of a seller, as a payment is matched with it.
type Claim struct {
	Invoice      app.ID
	Number       string
	Customer     app.ID
	CustomerName string
	Reference    string // structured, as it stands on the invoice
	Open         billing.Money
}

const claimColumns = `
	SELECT i.id, i.number, i.buyer_id, o.name, coalesce(i.document -> 'payment' ->> 'reference', ''), i.currency,
		i.gross_minor - coalesce((SELECT sum(x.amount_minor) FROM allocations x WHERE x.invoice_id = i.id), 0)::bigint
	FROM invoices i JOIN organizations o ON o.id = i.buyer_id
	WHERE i.seller_id = $1 AND i.kind = 'invoice'`

func scanClaim(row pgx.CollectableRow) (Claim, error) {
	var c Claim
	err := row.Scan(&c.Invoice, &c.Number, &c.Customer, &c.CustomerName, &c.Reference, &c.Open.Currency, &c.Open.Minor)
	return c, err
}

// ClaimsNumbered returns a seller's invoices whose numbers, without their dashes, are among those given.
func (t *Tx) ClaimsNumbered(ctx context.Context, seller app.ID, compact []string) ([]Claim, error) {
	return t.claims(ctx, claimColumns+` AND replace(upper(i.number), '-', '') = ANY ($2)`, seller, compact)
}

// ClaimsOpen returns a seller's open invoices of one of these amounts, in minor units, in a currency.
func (t *Tx) ClaimsOpen(ctx context.Context, seller app.ID, currency string, amounts []int64) ([]Claim, error) {
	return t.claims(ctx, `SELECT * FROM (`+claimColumns+` AND i.currency = $2) c (id, number, buyer, name, reference, currency, open) WHERE open = ANY ($3)`,
		seller, currency, amounts)
}

func (t *Tx) claims(ctx context.Context, sql string, args ...any) ([]Claim, error) {
	rows, err := t.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, scanClaim)
	return all, classify(err)
}

// PartyAccounts returns which customer paid from each of these account numbers before. A number that several paid from is left out.
func (t *Tx) PartyAccounts(ctx context.Context, seller app.ID, ibans []string) (map[string]app.ID, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT party_iban, min(customer_id::text)::uuid FROM bank_lines
		WHERE organization_id = $1 AND state = 'booked' AND party_iban <> '' AND party_iban = ANY ($2) AND customer_id IS NOT NULL
		GROUP BY party_iban HAVING count(DISTINCT customer_id) = 1`, seller, ibans)
	if err != nil {
		return nil, classify(err)
	}
	all := map[string]app.ID{}
	var iban string
	var customer app.ID
	_, err = pgx.ForEachRow(rows, []any{&iban, &customer}, func() error { all[iban] = customer; return nil })
	return all, classify(err)
}
