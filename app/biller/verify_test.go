package biller_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
)

// TestVerifyFindsWhatIsOff breaks one thing after the other, as only a superuser can, reads what is said about it, and mends it.
func TestVerifyFindsWhatIsOff(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 1, 6, 1)
	b.trade(t)
	b.Sound(t)
	b.Exec(t, `SET session_replication_role = replica`) // no triggers, no foreign keys
	for name, c := range map[string]struct{ table, sql, says string }{
		"a changed total":      {"invoices", `UPDATE invoices SET net_minor = net_minor + 1, gross_minor = gross_minor + 1 WHERE id = (SELECT id FROM invoices LIMIT 1)`, "on paper"},
		"a removed invoice":    {"invoices", `DELETE FROM invoices WHERE id = (SELECT id FROM invoices WHERE kind = 'invoice' LIMIT 1)`, "a number is missing"},
		"a lost series":        {"invoice_series", `DELETE FROM invoice_series WHERE series = '2026'`, "is not known"},
		"a changed posting":    {"ledger_postings", `UPDATE ledger_postings SET amount_minor = amount_minor + 1 WHERE (entry_id, position) = (SELECT entry_id, position FROM ledger_postings LIMIT 1)`, "does not add up to nothing"},
		"a removed entry":      {"ledger_entries", `DELETE FROM ledger_entries WHERE id = (SELECT id FROM ledger_entries LIMIT 1)`, "belongs to no entry"},
		"a removed posting":    {"ledger_postings", `DELETE FROM ledger_postings WHERE entry_id = (SELECT id FROM ledger_entries LIMIT 1)`, "has no postings"},
		"a removed charge":     {"charges", `DELETE FROM charges WHERE id = (SELECT id FROM charges WHERE kind = 'period' LIMIT 1)`, "stands at"},
		"a period twice":       {"charges", `UPDATE charges SET period_end = period_end + 5 WHERE kind = 'period'`, "charged twice"},
		"a changed document":   {"invoices", `UPDATE invoices SET document = replace(document::text, '"quantity":"1"', '"quantity":"2"')::json WHERE id = (SELECT id FROM invoices WHERE kind = 'invoice' LIMIT 1)`, "is wrong"},
		"too much taken back":  {"invoices", `UPDATE invoices SET net_minor = net_minor * 90, vat_minor = vat_minor * 90, gross_minor = gross_minor * 90 WHERE kind = 'credit note'`, "is taken back with"},
		"another one's credit": {"invoices", `UPDATE invoices SET corrects = (SELECT id FROM invoices WHERE wholesale LIMIT 1) WHERE kind = 'credit note'`, "no invoice of the same seller and customer"},
		"paid too much":        {"allocations", `UPDATE allocations SET amount_minor = amount_minor * 90`, "paid with more than it asks"},
		"credit from nowhere":  {"ledger_postings", `UPDATE ledger_postings SET amount_minor = -amount_minor WHERE account = 'credit' AND amount_minor < 0`, "has used more credit"},
		"a payment unposted":   {"ledger_entries", `DELETE FROM ledger_entries WHERE kind = 'received'`, "is not in the books"},
		"one leg of a sale":    {"ledger_postings", `UPDATE ledger_postings SET amount_minor = amount_minor + 1 WHERE (entry_id, position) = (SELECT p.entry_id, p.position FROM ledger_postings p JOIN ledger_entries e ON e.id = p.entry_id WHERE e.kind = 'sold' AND p.account = 'unbilled' LIMIT 1)`, "not the same in both books"},
		"both legs of a sale":  {"ledger_postings", `DELETE FROM ledger_postings WHERE entry_id IN (SELECT id FROM ledger_entries WHERE kind = 'bought')`, "was asked for"},
		"a sale of nothing":    {"ledger_entries", `UPDATE ledger_entries SET source = gen_random_uuid() || ' ' || split_part(source, ' ', 2) WHERE id = (SELECT id FROM ledger_entries WHERE kind = 'sold' LIMIT 1)`, "belongs to no charge"},
		"a wholesale invoice":  {"wholesale_bills", `UPDATE wholesale_bills SET net_minor = net_minor + 100`, "The wholesale invoice"},
		"a month not invoiced": {"wholesale_bills", `UPDATE wholesale_bills SET invoice_id = (SELECT id FROM invoices WHERE NOT wholesale LIMIT 1)`, "has no such invoice"},
		"a sum of revenue":     {"sales_sums", `UPDATE sales_sums SET net_minor = net_minor + 1`, "The revenue of"},
		"a sum of VAT":         {"vat_sums", `UPDATE vat_sums SET vat_minor = vat_minor + 1`, "The VAT of"},
		"a sum of an account":  {"ledger_sums", `UPDATE ledger_sums SET amount_minor = amount_minor + 1`, "summed up"},
		"what is open":         {"receivables", `UPDATE receivables SET open_minor = open_minor + 1`, "is listed with"},
	} {
		b.Exec(t, `CREATE TEMP TABLE whole AS SELECT * FROM `+c.table)
		b.Exec(t, c.sql)
		off, err := b.Biller.Verify(t.Context())
		if err != nil || !strings.Contains(strings.Join(off, "\n"), c.says) {
			t.Errorf("%s: %q is not among %q (%v)", name, c.says, off, err)
		}
		b.Exec(t, `DELETE FROM `+c.table)
		b.Exec(t, `INSERT INTO `+c.table+` SELECT * FROM whole`)
		b.Exec(t, `DROP TABLE whole`)
	}
	b.Sound(t)
}

// trade bills two months, one of them wholesale too, and has an invoice credited in part and others paid, one with too much.
func (b *books) trade(t *testing.T) {
	t.Helper()
	for _, on := range []string{"2026-01-31", "2026-02-28"} {
		b.Today = day(t, on).UTC()
		if sum, err := b.Biller.Bill(t.Context(), biller.Run{}); err != nil || sum.Invoices != 6 {
			t.Fatalf("%+v, %v", sum, err)
		}
	}
	b.tradeOne(t)
}

// tradeOne has one of the two newest invoices credited in part, and the other one paid with too much.
func (b *books) tradeOne(t *testing.T) {
	t.Helper()
	rows, err := b.Conn.Query(t.Context(), `SELECT id, seller_id, buyer_id FROM invoices WHERE kind = 'invoice' AND NOT wholesale ORDER BY id DESC LIMIT 2`)
	if err != nil {
		t.Fatal(err)
	}
	type issued struct{ ID, Seller, Buyer app.ID }
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[issued])
	if err != nil {
		t.Fatal(err)
	}
	err = b.do(t.Context(), func(tx *store.Tx) error {
		_, err := b.Biller.CreditInvoice(t.Context(), tx, found[0].ID, []invoice.Ask{{Line: "1", Net: billingtest.Euro(100)}}, "A little.")
		if err != nil {
			return err
		}
		return b.Biller.Receive(t.Context(), tx, store.Payment{Customer: found[1].Buyer, Seller: found[1].Seller, Through: "bank", Reference: b.Today.String(),
			Amount: billingtest.Euro(9000), PaidOn: billing.DateIn(b.Today, b.Today.Location())})
	})
	if err != nil {
		t.Fatal(err)
	}
}
