package web_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"allotment/app"
	"allotment/app/portal/portaltest"
	"allotment/app/web"
	"allotment/static"
)

func mustURL(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.tenant(t)
	for _, path := range []string{"/signin", "/catalog", "/catalog/redmine", "/services", "/nothing", static.URL("app.css"), "/enrol/token", "/healthz"} {
		got := v.get(path)
		for name, wanted := range map[string]string{
			"Content-Security-Policy": "frame-ancestors 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY",
		} {
			if !strings.Contains(got.header.Get(name), wanted) {
				t.Errorf("%s: %s is %q", path, name, got.header.Get(name))
			}
		}
		if strings.Contains(got.header.Get("Content-Security-Policy"), "unsafe") || got.header.Get("X-Request-Id") == "" {
			t.Errorf("%s: %v", path, got.header)
		}
	}
	if got := v.get("/services"); got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("a page may be kept: %q", got.header.Get("Cache-Control"))
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.visitor(t)
	for name, kind := range map[string]string{"app.css": "text/css", "htmx.js": "text/javascript", "fonts/figtree-latin.woff2": "font/woff2", "favicon.svg": "image/svg"} {
		got := v.get(static.URL(name))
		if got.status != http.StatusOK || !strings.Contains(got.header.Get("Cache-Control"), "immutable") || !strings.HasPrefix(got.header.Get("Content-Type"), kind) {
			t.Errorf("%s: %d %v", name, got.status, got.header)
		}
	}
	for _, path := range []string{"/static/000000000000/app.css", static.URL("static.go"), static.URL("../../go.mod"), static.URL("")} {
		if got := v.get(path); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

// askedByApps are calls that other sites may make: nothing that a cookie says counts there. See TestWhoMayReadAcross.
var askedByApps = map[string]bool{
	"/oauth/authorize": true, "/oauth/logout": true, "/oauth/token": true, "/oauth/revoke": true, "/oauth/userinfo": true,
}

// TestOtherSitesForms sends a form with a reader's cookie as another site would, to every route that changes something.
func TestOtherSitesForms(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.tenant(t)
	body := form(append(order("office"), "key", "one")...).Encode()
	for _, r := range s.server.Routes() {
		if r.Method == http.MethodGet || strings.HasPrefix(r.Path, "/enrol/") || askedByApps[r.Path] {
			continue
		}
		for _, foreign := range [][]string{
			{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
		} {
			if got := v.do(r.Method, strings.NewReplacer(":app", "redmine", ":id", app.NewID().String()).Replace(r.Path), body, foreign...); got.status != http.StatusForbidden {
				t.Errorf("%s with %v: %d", r.Path, foreign, got.status)
			}
		}
	}
	if page := v.get("/services"); !page.has("There is nothing here yet.") {
		t.Error("another site's form placed an order")
	}
	for _, own := range [][]string{{"Sec-Fetch-Site", "same-origin"}, {"Origin", s.URL}, {"Origin", "http://portal.example.test"}, {}} {
		if got := v.do(http.MethodPost, "/theme", "theme=day", own...); got.status != http.StatusSeeOther {
			t.Errorf("our own form with %v: %d", own, got.status)
		}
	}
}

// TestStrangersAndForeigners walks the whole table: nobody gets in without a session, and nobody reaches another tenant's things.
func TestStrangersAndForeigners(t *testing.T) {
	t.Parallel()
	s := open(t)
	placed := s.place(t, s.Other, "theirs")
	stranger, tenant := s.visitor(t), s.tenant(t)
	for _, r := range s.server.Routes() {
		if r.Permission == "" {
			continue
		}
		for _, id := range []app.ID{placed.Service, placed.Operation} {
			path := strings.NewReplacer(":app", "redmine", ":id", id.String()).Replace(r.Path)
			if got := stranger.do(r.Method, path, ""); got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/signin") {
				t.Errorf("a stranger at %s %s: %d", r.Method, path, got.status)
			}
			if got := stranger.do(r.Method, path, "", "HX-Request", "true"); got.status != http.StatusUnauthorized || got.has("theirs") {
				t.Errorf("a stranger's script at %s %s: %d", r.Method, path, got.status)
			}
			if !strings.Contains(r.Path, ":id") {
				continue
			}
			got := tenant.do(r.Method, path, "confirm=theirs."+portaltest.Zone)
			refused := got.status == http.StatusForbidden || got.status == http.StatusNotFound && s.Tenant.Role.Allows(r.Permission)
			if !refused || got.has("Project office") {
				t.Errorf("a foreign tenant at %s %s: %d", r.Method, path, got.status)
			}
		}
	}
	for _, path := range []string{"/operator/operations", "/operator/services"} {
		if got := tenant.get(path); got.status != http.StatusForbidden {
			t.Errorf("a tenant at %s: %d", path, got.status)
		}
	}
	for _, id := range []string{"1", "x", "%00", strings.Repeat("9", 5000), "00000000-0000-0000-0000-000000000000"} {
		if got := tenant.get("/services/" + id); got.status != http.StatusNotFound {
			t.Errorf("service %.20s: %d", id, got.status)
		}
	}
}

func TestTooMuch(t *testing.T) {
	t.Parallel()
	s := open(t)
	got := s.tenant(t).post("/orders", append(order("office"), "question.title", strings.Repeat("x", 70<<10))...)
	if got.status != http.StatusUnprocessableEntity || !got.has("What was sent is too large.") {
		t.Errorf("70 KiB of form: %d", got.status)
	}
}

// TestClientAddress asks the log where a request came from.
func TestClientAddress(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	cases := []struct {
		remote    string
		forwarded []string
		want      string
	}{
		{"192.0.2.1:1", nil, "192.0.2.1"},
		{"192.0.2.1:1", []string{"198.51.100.9"}, "192.0.2.1"}, // not a proxy of ours: its word is nothing
		{"10.0.0.1:1", []string{"198.51.100.9"}, "198.51.100.9"},
		{"10.0.0.1:1", []string{"203.0.113.5, 198.51.100.9"}, "198.51.100.9"}, // the client wrote the first one itself
		{"10.0.0.1:1", []string{"203.0.113.5", "198.51.100.9, 10.0.0.7"}, "198.51.100.9"},
		{"10.0.0.1:1", []string{"rubbish"}, "10.0.0.1"},
		{"10.0.0.1:1", nil, "10.0.0.1"},
		{"[fd00::1]:1", []string{"2001:db8::7"}, "2001:db8::7"},
		{"[::ffff:10.0.0.1]:1", []string{"198.51.100.9"}, "198.51.100.9"},
	}
	for _, c := range cases {
		log := &record{}
		server, err := web.New(web.Config{BaseURL: "http://portal.example.test", TrustedProxies: proxies}, nil, silent{}, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		defer server.Shutdown()
		r := httptest.NewRequest(http.MethodGet, "/healthz", nil)
		r.RemoteAddr, r.Header["X-Forwarded-For"] = c.remote, c.forwarded
		server.Handler().ServeHTTP(httptest.NewRecorder(), r)
		if !strings.Contains(log.String(), "client="+c.want+" ") {
			t.Errorf("%s %v: want %s in %s", c.remote, c.forwarded, c.want, log)
		}
	}
}

func TestMetricsAreForThisMachine(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.visitor(t)
	v.get("/enrol/a-secret-token")
	got := v.get("/metrics")
	if got.status != http.StatusOK || !got.has(`allotment_http_requests_total{method="GET",route="/enrol/:token",status="404"} 1`) || !got.has("allotment_http_streams 0") {
		t.Errorf("from this machine: %d %s", got.status, got.body)
	}
	if got := v.get("/metrics", "X-Forwarded-For", "127.0.0.1"); got.status != http.StatusNotFound {
		t.Errorf("through a proxy: %d", got.status)
	}
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.RemoteAddr = "192.0.2.1:1"
	w := httptest.NewRecorder()
	s.server.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusNotFound {
		t.Errorf("from elsewhere: %d", w.Code)
	}
	w = httptest.NewRecorder()
	s.server.AdminHandler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if body, _ := io.ReadAll(w.Body); w.Code != http.StatusOK || !strings.Contains(string(body), "allotment_http_requests_total") {
		t.Errorf("on the operator's listener: %d", w.Code)
	}
	separate := open(t, func(c *web.Config) { c.AdminSeparate = true })
	if got := separate.visitor(t).get("/metrics"); got.status != http.StatusNotFound {
		t.Errorf("beside a listener of their own: %d", got.status)
	}
}
