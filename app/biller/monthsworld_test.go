package biller_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
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
			Evidence: []tax.Evidence{{Kind: "address", Country: c.BuyerTax.Country}, {Kind: "card", Country: c.BuyerTax.Country}}}
		if c.BuyerTax.Check != "" {
			profile.CheckedAt = l.Today.AddDate(5, 0, 0) // is asked again in time, which is the portal's chore
		}
		l.must(func(tx *store.Tx) error { return tx.SaveProfile(l.t.Context(), customer, profile, l.Today) })
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

func (l *life) must(fn func(*store.Tx) error) {
	l.t.Helper()
	if err := l.do(l.t.Context(), fn); err != nil {
		l.t.Fatal(err)
	}
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

// announce tells one customer of another price, a month and more ahead of the period from which it holds.
func (l *life) announce(tx *store.Tx, id app.ID, price billing.Money) (string, error) {
	ctx := l.t.Context()
	a, err := tx.AccountOf(ctx, id)
	if err != nil {
		return "price change", err
	}
	for _, s := range a.Subscriptions {
		if s.ID != id.String() {
			continue
		}
		n := s.Next
		for earliest := billing.DateIn(l.Today, time.UTC).AddDays(30); billing.PeriodAt(s.Anchor, s.Every, n).Start.Before(earliest); {
			n++
		}
		done, err := l.Biller.Reprice(ctx, tx, id, "small", store.Offered{Price: store.Price{Amount: price}, Legs: s.Wholesale}, billing.PeriodAt(s.Anchor, s.Every, n).Start)
		if err == nil && !done {
			err = app.Errorf(app.Conflict, "Something else is to begin.")
		}
		return "price change", err
	}
	return "price change", app.Errorf(app.Conflict, "Not begun.")
}

// office is what staff does: a credit note over a part of a line, and credit that is paid back.
func (l *life) office() {
	rows, err := l.Conn.Query(l.t.Context(), `SELECT i.id, i.seller_id, i.buyer_id FROM invoices i JOIN organizations o ON o.id = i.buyer_id
		WHERE i.kind = 'invoice' AND NOT i.wholesale AND i.issued_on > $1 ORDER BY i.number, o.slug`,
		l.Today.AddDate(0, -3, 0))
	if err != nil {
		l.t.Fatal(err)
	}
	type sold struct{ ID, Seller, Buyer app.ID }
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[sold])
	if err != nil {
		l.t.Fatal(err)
	}
	if len(all) == 0 || l.dice.IntN(2) > 0 {
		return
	}
	one := all[l.dice.IntN(len(all))]
	l.tried("credit note", l.do(l.t.Context(), func(tx *store.Tx) error {
		asks := []invoice.Ask{{Line: "1", Net: billingtest.Euro(1 + l.dice.Int64N(600))}}
		if l.dice.IntN(4) == 0 {
			asks = nil // all that is left
		}
		_, err := l.Biller.CreditInvoice(l.t.Context(), tx, one.ID, asks, "Less was used.")
		return err
	}))
	l.reference++
	l.tried("refund", l.do(l.t.Context(), func(tx *store.Tx) error {
		credit, err := tx.Credit(l.t.Context(), one.Seller, one.Buyer, "EUR")
		if err != nil || credit.Minor <= 0 {
			return app.Because(app.Conflict, err, "There is no credit.")
		}
		return l.Biller.Refund(l.t.Context(), tx, store.Payment{Customer: one.Buyer, Seller: one.Seller, Through: "bank", Reference: fmt.Sprint(l.reference),
			Amount: billingtest.Euro(1 + l.dice.Int64N(credit.Minor)), PaidOn: billing.DateIn(l.Today, time.UTC)})
	}))
}

// bounce takes back a payment of the last weeks, whole: a debit that failed late, or a chargeback.
func (l *life) bounce() {
	if len(l.received) < 20 || l.dice.IntN(4) > 0 {
		return
	}
	i := len(l.received) - 1 - l.dice.IntN(20)
	p := l.received[i]
	l.received = append(l.received[:i], l.received[i+1:]...)
	p.PaidOn = billing.DateIn(l.Today, time.UTC)
	l.tried("taken back late", l.do(l.t.Context(), func(tx *store.Tx) error {
		return l.Biller.ChargeBack(l.t.Context(), tx, p, billingtest.Euro(750))
	}))
}

// tried counts what happened. What the rules refuse is a Conflict or an Invalid, and nothing else.
func (l *life) tried(what string, err error) {
	l.t.Helper()
	switch app.CodeOf(err) {
	case "":
		l.happened[what]++
	case app.Conflict, app.NotFound, app.Invalid:
		l.happened[what+" refused"]++
	default:
		l.t.Fatalf("%s: %v", what, err)
	}
}

// newDocuments proves what was issued since yesterday to the cent.
func (l *life) newDocuments() {
	for _, d := range l.documents(`issued_on >= $1`, l.Today.AddDate(0, 0, -1)) {
		if err := d.Ready(); err != nil {
			l.t.Errorf("%s: %v", d.Number, err)
		}
		if err := invoice.Verify(d); err != nil {
			l.t.Errorf("%s: %v", d.Number, err)
		}
	}
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
		AS place FROM invoices) x WHERE place <= 5)`) {
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
