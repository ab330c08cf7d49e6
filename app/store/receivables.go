package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/ledger"
)

// Debtor is what a customer has left to pay a seller, by how long it has been due.
type Debtor struct {
	Customer app.ID
	Name     string // "" for one that the seller sees no more
	Invoices int    // that are open
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
func (d Debtor) Key() string { return fmt.Sprintf("%d.%d.%s", d.Overdue(), d.Open(), d.Customer) }

// DebtorQuery selects a page of debtors of a seller in a currency, those who are the most late first.
type DebtorQuery struct {
	Seller   app.ID
	Currency string
	Today    billing.Date
	Text     string // part of the name
	After    string // Debtor.Key of the last one before
	Limit    int
}

const debtors = `
	WITH ages AS (
		SELECT r.buyer_id, coalesce(o.name, '') AS name, count(*) AS invoices,
			sum(r.open_minor) FILTER (WHERE r.due_on >= $3::date) AS fresh, sum(r.open_minor) FILTER (WHERE r.due_on < $3::date AND r.due_on >= $3::date - 30) AS month,
			sum(r.open_minor) FILTER (WHERE r.due_on < $3::date - 30 AND r.due_on >= $3::date - 60) AS two,
			sum(r.open_minor) FILTER (WHERE r.due_on < $3::date - 60 AND r.due_on >= $3::date - 90) AS three,
			sum(r.open_minor) FILTER (WHERE r.due_on < $3::date - 90) AS old,
			coalesce(sum(r.open_minor) FILTER (WHERE r.due_on < $3::date), 0) AS overdue, sum(r.open_minor) AS open
		FROM receivables r LEFT JOIN organizations o ON o.id = r.buyer_id
		WHERE r.seller_id = $1 AND r.currency = $2 AND r.open_minor > 0 AND ($4 = '' OR o.name ILIKE '%' || $4 || '%')
		GROUP BY 1, 2)`

// Receivables returns a page of them.
func (t *Tx) Receivables(ctx context.Context, q DebtorQuery) ([]Debtor, error) {
	var overdue, open *int64
	var id *app.ID
	if q.After != "" {
		parts := strings.Split(q.After, ".")
		if len(parts) != 3 {
			return nil, app.Errorf(app.NotFound, "There is nothing at this address.")
		}
		a, err1 := strconv.ParseInt(parts[0], 10, 64)
		b, err2 := strconv.ParseInt(parts[1], 10, 64)
		c, err3 := app.ParseID(parts[2])
		if err1 != nil || err2 != nil || err3 != nil {
			return nil, app.Errorf(app.NotFound, "There is nothing at this address.")
		}
		overdue, open, id = &a, &b, &c
	}
	rows, err := t.tx.Query(ctx, debtors+`
		SELECT buyer_id, name, invoices, coalesce(fresh, 0)::bigint, coalesce(month, 0)::bigint, coalesce(two, 0)::bigint, coalesce(three, 0)::bigint, coalesce(old, 0)::bigint
		FROM ages WHERE $5::bigint IS NULL OR (overdue, open, buyer_id) < ($5, $6::bigint, $7::uuid)
		ORDER BY overdue DESC, open DESC, buyer_id DESC LIMIT $8`, q.Seller, q.Currency, q.Today.UTC(), likeText(q.Text), overdue, open, id, q.Limit)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Debtor, error) {
		var d Debtor
		for i := range d.Ages {
			d.Ages[i].Currency = q.Currency
		}
		err := row.Scan(&d.Customer, &d.Name, &d.Invoices, &d.Ages[0].Minor, &d.Ages[1].Minor, &d.Ages[2].Minor, &d.Ages[3].Minor, &d.Ages[4].Minor)
		return d, err
	})
	return all, classify(err)
}

// Outstanding is what of a seller's invoices is open in a currency, over all customers.
type Outstanding struct {
	Customers int
	Ages      ledger.Ageing
}

// Outstanding returns it for each currency in which something is open.
func (t *Tx) Outstanding(ctx context.Context, seller app.ID, today billing.Date) ([]Outstanding, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT r.currency, count(DISTINCT r.buyer_id), coalesce(sum(open_minor) FILTER (WHERE due_on >= $2::date), 0)::bigint,
			coalesce(sum(open_minor) FILTER (WHERE due_on < $2::date AND due_on >= $2::date - 30), 0)::bigint,
			coalesce(sum(open_minor) FILTER (WHERE due_on < $2::date - 30 AND due_on >= $2::date - 60), 0)::bigint,
			coalesce(sum(open_minor) FILTER (WHERE due_on < $2::date - 60 AND due_on >= $2::date - 90), 0)::bigint,
			coalesce(sum(open_minor) FILTER (WHERE due_on < $2::date - 90), 0)::bigint
		FROM receivables r WHERE seller_id = $1 AND open_minor > 0 GROUP BY 1 ORDER BY 1`, seller, today.UTC())
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Outstanding, error) {
		var o Outstanding
		var currency string
		err := row.Scan(&currency, &o.Customers, &o.Ages[0].Minor, &o.Ages[1].Minor, &o.Ages[2].Minor, &o.Ages[3].Minor, &o.Ages[4].Minor)
		for i := range o.Ages {
			o.Ages[i].Currency = currency
		}
		return o, err
	})
	return all, classify(err)
}

// Recurring returns what a seller's running subscriptions bring in a month, net, by currency: a year's price counts a twelfth. Coupons and
// usage are not in it.
func (t *Tx) Recurring(ctx context.Context, seller app.ID, today billing.Date) ([]billing.Money, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT currency, round(sum(amount_minor::numeric / CASE period WHEN 'year' THEN 12 WHEN 'quarter' THEN 3 ELSE 1 END))::bigint FROM subscriptions
		WHERE seller_id = $1 AND anchor IS NOT NULL AND anchor <= $2::date AND (end_on IS NULL OR end_on > $2::date) GROUP BY 1 ORDER BY 1`, seller, today.UTC())
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
