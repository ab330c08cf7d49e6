package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"allotment/app/portal/portaltest"
)

func TestServicePage(t *testing.T) {
	t.Parallel()
	s := open(t)
	placed := s.place(t, s.Tenant, "office")
	v, path := s.tenant(t), "/services/"+placed.Service.String()
	if got := v.get(path); got.status != http.StatusOK || !got.has("Being made") || got.has("Open Project office") {
		t.Errorf("a service that is being made: %d", got.status)
	}
	if got := v.post(path + "/secrets"); got.status != http.StatusConflict {
		t.Errorf("access data before the service runs: %d", got.status)
	}
	for _, confirm := range []string{"", "office", script, strings.Repeat("x", 3000), "theirs." + portaltest.Zone} {
		got := v.post(path+"/terminate", "confirm", confirm)
		if got.status != http.StatusUnprocessableEntity || !got.has("Please type the address exactly as it stands above.") || got.has("<script>alert") {
			t.Errorf("removal confirmed by %.20q: %d", confirm, got.status)
		}
	}
	got := v.post(path+"/terminate", "confirm", "office."+portaltest.Zone)
	if got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/operations/") {
		t.Fatalf("removal: %d", got.status)
	}
	if progress := v.get(got.header.Get("Location")); !progress.has("is being removed") || !progress.has("Stop the server and delete it") {
		t.Error("the removal's progress is not shown")
	}
}

func TestOperatorQueue(t *testing.T) {
	t.Parallel()
	s := open(t)
	placed := s.place(t, s.Tenant, "office")
	v := s.as(t, s.Operator.Email)
	if got := v.get("/"); got.header.Get("Location") != "/operator/operations" {
		t.Errorf("staff begin at %s", got.header.Get("Location"))
	}
	for _, query := range []string{"", "?q=office", "?state=running&kind=create", "?state=nonsense&kind=nonsense", "?q=%00%ff"} {
		got := v.get("/operator/operations" + query)
		if want := query != "?q=%00%ff"; got.status != http.StatusOK || got.has("office."+portaltest.Zone) != want {
			t.Errorf("queue %s: %d", query, got.status)
		}
	}
	if got := v.get("/operator/operations?after=nonsense"); got.status != http.StatusNotFound {
		t.Errorf("a page that is none: %d", got.status)
	}
	if got := v.get("/operator/services"); got.status != http.StatusOK || !got.has("Demo tenant") {
		t.Errorf("all services: %d", got.status)
	}
	if got := v.post("/operations/"+placed.Operation.String()+"/retry", "back", "/operator/operations"); got.status != http.StatusConflict {
		t.Errorf("retry of what runs: %d", got.status)
	}
	got := v.post("/operations/"+placed.Operation.String()+"/cancel", "back", "/operator/operations")
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/operator/operations" {
		t.Errorf("cancel: %d %s", got.status, got.header.Get("Location"))
	}
}

// TestGuests asks both handlers, and wants no token in the log.
func TestGuests(t *testing.T) {
	t.Parallel()
	s := open(t)
	guests := httptest.NewServer(s.server.EnrolHandler())
	defer guests.Close()
	for _, base := range []string{s.URL, guests.URL} {
		v := s.visitor(t)
		v.base = base
		if got := v.get("/enrol/very-secret-token"); got.status != http.StatusNotFound || got.has("<html") || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("a token that is none: %d %s", got.status, got.body)
		}
		for _, c := range []struct {
			authorization, body string
			want                int
		}{
			{"", `{"line":"x"}`, 401}, {"Basic abc", `{"line":"x"}`, 401}, {"Bearer ", `{}`, 401}, {"Bearer very-secret-token", `{"line":"x"}`, 404},
			{"Bearer very-secret-token", `not json`, 422}, {"Bearer very-secret-token", `{"line":"` + strings.Repeat("x", 40<<10) + `"}`, 422},
		} {
			if got := v.do(http.MethodPost, "/enrol/report", c.body, "Authorization", c.authorization); got.status != c.want {
				t.Errorf("report with %q: %d, want %d", c.authorization, got.status, c.want)
			}
		}
	}
	v := s.visitor(t)
	v.base = guests.URL
	for _, path := range []string{"/", "/signin", "/catalog", "/metrics", "/readyz"} {
		if got := v.get(path); got.status != http.StatusNotFound {
			t.Errorf("guests reach %s: %d", path, got.status)
		}
	}
	if strings.Contains(s.log.String(), "very-secret-token") {
		t.Errorf("a token is in the log:\n%s", s.log)
	}
}
