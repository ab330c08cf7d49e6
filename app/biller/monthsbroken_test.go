package biller_test

import (
	"strings"
	"testing"

	"allotment/app/biller"
)

// TestDayFindsWhatIsOff proves that what the two years ask after each day can fail: it breaks what a day has brought, one thing after the other, as only a
// superuser can, reads what is said about it, and mends it.
func TestDayFindsWhatIsOff(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 1, 6, 1)
	d := newDayBooks(t, b)
	proved := func(when string) {
		t.Helper()
		if off, err := d.prove(t.Context()); err != nil || len(off) > 0 {
			t.Fatalf("%s: %q (%v)", when, off, err)
		}
	}
	proved("before anything happened")
	b.trade(t)
	proved("after two months")
	b.Today = day(t, "2026-03-31").UTC()
	if _, err := b.Biller.Bill(t.Context(), biller.Run{}); err != nil {
		t.Fatal(err)
	}
	b.tradeOne(t)
	if off, err := d.look(t.Context()); err != nil || len(off) > 0 {
		t.Fatalf("a day on which nothing is wrong: %q (%v)", off, err)
	}
	b.Exec(t, `SET session_replication_role = replica`) // no triggers, no foreign keys
	newest := `(SELECT id FROM invoices WHERE kind = 'invoice' AND NOT wholesale ORDER BY id DESC LIMIT 1)`
	for name, c := range map[string]struct{ table, sql, says string }{
		"a removed invoice":    {"invoices", `DELETE FROM invoices WHERE id = ` + newest, "a number is missing"},
		"a number twice":       {"invoice_series", `UPDATE invoice_series SET next = next - 1`, "a number is missing, or came twice"},
		"a lost series":        {"invoice_series", `DELETE FROM invoice_series`, "a series that is not known"},
		"a changed posting":    {"ledger_postings", `UPDATE ledger_postings SET amount_minor = amount_minor + 1 WHERE account = 'receivable'`, "does not add up to nothing"},
		"a removed posting":    {"ledger_postings", `DELETE FROM ledger_postings`, "has no postings"},
		"a changed total":      {"invoices", `UPDATE invoices SET net_minor = net_minor + 1, gross_minor = gross_minor + 1 WHERE id = ` + newest, "on paper"},
		"a period twice":       {"charges", `UPDATE charges SET period_start = period_start - 5 WHERE kind = 'period'`, "charged twice"},
		"days that are free":   {"charges", `UPDATE charges SET period_start = period_start + 1 WHERE kind = 'period'`, "days between them were not charged"},
		"a lost charge":        {"charges", `DELETE FROM charges WHERE period_start < '2026-02-01' AND kind = 'period'`, "stands at"},
		"too much taken back":  {"invoices", `UPDATE invoices SET net_minor = net_minor * 90, vat_minor = vat_minor * 90, gross_minor = gross_minor * 90 WHERE kind = 'credit note'`, "is taken back with"},
		"another one's credit": {"invoices", `UPDATE invoices SET buyer_id = seller_id WHERE kind = 'credit note'`, "no invoice of the same seller and customer"},
		"paid too much":        {"allocations", `UPDATE allocations SET amount_minor = amount_minor * 90`, "is paid with"},
		"what is open":         {"receivables", `UPDATE receivables SET open_minor = open_minor + 1`, "listed with"},
		"credit from nowhere":  {"ledger_postings", `UPDATE ledger_postings SET amount_minor = -amount_minor WHERE account = 'credit'`, "more credit"},
		"who owes what":        {"ledger_postings", `UPDATE ledger_postings SET party = 'x' WHERE account = 'receivable'`, "by its invoices"},
		"a payment unposted":   {"ledger_entries", `DELETE FROM ledger_entries WHERE kind = 'received'`, "is not in the books"},
		"a lone sale":          {"ledger_postings", `DELETE FROM ledger_postings WHERE account = 'unbilled' AND amount_minor > 0`, "not the same in both books"},
		"a sale of nothing":    {"ledger_entries", `UPDATE ledger_entries SET source = gen_random_uuid() || ' x' WHERE kind = 'sold'`, "belongs to nothing"},
		"a wholesale invoice":  {"wholesale_bills", `UPDATE wholesale_bills SET net_minor = net_minor + 1`, "not noted with what it asks"},
		"a changed document":   {"invoices", `UPDATE invoices SET document = replace(document::text, '"quantity":"1"', '"quantity":"2"')::json`, "is wrong"},
		"a changed row":        {"invoices", `UPDATE invoices SET vat_minor = vat_minor + 1, gross_minor = gross_minor + 1`, "something else than its row"},
	} {
		b.Exec(t, `CREATE TEMP TABLE whole AS SELECT * FROM `+c.table)
		b.Exec(t, c.sql)
		off, err := d.look(t.Context())
		if err != nil || !strings.Contains(strings.Join(off, "\n"), c.says) {
			t.Errorf("%s: %q is not among %q (%v)", name, c.says, off, err)
		}
		b.Exec(t, `DELETE FROM `+c.table)
		b.Exec(t, `INSERT INTO `+c.table+` SELECT * FROM whole`)
		b.Exec(t, `DROP TABLE whole`)
	}
	for name, c := range map[string]struct{ sql, says string }{
		"a book that differs": {`UPDATE unbilled SET balance = balance + 1 WHERE balance > 0`, "differs from what that one has"},
		"a bill too many":     {`UPDATE unbilled SET sold = sold + 1`, "of which"},
	} {
		exec := func(sql string) {
			t.Helper()
			if _, err := d.conn.Exec(t.Context(), sql); err != nil {
				t.Fatalf("%s: %v", sql, err)
			}
		}
		exec(`BEGIN`)
		exec(c.sql)
		off, err := ask(t.Context(), d.conn, tradeBalances)
		if err != nil || !strings.Contains(strings.Join(off, "\n"), c.says) {
			t.Errorf("%s: %q is not among %q (%v)", name, c.says, off, err)
		}
		exec(`ROLLBACK`)
	}
	proved("mended")
}
