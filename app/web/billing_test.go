package web_test

import (
	"net/http"
	"testing"
)

// TestBillingPages: who pays fills in the details, with what is wrong at its field and what was typed kept; a seller mends them.
func TestBillingPages(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.tenant(t)
	details := func(street, city, vat string) []string {
		return []string{"buyer", "business", "name", "Demo Garten", "street", street, "post_code", "10115", "city", city, "country", "DE", "language", "de", "vat_id", vat}
	}
	wrong := v.post("/billing/details", details("", "Demostadt", "DE12")...)
	for _, wanted := range []string{"Please give the street and number", "This does not look like a VAT ID", `value="DE12"`, `value="Demostadt"`} {
		if wrong.status != http.StatusUnprocessableEntity || !wrong.has(wanted) {
			t.Errorf("a wrong form: %d, without %q", wrong.status, wanted)
		}
	}
	if p := v.post("/billing/details", details("Beispielweg 1", "Demostadt", "DE 123456789")...); p.status != http.StatusSeeOther {
		t.Fatalf("%d %s", p.status, p.body)
	}
	if p := v.get("/billing/details"); !p.has("DE123456789") || !p.has("have not answered yet") {
		t.Error("the VAT ID is not shown as one that waits for an answer")
	}
	for typed, wanted := range map[string]string{"DE12": "does not look like", "XX123": "two letters", "DE123456789": "do not answer now", "": `id="message-vat_id"`} {
		if p := v.post("/billing/details/check", "vat_id", typed); p.status != http.StatusOK || !p.has(wanted) {
			t.Errorf("%q while typing: %d %s", typed, p.status, p.body)
		}
	}
	if p := v.get("/billing"); !p.has("You pay nothing yet") {
		t.Error("a new tenant's overview is not an empty one")
	}
	seller, path := s.as(t, s.Operator.Email), "/customers/"+s.Tenant.Organization.String()
	if p := seller.get(path); !p.has(path + "/billing") {
		t.Error("no way leads from the customer to its billing details")
	}
	if p := seller.post(path+"/billing", details("Beispielweg 1", "Mended City", "DE 123456789")...); p.status != http.StatusSeeOther {
		t.Errorf("the seller: %d", p.status)
	}
	if p := v.get("/billing/details"); !p.has("Mended City") {
		t.Error("what the seller mended is not there")
	}
	if p := v.get("/sales/terms"); p.status != http.StatusForbidden {
		t.Errorf("a customer at terms: %d", p.status)
	}
	if p := seller.get("/sales/terms"); p.status != http.StatusOK || !p.has("Demo Operator") || !p.has("Europe/Amsterdam") {
		t.Errorf("terms: %d", p.status)
	}
	if p := seller.get("/sales/vat-rates?q=hung"); p.status != http.StatusOK || !p.has("Hungary") || p.has("<td class=\"font-medium\">Austria") {
		t.Errorf("rates: %d", p.status)
	}
}
