package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/ledger"
	"allotment/billing/tax"
)

// sumChecks compare what reports read with what it is made of. Each yields a sentence for each thing that is off.
var sumChecks = []string{
	`SELECT format('The revenue of %s in %s %s is summed up as %s, and is %s by the invoices.', coalesce(s.organization_id, i.seller_id), coalesce(s.month, i.month),
		coalesce(s.currency, i.currency), coalesce(s.minor, 0), coalesce(i.minor, 0))
	 FROM (SELECT organization_id, month, currency, sum(net_minor) AS minor FROM sales_sums GROUP BY 1, 2, 3) s
	 FULL JOIN (SELECT seller_id, date_trunc('month', issued_on)::date AS month, currency, sum(CASE kind WHEN 'invoice' THEN net_minor ELSE -net_minor END) AS minor
		FROM invoices WHERE NOT wholesale GROUP BY 1, 2, 3) i ON i.seller_id = s.organization_id AND i.month = s.month AND i.currency = s.currency
	 WHERE coalesce(s.minor, 0) <> coalesce(i.minor, 0)`,
	`SELECT format('The VAT of %s in %s %s is summed up as %s, and is %s by the invoices.', coalesce(s.organization_id, i.seller_id), coalesce(s.month, i.month),
		coalesce(s.currency, i.currency), coalesce(s.minor, 0), coalesce(i.minor, 0))
	 FROM (SELECT organization_id, month, currency, sum(vat_minor) AS minor FROM vat_sums GROUP BY 1, 2, 3) s
	 FULL JOIN (SELECT seller_id, date_trunc('month', issued_on)::date AS month, currency, sum(CASE kind WHEN 'invoice' THEN vat_minor ELSE -vat_minor END) AS minor
		FROM invoices GROUP BY 1, 2, 3) i ON i.seller_id = s.organization_id AND i.month = s.month AND i.currency = s.currency
	 WHERE coalesce(s.minor, 0) <> coalesce(i.minor, 0)`,
	`SELECT format('The account %s of %s in %s %s is summed up as %s, and is %s by its postings.', coalesce(s.account, p.account),
		coalesce(s.organization_id, p.organization_id), coalesce(s.month, p.month), coalesce(s.currency, p.currency), coalesce(s.minor, 0), coalesce(p.minor, 0))
	 FROM (SELECT organization_id, month, currency, account, sum(amount_minor) AS minor FROM ledger_sums GROUP BY 1, 2, 3, 4) s
	 FULL JOIN (SELECT organization_id, date_trunc('month', posted_on)::date AS month, currency, account, sum(amount_minor) AS minor
		FROM ledger_postings GROUP BY 1, 2, 3, 4) p
		ON p.organization_id = s.organization_id AND p.month = s.month AND p.currency = s.currency AND p.account = s.account
	 WHERE coalesce(s.minor, 0) <> coalesce(p.minor, 0)`,
	`SELECT format('The invoice %s of %s is listed with %s open, and %s is.', i.number, i.seller_id, coalesce(r.open_minor, 0), i.gross_minor - coalesce(a.paid, 0))
	 FROM invoices i LEFT JOIN receivables r ON r.invoice_id = i.id
	 LEFT JOIN (SELECT invoice_id, sum(amount_minor) AS paid FROM allocations GROUP BY 1) a ON a.invoice_id = i.id
	 WHERE i.kind = 'invoice' AND coalesce(r.open_minor, 0) <> i.gross_minor - coalesce(a.paid, 0)`,
}

// sumTables are the tables whose rows are added up, with the columns that tell rows apart and those that are added.
var sumTables = [][3]string{
	{"sales_sums", "organization_id, month, currency, app", "net_minor"},
	{"vat_sums", "organization_id, month, currency, scheme, category, country, buyer, rate", "net_minor, vat_minor"},
	{"ledger_sums", "organization_id, month, currency, account, party", "amount_minor"},
}

// AddUp makes one row of the many that statements have added to the sums of each month. What is read from them stays the same.
func (s *Store) AddUp(ctx context.Context) error {
	operator, err := s.Operator(ctx)
	if app.CodeOf(err) == app.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	return s.InTenant(ctx, app.SystemStaff(operator), func(tx *Tx) error {
		for _, t := range sumTables {
			sums := "sum(net_minor), sum(vat_minor)"
			if t[2] != "net_minor, vat_minor" {
				sums = "sum(" + t[2] + ")"
			}
			_, err := tx.tx.Exec(ctx, `
				WITH many AS (SELECT `+t[1]+` FROM `+t[0]+` GROUP BY `+t[1]+` HAVING count(*) > 1),
					gone AS (DELETE FROM `+t[0]+` WHERE (`+t[1]+`) IN (SELECT * FROM many) RETURNING `+t[1]+`, `+t[2]+`)
				INSERT INTO `+t[0]+` (`+t[1]+`, `+t[2]+`) SELECT `+t[1]+`, `+sums+` FROM gone GROUP BY `+t[1])
			if err != nil {
				return fmt.Errorf("%s: %w", t[0], classify(err))
			}
		}
		return nil
	})
}

// MonthSum is a sum of one month. Of is the app, the account or what else it is the sum of.
type MonthSum struct {
	Month  billing.Date // its first day
	Of     string
	Amount billing.Money
}

func (t *Tx) monthSums(ctx context.Context, sql string, args ...any) ([]MonthSum, error) {
	rows, err := t.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, classify(err)
	}
	sums, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (MonthSum, error) {
		var m MonthSum
		var month time.Time
		err := row.Scan(&month, &m.Of, &m.Amount.Currency, &m.Amount.Minor)
		m.Month = dateOf(&month)
		return m, err
	})
	return sums, classify(err)
}

// Sales returns a seller's net sales by month and app, of months from one on. Wholesale is not in it.
func (t *Tx) Sales(ctx context.Context, seller app.ID, from billing.Date) ([]MonthSum, error) {
	return t.monthSums(ctx, `
		SELECT month, app, currency, sum(net_minor)::bigint FROM sales_sums WHERE organization_id = $1 AND month >= $2
		GROUP BY 1, 2, 3 HAVING sum(net_minor) <> 0 ORDER BY 1, 2, 3`, seller, from.UTC())
}

// AccountMonths returns by how much accounts of an organization's books changed in each month, all months there are. Debits are positive.
func (t *Tx) AccountMonths(ctx context.Context, owner app.ID, kinds ...ledger.Kind) ([]MonthSum, error) {
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		names[i] = string(kind)
	}
	return t.monthSums(ctx, `
		SELECT month, account, currency, sum(amount_minor)::bigint FROM ledger_sums WHERE organization_id = $1 AND account = ANY ($2)
		GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`, owner, names)
}

// VATAccount returns what the books say of VAT in a period of whole months, by state. What is owed is positive.
func (t *Tx) VATAccount(ctx context.Context, owner app.ID, period billing.Period) ([]MonthSum, error) {
	return t.monthSums(ctx, `
		SELECT min(month), party, currency, -sum(amount_minor)::bigint FROM ledger_sums
		WHERE organization_id = $1 AND account = 'vat' AND month >= $2 AND month < $3 GROUP BY 2, 3 HAVING sum(amount_minor) <> 0 ORDER BY 2, 3`,
		owner, period.Start.UTC(), period.End.UTC())
}

// VATLines returns what a seller's documents of a period of whole months add up to, as a report counts: a line for each decision and currency.
func (t *Tx) VATLines(ctx context.Context, seller app.ID, period billing.Period) ([]tax.Line, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT scheme, category, country, buyer, rate, currency, sum(net_minor)::bigint, sum(vat_minor)::bigint FROM vat_sums
		WHERE organization_id = $1 AND month >= $2 AND month < $3 GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6`, seller, period.Start.UTC(), period.End.UTC())
	if err != nil {
		return nil, classify(err)
	}
	lines, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (tax.Line, error) {
		var l tax.Line
		var rate string
		err := row.Scan(&l.Decision.Scheme, &l.Decision.Category, &l.Decision.Country, &l.Buyer, &rate, &l.Net.Currency, &l.Net.Minor, &l.VAT.Minor)
		if err != nil {
			return l, err
		}
		l.VAT.Currency = l.Net.Currency
		l.Decision.Rate, err = billing.ParseDecimal(rate)
		return l, err
	})
	return lines, classify(err)
}

// CountDocuments counts the issued documents.
func (t *Tx) CountDocuments(ctx context.Context) (n int, err error) {
	err = t.tx.QueryRow(ctx, `SELECT count(*) FROM invoices`).Scan(&n)
	return n, classify(err)
}
