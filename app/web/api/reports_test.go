package api_test

import (
	"net/http"
	"strings"
	"testing"

	"allotment/app"
)

// TestReports: a seller's program reads them, a customer's is refused, and a period that is none of whole months is said so.
func TestReports(t *testing.T) {
	t.Parallel()
	s := open(t)
	seller := s.program(t, s.Reseller(t), app.RoleResellerBilling)
	if got := seller.get("/reports/revenue?months=24"); got.status != http.StatusOK || len(got.json["months"].([]any)) != 24 || len(got.json["currencies"].([]any)) != 0 {
		t.Errorf("revenue: %d %s", got.status, got.body)
	}
	if got := seller.get("/reports/ageing"); got.status != http.StatusOK || len(got.json["items"].([]any)) != 0 {
		t.Errorf("ageing: %d %s", got.status, got.body)
	}
	got := seller.get("/reports/vat?from=2026-01-01&until=2026-03-31")
	if got.status != http.StatusOK || got.text("from") != "2026-01-01" || got.text("until") != "2026-03-31" {
		t.Errorf("VAT: %d %s", got.status, got.body)
	}
	if got = seller.get("/reports/vat?from=2026-04-01"); got.text("until") != "2026-06-30" {
		t.Errorf("VAT of the quarter: %d %s", got.status, got.body)
	}
	if got = seller.get("/reports/vat"); got.status != http.StatusOK || !strings.HasSuffix(got.text("from"), "-01") {
		t.Errorf("VAT of the present quarter: %d %s", got.status, got.body)
	}
	for _, wrong := range []string{"/reports/vat?from=2026-01-02&until=2026-03-31", "/reports/vat?from=2025-01-01&until=2026-03-31", "/reports/vat?from=x", "/reports/revenue?months=13"} {
		if got := seller.get(wrong); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", wrong, got.status, got.body)
		}
	}
	customer := s.program(t, s.Tenant, app.RoleCustomerBilling)
	for _, path := range []string{"/reports/revenue", "/reports/ageing", "/reports/vat"} {
		if got := customer.get(path); got.status != http.StatusForbidden {
			t.Errorf("a customer at %s: %d", path, got.status)
		}
	}
}
