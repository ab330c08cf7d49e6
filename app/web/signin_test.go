package web_test

import (
	"net/http"
	"strings"
	"testing"

	"allotment/app/portal/portaltest"
	"allotment/app/web"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := open(t)
	cases := []struct{ name, email, password string }{
		{"nobody", "nobody@example.test", portaltest.Password},
		{"wrong password", s.Tenant.Email, "wrong"},
		{"empty", "", ""},
		{"script", `"><script>alert(1)</script>`, "x"},
		{"no text", "a\x00b\xff@example.test", "x"},
		{"too long", strings.Repeat("a", 5000) + "@example.test", strings.Repeat("x", 5000)},
	}
	for _, c := range cases {
		v := s.visitor(t)
		got := v.post("/signin", "email", c.email, "password", c.password)
		if got.status != http.StatusUnprocessableEntity || !got.has("The e-mail address or the password is not right.") {
			t.Errorf("%s: %d", c.name, got.status)
		}
		if got.has("<script>alert") || got.has(portaltest.Password) || got.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: the answer says too much: %s", c.name, got.body)
		}
		if v.get("/services").status != http.StatusSeeOther {
			t.Errorf("%s: signed in all the same", c.name)
		}
	}
}

func TestSignInLeadsBack(t *testing.T) {
	t.Parallel()
	s := open(t)
	if got := s.visitor(t).get("/catalog/redmine?x=1"); got.header.Get("Location") != "/signin?back=%2Fcatalog%2Fredmine%3Fx%3D1" {
		t.Errorf("a stranger is led to %s", got.header.Get("Location"))
	}
	for back, want := range map[string]string{
		"/catalog/redmine?x=1": "/catalog/redmine?x=1", "": "/", "https://evil.example/": "/", "//evil.example/": "/", `/\evil.example`: "/",
		"javascript:alert(1)": "/", "catalog": "/", "/\t/evil.example": "/",
	} {
		got := s.visitor(t).post("/signin", "email", s.Tenant.Email, "password", portaltest.Password, "back", back)
		if got.header.Get("Location") != want {
			t.Errorf("back to %q: %d to %q, want %q", back, got.status, got.header.Get("Location"), want)
		}
	}
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		base   string
		wanted []string
	}{
		{"http://portal.example.test", []string{"allotment=", "Path=/", "HttpOnly", "SameSite=Lax"}},
		{"https://portal.example.test", []string{"__Host-allotment=", "Path=/", "HttpOnly", "SameSite=Lax", "Secure"}},
	} {
		s := open(t, func(cfg *web.Config) { cfg.BaseURL = c.base })
		got := s.visitor(t).post("/signin", "email", s.Tenant.Email, "password", portaltest.Password)
		cookie := got.header.Get("Set-Cookie")
		for _, wanted := range c.wanted {
			if !strings.Contains(cookie, wanted) {
				t.Errorf("%s: cookie %q lacks %s", c.base, cookie, wanted)
			}
		}
		if hsts := got.header.Get("Strict-Transport-Security"); (hsts != "") != strings.HasPrefix(c.base, "https") {
			t.Errorf("%s: HSTS %q", c.base, hsts)
		}
	}
}

func TestSignOutEndsTheSession(t *testing.T) {
	t.Parallel()
	s := open(t)
	v, thief := s.tenant(t), s.visitor(t)
	thief.client.Jar = nil
	stolen := v.client.Jar.Cookies(mustURL(t, s.URL))[0]
	if got := thief.get("/services", "Cookie", stolen.String()); got.status != http.StatusOK {
		t.Fatalf("before signing out: %d", got.status)
	}
	if got := v.post("/signout"); got.status != http.StatusSeeOther {
		t.Fatalf("sign out: %d", got.status)
	}
	if got := thief.get("/services", "Cookie", stolen.String()); got.status != http.StatusSeeOther {
		t.Errorf("the session lives on after signing out: %d", got.status)
	}
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.visitor(t)
	if got := v.post("/theme", "theme", "night", "back", "/signin"); got.header.Get("Location") != "/signin" {
		t.Errorf("after choosing a theme: %s", got.header.Get("Location"))
	}
	v.post("/language", "language", "nl")
	if got := v.get("/signin", "Accept-Language", "de"); !got.has(`data-theme="night"`) || !got.has(`<html lang="nl"`) {
		t.Errorf("the choice is not kept: %.200s", got.body)
	}
	v.post("/theme", "theme", `"><script>`)
	v.post("/language", "language", "xx")
	if got := v.get("/signin", "Accept-Language", "de"); got.has("data-theme=") || !got.has(`<html lang="de"`) {
		t.Errorf("a choice that is none is kept: %.200s", got.body)
	}
}

// TestNothingHereKeepsWhoAsks wants somebody who is signed in to stay so on the page of an address at which nothing stands.
func TestNothingHereKeepsWhoAsks(t *testing.T) {
	t.Parallel()
	s := open(t)
	if p := s.tenant(t).get("/no-such-page"); p.status != 404 || !p.has("To your services") || p.has(`href="/signin"`) {
		t.Errorf("signed in: %d %s", p.status, p.body)
	}
	if p := s.visitor(t).get("/no-such-page"); p.status != 404 || !p.has(`href="/signin"`) || p.has("To your services") {
		t.Errorf("a stranger: %d %s", p.status, p.body)
	}
}
