package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
)

const mandateColumns = `m.id, m.organization_id, m.customer_id, coalesce(o.name, ''), coalesce(o.slug, ''), m.reference, m.holder, m.iban, m.bic, m.signed_on, m.sequence,
	(SELECT count(*) FROM debits d WHERE d.organization_id = m.organization_id AND d.mandate_id = m.id), m.created_at, m.revoked_at`

func scanMandate(row pgx.CollectableRow) (app.Mandate, error) {
	var m app.Mandate
	var signed time.Time
	var revoked *time.Time
	err := row.Scan(&m.ID, &m.Seller, &m.Customer, &m.CustomerName, &m.CustomerSlug, &m.Reference, &m.Holder, &m.IBAN, &m.BIC, &signed, &m.Sequence, &m.Used, &m.CreatedAt, &revoked)
	m.Signed, m.RevokedAt = dateOf(&signed), value(revoked)
	return m, err
}

// Mandates returns a page of the acting organization's own mandates, newest first: those of customers whose name, reference or account has
// the text in it.
func (t *Tx) Mandates(ctx context.Context, text string, before app.ID, limit int) ([]app.Mandate, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+mandateColumns+` FROM mandates m LEFT JOIN organizations o ON o.id = m.customer_id
		WHERE m.organization_id = $1 AND ($2::uuid IS NULL OR m.id < $2)
			AND ($3 = '' OR o.name ILIKE '%' || $3 || '%' OR m.reference ILIKE '%' || $3 || '%' OR m.holder ILIKE '%' || $3 || '%' OR m.iban ILIKE '%' || replace($3, ' ', '') || '%')
		ORDER BY m.id DESC LIMIT $4`, t.actor.Organization, optional(before), likeText(text), limit)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, scanMandate)
}

// InsertMandate adds a mandate of one of the acting organization's own customers. A reference that another has, and a second one of a
// customer, are a Conflict.
func (t *Tx) InsertMandate(ctx context.Context, m app.Mandate) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO mandates (organization_id, id, customer_id, reference, holder, iban, bic, signed_on, sequence, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		m.Seller, m.ID, m.Customer, m.Reference, m.Holder, m.IBAN, m.BIC, m.Signed.UTC(), m.Sequence, m.CreatedAt)
	return classify(err)
}

// LockMandate returns one of the acting organization's own mandates, or NotFound; nobody else changes it until this transaction ends.
func (t *Tx) LockMandate(ctx context.Context, id app.ID) (app.Mandate, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+mandateColumns+` FROM mandates m LEFT JOIN organizations o ON o.id = m.customer_id
		WHERE m.organization_id = $1 AND m.id = $2 FOR UPDATE OF m`, t.actor.Organization, id)
	if err != nil {
		return app.Mandate{}, classify(err)
	}
	m, err := pgx.CollectExactlyOneRow(rows, scanMandate)
	return m, classify(err)
}

// RevokeMandate ends a mandate: nothing more is collected by it.
func (t *Tx) RevokeMandate(ctx context.Context, id app.ID, now time.Time) error {
	_, err := t.tx.Exec(ctx, `UPDATE mandates SET revoked_at = $3 WHERE organization_id = $1 AND id = $2`, t.actor.Organization, id, now)
	return classify(err)
}

// CustomerBySlug returns the acting organization's own customer with a short name, or NotFound.
func (t *Tx) CustomerBySlug(ctx context.Context, slug string) (id app.ID, name string, err error) {
	err = t.tx.QueryRow(ctx, `SELECT id, name FROM organizations WHERE slug = $1 AND parent_id = $2`, slug, t.actor.Organization).Scan(&id, &name)
	return id, name, classify(err)
}

// Collectable is an open invoice of a customer with a mandate.
type Collectable struct {
	Invoice   app.ID
	Number    string
	Reference string // structured, where the invoice has one
	Open      billing.Money
	Mandate   app.Mandate
}

// Collectables returns the acting organization's open invoices in EUR, issued on some days, of customers with a mandate: those that are not
// in a file yet, or whose payment the bank has taken back since.
func (t *Tx) Collectables(ctx context.Context, days billing.Period) ([]Collectable, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT i.id, i.number, coalesce(i.document #>> '{payment,reference}', ''), i.gross_minor - coalesce(a.paid, 0), `+mandateColumns+`
		FROM invoices i
		JOIN mandates m ON m.organization_id = i.seller_id AND m.customer_id = i.buyer_id AND m.revoked_at IS NULL
		LEFT JOIN organizations o ON o.id = m.customer_id
		LEFT JOIN LATERAL (SELECT sum(amount_minor)::bigint AS paid, max(created_at) FILTER (WHERE amount_minor < 0) AS back FROM allocations WHERE invoice_id = i.id) a ON true
		WHERE i.seller_id = $1 AND i.kind = 'invoice' AND i.currency = 'EUR' AND i.issued_on >= $2 AND i.issued_on < $3
			AND i.gross_minor > coalesce(a.paid, 0)
			AND NOT EXISTS (SELECT 1 FROM debits d WHERE d.invoice_id = i.id AND d.organization_id = i.seller_id AND (a.back IS NULL OR d.created_at >= a.back))
			AND (m.sequence <> 'OOFF' OR NOT EXISTS (SELECT 1 FROM debits d WHERE d.organization_id = m.organization_id AND d.mandate_id = m.id))
		ORDER BY i.issued_on, i.id`, t.actor.Organization, days.Start.UTC(), days.End.UTC())
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Collectable, error) {
		c := Collectable{Open: billing.Zero("EUR")}
		var signed time.Time
		var revoked *time.Time
		m := &c.Mandate
		err := row.Scan(&c.Invoice, &c.Number, &c.Reference, &c.Open.Minor, &m.ID, &m.Seller, &m.Customer, &m.CustomerName, &m.CustomerSlug, &m.Reference, &m.Holder, &m.IBAN,
			&m.BIC, &signed, &m.Sequence, &m.Used, &m.CreatedAt, &revoked)
		m.Signed = dateOf(&signed)
		return c, err
	})
	return all, classify(err)
}

// Debit is an invoice in a debit file.
type Debit struct {
	Invoice app.ID
	Mandate app.ID
	Amount  billing.Money
	Collect billing.Date
}

// InsertDebits keeps what an export put into a debit file. An invoice that another file took in the meantime is a Conflict.
func (t *Tx) InsertDebits(ctx context.Context, export app.Export, debits []Debit, now time.Time) error {
	if len(debits) == 0 {
		return nil
	}
	if _, err := t.tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('debits ' || $1::uuid, 0))`, export.Organization); err != nil {
		return classify(err)
	}
	var c columns
	ids := make([]app.ID, 0, len(debits))
	for _, d := range debits {
		c.add(d.Invoice, d.Mandate, d.Amount.Minor, d.Collect.UTC())
		ids = append(ids, d.Invoice)
	}
	var taken int
	err := t.tx.QueryRow(ctx, `
		SELECT count(*) FROM debits d WHERE d.organization_id = $1 AND d.export_id <> $2 AND d.invoice_id = ANY ($3)
			AND NOT EXISTS (SELECT 1 FROM allocations a WHERE a.invoice_id = d.invoice_id AND a.amount_minor < 0 AND a.created_at > d.created_at)`,
		export.Organization, export.ID, ids).Scan(&taken)
	if err != nil {
		return classify(err)
	}
	if taken > 0 {
		return app.Errorf(app.Conflict, "Another file took some of these invoices in the meantime. Please try again.")
	}
	_, err = t.tx.Exec(ctx, `
		INSERT INTO debits (organization_id, export_id, invoice_id, mandate_id, amount_minor, collect_on, created_at)
		SELECT $5, $6, u.*, $7 FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::date[]) u`, c.arrays(export.Organization, export.ID, now)...)
	return classify(err)
}

// ReleaseDebits lets the invoices of an export be collected again, before it is made once more.
func (t *Tx) ReleaseDebits(ctx context.Context, export app.Export) error {
	_, err := t.tx.Exec(ctx, `DELETE FROM debits WHERE organization_id = $1 AND export_id = $2`, export.Organization, export.ID)
	return classify(err)
}

// NumberDebtors gives each customer of the acting organization that has a document on these days an account number from first on, where it
// has none yet.
func (t *Tx) NumberDebtors(ctx context.Context, days billing.Period, first int) error {
	if _, err := t.tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('debtors ' || $1::uuid, 0))`, t.actor.Organization); err != nil {
		return classify(err)
	}
	_, err := t.tx.Exec(ctx, `
		INSERT INTO debtor_numbers (organization_id, customer_id, number)
		SELECT $1, b.id, greatest($4::int - 1, coalesce((SELECT max(number) FROM debtor_numbers WHERE organization_id = $1), 0)) + row_number() OVER (ORDER BY b.id)
		FROM (SELECT DISTINCT buyer_id AS id FROM invoices WHERE seller_id = $1 AND issued_on >= $2 AND issued_on < $3) b
		WHERE NOT EXISTS (SELECT 1 FROM debtor_numbers n WHERE n.organization_id = $1 AND n.customer_id = b.id)`,
		t.actor.Organization, days.Start.UTC(), days.End.UTC(), first)
	return classify(err)
}

// Debtors returns the account numbers of the acting organization's customers.
func (t *Tx) Debtors(ctx context.Context) (map[app.ID]int, error) {
	rows, err := t.tx.Query(ctx, `SELECT customer_id, number FROM debtor_numbers WHERE organization_id = $1`, t.actor.Organization)
	if err != nil {
		return nil, classify(err)
	}
	numbers := map[app.ID]int{}
	var id app.ID
	var number int
	_, err = pgx.ForEachRow(rows, []any{&id, &number}, func() error { numbers[id] = number; return nil })
	return numbers, classify(err)
}

// OrganizationBySlug returns the organization of the actor's sub-tree with a short name, or NotFound.
func (t *Tx) OrganizationBySlug(ctx context.Context, slug string) (app.Organization, error) {
	rows, err := t.tx.Query(ctx, `SELECT `+organizationColumns+` FROM organizations o WHERE o.slug = $1`, slug)
	if err != nil {
		return app.Organization{}, classify(err)
	}
	o, err := pgx.CollectExactlyOneRow(rows, scanOrganization)
	return o, classify(err)
}
