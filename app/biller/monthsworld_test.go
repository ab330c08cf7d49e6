package biller_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
	"allotment/billing/tax"
	"allotment/billing/ubl"
)

// furnish gives the two years what makes billing hard: a second level of resellers, sellers in other time zones, buyers of every tax case, coupons,
// trials, minimum terms and all three intervals.
func (l *life) furnish() {
	l.Exec(l.t, `UPDATE seller_terms SET tax = '{"country": "NL", "oss": true}', zone = CASE n WHEN 1 THEN 'Pacific/Auckland' WHEN 2 THEN 'America/New_York' ELSE 'Europe/Amsterdam' END
		FROM sellers s WHERE s.id = organization_id`)
	l.secondLevel()
	l.Exec(l.t, `UPDATE subscriptions SET starts_at = NULL, anchor = NULL, next_on = NULL`)
	l.Exec(l.t, `UPDATE billing_accounts SET next_on = NULL`)
	l.Exec(l.t, `UPDATE subscriptions SET coupon = '{"code": "DEMO", "percent": "20", "amount": {"minor": 0, "currency": ""}, "periods": 3}' WHERE amount_minor = 1001`)
	// What each has is drawn by the seed, whatever the IDs of this run are.
	l.Exec(l.t, `UPDATE subscriptions s SET period = (ARRAY['month', 'month', 'quarter', 'year'])[1 + (w.n + w.k + $1) % 4], trial_days = (w.n * 7 + $1) % 4 * 10,
		minimum = (w.n + $1) % 2 * 12, notice = w.k % 2 * 30
		FROM (SELECT service, c.n, k FROM wanted JOIN customers c ON c.id = wanted.customer) w WHERE w.service = s.service_id`, l.dice.IntN(1000))
	cases := billingtest.Cases()[:4] // of a Dutch seller
	for i, customer := range l.all(`SELECT id FROM customers ORDER BY n`) {
		c := cases[i%len(cases)]
		c.Buyer.ID = customer.String()
		profile := store.Profile{Party: c.Buyer, Buyer: c.BuyerTax, Language: []string{"nl", "de", "en"}[i%3],
			Evidence: []tax.Evidence{{Kind: "address", Country: c.BuyerTax.Country}, {Kind: "phone", Country: c.BuyerTax.Country}}}
		if c.BuyerTax.Check != "" {
			profile.CheckedAt = l.Today.AddDate(5, 0, 0) // is asked again in time, which is the portal's chore
		}
		l.must(func(tx *store.Tx) error { return tx.SaveProfile(l.t.Context(), customer, profile, l.Today) })
	}
	l.open()
	l.connect()
	l.day = newDayBooks(l.t, l.books)
}

// open makes the shops: who buys from whom, how each customer pays, and in which order they begin. Each customer has one person, who is written to.
func (l *life) open() {
	l.Exec(l.t, `INSERT INTO operations (organization_id, id, service_id, kind, state, started_by, created_at, ended_at)
		SELECT customer, gen_random_uuid(), service, 'create', 'done', 'Demo', $1, $1 FROM wanted`, l.Today)
	l.Exec(l.t, `CREATE TEMP TABLE persons AS SELECT id AS customer, gen_random_uuid() AS id FROM customers`)
	l.Exec(l.t, `INSERT INTO users (id, email, name, created_at) SELECT id, id || '@example.test', 'Demo person', $1 FROM persons`, l.Today)
	l.Exec(l.t, `INSERT INTO memberships (organization_id, user_id, role, created_at) SELECT customer, id, 'customer_owner', $1 FROM persons`, l.Today)
	l.Exec(l.t, `UPDATE seller_terms SET dunning = '{"first": 3, "warn": 7, "hold": 7, "grace": 14, "end": 30, "delete": true}'
		WHERE organization_id = (SELECT id FROM sellers WHERE n = 0)`) // the others leave it to their people
	l.Exec(l.t, `CREATE TEMP TABLE stages (account uuid PRIMARY KEY, stage text NOT NULL, since date)`)
	l.Exec(l.t, `CREATE TEMP TABLE dunned (account uuid NOT NULL, organization_id uuid NOT NULL, seller_id uuid NOT NULL, stage text NOT NULL, since date, oldest uuid, at timestamptz NOT NULL)`)
	l.Exec(l.t, `CREATE INDEX ON dunned (at)`)
	l.Exec(l.t, `CREATE INDEX ON dunned (account)`)
	for i, seller := range l.all(`SELECT id FROM (SELECT id, n FROM sellers UNION ALL SELECT id, 1000 FROM low) s ORDER BY n`) {
		s := &shop{life: l, seller: seller, dice: rand.New(rand.NewPCG(l.dice.Uint64(), uint64(i))), habits: map[app.ID]habit{}, happened: map[string]int{}}
		s.customers = l.all(`SELECT c.id FROM customers c JOIN organizations o ON o.id = c.id WHERE o.parent_id = $1 ORDER BY n`, seller)
		s.waiting = l.all(`SELECT s.id FROM subscriptions s JOIN wanted w ON w.service = s.service_id JOIN customers c ON c.id = w.customer WHERE s.seller_id = $1 ORDER BY w.k, c.n`, seller)
		s.pace = float64(len(s.waiting)) / 250
		for _, customer := range s.customers {
			switch n := s.dice.IntN(25); {
			case n == 0:
				s.habits[customer] = reluctant
			case n <= 2:
				s.habits[customer] = late
			}
		}
		var err error
		if s.conn, err = pgx.Connect(l.t.Context(), l.Superuser); err != nil {
			l.t.Fatal(err)
		}
		l.t.Cleanup(func() { s.conn.Close(context.Background()) }) //nolint:errcheck // the test ends
		l.shops = append(l.shops, s)
	}
}

// secondLevel moves half of the first reseller's customers to a reseller below it, which pays 900 of which the first pays 700 on.
func (l *life) secondLevel() {
	l.Exec(l.t, `CREATE TEMP TABLE low AS SELECT gen_random_uuid() AS id, s.id AS parent FROM sellers s WHERE n = 1`)
	l.Exec(l.t, `INSERT INTO organizations (id, parent_id, kind, name, slug, created_at) SELECT id, parent, 'reseller', 'Demo reseller below', 'below', now() FROM low`)
	l.Exec(l.t, `INSERT INTO billing_profiles (organization_id, party, business, language, changed_at)
		SELECT l.id, p.party, true, 'de', now() FROM low l, billing_profiles p JOIN sellers s ON s.id = p.organization_id AND s.n = 0`)
	l.Exec(l.t, `INSERT INTO seller_terms (organization_id, tax, changed_at) SELECT l.id, s.tax, now() FROM low l, seller_terms s LIMIT 1`)
	l.Exec(l.t, `CREATE TEMP TABLE moved AS SELECT id FROM (SELECT id, row_number() OVER (ORDER BY n) AS i FROM customers WHERE seller = (SELECT parent FROM low)) c WHERE i % 2 = 0`)
	l.Exec(l.t, `UPDATE organizations SET parent_id = (SELECT id FROM low) WHERE id IN (SELECT id FROM moved)`)
	l.Exec(l.t, `DELETE FROM billing_accounts WHERE organization_id IN (SELECT id FROM moved)`)
	l.Exec(l.t, `UPDATE subscriptions s SET seller_id = l.id, wholesale = jsonb_build_array(
			jsonb_build_object('reseller', l.id, 'parent', l.parent, 'price', jsonb_build_object('minor', 900, 'currency', 'EUR')), s.wholesale -> 0)
		FROM low l WHERE s.organization_id IN (SELECT id FROM moved)`)
}

// newRates: on one day the state announces another rate that begins within everybody's period.
func (l *life) newRates() {
	if l.happened["VAT rate"] > 0 || l.Today.Format(time.DateOnly) < "2027-12-01" {
		return
	}
	l.must(func(tx *store.Tx) error {
		return tx.AddVATRate(l.t.Context(), tax.Rate{Country: "NL", Percent: billing.MustDecimal("22.5"), From: billingtest.Day(l.t, "2028-01-13"), Source: "https://example.org/"},
			"Operator", l.Today)
	})
	l.happened["VAT rate"]++
}

func (l *life) documents(where string, args ...any) (all []invoice.Document) {
	l.t.Helper()
	rows, err := l.Conn.Query(l.t.Context(), `SELECT document FROM invoices WHERE `+where, args...)
	if err != nil {
		l.t.Fatal(err)
	}
	texts, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		l.t.Fatal(err)
	}
	for _, text := range texts {
		var d invoice.Document
		if err := json.Unmarshal(text, &d); err != nil {
			l.t.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}

// official is the rules of EN 16931 and the XSD; see its own notes. It is not part of the project.
const official = "../../../shared/einvoice/validate.sh"

// officially sends some of the documents of the two years through the official rules, of every kind and tax.
func (l *life) officially() {
	for _, needed := range []string{official, "/usr/share/java/Saxon-HE.jar"} {
		if _, err := os.Stat(needed); err != nil {
			l.t.Log("the official rules are not looked at here:", err)
			return
		}
	}
	folder, args := l.t.TempDir(), []string{}
	for i, d := range l.documents(`id IN (SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY kind, wholesale, vat_minor = 0, document -> 'buyer' ->> 'country' ORDER BY number)
		AS place FROM invoices) x WHERE place <= 10)`) {
		var b bytes.Buffer
		if err := ubl.Write(&b, d); err != nil {
			l.t.Fatalf("%s: %v", d.Number, err)
		}
		name := filepath.Join(folder, fmt.Sprintf("%03d-%s.xml", i, d.Number))
		if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
			l.t.Fatal(err)
		}
		args = append(args, name)
	}
	script, err := filepath.Abs(official)
	if err != nil {
		l.t.Fatal(err)
	}
	out, err := exec.CommandContext(context.WithoutCancel(l.t.Context()), script, args...).CombinedOutput()
	if err != nil || strings.Count(string(out), "VALID   ") != len(args) || strings.Contains(string(out), "INVALID") {
		l.t.Errorf("%d documents: %v\n%s", len(args), err, out)
	}
	l.happened["officially valid"] = len(args)
}
