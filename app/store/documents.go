package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/invoice"
)

// Document is an issued invoice or credit note as a list shows it.
type Document struct {
	ID         app.ID
	Seller     app.ID
	Buyer      app.ID
	SellerName string // as it stands on the document
	BuyerName  string
	Kind       invoice.Kind
	Number     string
	Issued     billing.Date
	Due        billing.Date // none of a credit note
	Gross      billing.Money
	Paid       billing.Money // with money or credit
	Credited   billing.Money // what credit notes took back
	State      app.InvoiceState
	Note       string // of a credit note: why, as its seller wrote it
}

// Open is what is left to pay.
func (d Document) Open() billing.Money {
	if d.Kind != invoice.Invoice || d.Paid.Minor >= d.Gross.Minor {
		return billing.Zero(d.Gross.Currency)
	}
	return billing.Money{Minor: d.Gross.Minor - d.Paid.Minor, Currency: d.Gross.Currency}
}

// DocumentQuery selects a page of documents, newest first: those that Seller sold, or those that Buyer bought, or what one sold to the other.
type DocumentQuery struct {
	Seller app.ID // the zero ID for any
	Buyer  app.ID
	Text   string // part of the number or the customer's name
	State  app.InvoiceState
	Year   int          // 0 for all
	Today  billing.Date // what was due before is late
	After  app.ID       // the last one of the page before
	Limit  int
}

const documentColumns = `
	SELECT d.id, d.seller_id, d.buyer_id, d.document #>> '{seller,name}', d.document #>> '{buyer,name}', d.kind, d.number, d.issued_on, d.due_on,
	       d.currency, d.gross_minor, d.paid, d.credited, d.state,
	       CASE WHEN d.kind = 'credit note' THEN coalesce(d.document ->> 'note', '') ELSE '' END
	FROM (
		SELECT i.*, a.paid, n.credited, CASE
			WHEN i.kind = 'credit note' THEN 'note'
			WHEN n.credited > 0 AND n.credited >= i.gross_minor THEN 'credited'
			WHEN a.paid >= i.gross_minor THEN 'paid'
			WHEN i.due_on < $1 THEN 'overdue'
			WHEN a.paid > 0 THEN 'part'
			ELSE 'open' END AS state
		FROM invoices i
		CROSS JOIN LATERAL (SELECT coalesce(sum(amount_minor), 0)::bigint AS paid FROM allocations WHERE invoice_id = i.id) a
		CROSS JOIN LATERAL (SELECT coalesce(sum(gross_minor), 0)::bigint AS credited FROM invoices WHERE corrects = i.id) n`

// Documents returns a page of issued documents.
func (t *Tx) Documents(ctx context.Context, q DocumentQuery) ([]Document, error) {
	rows, err := t.tx.Query(ctx, documentColumns+`
		WHERE ($2::uuid IS NULL OR i.seller_id = $2) AND ($3::uuid IS NULL OR i.buyer_id = $3)
		  AND ($4 = '' OR i.number ILIKE '%' || $4 || '%' OR EXISTS (SELECT 1 FROM organizations o WHERE o.id = i.buyer_id AND o.name ILIKE '%' || $4 || '%'))
		  AND ($5::date IS NULL OR i.issued_on >= $5 AND i.issued_on < $6)
		  AND ($7::uuid IS NULL OR (i.issued_on, i.id) < (SELECT k.issued_on, k.id FROM invoices k WHERE k.id = $7))
		ORDER BY i.issued_on DESC, i.id DESC) d
		WHERE $8 = '' OR d.state = $8 LIMIT $9`,
		q.Today.UTC(), optional(q.Seller), optional(q.Buyer), likeText(q.Text), firstDay(q.Year), firstDay(q.Year+1), optional(q.After), q.State, q.Limit)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, scanDocument)
}

// Document returns one issued document as a list shows it, or NotFound.
func (t *Tx) Document(ctx context.Context, id app.ID, today billing.Date) (Document, error) {
	rows, err := t.tx.Query(ctx, documentColumns+` WHERE i.id = $2) d`, today.UTC(), id)
	if err != nil {
		return Document{}, classify(err)
	}
	d, err := pgx.CollectExactlyOneRow(rows, scanDocument)
	return d, classify(err)
}

func scanDocument(row pgx.CollectableRow) (Document, error) {
	var d Document
	var issued time.Time
	var due *time.Time
	err := row.Scan(&d.ID, &d.Seller, &d.Buyer, &d.SellerName, &d.BuyerName, &d.Kind, &d.Number, &issued, &due,
		&d.Gross.Currency, &d.Gross.Minor, &d.Paid.Minor, &d.Credited.Minor, &d.State, &d.Note)
	d.Issued, d.Due = dateOf(&issued), dateOf(due)
	d.Paid.Currency, d.Credited.Currency = d.Gross.Currency, d.Gross.Currency
	return d, err
}

// firstDay is a year's, or NULL for a year that nobody asked for.
func firstDay(year int) *time.Time {
	if year <= 1 {
		return nil
	}
	return dateOrNull(billing.Date{Year: year, Month: time.January, Day: 1})
}

// DocumentYears returns the first and the last year in which a seller sold, or a buyer bought, something; 0 where there is nothing.
func (t *Tx) DocumentYears(ctx context.Context, seller, buyer app.ID) (first, last int, err error) {
	err = t.tx.QueryRow(ctx, `
		SELECT coalesce(extract(year FROM min(issued_on))::int, 0), coalesce(extract(year FROM max(issued_on))::int, 0) FROM invoices
		WHERE ($1::uuid IS NULL OR seller_id = $1) AND ($2::uuid IS NULL OR buyer_id = $2)`, optional(seller), optional(buyer)).Scan(&first, &last)
	return first, last, classify(err)
}

// Settlement is a part of an invoice that was paid, or that a bank took back: then it is negative.
type Settlement struct {
	At     time.Time
	Amount billing.Money
}

// Settlements returns what paid an invoice, the oldest first.
func (t *Tx) Settlements(ctx context.Context, id app.ID) ([]Settlement, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT a.created_at, a.amount_minor, i.currency FROM allocations a JOIN invoices i ON i.id = a.invoice_id WHERE i.id = $1 ORDER BY a.created_at, a.id`, id)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Settlement, error) {
		var s Settlement
		err := row.Scan(&s.At, &s.Amount.Minor, &s.Amount.Currency)
		return s, err
	})
}
