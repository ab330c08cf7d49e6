package biller_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/biller/billertest"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
	"allotment/billing/pdf"
	"allotment/billing/tax"
	"allotment/billing/ubl"
)

// TestIssuedDocumentsAreValid lets sellers of several states and schemes bill all kinds of customers for two months, with coupons, set-up fees,
// changes of plan in both directions, cancellations, credits of a part, and rates that change in the middle of a period. Every document that the
// engine issued is proved to the cent, drawn as a PDF, and passes the XSD and the official rules.
func TestIssuedDocumentsAreValid(t *testing.T) {
	t.Parallel()
	b := variedWorld(t)
	live(t, b)
	all := documents(t, b)
	covers(t, all)
	folder := t.TempDir()
	var files []string
	for i, d := range all {
		name := filepath.Join(folder, fmt.Sprintf("%03d-%s.xml", i, d.Number))
		if draw(t, d, name) {
			files = append(files, name)
		}
	}
	wantOfficial(t, files)
}

// sides are the sellers, by the number that billertest gives them, and what each customer of a seller is.
func sides() (sellers []billingtest.Case, buyers map[int][]billingtest.Case) {
	cases, buyers := billingtest.Cases(), map[int][]billingtest.Case{}
	const each = 8 // cases of one state
	home := func(state int) []billingtest.Case { return cases[state*each : (state+1)*each] }
	shop, frontier, beyond := home(0)[0], home(1)[0], home(2)[0]
	shop.SellerTax = tax.Seller{Country: "NL", OSS: true}
	frontier.SellerTax = tax.Seller{Country: "DE", BelowLimit: true, ExportAs: tax.FreeExport}
	beyond.SellerTax = tax.Seller{Country: "BE", OSS: true, ExportAs: tax.OutOfScope}
	small := home(1)[5]
	sellers = []billingtest.Case{shop, frontier, beyond, small}
	buyers[0], buyers[1], buyers[2] = home(0), home(1), home(2)
	consumers := []billingtest.Case{home(1)[1], home(1)[4], home(1)[5]}
	for len(buyers[3]) < each {
		buyers[3] = append(buyers[3], consumers[len(buyers[3])%len(consumers)])
	}
	return sellers, buyers
}

// variedWorld has a seller and its customers of each kind, with two subscriptions each: one of them with a set-up fee, some with a coupon.
func variedWorld(t *testing.T) *billertest.Books {
	t.Helper()
	sellers, buyers := sides()
	b := billertest.New(t, len(sellers)-1, len(sellers)*len(buyers[0]), 2)
	for n, c := range sellers {
		b.Exec(t, `UPDATE billing_profiles SET party = $2, language = $3, vat_check = CASE WHEN $4 THEN 'valid' ELSE '' END, evidence = $5
			WHERE organization_id = (SELECT id FROM sellers WHERE n = $1)`, n, text(t, c.Seller), []string{"nl", "de", "en", "de"}[n], c.Seller.VATID != "",
			text(t, proofs(c.Seller.Country)))
		b.Exec(t, `UPDATE seller_terms SET tax = $2, payment = $3, prefix = $4 WHERE organization_id = (SELECT id FROM sellers WHERE n = $1)`, n,
			text(t, c.SellerTax), text(t, invoice.Payment{IBAN: "NL02ABNA0123456789", BIC: "ABNANL2A", Holder: c.Seller.Name}), fmt.Sprintf("S%d-", n))
		for i, c := range buyers[n] {
			b.Exec(t, `UPDATE billing_profiles SET party = $3, business = $4, vat_check = $5, evidence = $6, language = $7, reference = $8
				WHERE organization_id = (SELECT c.id FROM customers c JOIN sellers s ON s.id = c.seller WHERE s.n = $1 ORDER BY c.n LIMIT 1 OFFSET $2)`,
				n, i, text(t, c.Buyer), c.BuyerTax.Business, c.BuyerTax.Check, text(t, proofs(c.Buyer.Country)), []string{"nl", "de", "en"}[i%3], []string{"", "Desk 7"}[i%2])
		}
	}
	b.Exec(t, `UPDATE subscriptions SET coupon = CASE abs(hashtext(id::text)) % 3
		WHEN 0 THEN '{"code": "DEMO", "percent": "33", "amount": {"minor": 0, "currency": ""}, "periods": 1}'::jsonb
		WHEN 1 THEN '{"code": "ALL", "percent": "0", "amount": {"minor": 99999, "currency": "EUR"}, "periods": 1}'::jsonb END`)
	b.Exec(t, `UPDATE subscriptions SET meters = (SELECT jsonb_agg(jsonb_build_object('meter', m, 'unit', u, 'price', p, 'from', '2026-01-01', 'off', false, 'legs', '[]'::jsonb))
		FROM (VALUES ('guest_hours', 'HUR', '0.012345'), ('disk_gib_hours', 'C62', '0.000137'), ('traffic_gib', 'E62', '0.05')) v(m, u, p))
		WHERE abs(hashtext(id::text)) % 2 = 0`)
	return b
}

func proofs(country string) []tax.Evidence {
	return []tax.Evidence{{Kind: "address", Country: country}, {Kind: "card", Country: country}}
}

func text(t *testing.T, value any) string {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// live is what happens from January to April.
func live(t *testing.T, b *billertest.Books) {
	t.Helper()
	run := func(month time.Month, day int) {
		t.Helper()
		b.Today = time.Date(2026, month, day, 12, 0, 0, 0, time.UTC)
		b.Exec(t, `INSERT INTO usage_events (organization_id, id, subscription_id, meter, used_at, used_on, quantity, received_at)
			SELECT s.organization_id, concat(s.id, m ->> 'meter', $1::date, n), s.id, m ->> 'meter', $1::date - n, $1::date - n, 7.123457 * n, now()
			FROM subscriptions s, jsonb_array_elements(s.meters) m, generate_series(1, 25, 3) n WHERE s.end_on IS NULL AND s.anchor <= $1::date - n
			ON CONFLICT DO NOTHING`, b.Today)
		if sum, err := b.Biller.Bill(t.Context(), biller.Run{}); err != nil || len(sum.Parked) > 0 {
			t.Fatalf("%+v, %v", sum, err)
		}
	}
	run(1, 31)
	do(t, b, func(tx *store.Tx) error {
		for _, country := range []string{"NL", "FI"} {
			rate := tax.Rate{Country: country, Percent: billing.MustDecimal("22.5"), From: billingtest.Day(t, "2026-03-14"), Source: "https://example.org/"}
			if err := tx.AddVATRate(t.Context(), rate, "Operator", b.Today); err != nil {
				return err
			}
		}
		return nil
	})
	run(2, 28)
	b.Today = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC) // before the rates change, within a period that they divide
	turn(t, b, 0)
	b.Today = time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC) // and after
	turn(t, b, 2)
	run(4, 1) // March is over: resellers are invoiced
	creditParts(t, b)
	b.Sound(t)
}

// turn changes, ends or credits a third of each seller's subscriptions.
func turn(t *testing.T, b *billertest.Books, offset int) {
	t.Helper()
	rows, err := b.Conn.Query(t.Context(), `SELECT id, (k / 4)::int FROM (SELECT s.id, s.amount_minor, row_number() OVER (PARTITION BY s.seller_id ORDER BY c.n, s.amount_minor) - 1 AS k
		FROM subscriptions s JOIN customers c ON c.id = s.organization_id) x WHERE k % 4 = $1 ORDER BY k`, offset)
	if err != nil {
		t.Fatal(err)
	}
	turns := map[app.ID]int{}
	for rows.Next() {
		var id app.ID
		var turn int
		if err := rows.Scan(&id, &turn); err != nil {
			t.Fatal(err)
		}
		turns[id] = turn
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	for id, turn := range turns {
		do(t, b, func(tx *store.Tx) (err error) {
			switch turn % 3 {
			case 0:
				_, err = b.Biller.ChangeNow(t.Context(), tx, id, biller.Plan{Name: "Redmine, large", Price: billingtest.Euro(3333)})
			case 1:
				_, err = b.Biller.ChangeNow(t.Context(), tx, id, biller.Plan{Name: "Redmine, tiny", Price: billingtest.Euro(299)})
			default:
				_, err = b.Biller.CancelNow(t.Context(), tx, id)
			}
			return err
		})
	}
}

// creditParts takes a cent, and then a third of what is left, of a line of the invoices that have no note yet.
func creditParts(t *testing.T, b *billertest.Books) {
	t.Helper()
	for _, f := range frozen(t, b) {
		line := f.Document.Lines[len(f.Document.Lines)-1]
		if f.Document.Kind != invoice.Invoice || line.Net.Minor < 300 {
			continue
		}
		for _, cents := range []int64{1, line.Net.Minor / 3} {
			err := b.Store.InTenant(t.Context(), b.Operator, func(tx *store.Tx) error {
				_, err := b.Biller.CreditInvoice(t.Context(), tx, f.ID, []invoice.Ask{{Line: line.ID, Net: billingtest.Euro(cents)}}, "Less was used.")
				return err
			})
			if err != nil && app.CodeOf(err) != app.Conflict { // it was taken back already, or asks a reseller
				t.Fatal(err)
			}
		}
	}
}

func do(t *testing.T, b *billertest.Books, fn func(*store.Tx) error) {
	t.Helper()
	if err := b.Store.InTenant(t.Context(), b.Operator, fn); err != nil {
		t.Fatal(err)
	}
}

// covers fails where the world lacks something that it promises.
func covers(t *testing.T, all []invoice.Document) {
	t.Helper()
	seen := map[string]int{}
	for _, d := range all {
		seen[string(d.Kind)]++
		seen[d.Language]++
		seen["from "+d.Seller.Country]++
		if d.Seller.ID == d.Buyer.ID {
			t.Errorf("%s is to its own seller", d.Number)
		}
		rates := map[string]bool{}
		for _, line := range d.Lines {
			seen[string(line.Tax.Scheme)+", "+string(d.Kind)]++
			seen[string(line.Tax.Category)]++
			rates[line.Tax.Rate.String()] = true
			if len(line.Discounts) > 0 {
				seen["discount"]++
			}
			if line.Period.IsZero() {
				seen["fee"]++
			}
			if line.Unit == "HUR" && strings.Contains(line.Quantity.String(), ".") {
				seen["a part of an hour"]++
			}
			seen[line.Unit]++
			if line.Period != line.Whole {
				seen["part of a period"]++
			}
		}
		if len(rates) > 1 {
			seen["two rates, "+string(d.Kind)]++
		}
	}
	t.Logf("%d documents: %v", len(all), seen)
	want := []string{"nl", "de", "en", "from NL", "from DE", "from BE", "discount", "fee", "part of a period", "two rates, invoice", "two rates, credit note",
		"S", "AE", "E", "G", "O", "a part of an hour", "E62"}
	for _, scheme := range []tax.Scheme{tax.Domestic, tax.OSS, tax.Threshold, tax.ReverseCharge, tax.Small, tax.Outside} {
		want = append(want, string(scheme)+", invoice", string(scheme)+", credit note")
	}
	for _, what := range want {
		if seen[what] == 0 {
			t.Errorf("no document has %q", what)
		}
	}
}

// draw proves one document, draws it, and writes its e-invoice to a file.
func draw(t *testing.T, d invoice.Document, name string) bool {
	t.Helper()
	var drawn, written bytes.Buffer
	if err := d.Ready(); err != nil {
		t.Errorf("%s: %v", d.Number, err)
	}
	if err := ubl.Write(&written, d); err != nil {
		t.Errorf("%s: %v", d.Number, err)
		return false
	}
	dutch(t, d, written.String())
	if err := pdf.Write(&drawn, d, pdf.Brand{}, pdf.Attachment{Name: "invoice.xml", Data: written.Bytes()}); err != nil || !bytes.HasPrefix(drawn.Bytes(), []byte("%PDF-")) {
		t.Errorf("%s as a PDF: %v", d.Number, err)
	}
	if err := os.WriteFile(name, written.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return true
}

// dutch is what the rules NL-R-001 to NL-R-008 of Peppol ask of a Dutch seller, which the rules of EN 16931 do not look at.
func dutch(t *testing.T, d invoice.Document, written string) {
	t.Helper()
	if d.Seller.Country != "NL" {
		return
	}
	for what, wrong := range map[string]bool{
		"the invoice that it corrects": d.Kind == invoice.CreditNote && !strings.Contains(written, "<cac:BillingReference>"),
		"the seller's address":         !d.Seller.Addressed(),
		"the seller's KvK number":      d.Seller.LegalScheme != "0106" || !strings.Contains(written, `schemeID="0106">`+d.Seller.LegalID),
		"the customer's address":       !d.Buyer.Addressed(),
		"the customer's KvK number":    d.Buyer.Country == "NL" && d.Buyer.LegalID != "" && d.Buyer.LegalScheme != "0106",
		"how it is paid": d.Kind == invoice.Invoice && d.Payable.Minor > 0 && !strings.Contains(written, "<cbc:PaymentMeansCode>58<") &&
			!strings.Contains(written, "<cbc:PaymentMeansCode>59<"),
	} {
		if wrong {
			t.Errorf("%s lacks %s", d.Number, what)
		}
	}
}

// wantOfficial sends the files through the XSD and the official rules, all in one start of Java.
func wantOfficial(t *testing.T, files []string) {
	t.Helper()
	if _, err := os.Stat(official); err != nil {
		t.Skip("the official rules of EN 16931 are not on this machine:", err)
	}
	if _, err := os.Stat("/usr/share/java/Saxon-HE.jar"); err != nil {
		t.Skip("the official rules need Debian's libsaxonhe-java and a JDK:", err)
	}
	script, err := filepath.Abs(official)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), script, files...).CombinedOutput()
	if err != nil || strings.Count(string(out), "VALID   ") != len(files) || strings.Contains(string(out), "INVALID") {
		t.Fatalf("%d documents: %v\n%s", len(files), err, out)
	}
}
