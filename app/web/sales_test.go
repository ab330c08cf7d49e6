package web_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app/biller"
	"allotment/billing/billingtest"
	"allotment/billing/tax"
)

// bill lets the tenant's service be active and invoiced, under a name that a spreadsheet would take for a formula.
func (s *site) bill(t *testing.T) {
	t.Helper()
	order := s.place(t, s.Tenant, "office")
	conn, err := pgx.Connect(t.Context(), s.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // the test ends
	c := billingtest.Cases()[0]
	seller, _ := json.Marshal(c.Seller) // of strings
	buyer, _ := json.Marshal(c.Buyer)
	terms, _ := json.Marshal(c.SellerTax)
	for sql, args := range map[string][]any{
		`INSERT INTO billing_profiles (organization_id, party, business, language, changed_at) VALUES ($1, $2, true, 'nl', now()), ($3, $4, true, 'nl', now())
			ON CONFLICT (organization_id) DO UPDATE SET party = EXCLUDED.party, business = true`: {s.Operator.Organization, string(seller), s.Tenant.Organization, string(buyer)},
		`INSERT INTO seller_terms (organization_id, tax, changed_at) VALUES ($1, $2, now()) ON CONFLICT (organization_id) DO UPDATE SET tax = EXCLUDED.tax`: {s.Operator.Organization, string(terms)},
		`UPDATE organizations SET name = '=1+1' WHERE id = $1`: {s.Tenant.Organization},
	} {
		if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.Exec(t.Context(), `UPDATE subscriptions SET starts_at = now() WHERE service_id = $1`, order.Service); err != nil {
		t.Fatal(err)
	}
	sum, err := biller.New(s.Store, tax.Seed(), slog.New(slog.DiscardHandler), time.Now).Bill(t.Context(), biller.Run{})
	if err != nil || sum.Invoices != 1 {
		t.Fatalf("%+v, %v", sum, err)
	}
}

// TestSalesPages: the figures of the first invoice stand on every page and in every file, and no cell of a file is a formula.
func TestSalesPages(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.bill(t)
	v := s.as(t, s.Operator.Email)
	for path, wanted := range map[string][]string{
		"/sales":              {`href="/sales"`, "Revenue by month", "chartjs.js", "Redmine", "of 1 customer"},
		"/sales?months=24":    {"24 months"},
		"/sales/ageing":       {"=1+1", "/sales/ageing/export"},
		"/sales/vat":          {"Documents and books agree", "Netherlands", "21%"},
		"/sales/ledger":       {"Invoice or credit note", "Customers owe us"},
		"/sales/parked":       {"Nothing is parked"},
		"/sales/wholesale":    {"Nothing was sold through resellers"},
		"/sales/runs":         {"Start a run now", "There was no run yet"},
		"/sales/vat?period=x": {"Documents and books agree"},
	} {
		got := v.get(path)
		for _, words := range wanted {
			if got.status != http.StatusOK || !got.has(words) {
				t.Errorf("%s: %d, lacks %q", path, got.status, words)
			}
		}
	}
	file := v.get("/sales/ageing/export")
	if file.header.Get("Content-Type") != "text/csv; charset=utf-8" || !file.has(",'=1+1,EUR,1,") || strings.Contains(file.body, ",=1+1") {
		t.Errorf("the file is %s", file.body)
	}
	if file = v.get("/sales/vat/export"); !file.has("domestic,S,NL,21,EUR,") {
		t.Errorf("the file is %s", file.body)
	}
	if got := v.get("/sales/ledger/customers/" + s.Tenant.Organization.String()); !got.has("Statement of =1+1") || !got.has("/sales/invoices/") {
		t.Errorf("the statement: %d", got.status)
	}
	if got := s.tenant(t).get("/sales"); got.status != http.StatusForbidden {
		t.Errorf("a customer at sales: %d", got.status)
	}
	if got := s.tenant(t).get("/services"); got.has(`href="/sales"`) {
		t.Error("a customer is offered sales")
	}
}

// TestRunForm: a run is started by a form, shown while it waits, and a day that is none comes back as it was typed.
func TestRunForm(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.as(t, s.Operator.Email)
	for _, day := range []string{"31-01-2026", "2999-01-01"} {
		if got := v.post("/sales/runs", "as_of", day, "dry", "true"); got.status != http.StatusUnprocessableEntity || !got.has(`value="`+day+`"`) || !got.has("aria-invalid") {
			t.Errorf("%s: %d", day, got.status)
		}
	}
	got := v.post("/sales/runs", "as_of", "", "dry", "true")
	at := got.header.Get("Location")
	if got.status != http.StatusSeeOther || !strings.HasPrefix(at, "/sales/runs/") {
		t.Fatalf("a trial run: %d to %q", got.status, at)
	}
	if got := v.get(at); !got.has("Trial run") || !got.has("waits") || !got.has(`hx-trigger="load delay:1s"`) {
		t.Errorf("the run: %d", got.status)
	}
	if got := v.get(at, "HX-Request", "true", "HX-Target", "run"); got.has("<html") || !got.has(`id="run"`) {
		t.Errorf("the part of the run: %.200s", got.body)
	}
	if got := v.post("/sales/runs/look"); got.status != http.StatusSeeOther {
		t.Errorf("a look: %d", got.status)
	}
	if got := v.get("/sales/runs"); !got.has("Trial run") || !got.has("Look at the books") {
		t.Errorf("the list: %d", got.status)
	}
}
