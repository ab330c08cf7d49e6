package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/ledger"
)

// Debtor is what a customer has left to pay a seller, by how long it has been due.
type Debtor struct {
	Customer app.ID
	Name     string       // "" for one that the seller sees no more
	Invoices int          // that are open
	Oldest   billing.Date // when the first of them was due
	First    app.ID       // that invoice
	Ages     ledger.Ageing
}

// Overdue is what of it is late, and Open all of it, in minor units.
func (d Debtor) Overdue() int64 { return d.Open() - d.Ages[0].Minor }

// Open is all of it, in minor units.
func (d Debtor) Open() (sum int64) {
	for _, age := range d.Ages {
		sum += age.Minor
	}
	return sum
}

// Key is where a page of debtors goes on behind this one.
func (d Debtor) Key() string { return d.Oldest.String() + "." + d.First.String() }

// DebtorQuery selects a page of debtors of a seller in a currency. Whose oldest open invoice has been due for the longest is the first.
type DebtorQuery struct {
	Seller   app.ID
	Currency string
	Today    billing.Date
	Text     string // part of the name
	After    string // Debtor.Key of the last one before
	Limit    int
}

// behind is the place in the order of debtors that the query goes on behind: all NULL from the beginning on.
func (q DebtorQuery) behind() (due *time.Time, invoice *app.ID, err error) {
	if q.After == "" {
		return nil, nil, nil
	}
	day, id, _ := strings.Cut(q.After, ".")
	on, err1 := billing.ParseDate(day)
	last, err2 := app.ParseID(id)
	if err := errors.Join(err1, err2); err != nil {
		return nil, nil, app.Because(app.NotFound, err, "There is nothing at this address.")
	}
	at := on.UTC()
	return &at, &last, nil
}

// debtorPage walks through the open invoices, those that are due for the longest first, until it has met enough customers: those for whom there is none
// before. What each owes is added up then, so a page takes as long with many debtors as with few.
const debtorPage = `
	SELECT d.buyer_id, coalesce(o.name, ''), d.due_on, d.invoice_id, s.invoices, s.ages FROM (
		SELECT r.buyer_id, r.due_on, r.invoice_id FROM receivables r
		WHERE r.seller_id = $1 AND r.currency = $2 AND r.open_minor > 0
		  AND (r.due_on, r.invoice_id) > (coalesce($5::date, '-infinity'), coalesce($6::uuid, '00000000-0000-0000-0000-000000000000'))
		  AND ($4 = '' OR EXISTS (SELECT FROM organizations n WHERE n.id = r.buyer_id AND n.name ILIKE '%' || $4 || '%'))
		  AND NOT EXISTS (SELECT FROM receivables f WHERE f.seller_id = $1 AND f.currency = $2 AND f.buyer_id = r.buyer_id AND f.open_minor > 0
			AND (f.due_on, f.invoice_id) < (r.due_on, r.invoice_id))
		ORDER BY r.due_on, r.invoice_id LIMIT $7) d
	CROSS JOIN LATERAL (SELECT count(*) AS invoices, ` + ages + ` AS ages
		FROM receivables WHERE seller_id = $1 AND currency = $2 AND buyer_id = d.buyer_id AND open_minor > 0) s
	LEFT JOIN organizations o ON o.id = d.buyer_id ORDER BY d.due_on, d.invoice_id`

// ages adds up what is open by how long it has been due on the day $3, as ledger.Ageing has it.
const ages = `ARRAY[coalesce(sum(open_minor) FILTER (WHERE due_on >= $3::date), 0),
		coalesce(sum(open_minor) FILTER (WHERE due_on < $3::date AND due_on >= $3::date - 30), 0),
		coalesce(sum(open_minor) FILTER (WHERE due_on < $3::date - 30 AND due_on >= $3::date - 60), 0),
		coalesce(sum(open_minor) FILTER (WHERE due_on < $3::date - 60 AND due_on >= $3::date - 90), 0),
		coalesce(sum(open_minor) FILTER (WHERE due_on < $3::date - 90), 0)]::bigint[]`

// Receivables returns a page of them.
func (t *Tx) Receivables(ctx context.Context, q DebtorQuery) ([]Debtor, error) {
	due, invoice, err := q.behind()
	if err != nil {
		return nil, err
	}
	rows, err := t.tx.Query(ctx, debtorPage, q.Seller, q.Currency, q.Today.UTC(), likeText(q.Text), due, invoice, q.Limit)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Debtor, error) {
		var d Debtor
		var oldest time.Time
		var minor []int64
		err := row.Scan(&d.Customer, &d.Name, &oldest, &d.First, &d.Invoices, &minor)
		d.Oldest, d.Ages = dateOf(&oldest), ageing(q.Currency, minor)
		return d, err
	})
	return all, classify(err)
}

// ageing is what ages has added up.
func ageing(currency string, minor []int64) (a ledger.Ageing) {
	for i := range a {
		a[i].Currency = currency
		if i < len(minor) {
			a[i].Minor = minor[i]
		}
	}
	return a
}

// Outstanding is what of a seller's invoices is open in a currency, over all customers.
type Outstanding struct {
	Customers int
	Ages      ledger.Ageing
}

// Outstanding returns it for each currency in which something is open.
func (t *Tx) Outstanding(ctx context.Context, seller app.ID, today billing.Date) ([]Outstanding, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT currency, count(DISTINCT buyer_id), `+strings.ReplaceAll(ages, "$3", "$2")+` FROM receivables
		WHERE seller_id = $1 AND open_minor > 0 GROUP BY 1 ORDER BY 1`, seller, today.UTC())
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (o Outstanding, err error) {
		var currency string
		var minor []int64
		err = row.Scan(&currency, &o.Customers, &minor)
		o.Ages = ageing(currency, minor)
		return o, err
	})
	return all, classify(err)
}

// Recurring returns what a seller's running subscriptions bring in a month, net, by currency: a year's price counts a twelfth. Coupons and
// usage are not in it.
func (t *Tx) Recurring(ctx context.Context, seller app.ID, today billing.Date) ([]billing.Money, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT currency, round(sum(minor / CASE period WHEN 'year' THEN 12 WHEN 'quarter' THEN 3 ELSE 1 END))::bigint FROM (
			SELECT currency, period, sum(amount_minor) AS minor FROM subscriptions
			WHERE seller_id = $1 AND anchor IS NOT NULL AND anchor <= $2::date AND (end_on IS NULL OR end_on > $2::date) GROUP BY 1, 2) p
		GROUP BY 1 ORDER BY 1`, seller, today.UTC())
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (billing.Money, error) {
		var m billing.Money
		err := row.Scan(&m.Currency, &m.Minor)
		return m, err
	})
	return all, classify(err)
}
