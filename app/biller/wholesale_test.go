package biller_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/invoice"
)

// TestResellersAreInvoicedOnce: when a month is over, each reseller is asked by its parent for what was sold through it, at both levels, once, however
// many runs there are; both books then have nothing unbilled of it, and what came after stays for the next month.
func TestResellersAreInvoicedOnce(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 1, 12, 1)
	// Half of the customers buy from another reseller below the first, at 900 of which that one keeps 200.
	b.Exec(t, `CREATE TEMP TABLE low AS SELECT gen_random_uuid() AS id, s.id AS parent FROM sellers s WHERE n = 1`)
	b.Exec(t, `INSERT INTO organizations (id, parent_id, kind, name, slug, created_at) SELECT id, parent, 'reseller', 'Demo reseller below', 'below', now() FROM low`)
	b.Exec(t, `INSERT INTO billing_profiles (organization_id, party, business, language, changed_at)
		SELECT l.id, p.party, true, 'de', now() FROM low l, billing_profiles p JOIN sellers s ON s.id = p.organization_id AND s.n = 0`)
	b.Exec(t, `INSERT INTO seller_terms (organization_id, tax, changed_at) SELECT l.id, s.tax, now() FROM low l, seller_terms s LIMIT 1`)
	b.Exec(t, `CREATE TEMP TABLE moved AS SELECT id FROM customers c WHERE seller = (SELECT parent FROM low) ORDER BY n LIMIT 3`)
	b.Exec(t, `UPDATE organizations SET parent_id = (SELECT id FROM low) WHERE id IN (SELECT id FROM moved)`)
	b.Exec(t, `DELETE FROM billing_accounts WHERE organization_id IN (SELECT id FROM moved)`)
	b.Exec(t, `UPDATE subscriptions s SET seller_id = l.id, next_on = NULL, wholesale = jsonb_build_array(
			jsonb_build_object('reseller', l.id, 'parent', l.parent, 'price', jsonb_build_object('minor', 900, 'currency', 'EUR')), s.wholesale -> 0)
		FROM low l WHERE s.organization_id IN (SELECT id FROM moved)`)
	b.Exec(t, `UPDATE subscriptions SET next_on = anchor WHERE next_on IS NULL`)
	if sum, err := b.Biller.Bill(t.Context(), biller.Run{}); err != nil || sum.Invoices != 12 || sum.Wholesale != 0 {
		t.Fatalf("within the month: %+v, %v", sum, err)
	}
	b.Today = time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if _, err := b.Biller.Bill(context.WithoutCancel(t.Context()), biller.Run{}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	// The operator's six through the first reseller at 700; of them three through the one below it, at 900.
	for sql, want := range map[string]int{
		`SELECT count(*) FROM invoices WHERE wholesale`:                                                                                                   2,
		`SELECT net_minor FROM invoices i JOIN organizations o ON o.id = i.seller_id WHERE wholesale AND o.kind = 'operator'`:                             6 * 700,
		`SELECT net_minor FROM invoices i JOIN organizations o ON o.id = i.seller_id WHERE wholesale AND o.kind = 'reseller'`:                             3 * 900,
		`SELECT count(*) FROM (SELECT 1 FROM ledger_postings WHERE account = 'unbilled' GROUP BY organization_id, party HAVING sum(amount_minor) <> 0) x`: 0,
		`SELECT sum(amount_minor) FROM ledger_postings WHERE account = 'cost'`:                                                                            6*700 + 3*900,
		`SELECT -sum(amount_minor) FROM ledger_postings WHERE account = 'payable'`:                                                                        0,
	} {
		if got := b.Count(t, sql); got != want && want != 0 {
			t.Errorf("%s is %d, want %d", sql, got, want)
		}
	}
	if b.Count(t, `SELECT -sum(amount_minor) FROM ledger_postings WHERE account = 'payable'`) != b.Count(t, `SELECT sum(gross_minor) FROM invoices WHERE wholesale`) {
		t.Error("resellers owe something else than they were asked for")
	}
	var asked app.ID
	if err := b.Conn.QueryRow(t.Context(), `SELECT id FROM invoices WHERE wholesale LIMIT 1`).Scan(&asked); err != nil {
		t.Fatal(err)
	}
	err := b.Store.InTenant(t.Context(), b.Operator, func(tx *store.Tx) error {
		_, err := b.Biller.CreditInvoice(t.Context(), tx, asked, []invoice.Ask{{Line: "1", Net: billing.Money{Minor: 100, Currency: "EUR"}}}, "A mistake")
		return err
	})
	if app.CodeOf(err) != app.Conflict {
		t.Errorf("a credit note for a reseller's invoice: %v", err)
	}
	b.Today = time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC)
	if sum, err := b.Biller.Bill(t.Context(), biller.Run{}); err != nil || sum.Invoices != 12 || sum.Wholesale != 0 {
		t.Errorf("the next period: %+v, %v", sum, err)
	}
	b.Today = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	if sum, err := b.Biller.Bill(t.Context(), biller.Run{}); err != nil || sum.Wholesale != 2 {
		t.Errorf("the next month: %+v, %v", sum, err)
	}
	b.Sound(t)
}

// TestResellerWithoutDetailsIsParked: it is said why, stops nobody else, and is mended by filling in what is missing.
func TestResellerWithoutDetailsIsParked(t *testing.T) {
	t.Parallel()
	b := newBooks(t, 2, 6, 1)
	b.Exec(t, `UPDATE subscriptions SET anchor = '2026-01-05', next_on = '2026-01-05'`)
	b.Today = time.Date(2026, 1, 20, 12, 0, 0, 0, time.UTC)
	first, err := b.Biller.Bill(t.Context(), biller.Run{})
	if err != nil {
		t.Fatal(err)
	}
	b.Exec(t, `UPDATE billing_profiles SET party = party || '{"street": ""}' WHERE organization_id = (SELECT id FROM sellers WHERE n = 1)`)
	b.Today = time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC)
	sum, err := b.Biller.Bill(t.Context(), biller.Run{})
	if err != nil || sum.Wholesale != 1 || len(sum.Parked) < 1 || sum.Parked[len(sum.Parked)-1].Reason == "" {
		t.Fatalf("%+v, then %+v, %v", first, sum, err)
	}
	const parked = `SELECT count(*) FROM billing_accounts a WHERE parked = 'The invoice lacks the customer''s name and address.'`
	if n := b.Count(t, parked); n != 1 {
		t.Errorf("%d accounts say why, want one", n)
	}
	b.Exec(t, `UPDATE billing_profiles SET party = party || '{"street": "Example Street 1"}'`)
	if sum, err = b.Biller.Bill(t.Context(), biller.Run{}); err != nil || sum.Wholesale != 1 {
		t.Errorf("once it is mended: %+v, %v", sum, err)
	}
	if n := b.Count(t, parked); n != 0 {
		t.Errorf("%d accounts still say so", n)
	}
	b.Sound(t)
}
