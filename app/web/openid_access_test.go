package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/oauth2"

	"allotment/app"
)

// exec runs a statement as nobody in the program may: what other parts do in their own ways.
func (s *site) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // the database goes with the test
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// secondOwner makes the other customer's owner one of the tenant's, too: nobody's last owner can be disabled.
func (s *site) secondOwner(t *testing.T) {
	t.Helper()
	s.exec(t, `INSERT INTO memberships VALUES ($1, $2, 'customer_owner', now())`, s.Tenant.Organization, s.Other.User)
}

// count asks for one number.
func (s *signInSite) count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // the database goes with the test
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestNoAccess: a member without access, and a stranger, see a page that says whom to ask; the app is not called, and the audit log has it.
func TestNoAccess(t *testing.T) {
	t.Parallel()
	s := openSignIn(t)
	r := s.app(t, "office", false)
	s.revoke(t, r)
	for _, email := range []string{s.Tenant.Email, s.Other.Email, s.Operator.Email} {
		got, left := s.walk(s.as(t, email), r.AuthCodeURL("a state"))
		if left != nil || got.status != http.StatusForbidden || !got.has("You have no access to Our office. Ask an administrator of Demo tenant to give it to you.") {
			t.Errorf("%s without access: %d, sent to %v", email, got.status, left)
		}
		if !got.has("You are signed in as "+email+".") || !got.has(`action="/signout"`) {
			t.Errorf("%s is not told who they are", email)
		}
	}
	refused := s.count(t, `SELECT count(*) FROM audit WHERE action = 'service.signin' AND outcome = 'refused' AND organization_id = $1`, s.Tenant.Organization)
	if refused != 3 {
		t.Errorf("the audit log of the organization has %d refusals, want 3", refused)
	}
	s.grant(t, r, app.AccessUser)
	r.signIn(s.tenant(t))
	done := s.count(t, `SELECT count(*) FROM audit WHERE action = 'service.signin' AND outcome = 'done' AND actor_id = $1 AND target = $2`,
		s.Tenant.User, "service "+r.ClientID)
	if done != 1 {
		t.Errorf("the audit log has %d sign-ins, want one", done)
	}
}

// TestLostAccess is felt at once, and the tokens of before do not live again when the person is let in once more.
func TestLostAccess(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		lose, again func(*testing.T, *signInSite, *relying)
		organized   bool // it concerns the organization: nobody of it is signed in either
	}{
		{"access is taken away",
			func(t *testing.T, s *signInSite, r *relying) { s.revoke(t, r) },
			func(t *testing.T, s *signInSite, r *relying) { s.grant(t, r, app.AccessUser) }, false},
		{"the person is disabled",
			func(t *testing.T, s *signInSite, _ *relying) {
				s.secondOwner(t)
				s.exec(t, `UPDATE users SET disabled = true, disabled_at = now() WHERE id = $1`, s.Tenant.User)
			},
			func(t *testing.T, s *signInSite, _ *relying) {
				s.exec(t, `UPDATE users SET disabled = false WHERE id = $1`, s.Tenant.User)
			}, true},
		{"the organization is suspended",
			func(t *testing.T, s *signInSite, _ *relying) {
				s.exec(t, `UPDATE organizations SET state = 'suspended' WHERE id = $1`, s.Tenant.Organization)
			},
			func(t *testing.T, s *signInSite, _ *relying) {
				s.exec(t, `UPDATE organizations SET state = 'active' WHERE id = $1`, s.Tenant.Organization)
			}, true},
		{"the service is stopped",
			func(t *testing.T, s *signInSite, r *relying) {
				s.exec(t, `UPDATE services SET state = 'suspended' WHERE id = $1`, r.Service)
			},
			func(t *testing.T, s *signInSite, r *relying) {
				s.exec(t, `UPDATE services SET state = 'active' WHERE id = $1`, r.Service)
			}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := openSignIn(t)
			r := s.app(t, "office", false)
			s.grant(t, r, app.AccessUser)
			v := s.tenant(t)
			token, unused := r.signIn(v), r.signIn(v)
			verifier := oauth2.GenerateVerifier()
			code := r.code(v, oauth2.S256ChallengeOption(verifier))
			c.lose(t, s, r)
			r.wantOver(token, c.name)
			if _, err := r.Exchange(t.Context(), code, oauth2.VerifierOption(verifier)); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
				t.Errorf("%s, and a code of before: %v", c.name, err)
			}
			if _, left := s.walk(v, r.AuthCodeURL("a state")); left != nil {
				t.Errorf("%s, and the person is signed in: %v", c.name, left)
			}
			c.again(t, s, r)
			r.wantOver(token, c.name+" for a while")
			if c.organized {
				r.wantOver(unused, c.name+" for a while")
			}
		})
	}
}

// TestRemovedClient takes all that it had issued along.
func TestRemovedClient(t *testing.T) {
	t.Parallel()
	s := openSignIn(t)
	r := s.app(t, "office", false)
	s.grant(t, r, app.AccessUser)
	v := s.tenant(t)
	token := r.signIn(v)
	s.exec(t, `DELETE FROM clients WHERE id = $1`, r.Service)
	if _, err := r.userinfo(token); err == nil {
		t.Error("the token of a removed client opens userinfo")
	}
	if _, err := r.refresh(token); err == nil || !strings.Contains(err.Error(), "invalid_client") {
		t.Errorf("the refresh token of a removed client: %v", err)
	}
	if n := s.count(t, `SELECT count(*) FROM tokens`) + s.count(t, `SELECT count(*) FROM app_sessions`) + s.count(t, `SELECT count(*) FROM auth_requests`); n != 0 {
		t.Errorf("%d rows are left of a removed client", n)
	}
}

// TestLeaveAnApp: an app signs its person out; the portal asks whether to go along.
func TestLeaveAnApp(t *testing.T) {
	t.Parallel()
	s := openSignIn(t)
	r, second := s.app(t, "office", false), s.app(t, "second", false)
	s.grant(t, r, app.AccessUser)
	s.grant(t, second, app.AccessUser)
	v := s.tenant(t)
	token, elsewhere, other := r.signIn(v), r.signIn(s.tenant(t)), second.signIn(v)
	hint, _ := token.Extra("id_token").(string)
	bye := strings.Replace(r.RedirectURL, "/callback", "/bye", 1)
	leave := func(pairs ...string) string { return "/oauth/logout?" + form(pairs...).Encode() }

	for name, bad := range map[string]string{
		"another address":          leave("id_token_hint", hint, "post_logout_redirect_uri", "https://evil.example/"),
		"a hint that is none":      leave("id_token_hint", hint[:len(hint)-4]+"AAAA", "post_logout_redirect_uri", bye),
		"a hint of another client": leave("id_token_hint", hint, "client_id", second.ClientID, "post_logout_redirect_uri", bye),
		"an unknown client":        leave("client_id", app.NewID().String(), "post_logout_redirect_uri", bye),
	} {
		if got, left := s.walk(v, bad); left != nil || got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d, sent to %v", name, got.status, left)
		}
	}
	if _, err := r.userinfo(token); err != nil {
		t.Fatalf("signed out by a request that was refused: %v", err)
	}

	asked := v.get(leave("id_token_hint", hint, "post_logout_redirect_uri", bye, "state", "s t"))
	if asked.status != http.StatusOK || !asked.has("You are signed out of Our office") || !asked.has("Sign out here too") || !asked.has(bye+"?state=s+t") {
		t.Fatalf("the portal does not ask: %d %s", asked.status, asked.body)
	}
	r.wantOver(token, "the app has signed its person out")
	if _, err := r.userinfo(elsewhere); err != nil {
		t.Errorf("another browser is signed out too: %v", err)
	}
	if _, left := s.walk(s.visitor(t), leave("id_token_hint", hint, "post_logout_redirect_uri", bye, "state", "x")); left == nil || left.String() != bye+"?state=x" {
		t.Errorf("a browser without a session is led to %v", left)
	}

	_, rest, _ := strings.Cut(asked.body, `action="/oauth/logout/here"`)
	_, rest, _ = strings.Cut(rest, `name="back" value="`)
	back, _, _ := strings.Cut(rest, `"`)
	if got := v.post("/oauth/logout/here", "back", "https://evil.example/"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("an address that is not ours: %d", got.status)
	}
	if got := v.post("/oauth/logout/here", "back", back); got.status != http.StatusOK || !got.has(`content="0;url=`+bye+"?state=s+t") {
		t.Errorf("after signing out here too: %d %s", got.status, got.body)
	}
	if got := v.get("/services"); got.status != http.StatusSeeOther {
		t.Errorf("the portal's session lives on: %d", got.status)
	}
	second.wantOver(other, "the person has signed out everywhere")
}

// TestRevoke: an app gives a token back, its own and nobody else's (RFC 7009).
func TestRevoke(t *testing.T) {
	t.Parallel()
	s := openSignIn(t)
	r, other := s.app(t, "office", false), s.app(t, "other", false)
	s.grant(t, r, app.AccessUser)
	for kind, pick := range map[string]func(*oauth2.Token) string{
		"refresh_token": func(t *oauth2.Token) string { return t.RefreshToken }, "access_token": func(t *oauth2.Token) string { return t.AccessToken },
	} {
		token := r.signIn(s.tenant(t))
		revoke := func(by *relying) page {
			return s.visitor(t).do(http.MethodPost, "/oauth/revoke", url.Values{
				"token": {pick(token)}, "token_type_hint": {kind}, "client_id": {by.ClientID}, "client_secret": {by.ClientSecret},
			}.Encode())
		}
		if got := revoke(other); got.status != http.StatusOK {
			t.Errorf("another app's %s: %d", kind, got.status)
		}
		if _, err := r.userinfo(token); err != nil {
			t.Errorf("another app has ended the sign-in with the %s: %v", kind, err)
		}
		if got := revoke(r); got.status != http.StatusOK {
			t.Errorf("the %s: %d %s", kind, got.status, got.body)
		}
		r.wantOver(token, "its "+kind+" was given back")
	}
}
