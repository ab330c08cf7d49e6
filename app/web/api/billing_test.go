package api_test

import (
	"net/http"
	"strings"
	"testing"

	"allotment/app"
)

func TestBilling(t *testing.T) {
	t.Parallel()
	s := open(t)
	robot, viewer := s.program(t, s.Tenant, app.RoleCustomerBilling), s.program(t, s.Tenant, app.RoleCustomerViewer)
	if got := robot.get("/billing/details"); got.status != http.StatusOK || got.json["complete"] != true || got.text("vat_check") != "unchecked" {
		t.Errorf("details: %d %s", got.status, got.body)
	}
	good := `{"business":true,"name":"Demo Garten","street":"Beispielweg 1","post_code":"10115","city":"Demostadt","country":"DE","language":"de","vat_id":"DE 123456789"}`
	set := func(body string) answer {
		return robot.do(http.MethodPut, "/billing/details", body, "Content-Type", "application/json")
	}
	if got := set(good); got.status != http.StatusOK || got.text("vat_id") != "DE123456789" || got.text("vat_check") != "unchecked" || got.text("city") != "Demostadt" {
		t.Errorf("set: %d %s", got.status, got.body)
	}
	if got := set(strings.Replace(good, `"DE 123456789"`, `"DE12"`, 1)); got.status != http.StatusUnprocessableEntity || !strings.Contains(string(got.body), `"#/vat_id"`) {
		t.Errorf("a wrong VAT ID: %d %s", got.status, got.body)
	}
	if got := robot.get("/billing"); got.status != http.StatusOK || got.json["missing"] != nil || len(got.json["running"].([]any)) != 0 {
		t.Errorf("overview: %d %s", got.status, got.body)
	}
	for _, path := range []string{"/billing", "/billing/details"} {
		if got := viewer.get(path); got.status != http.StatusForbidden {
			t.Errorf("a viewer at %s: %d", path, got.status)
		}
	}
}
