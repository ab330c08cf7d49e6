package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing/invoice"
)

// bookChecks find what is off between invoices, charges and ledger. Each yields a sentence for each thing that is.
var bookChecks = []string{
	`SELECT format('The entry %s of %s does not add up to nothing.', e.kind, e.source)
	 FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.id
	 GROUP BY e.id, e.kind, e.source, p.organization_id, p.currency HAVING sum(p.amount_minor) <> 0`,
	`SELECT format('The entry %s of %s has no postings.', e.kind, e.source)
	 FROM ledger_entries e WHERE NOT EXISTS (SELECT 1 FROM ledger_postings p WHERE p.entry_id = e.id)`,
	`SELECT format('A posting of %s belongs to no entry.', p.organization_id)
	 FROM ledger_postings p WHERE NOT EXISTS (SELECT 1 FROM ledger_entries e WHERE e.id = p.entry_id)`,
	`SELECT format('%s %s of %s is %s in the books, and %s on paper.', i.kind, i.number, i.seller_id, coalesce(sum(p.amount_minor), 0), i.gross_minor)
	 FROM invoices i
	 LEFT JOIN ledger_entries e ON e.kind = 'issued' AND e.source = i.seller_id || ' ' || i.number
	 LEFT JOIN ledger_postings p ON p.entry_id = e.id AND p.account IN ('receivable', 'credit')
	 GROUP BY i.id HAVING coalesce(sum(p.amount_minor), 0) <> CASE WHEN i.kind = 'invoice' THEN i.gross_minor ELSE -i.gross_minor END`,
	`SELECT format('The entry issued of %s has no document.', e.source)
	 FROM ledger_entries e LEFT JOIN invoices i ON e.source = i.seller_id || ' ' || i.number
	 WHERE e.kind = 'issued' AND i.id IS NULL`,
	`SELECT format('The subscription %s was charged twice for the days from %s.', a.subscription_id, b.period_start)
	 FROM charges a JOIN charges b ON b.subscription_id = a.subscription_id AND b.kind = a.kind AND b.id <> a.id
		AND a.period_start <= b.period_start AND b.period_start < a.period_end WHERE a.kind = 'period'`,
	`SELECT format('The subscription %s has charges for %s periods and stands at %s.', s.id, count(c.id), s.next_period)
	 FROM subscriptions s LEFT JOIN charges c ON c.subscription_id = s.id AND c.kind = 'period'
	 GROUP BY s.id, s.next_period HAVING count(c.id) <> s.next_period`,
	`SELECT format('%s owes %s %s %s by the books, and %s by its invoices.', l.party, l.organization_id, l.amount, l.currency, coalesce(o.amount, 0))
	 FROM (SELECT organization_id, party, currency, sum(amount_minor) AS amount FROM ledger_postings WHERE account = 'receivable' GROUP BY 1, 2, 3) l
	 LEFT JOIN (
		SELECT i.seller_id, i.buyer_id::text AS party, i.currency, sum(i.gross_minor - coalesce(a.paid, 0)) AS amount
		FROM invoices i LEFT JOIN (SELECT invoice_id, sum(amount_minor) AS paid FROM allocations GROUP BY 1) a ON a.invoice_id = i.id
		WHERE i.kind = 'invoice' GROUP BY 1, 2, 3) o ON o.seller_id = l.organization_id AND o.party = l.party AND o.currency = l.currency
	 WHERE l.amount <> coalesce(o.amount, 0)`,
	`SELECT format('The invoice %s of %s is paid with more than it asks.', i.number, i.seller_id)
	 FROM invoices i JOIN allocations a ON a.invoice_id = i.id
	 GROUP BY i.id HAVING sum(a.amount_minor) > i.gross_minor OR sum(a.amount_minor) < 0`,
	`SELECT format('The invoice %s of %s asks %s, and is taken back with %s.', i.number, i.seller_id, i.gross_minor, sum(c.gross_minor))
	 FROM invoices i JOIN invoices c ON c.corrects = i.id
	 GROUP BY i.id HAVING sum(c.gross_minor) > i.gross_minor OR sum(c.net_minor) > i.net_minor`,
	`SELECT format('The credit note %s of %s corrects what is no invoice of the same seller and customer.', c.number, c.seller_id)
	 FROM invoices c JOIN invoices i ON i.id = c.corrects
	 WHERE i.kind <> 'invoice' OR i.seller_id <> c.seller_id OR i.buyer_id <> c.buyer_id OR i.currency <> c.currency`,
	`SELECT format('%s has used more credit with %s than it had.', party, organization_id)
	 FROM ledger_postings WHERE account = 'credit' GROUP BY organization_id, party, currency HAVING sum(amount_minor) > 0`,
	`SELECT format('The payment %s of %s is not in the books.', p.reference, p.through)
	 FROM payments p
	 LEFT JOIN ledger_entries e ON e.source = p.id::text AND e.kind IN ('received', 'refunded', 'charged back')
	 LEFT JOIN ledger_entries u ON u.source = p.id || ' unspent' AND u.kind = 'refunded'
	 WHERE e.id IS NULL AND u.id IS NULL`,
	`SELECT format('What %s has unbilled against %s differs from what that one has.', a.organization_id, a.party)
	 FROM (SELECT organization_id::text, party, currency, sum(amount_minor) AS amount FROM ledger_postings WHERE account = 'unbilled' GROUP BY 1, 2, 3) a
	 LEFT JOIN (SELECT organization_id::text, party, currency, sum(amount_minor) AS amount FROM ledger_postings WHERE account = 'unbilled' GROUP BY 1, 2, 3) b
		ON b.organization_id = a.party AND b.party = a.organization_id AND b.currency = a.currency
	 WHERE a.amount + coalesce(b.amount, 0) <> 0`,
}

// CheckBooks returns a sentence for each thing that is off between invoices, charges and ledger.
func (t *Tx) CheckBooks(ctx context.Context) ([]string, error) {
	var off []string
	for _, check := range slices.Concat(numberChecks, bookChecks, entryChecks, tradeChecks, sumChecks, useChecks) {
		rows, err := t.tx.Query(ctx, check)
		if err != nil {
			return nil, classify(err)
		}
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return nil, classify(err)
		}
		off = append(off, found...)
	}
	return off, nil
}

// Frozen is an issued document beside the figures of its row.
type Frozen struct {
	ID              app.ID
	Document        invoice.Document
	Number          string
	Net, VAT, Gross int64
}

// EachDocument reads every issued document, one at a time.
func (t *Tx) EachDocument(ctx context.Context, look func(Frozen) error) error {
	rows, err := t.tx.Query(ctx, `SELECT id, document, number, net_minor, vat_minor, gross_minor FROM invoices ORDER BY id`)
	if err != nil {
		return classify(err)
	}
	var f Frozen
	var document []byte
	_, err = pgx.ForEachRow(rows, []any{&f.ID, &document, &f.Number, &f.Net, &f.VAT, &f.Gross}, func() error {
		f.Document = invoice.Document{}
		if err := json.Unmarshal(document, &f.Document); err != nil {
			return fmt.Errorf("invoice %s: %w", f.Number, err)
		}
		return look(f)
	})
	return classify(err)
}
