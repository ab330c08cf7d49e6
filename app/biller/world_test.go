package biller_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app/biller"
	"allotment/app/portal/portaltest"
	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/tax"
)

// books is an installation with many subscriptions and a clock of its own.
type books struct {
	*portaltest.World
	conn   *pgx.Conn // as the superuser
	biller *biller.Biller
	today  time.Time
}

// newBooks makes sellers (the operator and resellers), customers below them in turn, and subscriptions of each that begin on 2026-01-31.
func newBooks(t testing.TB, resellers, customers, each int) *books {
	t.Helper()
	b := &books{World: portaltest.New(t), today: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)}
	var err error
	if b.conn, err = pgx.Connect(t.Context(), b.Superuser); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.conn.Close(context.Background()) })
	b.biller = biller.New(b.Store, tax.Seed(), slog.New(slog.DiscardHandler), func() time.Time { return b.today })
	c := billingtest.Cases()[0]
	seller, buyer := asJSON(t, c.Seller), asJSON(t, c.Buyer)
	b.exec(t, `CREATE TEMP TABLE sellers AS SELECT id, 0::bigint AS n FROM organizations WHERE kind = 'operator'`)
	b.exec(t, `INSERT INTO sellers SELECT gen_random_uuid(), n FROM generate_series(1, $1::int) n`, resellers)
	b.exec(t, `INSERT INTO organizations (id, parent_id, kind, name, slug, created_at)
		SELECT s.id, o.id, 'reseller', 'Demo reseller ' || n, 'reseller-' || n, now() FROM sellers s, organizations o WHERE o.kind = 'operator' AND s.n > 0`)
	b.exec(t, `CREATE TEMP TABLE customers AS SELECT gen_random_uuid() AS id, s.id AS seller, g.n
		FROM generate_series(1, $1::int) g(n) JOIN sellers s ON s.n = g.n % (SELECT count(*) FROM sellers)`, customers)
	b.exec(t, `INSERT INTO organizations (id, parent_id, kind, name, slug, created_at)
		SELECT id, seller, 'customer', 'Demo customer ' || n, 'customer-' || n, now() FROM customers`)
	b.exec(t, `INSERT INTO billing_profiles (organization_id, party, business, language, changed_at) SELECT id, $1, true, 'nl', now() FROM sellers`, seller)
	b.exec(t, `INSERT INTO billing_profiles (organization_id, party, business, language, changed_at) SELECT id, $1, true, 'nl', now() FROM customers`, buyer)
	b.exec(t, `INSERT INTO seller_terms (organization_id, tax, changed_at) SELECT id, $1, now() FROM sellers`, asJSON(t, c.SellerTax))
	b.exec(t, `CREATE TEMP TABLE wanted AS SELECT gen_random_uuid() AS service, c.id AS customer, c.seller, k FROM customers c, generate_series(1, $1::int) k`, each)
	b.exec(t, `INSERT INTO services (organization_id, id, app, plan, name, host, state, answers, created_at)
		SELECT customer, service, 'redmine', 'small', 'Demo', service || '.example.test', 'active', '{}', now() FROM wanted`)
	b.exec(t, `INSERT INTO subscriptions (organization_id, id, service_id, currency, amount_minor, setup_minor, period, created_at, seller_id, name, description,
			starts_at, wholesale)
		SELECT customer, gen_random_uuid(), service, 'EUR', 1000 + k, CASE WHEN k % 2 = 0 THEN 500 ELSE 0 END, 'month', now(), seller, 'Redmine, small',
			service || '.example.test', '2026-01-31 10:00Z',
			CASE WHEN o.kind = 'operator' THEN '[]' ELSE jsonb_build_array(jsonb_build_object('reseller', seller, 'parent', o.parent_id, 'price',
				jsonb_build_object('minor', 700, 'currency', 'EUR'))) END
		FROM wanted w JOIN organizations o ON o.id = w.seller`)
	b.exec(t, `ANALYZE`)
	return b
}

func (b *books) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	if _, err := b.conn.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func (b *books) count(t testing.TB, sql string) (n int) {
	t.Helper()
	if err := b.conn.QueryRow(context.Background(), sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// sound fails where the books are off.
func (b *books) sound(t testing.TB) {
	t.Helper()
	off, err := b.biller.Verify(t.Context())
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

func day(t testing.TB, text string) billing.Date {
	t.Helper()
	d, err := billing.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
