package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"allotment/app"
	"allotment/app/portal/portaltest"
	"allotment/app/web"
)

// everyAnswer calls check with the answer to each GET route, as an owner sees it and as a stranger does.
func everyAnswer(t *testing.T, s *site, check func(t *testing.T, path string, got page)) {
	t.Helper()
	placed := s.place(t, s.Tenant, "ours")
	people := []*visitor{s.tenant(t), s.as(t, s.Operator.Email), s.visitor(t)}
	n := 0
	for _, r := range s.server.Routes() {
		if r.Method != http.MethodGet || strings.HasSuffix(r.Path, "/stream") {
			continue
		}
		for _, id := range []app.ID{placed.Service, placed.Operation} {
			path := strings.NewReplacer(":app", "redmine", ":id", id.String(), ":token", "guess", ":name", "x", "*", "x").Replace(r.Path)
			for _, v := range people {
				n++
				check(t, r.Path, v.get(path))
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d answers were looked at", n)
	}
}

// TestEveryHeader has a line for each header that answers carry.
func TestEveryHeader(t *testing.T) {
	t.Parallel()
	wanted := map[string]*regexp.Regexp{
		"X-Content-Type-Options":       regexp.MustCompile(`^nosniff$`),
		"X-Frame-Options":              regexp.MustCompile(`^DENY$`),
		"Referrer-Policy":              regexp.MustCompile(`^(same-origin|no-referrer)$`),
		"Cross-Origin-Opener-Policy":   regexp.MustCompile(`^same-origin$`),
		"Cross-Origin-Resource-Policy": regexp.MustCompile(`^same-origin$`),
		"Permissions-Policy":           regexp.MustCompile(`camera=\(\).*publickey-credentials-get=\(self\), publickey-credentials-create=\(self\)`),
		"Strict-Transport-Security":    regexp.MustCompile(`^max-age=31536000`),
	}
	s := open(t, func(cfg *web.Config) { cfg.BaseURL = "https://portal.example.test" })
	everyAnswer(t, s, func(t *testing.T, path string, got page) {
		t.Helper()
		for name, pattern := range wanted {
			if value := got.header.Get(name); !pattern.MatchString(value) {
				t.Errorf("%s: %s is %q", path, name, value)
			}
		}
	})
}

// TestEveryPolicy: no page may run or style anything but what this server serves as a file.
func TestEveryPolicy(t *testing.T) {
	t.Parallel()
	inline := regexp.MustCompile(`(?i)<script(?:\s[^>]*)?>[^<]|<style|\sstyle="|\son[a-z]+="|javascript:`)
	sourced := regexp.MustCompile(`(?i)<script[^>]*>`)
	everyAnswer(t, open(t), func(t *testing.T, path string, got page) {
		t.Helper()
		policy := got.header.Get("Content-Security-Policy")
		if strings.HasPrefix(got.header.Get("Content-Type"), "image/") && strings.Contains(policy, "default-src 'none'") && strings.HasSuffix(policy, "sandbox") {
			return // a picture, whose own styles count inside it alone
		}
		for _, directive := range []string{"default-src 'none'", "script-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, directive) {
				t.Errorf("%s: the policy lacks %s: %s", path, directive, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || strings.Contains(policy, "http") {
			t.Errorf("%s: the policy allows too much: %s", path, policy)
		}
		if !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
			return
		}
		if found := inline.FindString(got.body); found != "" {
			t.Errorf("%s has %q in the page itself", path, found)
		}
		for _, tag := range sourced.FindAllString(got.body, -1) {
			if !strings.Contains(tag, `src="/static/`) {
				t.Errorf("%s has the script %s", path, tag)
			}
		}
	})
}

// TestNoPageIsKept: what is for one person is kept by no cache.
func TestNoPageIsKept(t *testing.T) {
	t.Parallel()
	everyAnswer(t, open(t), func(t *testing.T, path string, got page) {
		t.Helper()
		if strings.HasPrefix(got.header.Get("Content-Type"), "text/html") && got.status == http.StatusOK && got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be kept: %q", path, got.header.Get("Cache-Control"))
		}
	})
}

// TestPlainHTTPHasNoHSTS: a browser that is told to insist on TLS where there is none could not come back.
func TestPlainHTTPHasNoHSTS(t *testing.T) {
	t.Parallel()
	everyAnswer(t, open(t), func(t *testing.T, path string, got page) {
		t.Helper()
		if value := got.header.Get("Strict-Transport-Security"); value != "" {
			t.Errorf("%s: HSTS over plain HTTP: %q", path, value)
		}
	})
}

// TestEveryCookie: whatever cookie the ways in set, scripts cannot read it, other sites cannot send it along with a form, and behind TLS it
// belongs to this host alone.
func TestEveryCookie(t *testing.T) {
	t.Parallel()
	s := open(t, func(cfg *web.Config) { cfg.BaseURL = "https://portal.example.test" })
	v := s.visitor(t)
	answers := []page{
		v.post("/signin", "email", s.Tenant.Email, "password", portaltest.Password), v.post("/signin/passkey/options"), v.post("/signout"),
		v.post("/theme", "theme", "night"), v.post("/language", "language", "nl"),
	}
	n := 0
	for _, got := range answers {
		for _, cookie := range got.header.Values("Set-Cookie") {
			n++
			for _, wanted := range []string{"HttpOnly", "SameSite=Lax", "Secure", "Path=/"} {
				if !strings.Contains(cookie, wanted) {
					t.Errorf("%s lacks %s", cookie, wanted)
				}
			}
			preference := strings.HasPrefix(cookie, "allotment-theme=") || strings.HasPrefix(cookie, "allotment-language=")
			if !preference && !strings.HasPrefix(cookie, "__Host-allotment") || strings.Contains(cookie, "Domain=") {
				t.Errorf("%s does not belong to this host alone", cookie)
			}
		}
	}
	if n < 6 {
		t.Errorf("only %d cookies were looked at", n)
	}
}
