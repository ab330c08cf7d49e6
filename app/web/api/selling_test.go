package api_test

import (
	"net/http"
	"strings"
	"testing"

	"allotment/app"
)

// TestPriceList goes through a seller's list: read by pages, previewed, set once, with what is wrong at its field; and coupons likewise.
func TestPriceList(t *testing.T) {
	t.Parallel()
	s := open(t)
	seller, reads := s.program(t, s.Reseller(t), app.RoleResellerBilling), s.program(t, s.Reseller(t), app.RoleResellerManager)
	apps, after := map[string]bool{}, ""
	for range 20 {
		got := reads.get("/prices?after=" + after)
		if got.status != http.StatusOK {
			t.Fatalf("%d %s", got.status, got.body)
		}
		for _, row := range got.json["items"].([]any) {
			name := row.(map[string]any)["app"].(string)
			if name <= after {
				t.Fatalf("%s comes again behind %s", name, after)
			}
			apps[name] = true
		}
		next, more := got.json["next"].(string)
		if !more {
			break
		}
		after = next
	}
	if !apps["redmine"] || len(apps) < 2 {
		t.Errorf("the list has %v", apps)
	}
	price := map[string]any{"app": "redmine", "plan": "small", "interval": "month", "way": "amount", "amount": "11.50", "setup": "5"}
	preview := seller.post("/prices/preview", price)
	if preview.status != http.StatusOK || !strings.Contains(string(preview.body), `"minor":1150`) {
		t.Errorf("the preview: %d %s", preview.status, preview.body)
	}
	set := seller.post("/prices", price)
	if set.status != http.StatusCreated || !strings.Contains(string(set.body), `"minor":1150`) {
		t.Fatalf("%d %s", set.status, set.body)
	}
	if got := reads.get("/prices?q=redmine"); !strings.Contains(string(got.body), `"minor":1150`) {
		t.Errorf("the list: %s", got.body)
	}
	price["amount"] = "-1"
	if got := seller.post("/prices", price); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.header.Get("Content-Type"), "problem+json") ||
		!strings.Contains(string(got.body), "amount") {
		t.Errorf("a price below nothing: %d %s", got.status, got.body)
	}
	if got := seller.post("/prices/announce", map[string]any{"ahead": 45}); got.status != http.StatusOK || got.json["ahead"].(float64) != 45 {
		t.Errorf("days ahead: %d %s", got.status, got.body)
	}
	if got := seller.post("/prices/preview", map[string]any{"app": "redmine", "plan": "small", "interval": "month", "way": "percent", "margin": "20"}); got.json["ahead"].(float64) != 45 {
		t.Errorf("days ahead of the next one: %d %s", got.status, got.body)
	}
	for path, body := range map[string]any{"/prices/announce": map[string]any{"ahead": 1}, "/prices": price} {
		if got := reads.post(path, body); got.status != http.StatusForbidden {
			t.Errorf("%s by who may not: %d", path, got.status)
		}
	}
	customer := s.program(t, s.Tenant, app.RoleCustomerBilling)
	if got := customer.get("/prices"); got.status != http.StatusForbidden {
		t.Errorf("a customer at the list: %d", got.status)
	}
	if got := customer.post("/prices", price); got.status != http.StatusConflict {
		t.Errorf("a customer sets a price: %d %s", got.status, got.body)
	}
	s.couponsOf(t, seller, reads)
}

func (s *site) couponsOf(t *testing.T, seller, reads *program) {
	t.Helper()
	for _, code := range []string{"SPRING-1", "SPRING-2", "SPRING-3"} {
		if got := seller.post("/coupons", map[string]any{"code": code, "kind": "percent", "off": "12.5", "periods": 3}); got.status != http.StatusCreated || got.text("percent") != "12.5" {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	if got := seller.post("/coupons", map[string]any{"code": "X", "kind": "percent", "off": "200"}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("a coupon that is none: %d", got.status)
	}
	first := reads.get("/coupons?limit=2")
	if first.status != http.StatusOK || len(first.json["items"].([]any)) != 2 || first.header.Get("Link") == "" {
		t.Fatalf("%d %s", first.status, first.body)
	}
	second := reads.get("/coupons?limit=2&after=" + first.text("next"))
	rest := second.json["items"].([]any)
	if len(rest) != 1 || rest[0].(map[string]any)["code"] != "SPRING-1" {
		t.Errorf("the second page: %s", second.body)
	}
	path := "/coupons/" + rest[0].(map[string]any)["id"].(string) + "/end"
	if got := s.program(t, s.Below(t, s.Operator, app.Reseller, "rival"), app.RoleResellerBilling).post(path, nil); got.status != http.StatusNotFound {
		t.Errorf("another seller ends it: %d", got.status)
	}
	if got := seller.post(path, nil); got.status != http.StatusNoContent {
		t.Errorf("its end: %d %s", got.status, got.body)
	}
	if got := reads.get("/coupons?open=true"); len(got.json["items"].([]any)) != 2 {
		t.Errorf("what may still be used: %s", got.body)
	}
}
