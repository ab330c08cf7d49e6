package api_test

import (
	"net/http"
	"strings"
	"testing"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
)

// TestMembers walks from an invitation to a member who is changed and removed, by a program.
func TestMembers(t *testing.T) {
	t.Parallel()
	s := open(t)
	robot := s.program(t, s.Tenant, app.RoleCustomerAdmin)
	invitee := map[string]any{"email": "anna@example.test", "role": "customer_viewer", "language": "nl"}
	for name, c := range map[string]struct {
		body  map[string]any
		place string
	}{
		"address": {map[string]any{"email": "no address", "role": "customer_viewer"}, `"#/email"`}, "unknown role": {map[string]any{"email": "x@example.test", "role": "king"}, `"#/role"`},
		"stronger role": {map[string]any{"email": "x@example.test", "role": "customer_owner"}, `"#/role"`},
	} {
		if got := robot.post("/invitations", c.body); got.status != http.StatusUnprocessableEntity || !strings.Contains(string(got.body), c.place) {
			t.Errorf("a wrong %s: %d %s", name, got.status, got.body)
		}
	}
	made := robot.post("/invitations", invitee)
	if made.status != http.StatusCreated || made.text("state") != "open" || !strings.HasPrefix(made.text("invited_by"), "key ") || strings.Contains(string(made.body), "invitation/") {
		t.Fatalf("invited: %d %s", made.status, made.body)
	}
	if got := robot.post("/invitations", invitee); got.status != http.StatusConflict || !strings.Contains(string(got.body), `"#/email"`) {
		t.Errorf("invited twice: %d %s", got.status, got.body)
	}
	if got := robot.post("/invitations/"+made.text("id")+"/resend", nil); got.status != http.StatusOK || got.json["mails"] != 2.0 {
		t.Errorf("sent again: %d %s", got.status, got.body)
	}
	if got := robot.get("/invitations"); len(got.json["items"].([]any)) != 1 {
		t.Errorf("the open ones: %s", got.body)
	}
	mails := s.Mails(t, "anna@example.test")
	token := strings.TrimPrefix(mails[len(mails)-1].Data["path"], "/invitation/")
	if _, err := s.Portal.JoinAsNewcomer(t.Context(), token, portal.Newcomer{Name: "Anna", Password: portaltest.Password}); err != nil {
		t.Fatal(err)
	}
	found := robot.get("/members?q=anna")
	anna, _ := in(found.json["items"].([]any)[0], "id").(string)
	if found.status != http.StatusOK || anna == "" {
		t.Fatalf("found: %d %s", found.status, found.body)
	}
	change := func(who, role string) answer {
		return robot.do(http.MethodPatch, "/members/"+who, `{"role":"`+role+`"}`, "Content-Type", "application/json")
	}
	if got := change(anna, "customer_developer"); got.status != http.StatusOK || got.text("role") != "customer_developer" {
		t.Errorf("another role: %d %s", got.status, got.body)
	}
	if got := change(anna, "operator_admin"); got.status != http.StatusUnprocessableEntity || !strings.Contains(string(got.body), `"#/role"`) {
		t.Errorf("another house's role: %d %s", got.status, got.body)
	}
	if got := change(s.Tenant.User.String(), "customer_viewer"); got.status != http.StatusForbidden {
		t.Errorf("the owner steps down for a program: %d %s", got.status, got.body)
	}
	if got := change(s.Other.User.String(), "customer_viewer"); got.status != http.StatusNotFound {
		t.Errorf("another organization's person: %d %s", got.status, got.body)
	}
	if first := robot.get("/members?limit=1"); next(first) == "" || len(robot.get(next(first)).json["items"].([]any)) != 1 {
		t.Errorf("page by page: %s", first.body)
	}
	if got := robot.do(http.MethodDelete, "/members/"+anna, ""); got.status != http.StatusNoContent {
		t.Errorf("removed: %d %s", got.status, got.body)
	}
	if got := robot.get("/members/" + anna); got.status != http.StatusNotFound {
		t.Errorf("after the removal: %d", got.status)
	}
	second := robot.post("/invitations", map[string]any{"email": "bert@example.test", "role": "customer_viewer"})
	if got := robot.do(http.MethodDelete, "/invitations/"+second.text("id"), ""); got.status != http.StatusNoContent {
		t.Errorf("taken back: %d %s", got.status, got.body)
	}
	if got := robot.get("/invitations?all=true"); len(got.json["items"].([]any)) != 2 || !strings.Contains(string(got.body), `"revoked"`) || !strings.Contains(string(got.body), `"accepted"`) {
		t.Errorf("all of them: %s", got.body)
	}
	if got := s.program(t, s.Tenant, app.RoleCustomerViewer).get("/members"); got.status != http.StatusForbidden {
		t.Errorf("a viewer lists: %d", got.status)
	}
}
