package api_test

import (
	"net/http"
	"strings"
	"testing"

	"allotment/app"
	"allotment/app/web"
)

func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	s := open(t)
	nobody := &program{t: t, site: s}
	if got := nobody.get("/services"); got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") != `Bearer realm="Allotment"` {
		t.Errorf("without a key: %d %v", got.status, got.header)
	}
	for _, authorization := range []string{"Bearer ", "Bearer wrong", "Basic " + strings.Repeat("x", 40), "bearer allot_0123456789_" + strings.Repeat("x", 49), "Bearer \xff"} {
		if got := nobody.do(http.MethodGet, "/services", "", "Authorization", authorization); got.status != http.StatusUnauthorized {
			t.Errorf("%q: %d", authorization, got.status)
		}
	}
	robot := s.program(t, s.Tenant, app.RoleCustomerViewer)
	if got := nobody.do(http.MethodGet, "/services?token="+robot.token, "", "Cookie", "allotment="+robot.token); got.status != http.StatusUnauthorized {
		t.Errorf("a key in the address or a cookie: %d", got.status)
	}
	got := robot.get("/key")
	if got.status != http.StatusOK || got.text("role") != "customer_viewer" || got.header.Get("RateLimit") == "" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the key itself: %d %s", got.status, got.body)
	}
	if got := robot.post("/orders", order("team")); got.status != http.StatusForbidden || got.text("code") != "forbidden" {
		t.Errorf("a viewer orders: %d %s", got.status, got.body)
	}
	if got := robot.get("/nothing"); got.status != http.StatusNotFound {
		t.Errorf("nothing: %d", got.status)
	}
	got = robot.do(http.MethodPatch, "/services", "")
	if got.status != http.StatusMethodNotAllowed || !strings.Contains(got.header.Get("Allow"), "GET") {
		t.Errorf("a method that is none: %d %v", got.status, got.header)
	}
	if strings.Contains(s.log.String(), robot.token[18:]) {
		t.Error("the token is in the log")
	}
	if !strings.Contains(s.log.String(), " key=") {
		t.Error("the log does not say which key called")
	}
}

func TestPersonsHaveNoWayIn(t *testing.T) {
	t.Parallel()
	s := open(t)
	nobody := &program{t: t, site: s}
	proved, err := s.Portal.SignIn(t.Context(), signIn(s.Tenant.Email))
	if err != nil {
		t.Fatal(err)
	}
	if got := nobody.do(http.MethodGet, "/services", "", "Cookie", "allotment="+proved.Session.Token); got.status != http.StatusUnauthorized {
		t.Errorf("a session's cookie: %d", got.status)
	}
	if got := nobody.do(http.MethodGet, "/services", "", "Authorization", "Bearer "+proved.Session.Token); got.status != http.StatusUnauthorized {
		t.Errorf("a session's token: %d", got.status)
	}
}

func TestSuspendedOrganizationLooks(t *testing.T) {
	t.Parallel()
	s := open(t)
	robot := s.program(t, s.Tenant, app.RoleCustomerAdmin)
	s.suspend(t, s.Tenant.Organization)
	if got := robot.get("/services"); got.status != http.StatusOK {
		t.Errorf("a look: %d %s", got.status, got.body)
	}
	if got := robot.post("/orders", order("team")); got.status != http.StatusForbidden || !strings.Contains(got.text("detail"), "suspended") {
		t.Errorf("an order: %d %s", got.status, got.body)
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *web.Config) { c.CallsPerMinute = 5 })
	first, second := s.program(t, s.Tenant, app.RoleCustomerViewer), s.program(t, s.Tenant, app.RoleCustomerViewer)
	codes := map[int]int{}
	for range 16 { // a minute may end in between, and does so once at most
		codes[first.get("/key").status]++
	}
	if codes[http.StatusTooManyRequests] < 6 || codes[http.StatusOK] < 5 {
		t.Errorf("16 calls were answered %v", codes)
	}
	if got := second.get("/key"); got.status != http.StatusOK || !strings.Contains(got.header.Get("RateLimit-Policy"), "q=5") {
		t.Errorf("another key: %d %v", got.status, got.header)
	}
}
