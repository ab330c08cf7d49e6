package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/invoice"
	"allotment/billing/ledger"
)

// PaymentKind is which way money went.
type PaymentKind string

// The kinds.
const (
	PaymentIn   PaymentKind = "receipt"
	PaymentBack PaymentKind = "refund"
	Chargeback  PaymentKind = "chargeback" // the customer's bank took it back
)

// Payment is money that moved. Through and Reference name it once and for all: the same one twice is a Conflict.
type Payment struct {
	ID        app.ID
	Customer  app.ID
	Seller    app.ID
	Kind      PaymentKind
	Through   string // the bank or provider
	Reference string // the provider's ID of it
	Amount    billing.Money
	PaidOn    billing.Date
	Note      string
	CreatedAt time.Time
	For       app.ID        // the invoice that it is meant for, which comes first; the zero ID for the oldest. It is not kept
	Fee       billing.Money // that the provider kept of it; no currency for none. It is posted, and not kept with the payment
}

// LockAccount returns the account of a customer with a seller in a currency, and keeps everybody else away from it until the transaction
// ends. It is made where there is none.
func (t *Tx) LockAccount(ctx context.Context, seller, customer app.ID, currency string) (id app.ID, err error) {
	err = t.tx.QueryRow(ctx, `
		INSERT INTO billing_accounts (organization_id, seller_id, currency) VALUES ($1, $2, $3)
		ON CONFLICT (seller_id, organization_id, currency) DO UPDATE SET currency = EXCLUDED.currency RETURNING id`, customer, seller, currency).Scan(&id)
	return id, classify(err)
}

// InsertPayment writes money that moved.
func (t *Tx) InsertPayment(ctx context.Context, p Payment) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO payments (organization_id, id, seller_id, kind, through, reference, currency, amount_minor, paid_on, note, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		p.Customer, p.ID, p.Seller, string(p.Kind), p.Through, p.Reference, p.Amount.Currency, p.Amount.Minor, p.PaidOn.UTC(), p.Note, p.CreatedAt)
	return classify(err)
}

// PaymentKnown reports whether money that moved was noted already.
func (t *Tx) PaymentKnown(ctx context.Context, p Payment) (bool, error) {
	var known bool
	err := t.tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM payments WHERE seller_id = $1 AND through = $2 AND kind = $3 AND reference = $4)`,
		p.Seller, p.Through, string(p.Kind), p.Reference).Scan(&known)
	return known, classify(err)
}

// InsertEntries posts entries that the owner made.
func (t *Tx) InsertEntries(ctx context.Context, owner app.ID, list ...ledger.Entry) error {
	var entries, postings columns
	if err := addEntries(&entries, &postings, owner, list); err != nil || entries == nil {
		return err
	}
	batch := &pgx.Batch{}
	queueLedger(batch, entries, postings)
	return classify(t.tx.SendBatch(ctx, batch).Close())
}

// Credit is what the seller owes the customer in the currency: overpayments and credit notes that were not used yet.
func (t *Tx) Credit(ctx context.Context, seller, customer app.ID, currency string) (billing.Money, error) {
	credit := billing.Zero(currency)
	err := t.tx.QueryRow(ctx, `
		SELECT coalesce(-sum(amount_minor), 0)::bigint FROM ledger_postings
		WHERE organization_id = $1 AND account = 'credit' AND party = $2::uuid::text AND currency = $3`, seller, customer, currency).Scan(&credit.Minor)
	return credit, classify(err)
}

// OpenInvoices returns what is left to pay of a customer's invoices by a seller in a currency. Invoice is the document's ID.
func (t *Tx) OpenInvoices(ctx context.Context, seller, customer app.ID, currency string) ([]ledger.Open, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT i.id, i.due_on, i.gross_minor - coalesce(sum(a.amount_minor), 0)::bigint
		FROM invoices i LEFT JOIN allocations a ON a.invoice_id = i.id
		WHERE i.seller_id = $1 AND i.buyer_id = $2 AND i.currency = $3 AND i.kind = 'invoice'
		GROUP BY i.id HAVING i.gross_minor > coalesce(sum(a.amount_minor), 0) ORDER BY i.due_on, i.id`, seller, customer, currency)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (ledger.Open, error) {
		var id app.ID
		var due time.Time
		o := ledger.Open{Amount: billing.Zero(currency)}
		err := row.Scan(&id, &due, &o.Amount.Minor)
		o.Invoice, o.Due = id.String(), dateOf(&due)
		return o, err
	})
}

// Allocated returns what paid a customer's invoices, the newest first, as it stands after what was taken back.
func (t *Tx) Allocated(ctx context.Context, seller, customer app.ID, currency string) ([]ledger.Paid, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT i.id, sum(a.amount_minor)::bigint
		FROM invoices i JOIN allocations a ON a.invoice_id = i.id
		WHERE i.seller_id = $1 AND i.buyer_id = $2 AND i.currency = $3
		GROUP BY i.id HAVING sum(a.amount_minor) > 0 ORDER BY max(a.created_at) DESC, i.id DESC`, seller, customer, currency)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (ledger.Paid, error) {
		var id app.ID
		p := ledger.Paid{Amount: billing.Zero(currency)}
		err := row.Scan(&id, &p.Amount.Minor)
		p.Invoice = id.String()
		return p, err
	})
}

// InsertAllocation writes what of a customer's credit pays an invoice; a negative amount takes it back. It returns the row's ID.
func (t *Tx) InsertAllocation(ctx context.Context, customer app.ID, paid ledger.Paid, now time.Time) (app.ID, error) {
	document, err := app.ParseID(paid.Invoice)
	if err != nil {
		return app.ID{}, err
	}
	id := app.NewID()
	_, err = t.tx.Exec(ctx, `INSERT INTO allocations (organization_id, id, invoice_id, amount_minor, created_at) VALUES ($1, $2, $3, $4, $5)`,
		customer, id, document, paid.Amount.Minor, now)
	return id, classify(err)
}

// Issued is an issued document with whose it is.
type Issued struct {
	ID       app.ID
	Seller   app.ID
	Buyer    app.ID
	Corrects app.ID
	Document invoice.Document
}

// scanIssued reads id, seller_id, buyer_id, corrects and document, and what else the query asked for.
func scanIssued(row pgx.CollectableRow, more ...any) (Issued, error) {
	var i Issued
	var corrects *app.ID
	var document []byte
	if err := row.Scan(append([]any{&i.ID, &i.Seller, &i.Buyer, &corrects, &document}, more...)...); err != nil {
		return i, err
	}
	i.Corrects = value(corrects)
	if err := json.Unmarshal(document, &i.Document); err != nil {
		return i, fmt.Errorf("invoice %s: %w", i.ID, err)
	}
	return i, nil
}

// Invoice returns an issued document that the actor may see, with the credit notes that correct it, or NotFound.
func (t *Tx) Invoice(ctx context.Context, id app.ID) (Issued, []Issued, error) {
	rows, err := t.tx.Query(ctx, `SELECT id, seller_id, buyer_id, corrects, document FROM invoices WHERE id = $1 OR corrects = $1 ORDER BY (id = $1) DESC, id`, id)
	if err != nil {
		return Issued{}, nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Issued, error) { return scanIssued(row) })
	if err != nil {
		return Issued{}, nil, classify(err)
	}
	if len(all) == 0 || all[0].ID != id {
		return Issued{}, nil, app.Errorf(app.NotFound, "There is nothing at this address.")
	}
	return all[0], all[1:], nil
}

// Dunned is an account that dunning looks at: how far it has come, and its oldest open claim.
type Dunned struct {
	ID       app.ID
	Seller   app.ID
	Customer app.ID
	Currency string
	State    ledger.State
	Policy   ledger.Policy
	Zone     string
}

// DunningDue returns accounts after one of them that have an invoice which is past its day, or a stage to leave, in the order of their IDs. One
// that has ended leaves its stage when nothing is past its day any more.
func (t *Tx) DunningDue(ctx context.Context, day billing.Date, after app.ID, limit int) ([]Dunned, error) {
	rows, err := t.tx.Query(ctx, dunnedColumns+`
		WHERE a.id > $2 AND (a.stage NOT IN ('clear', 'ended') OR (a.stage = 'clear') = EXISTS (
			SELECT 1 FROM receivables r WHERE r.seller_id = a.seller_id AND r.buyer_id = a.organization_id AND r.currency = a.currency
				AND r.open_minor > 0 AND r.due_on < $1))
		ORDER BY a.id LIMIT $3`, day.UTC(), after, limit)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, scanDunned)
}

const dunnedColumns = `
	SELECT a.id, a.seller_id, a.organization_id, a.currency, a.stage, a.since, s.dunning, s.zone
	FROM billing_accounts a JOIN seller_terms s ON s.organization_id = a.seller_id`

func scanDunned(row pgx.CollectableRow) (Dunned, error) {
	var d Dunned
	var since *time.Time
	var policy []byte
	if err := row.Scan(&d.ID, &d.Seller, &d.Customer, &d.Currency, &d.State.Stage, &since, &policy, &d.Zone); err != nil {
		return d, err
	}
	d.State.Since = dateOf(since)
	if err := json.Unmarshal(policy, &d.Policy); err != nil {
		return d, fmt.Errorf("dunning of %s: %w", d.Seller, err)
	}
	return d, nil
}

// LockDunned returns an account as dunning sees it, and keeps everybody else away from it until the transaction ends.
func (t *Tx) LockDunned(ctx context.Context, id app.ID) (Dunned, error) {
	rows, err := t.tx.Query(ctx, dunnedColumns+` WHERE a.id = $1 FOR UPDATE OF a`, id)
	if err != nil {
		return Dunned{}, classify(err)
	}
	d, err := pgx.CollectExactlyOneRow(rows, scanDunned)
	return d, classify(err)
}

// DunnedAccount returns an account as dunning sees it, or NotFound where there is none.
func (t *Tx) DunnedAccount(ctx context.Context, seller, customer app.ID, currency string) (Dunned, error) {
	rows, err := t.tx.Query(ctx, dunnedColumns+` WHERE a.seller_id = $1 AND a.organization_id = $2 AND a.currency = $3`, seller, customer, currency)
	if err != nil {
		return Dunned{}, classify(err)
	}
	d, err := pgx.CollectExactlyOneRow(rows, scanDunned)
	return d, classify(err)
}

// SaveDunning keeps how far an account has come.
func (t *Tx) SaveDunning(ctx context.Context, d Dunned) error {
	_, err := t.tx.Exec(ctx, `UPDATE billing_accounts SET stage = $3, since = $4 WHERE organization_id = $1 AND id = $2`,
		d.Customer, d.ID, string(d.State.Stage), dateOrNull(d.State.Since))
	return classify(err)
}
