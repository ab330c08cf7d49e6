// Package billertest makes an installation with many subscriptions, for tests of billing.
package billertest

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app/biller"
	"allotment/app/portal/portaltest"
	"allotment/billing/billingtest"
)

// Books is an installation with many subscriptions and a clock of its own.
type Books struct {
	*portaltest.World
	Conn   *pgx.Conn // as the superuser
	Biller *biller.Biller
	Today  time.Time // what the engine's clock says
}

// New makes sellers (the operator and resellers), customers below them in turn, and subscriptions of each that begin on 2026-01-31.
func New(t testing.TB, resellers, customers, each int) *Books {
	t.Helper()
	b := &Books{World: portaltest.New(t), Today: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)}
	var err error
	if b.Conn, err = pgx.Connect(t.Context(), b.Superuser); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Conn.Close(context.Background()) })
	b.Biller = biller.New(b.Store, nil, slog.New(slog.DiscardHandler), func() time.Time { return b.Today })
	// What looks after the tree would go through all of it for each organization, by plans for the few that are there before.
	b.Exec(t, `SET enable_seqscan = off; SET jit = off`)
	c := billingtest.Cases()[0]
	seller, buyer := asJSON(t, c.Seller), asJSON(t, c.Buyer)
	b.Exec(t, `CREATE TEMP TABLE sellers AS SELECT id, 0::bigint AS n FROM organizations WHERE kind = 'operator'`)
	b.Exec(t, `INSERT INTO sellers SELECT gen_random_uuid(), n FROM generate_series(1, $1::int) n`, resellers)
	b.Exec(t, `INSERT INTO organizations (id, parent_id, kind, name, slug, created_at)
		SELECT s.id, o.id, 'reseller', 'Demo reseller ' || n, 'reseller-' || n, now() FROM sellers s, organizations o WHERE o.kind = 'operator' AND s.n > 0`)
	b.Exec(t, `CREATE TEMP TABLE customers AS SELECT gen_random_uuid() AS id, s.id AS seller, g.n
		FROM generate_series(1, $1::int) g(n) JOIN sellers s ON s.n = g.n % (SELECT count(*) FROM sellers)`, customers)
	b.Exec(t, `INSERT INTO organizations (id, parent_id, kind, name, slug, created_at)
		SELECT id, seller, 'customer', 'Demo customer ' || n, 'customer-' || n, now() FROM customers`)
	b.Exec(t, `INSERT INTO billing_profiles (organization_id, party, business, language, changed_at) SELECT id, $1, true, 'nl', now() FROM sellers
		ON CONFLICT (organization_id) DO UPDATE SET party = excluded.party, business = true, language = 'nl'`, seller)
	b.Exec(t, `INSERT INTO billing_profiles (organization_id, party, business, language, changed_at) SELECT id, $1, true, 'nl', now() FROM customers`, buyer)
	b.Exec(t, `DELETE FROM seller_terms`) // the world's own
	b.Exec(t, `INSERT INTO seller_terms (organization_id, tax, changed_at) SELECT id, $1, now() FROM sellers`, asJSON(t, c.SellerTax))
	b.Exec(t, `CREATE TEMP TABLE wanted AS SELECT gen_random_uuid() AS service, c.id AS customer, c.seller, k FROM customers c, generate_series(1, $1::int) k`, each)
	b.Exec(t, `INSERT INTO services (organization_id, id, app, plan, name, host, state, answers, created_at)
		SELECT customer, service, 'redmine', 'small', 'Demo', service || '.example.test', 'active', '{}', now() FROM wanted`)
	b.Exec(t, `INSERT INTO subscriptions (organization_id, id, service_id, currency, amount_minor, setup_minor, period, created_at, seller_id, name, description,
			starts_at, wholesale)
		SELECT customer, gen_random_uuid(), service, 'EUR', 1000 + k, CASE WHEN k % 2 = 0 THEN 500 ELSE 0 END, 'month', now(), seller, 'Redmine, small',
			service || '.example.test', '2026-01-31 10:00Z',
			CASE WHEN o.kind = 'operator' THEN '[]' ELSE jsonb_build_array(jsonb_build_object('reseller', seller, 'parent', o.parent_id, 'price',
				jsonb_build_object('minor', 700, 'currency', 'EUR'))) END
		FROM wanted w JOIN organizations o ON o.id = w.seller`)
	b.Exec(t, `RESET enable_seqscan; RESET jit`)
	// As in use: a table that is known to be empty would be read sequentially by the plans of its foreign keys.
	b.Exec(t, `ANALYZE organizations, organization_tree, billing_profiles, seller_terms, services, subscriptions, billing_accounts`)
	return b
}

// Exec runs a statement as the superuser.
func (b *Books) Exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	if _, err := b.Conn.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// Count returns a query's number, as the superuser.
func (b *Books) Count(t testing.TB, sql string, args ...any) (n int) {
	t.Helper()
	if err := b.Conn.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// Sound fails where the books are off.
func (b *Books) Sound(t testing.TB) {
	t.Helper()
	off, err := b.Biller.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, sentence := range off {
		if i == 10 {
			t.Fatalf("and %d more", len(off)-i)
		}
		t.Error(sentence)
	}
}

func asJSON(t testing.TB, value any) string {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
