package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"allotment/app"
)

func newCustomer(slug string) map[string]any {
	return map[string]any{"kind": "customer", "name": "Demo " + slug, "slug": slug,
		"owner": map[string]string{"email": slug + "@example.test"}}
}

func TestOrganizations(t *testing.T) {
	t.Parallel()
	s := open(t)
	reseller := s.Reseller(t)
	robot := s.program(t, reseller, app.RoleResellerManager)
	if got := robot.get("/organization"); got.status != http.StatusOK || got.text("slug") != "reseller" || got.text("kind") != "reseller" {
		t.Errorf("its own: %d %s", got.status, got.body)
	}
	made := robot.post("/organizations", newCustomer("first"))
	if made.status != http.StatusCreated || made.text("parent") != reseller.Organization.String() || made.header.Get("Location") != "/api/v1/organizations/"+made.text("id") {
		t.Fatalf("a customer: %d %v %s", made.status, made.header, made.body)
	}
	path := "/organizations/" + made.text("id")
	for name, c := range map[string]struct {
		body  map[string]any
		place string
	}{
		"slug":  {newCustomer("first"), `"#/slug"`},
		"email": {merged(newCustomer("second"), "owner", map[string]string{"email": "no address"}), `"#/owner/email"`},
		"kind":  {merged(newCustomer("third"), "kind", "operator"), `"#/kind"`},
		"name":  {merged(newCustomer("fourth"), "name", " "), `"#/name"`},
	} {
		if got := robot.post("/organizations", c.body); got.status != 409 && got.status != 422 || !strings.Contains(string(got.body), c.place) {
			t.Errorf("a wrong %s: %d %s", name, got.status, got.body)
		}
	}
	if got := robot.do(http.MethodPatch, path, `{"name":"Another name"}`, "Content-Type", "application/json"); got.status != http.StatusOK || got.text("name") != "Another name" {
		t.Errorf("renamed: %d %s", got.status, got.body)
	}
	if got := robot.post(path+"/suspend", map[string]string{"reason": "An invoice is open."}); got.status != http.StatusOK || got.text("state") != "suspended" || got.text("reason") != "An invoice is open." {
		t.Errorf("suspended: %d %s", got.status, got.body)
	}
	if got := robot.get("/organizations?state=suspended"); len(got.json["items"].([]any)) != 1 {
		t.Errorf("the suspended: %s", got.body)
	}
	if got := robot.post(path+"/resume", nil); got.status != http.StatusOK || got.text("state") != "active" {
		t.Errorf("resumed: %d %s", got.status, got.body)
	}
	if got := robot.do(http.MethodPut, path+"/quota", `{"services":0,"memory_mib":2048}`, "Content-Type", "application/json"); got.status != http.StatusOK || in(got.json, "services", "max") != 0.0 {
		t.Errorf("limited: %d %s", got.status, got.body)
	}
	if got := robot.do(http.MethodPut, path+"/quota", `{"memory_mib":-1}`, "Content-Type", "application/json"); got.status != 422 || !strings.Contains(string(got.body), `"#/memory_mib"`) {
		t.Errorf("a wrong limit: %d %s", got.status, got.body)
	}
	if got := robot.get(path + "/quota"); in(got.json, "memory_mib", "max") != 2048.0 || in(got.json, "vcpu", "max") != nil {
		t.Errorf("the quota: %s", got.body)
	}
	if got := robot.post("/orders", merged(order("team"), "for", made.text("id"))); got.status != http.StatusConflict {
		t.Errorf("an order beyond the quota: %d %s", got.status, got.body)
	}
	customer := s.program(t, s.Tenant, app.RoleCustomerAdmin)
	if got := customer.get("/organizations"); got.status != http.StatusForbidden {
		t.Errorf("a customer lists: %d", got.status)
	}
	foreign := "/organizations/" + s.Tenant.Organization.String()
	if got := robot.get(foreign); got.status != http.StatusNotFound {
		t.Errorf("another seller's customer: %d %s", got.status, got.body)
	}
	if got := robot.post(foreign+"/suspend", map[string]string{"reason": "Not theirs to say."}); got.status != http.StatusNotFound {
		t.Errorf("another seller's customer suspended: %d %s", got.status, got.body)
	}
}

// TestOwnersAreInvited: nobody sends a password, and what became of the invitation stands with the organization.
func TestOwnersAreInvited(t *testing.T) {
	t.Parallel()
	s := open(t)
	robot := s.program(t, s.Reseller(t), app.RoleResellerManager)
	body := newCustomer("first")
	body["owner"] = map[string]string{"email": "first@example.test", "password": "correct horse battery"}
	if got := robot.post("/organizations", body); got.status != 422 {
		t.Errorf("a password from the seller: %d %s", got.status, got.body)
	}
	made := robot.post("/organizations", newCustomer("first"))
	path := "/organizations/" + made.text("id")
	if got := robot.get(path); in(got.json, "invitation", "email") != "first@example.test" || in(got.json, "invitation", "role") != "customer_owner" {
		t.Errorf("its invitation: %s", got.body)
	}
	if got := robot.post(path+"/invitation/resend", nil); got.status != http.StatusOK || in(got.json, "mails") != 2.0 {
		t.Errorf("sent again: %d %s", got.status, got.body)
	}
	if got := robot.post(path+"/invitation", map[string]string{"email": "no address"}); got.status != 422 || !strings.Contains(string(got.body), `"#/email"`) {
		t.Errorf("a wrong address: %d %s", got.status, got.body)
	}
	if got := robot.post(path+"/invitation", map[string]string{"email": "second@example.test", "language": "nl"}); got.status != http.StatusCreated || got.text("email") != "second@example.test" {
		t.Errorf("another address: %d %s", got.status, got.body)
	}
	if got := robot.do(http.MethodDelete, path+"/invitation", ""); got.status != http.StatusNoContent {
		t.Errorf("taken back: %d %s", got.status, got.body)
	}
	if got := robot.do(http.MethodDelete, path+"/invitation", ""); got.status != http.StatusConflict {
		t.Errorf("taken back twice: %d %s", got.status, got.body)
	}
	if got := robot.get(path); in(got.json, "invitation", "state") != "revoked" {
		t.Errorf("its invitation afterwards: %s", got.body)
	}
	foreign := "/organizations/" + s.Tenant.Organization.String() + "/invitation"
	if got := robot.post(foreign, map[string]string{"email": "eve@example.test"}); got.status != http.StatusNotFound {
		t.Errorf("another seller's customer: %d %s", got.status, got.body)
	}
}

func TestPagesOfOrganizations(t *testing.T) {
	t.Parallel()
	s := open(t)
	robot := s.program(t, s.Reseller(t), app.RoleResellerManager)
	for i := range 3 {
		if got := robot.post("/organizations", newCustomer(fmt.Sprintf("number%d", i))); got.status != http.StatusCreated {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	var names []string
	for path := "/organizations?limit=2&q=number&kind=customer"; path != ""; {
		got := robot.get(path)
		for _, item := range got.json["items"].([]any) {
			names = append(names, in(item, "name").(string))
		}
		path = next(got)
	}
	if strings.Join(names, ",") != "Demo number0,Demo number1,Demo number2" {
		t.Errorf("%v", names)
	}
}

func merged(body map[string]any, name string, value any) map[string]any {
	body[name] = value
	return body
}
