package api_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"allotment/app"
	"allotment/billing/billingtest"
)

// issue issues an invoice of a seller to a buyer, dated in a year.
func (s *site) issue(t *testing.T, seller, buyer app.ID, number string, year int) app.ID {
	t.Helper()
	d := billingtest.Invoice(t, rand.New(rand.NewPCG(1, 0)), billingtest.Cases()[0], 1)
	d.Number, d.Issued.Year = number, year
	d.Due, d.TaxPoint, d.Seller.ID, d.Buyer.ID = d.Issued.AddDays(14), d.Issued, seller.String(), buyer.String()
	document, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	id := app.NewID()
	s.exec(t, `INSERT INTO invoices (id, seller_id, buyer_id, kind, series, sequence, number, currency, issued_on, due_on, net_minor, vat_minor, gross_minor, document, created_at)
		VALUES ($1, $2, $3, 'invoice', $4, 1, $4, 'EUR', $5, $6, $7, $8, $9, $10, now())`,
		id, seller, buyer, number, d.Issued.UTC(), d.Due.UTC(), d.Net.Minor, d.VAT.Minor, d.Gross.Minor, string(document))
	return id
}

// TestInvoices: both sides list, read and fetch a document, each under its own side; for everybody else it does not exist.
func TestInvoices(t *testing.T) {
	t.Parallel()
	s := open(t)
	seller := s.Reseller(t)
	old, id := s.issue(t, seller.Organization, s.Tenant.Organization, "N-1", 2024), s.issue(t, seller.Organization, s.Tenant.Organization, "N-2", 2025)
	buys, sells := s.program(t, s.Tenant, app.RoleCustomerBilling), s.program(t, seller, app.RoleResellerBilling)
	items := func(got answer) int {
		t.Helper()
		if got.status != http.StatusOK {
			t.Fatalf("%d %s", got.status, got.body)
		}
		return len(got.json["items"].([]any))
	}
	first := buys.get("/invoices?limit=1")
	if items(first) != 1 || !bytes.Contains(first.body, []byte(id.String())) {
		t.Errorf("the newest: %s", first.body)
	}
	if second := buys.get("/invoices?limit=1&after=" + first.text("next")); items(second) != 1 || !bytes.Contains(second.body, []byte(old.String())) || second.text("next") != "" {
		t.Errorf("the page after it: %s", second.body)
	}
	for query, want := range map[string]int{"year=2024": 1, "year=2023": 0, "state=overdue": 2, "state=paid": 0} {
		if n := items(buys.get("/invoices?" + query)); n != want {
			t.Errorf("%s: %d, want %d", query, n, want)
		}
	}
	if n := items(sells.get("/invoices?sold=true")); n != 2 {
		t.Errorf("sold: %d, want 2", n)
	}
	if n := items(sells.get("/invoices")); n != 0 {
		t.Errorf("the seller bought %d", n)
	}
	for path, kind := range map[string]string{"": "application/json", "/pdf": "application/pdf", "/ubl": "application/xml"} {
		path = "/invoices/" + id.String() + path
		if got := buys.get(path); got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), kind) {
			t.Errorf("%s: %d %s", path, got.status, got.header.Get("Content-Type"))
		}
		if got := sells.get(path + "?sold=true"); got.status != http.StatusOK {
			t.Errorf("sold %s: %d", path, got.status)
		}
		if got := sells.get(path); got.status != http.StatusNotFound {
			t.Errorf("the seller at what it did not buy, %s: %d", path, got.status)
		}
		if got := s.program(t, s.Other, app.RoleCustomerBilling).get(path); got.status != http.StatusNotFound {
			t.Errorf("a stranger at %s: %d", path, got.status)
		}
		if got := buys.get(path + "?sold=true"); got.status != http.StatusForbidden {
			t.Errorf("a customer at what was sold, %s: %d", path, got.status)
		}
	}
	whole := buys.get("/invoices/" + id.String())
	if whole.text("number") != "N-2" || whole.text("issued_on")[:4] != "2025" || len(whole.json["lines"].([]any)) == 0 || whole.json["gross"] == nil {
		t.Errorf("in full: %s", whole.body)
	}
	if got := s.program(t, s.Tenant, app.RoleCustomerViewer).get("/invoices"); got.status != http.StatusForbidden {
		t.Errorf("a viewer: %d", got.status)
	}
}
