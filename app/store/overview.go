package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/ledger"
)

// Running is a subscription that is charged, or will be once its service is active.
type Running struct {
	ID       app.ID
	Service  app.ID
	Name     string // of the service
	App      string
	Plan     string // as it stands on invoices
	Seller   app.ID
	Price    billing.Money // net, for each interval
	Interval billing.Interval
	Next     billing.Date // when it is charged next; none: never, or not known before the service is active
	Ends     billing.Date // the first day that is no longer served; none: it goes on
	State    app.ServiceState
	Parked   string // why it could not be invoiced
}

// PerMonth is what it costs in a month, net.
func (r Running) PerMonth() billing.Money {
	months := int64(max(r.Interval.Months(), 1))
	return billing.Money{Minor: (2*r.Price.Minor + months) / (2 * months), Currency: r.Price.Currency}
}

// RunningSubscriptions returns the subscriptions of an organization that have not ended, by name of the service.
func (t *Tx) RunningSubscriptions(ctx context.Context, organization app.ID) ([]Running, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT s.id, v.id, v.name, v.app, s.name, coalesce(s.seller_id, s.organization_id), s.amount_minor, s.currency, s.period, s.next_on, s.end_on, v.state,
			s.parked
		FROM subscriptions s JOIN services v ON v.organization_id = s.organization_id AND v.id = s.service_id
		WHERE s.organization_id = $1 AND (s.next_on IS NOT NULL OR s.anchor IS NULL AND v.state NOT IN ('terminated', 'terminating'))
		ORDER BY lower(v.name), s.id`, organization)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Running, error) {
		var r Running
		var next, ends *time.Time
		err := row.Scan(&r.ID, &r.Service, &r.Name, &r.App, &r.Plan, &r.Seller, &r.Price.Minor, &r.Price.Currency, &r.Interval, &next, &ends, &r.State, &r.Parked)
		r.Next, r.Ends = dateOf(next), dateOf(ends)
		return r, err
	})
}

// OpenDocument is an invoice that is not paid in full.
type OpenDocument struct {
	ID     app.ID
	Number string
	Issued billing.Date
	Due    billing.Date
	Gross  billing.Money
	Left   billing.Money
}

// OpenDocuments returns what an organization has not paid yet, by the day on which it is due.
func (t *Tx) OpenDocuments(ctx context.Context, buyer app.ID) ([]OpenDocument, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT i.id, i.number, i.issued_on, i.due_on, i.gross_minor, i.gross_minor - coalesce(sum(a.amount_minor), 0)::bigint, i.currency
		FROM invoices i LEFT JOIN allocations a ON a.invoice_id = i.id
		WHERE i.buyer_id = $1 AND i.kind = 'invoice'
		GROUP BY i.id HAVING i.gross_minor > coalesce(sum(a.amount_minor), 0) ORDER BY i.due_on, i.id`, buyer)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (OpenDocument, error) {
		var d OpenDocument
		var issued, due *time.Time
		err := row.Scan(&d.ID, &d.Number, &issued, &due, &d.Gross.Minor, &d.Left.Minor, &d.Gross.Currency)
		d.Issued, d.Due, d.Left.Currency = dateOf(issued), dateOf(due), d.Gross.Currency
		return d, err
	})
}

// Spent is what a service cost in a month, net, after what was credited.
type Spent struct {
	Month   billing.Date // its first day
	Service app.ID       // the zero ID for what belongs to none that is known
	Name    string
	Net     billing.Money
}

// SpentSince returns what each of a buyer's services cost in each month since a day, by what was issued.
func (t *Tx) SpentSince(ctx context.Context, buyer app.ID, first billing.Date) ([]Spent, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT date_trunc('month', i.issued_on)::date, coalesce(s.service_id, '00000000-0000-0000-0000-000000000000'), coalesce(v.name, min(l->>'name')),
			sum((l->'net'->>'minor')::bigint * CASE i.kind WHEN 'invoice' THEN 1 ELSE -1 END)::bigint, i.currency
		FROM invoices i
		CROSS JOIN LATERAL json_array_elements(i.document->'lines') l
		LEFT JOIN subscriptions s ON s.organization_id = i.buyer_id AND s.id::text = l->>'source'
		LEFT JOIN services v ON v.organization_id = s.organization_id AND v.id = s.service_id
		WHERE i.buyer_id = $1 AND i.issued_on >= $2
		GROUP BY 1, s.service_id, v.name, i.currency, CASE WHEN s.id IS NULL THEN l->>'name' END
		ORDER BY 1, 3, 5`, buyer, first.UTC())
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Spent, error) {
		var s Spent
		var month time.Time
		err := row.Scan(&month, &s.Service, &s.Name, &s.Net.Minor, &s.Net.Currency)
		s.Month = dateOf(&month)
		return s, err
	})
}

// HeldForBilling returns the services of an organization that stand still because something is not paid, and run again once it is: not those that are
// removed, or will be.
func (t *Tx) HeldForBilling(ctx context.Context, organization app.ID) ([]app.Service, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+serviceColumns+`, o.name FROM services s JOIN organizations o ON o.id = s.organization_id
		WHERE s.organization_id = $1 AND s.state NOT IN ('terminating', 'terminated') AND EXISTS (
			SELECT 1 FROM holds h WHERE h.service_id = s.id AND h.kind = 'billing' AND h.released_at IS NULL) ORDER BY lower(s.name), s.id`, organization)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, scanService)
}

// CreditOf returns what sellers owe a customer, for each currency; what is nothing is left out.
func (t *Tx) CreditOf(ctx context.Context, customer app.ID) ([]billing.Money, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT -sum(amount_minor)::bigint, currency FROM ledger_postings WHERE account = 'credit' AND party = $1::uuid::text
		GROUP BY currency HAVING sum(amount_minor) <> 0 ORDER BY currency`, customer)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[billing.Money])
}

// CreditMove is one thing that made (positive) or used (negative) a customer's credit.
type CreditMove struct {
	Entry  app.ID
	Kind   ledger.EntryKind
	On     billing.Date
	Amount billing.Money
	Left   billing.Money // in that currency, after it
	Number string        // of the document that it made or paid; "" where there is none
	Note   string
}

// CreditMoves returns up to limit of them before the given entry, the newest first; the zero ID is the newest of all.
func (t *Tx) CreditMoves(ctx context.Context, customer, before app.ID, limit int) ([]CreditMove, error) {
	rows, err := t.tx.Query(ctx, `
		WITH moves AS (
			SELECT p.entry_id, p.posted_on, p.currency, -sum(p.amount_minor)::bigint AS amount,
				(sum(-sum(p.amount_minor)) OVER (PARTITION BY p.currency ORDER BY p.entry_id))::bigint AS after
			FROM ledger_postings p WHERE p.account = 'credit' AND p.party = $1::uuid::text GROUP BY p.entry_id, p.posted_on, p.currency)
		SELECT m.entry_id, e.kind, m.posted_on, m.amount, m.after, m.currency,
			coalesce(CASE e.kind WHEN 'issued' THEN split_part(e.source, ' ', 2) WHEN 'allocated' THEN i.number END, ''),
			coalesce(nullif(e.note, ''), CASE e.kind
				WHEN 'issued' THEN (SELECT c.document ->> 'note' FROM invoices c
					WHERE c.buyer_id = $1 AND c.seller_id = e.organization_id AND c.kind = 'credit note' AND c.number = split_part(e.source, ' ', 2))
				WHEN 'refunded' THEN (SELECT b.note FROM payments b
					WHERE b.organization_id = $1 AND b.kind = 'refund' AND b.id::text = split_part(e.source, ' ', 1)) END, '')
		FROM moves m JOIN ledger_entries e ON e.id = m.entry_id
		LEFT JOIN allocations a ON e.kind = 'allocated' AND a.id::text = split_part(e.source, ' ', 1)
		LEFT JOIN invoices i ON i.id = a.invoice_id
		WHERE $2::uuid = '00000000-0000-0000-0000-000000000000' OR m.entry_id < $2 ORDER BY m.entry_id DESC LIMIT $3`, customer, before, limit)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (CreditMove, error) {
		var m CreditMove
		var on time.Time
		err := row.Scan(&m.Entry, &m.Kind, &on, &m.Amount.Minor, &m.Left.Minor, &m.Amount.Currency, &m.Number, &m.Note)
		m.On, m.Left.Currency = dateOf(&on), m.Amount.Currency
		return m, err
	})
}

// SoldSoFar returns how many documents a seller has issued, and how many of its subscriptions wait for something before they can be invoiced.
func (t *Tx) SoldSoFar(ctx context.Context, seller app.ID) (issued, parked int, err error) {
	err = t.tx.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM invoices WHERE seller_id = $1), (SELECT count(*) FROM subscriptions WHERE parked <> '' AND seller_id = $1)`,
		seller).Scan(&issued, &parked)
	return issued, parked, classify(err)
}
