package biller_test

import (
	"strings"
	"testing"
)

// ofDocument are the postings of the entry of an invoice on an account.
const ofDocument = ` WHERE entry_id = (SELECT e.id FROM ledger_entries e WHERE e.kind = 'issued' AND e.source = '{seller} {number}') AND account = `

// TestVerifyNamesWhatIsOff: whatever is broken that no trigger, key or check would let through, is said in words that name the document, payment or sale.
func TestVerifyNamesWhatIsOff(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 1, 6, 1)
	b.trade(t)
	b.Sound(t)
	names := b.names(t)
	b.Exec(t, `SET session_replication_role = replica`) // no triggers, no foreign keys
	b.Exec(t, `ALTER TABLE invoices DROP CONSTRAINT invoices_sequence_key, DROP CONSTRAINT invoices_number_key`)
	tables := []string{"invoices", "ledger_entries", "ledger_postings", "payments", "allocations"}
	for _, table := range tables {
		b.Exec(t, `CREATE TEMP TABLE whole_`+table+` AS SELECT * FROM `+table)
	}
	for name, c := range map[string]struct {
		sql  []string
		says string
	}{
		"a number is left out":      {[]string{`DELETE FROM invoices WHERE id = '{second}'`}, "The series {series} of {seller} has no document 2: a number is missing."},
		"the last number is":        {[]string{`DELETE FROM invoices WHERE seller_id = '{seller}' AND sequence = (SELECT max(sequence) FROM invoices WHERE seller_id = '{seller}' AND series = '{series}')`}, "The series {series} of {seller} has no document"},
		"a number is there twice":   {[]string{`UPDATE invoices SET sequence = 1, number = '{number}' WHERE id = '{second}'`}, "The number {number} of {seller} is on 2 documents"},
		"an entry is off by a cent": {[]string{`UPDATE ledger_postings SET amount_minor = amount_minor + 1` + ofDocument + `'revenue'`}, "The entry issued of {seller} {number} does not add up to nothing."},
		"a line is":                 {[]string{`UPDATE invoices SET document = jsonb_set(document::jsonb, '{lines,0,net,minor}', to_jsonb((document -> 'lines' -> 0 -> 'net' ->> 'minor')::bigint + 1)) WHERE id = '{id}'`}, "The document {number} is wrong"},
		"a total is":                {[]string{`UPDATE invoices SET net_minor = net_minor + 1, gross_minor = gross_minor + 1 WHERE id = '{id}'`}, "The document {number} says something else than its row."},
		"an invoice is not posted": {[]string{`DELETE FROM ledger_postings WHERE entry_id = (SELECT id FROM ledger_entries WHERE kind = 'issued' AND source = '{seller} {number}')`,
			`DELETE FROM ledger_entries WHERE kind = 'issued' AND source = '{seller} {number}'`}, "invoice {number} of {seller} is 0 in the books, and"},
		"a payment is not posted": {[]string{`DELETE FROM ledger_postings WHERE entry_id = (SELECT id FROM ledger_entries WHERE kind = 'received' AND source = '{payment}')`,
			`DELETE FROM ledger_entries WHERE kind = 'received' AND source = '{payment}'`}, "The payment {reference} of bank is not in the books."},
		"a payment is of more":             {[]string{`UPDATE payments SET amount_minor = amount_minor + 1 WHERE id = '{payment}'`}, "The payment {reference} of bank is of 9001 EUR, and 9000 in the books."},
		"a payment is another's":           {[]string{`UPDATE ledger_postings SET party = '{seller}' WHERE account = 'credit' AND entry_id = (SELECT id FROM ledger_entries WHERE kind = 'received' AND source = '{payment}')`}, "The payment {reference} of bank is by"},
		"an entry without its payment":     {[]string{`DELETE FROM payments WHERE id = '{payment}'`}, "The entry received of {payment} has no payment."},
		"an invoice is paid with too much": {[]string{`UPDATE allocations SET amount_minor = amount_minor * 90`}, "The invoice {paid} of {payee} is paid with more than it asks."},
		"more is used than was paid": {[]string{`UPDATE ledger_postings SET amount_minor = amount_minor * 90 WHERE entry_id IN (SELECT id FROM ledger_entries WHERE kind = 'allocated')`,
			`UPDATE allocations SET amount_minor = amount_minor * 90`}, "{payer} has used more credit with {payee} than it had."},
		"an allocation is off by a cent":  {[]string{`UPDATE allocations SET amount_minor = amount_minor - 1`}, "was used to pay the invoice {paid} of {payee}, and"},
		"an entry without its allocation": {[]string{`DELETE FROM allocations`}, "pays no invoice."},
		"more is taken back": {[]string{`UPDATE invoices SET net_minor = net_minor * 90, vat_minor = vat_minor * 90, gross_minor = gross_minor * 90 WHERE kind = 'credit note'`},
			"The invoice {credited} of {creditor} asks"},
		"a leg of a sale is missing":  {[]string{`DELETE FROM ledger_postings WHERE organization_id = '{reseller}' AND entry_id = (SELECT id FROM ledger_entries WHERE kind = 'sold' AND source = '{sale}')`}, "The wholesale sale {sale} is not the same in both books"},
		"a leg of a sale is another":  {[]string{`UPDATE ledger_postings SET amount_minor = amount_minor * 2 WHERE organization_id = '{reseller}' AND entry_id = (SELECT id FROM ledger_entries WHERE kind = 'sold' AND source = '{sale}')`}, "The wholesale sale {sale} is not the same in both books"},
		"both legs are missing":       {[]string{`DELETE FROM ledger_postings WHERE entry_id = (SELECT id FROM ledger_entries WHERE kind = 'sold' AND source = '{sale}')`}, "The entry sold of {sale} has no postings."},
		"the buyer has not posted it": {[]string{`DELETE FROM ledger_postings WHERE entry_id IN (SELECT id FROM ledger_entries WHERE kind = 'bought')`, `DELETE FROM ledger_entries WHERE kind = 'bought'`}, "The invoice {wholesale} to {reseller} is 0 in the buyer's books, and"},
		"VAT is off by a cent": {[]string{`UPDATE ledger_postings SET amount_minor = amount_minor + 1` + ofDocument + `'vat'`,
			`UPDATE ledger_postings SET amount_minor = amount_minor - 1` + ofDocument + `'revenue'`}, "invoice {number} of {seller} owes NL VAT of"},
		"VAT is of another state": {[]string{`UPDATE ledger_postings SET party = 'DE'` + ofDocument + `'vat'`}, "invoice {number} of {seller} owes DE VAT of"},
	} {
		for _, sql := range c.sql {
			b.Exec(t, names.Replace(sql))
		}
		says := names.Replace(c.says)
		off, err := b.Biller.Verify(t.Context())
		if err != nil || !strings.Contains(strings.Join(off, "\n"), says) {
			t.Errorf("%s: %q is not among %q (%v)", name, says, off, err)
		}
		for _, table := range tables {
			b.Exec(t, `DELETE FROM `+table)
			b.Exec(t, `INSERT INTO `+table+` SELECT * FROM whole_`+table)
		}
	}
	b.Sound(t)
}

// names stand for what trade has made: the first and the second invoice of a series, what was paid, credited and sold wholesale.
func (b *books) names(t *testing.T) *strings.Replacer {
	t.Helper()
	var pairs []string
	for _, q := range []struct{ names, sql string }{
		{"seller series number id", `SELECT i.seller_id::text, i.series, i.number, i.id::text FROM invoices i JOIN organizations o ON o.id = i.seller_id AND o.kind = 'operator' WHERE sequence = 1 AND i.kind = 'invoice'`},
		{"second", `SELECT n.id::text FROM invoices n JOIN invoices i ON i.seller_id = n.seller_id AND i.series = n.series JOIN organizations o ON o.id = i.seller_id AND o.kind = 'operator' WHERE i.sequence = 1 AND n.sequence = 2 AND i.kind = 'invoice'`},
		{"payment reference payer payee", `SELECT id::text, reference, organization_id::text, seller_id::text FROM payments`},
		{"paid", `SELECT number FROM invoices WHERE id = (SELECT invoice_id FROM allocations LIMIT 1)`},
		{"credited creditor", `SELECT i.number, i.seller_id::text FROM invoices c JOIN invoices i ON i.id = c.corrects`},
		{"sale reseller", `SELECT e.source, split_part(e.source, ' ', 2) FROM ledger_entries e WHERE e.kind = 'sold' LIMIT 1`},
		{"wholesale", `SELECT number FROM invoices WHERE wholesale LIMIT 1`},
	} {
		names := strings.Fields(q.names)
		values := make([]string, len(names))
		into := make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := b.Conn.QueryRow(t.Context(), q.sql).Scan(into...); err != nil {
			t.Fatalf("%s: %v", q.names, err)
		}
		for i, name := range names {
			pairs = append(pairs, "{"+name+"}", values[i])
		}
	}
	return strings.NewReplacer(pairs...)
}
