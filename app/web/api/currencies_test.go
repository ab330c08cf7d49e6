package api_test

import (
	"net/http"
	"strings"
	"testing"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
)

// TestCurrencies sets a price in a second currency, makes a customer that is asked in it, and changes that until something is ordered.
func TestCurrencies(t *testing.T) {
	t.Parallel()
	s := serve(t, portaltest.New(t, func(c *portal.Config) { c.Currencies = []string{"CHF"} }))
	manager, seller := s.program(t, s.Operator, app.RoleOperator), s.program(t, s.Operator, app.RoleOperatorBilling)
	price := map[string]any{"app": "redmine", "plan": "small", "interval": "month", "way": "amount", "amount": "19.50", "currency": "CHF"}
	for _, path := range []string{"/prices/preview", "/prices"} {
		if got := seller.post(path, price); got.status/100 != 2 || !strings.Contains(string(got.body), `"minor":1950,"currency":"CHF"`) && !strings.Contains(string(got.body), `"currency":"CHF","minor":1950`) {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if got := seller.post("/prices", merged(price, "currency", "USD")); got.status != http.StatusUnprocessableEntity || !strings.Contains(string(got.body), `"#/currency"`) {
		t.Errorf("in dollars: %d %s", got.status, got.body)
	}
	if got := seller.get("/prices?q=redmine&currency=CHF"); !strings.Contains(string(got.body), "1950") || strings.Contains(string(got.body), "EUR") {
		t.Errorf("the list in francs: %s", got.body)
	}
	if got := seller.get("/prices?q=redmine"); strings.Contains(string(got.body), "CHF") || !strings.Contains(string(got.body), "EUR") {
		t.Errorf("the list: %s", got.body)
	}
	coupon := map[string]any{"code": "ALPS", "kind": "amount", "off": "5", "currency": "CHF"}
	if got := seller.post("/coupons", coupon); got.status != http.StatusCreated || in(got.json, "amount", "currency") != "CHF" {
		t.Errorf("a coupon: %d %s", got.status, got.body)
	}
	if got := manager.post("/organizations", merged(newCustomer("dollars"), "currency", "USD")); got.status != http.StatusUnprocessableEntity || !strings.Contains(string(got.body), `"#/currency"`) {
		t.Errorf("a customer in dollars: %d %s", got.status, got.body)
	}
	made := manager.post("/organizations", merged(newCustomer("alps"), "currency", "CHF"))
	if made.status != http.StatusCreated || made.text("currency") != "CHF" {
		t.Fatalf("a customer in francs: %d %s", made.status, made.body)
	}
	set := func(id, currency string) answer {
		return manager.do(http.MethodPut, "/organizations/"+id+"/currency", `{"currency":"`+currency+`"}`, "Content-Type", "application/json")
	}
	if got := set(made.text("id"), "EUR"); got.status != http.StatusOK || got.text("currency") != "EUR" {
		t.Errorf("in euro: %d %s", got.status, got.body)
	}
	if got := manager.get("/organizations/" + made.text("id")); got.text("currency") != "EUR" {
		t.Errorf("its currency: %s", got.body)
	}
	if got := set(made.text("id"), "USD"); got.status != http.StatusUnprocessableEntity || !strings.Contains(string(got.body), `"#/currency"`) {
		t.Errorf("in dollars: %d %s", got.status, got.body)
	}
	if got := s.program(t, s.Tenant, app.RoleCustomerDeveloper).post("/orders", order("office")); got.status/100 != 2 {
		t.Fatalf("an order: %d %s", got.status, got.body)
	}
	if got := set(s.Tenant.Organization.String(), "CHF"); got.status != http.StatusConflict {
		t.Errorf("after an order: %d %s", got.status, got.body)
	}
}
