package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"allotment/app"
)

// TestSignInToAnApp: code and PKCE, the ID token, userinfo and a refresh, of an app with a secret and of one without.
func TestSignInToAnApp(t *testing.T) {
	t.Parallel()
	s := openSignIn(t)
	for label, public := range map[string]bool{"confidential": false, "public": true} {
		r := s.app(t, label, public)
		s.grant(t, r, app.AccessAdmin)
		v := s.visitor(t)
		asked, _ := s.walk(v, r.AuthCodeURL("a state", oauth2.S256ChallengeOption(oauth2.GenerateVerifier())))
		if !asked.has("Sign in to go on to Our "+label+".") || asked.status != http.StatusOK {
			t.Fatalf("the sign-in page does not say where it leads: %d", asked.status)
		}
		v = s.tenant(t)
		token := r.signIn(v)
		p := r.person(token)
		if p.Subject != s.Tenant.User.String() || p.Email != s.Tenant.Email || p.Username != "tenant" || p.Name != "Owner of tenant" || p.Locale != "en" {
			t.Errorf("the ID token says %+v", p)
		}
		if p.Verified == nil || p.Nonce != "a nonce" || !slices.Equal(p.Groups, []string{"users", "admins"}) || p.Session == "" || !slices.Equal(p.Methods, []string{"pwd"}) {
			t.Errorf("the ID token says %+v", p)
		}
		told, err := r.userinfo(token)
		if err != nil || told.Subject != p.Subject || told.Email != p.Email || !slices.Equal(told.Groups, p.Groups) {
			t.Errorf("userinfo says %+v (%v)", told, err)
		}
		next, err := r.refresh(token)
		if err != nil || next.RefreshToken == token.RefreshToken || next.AccessToken == token.AccessToken {
			t.Fatalf("refresh: %v", err)
		}
		if again := r.person(next); again.Subject != p.Subject || again.Session != p.Session || again.AuthTime != p.AuthTime {
			t.Errorf("after a refresh the ID token says %+v", again)
		}
		if _, err := r.userinfo(next); err != nil {
			t.Errorf("userinfo after a refresh: %v", err)
		}
		if strings.Contains(s.log.String(), token.AccessToken) || strings.Contains(s.log.String(), token.RefreshToken) || strings.Contains(s.log.String(), "a state") {
			t.Error("a token or a state stands in the log")
		}
		if !public && strings.Contains(s.log.String(), r.ClientSecret) {
			t.Error("the client's secret stands in the log")
		}
	}
}

// TestSignInLeadsToTheApp: the sign-in form leads to a page that goes on by itself, since no form may lead to another site.
func TestSignInLeadsToTheApp(t *testing.T) {
	t.Parallel()
	s := openSignIn(t)
	r := s.app(t, "office", false)
	s.grant(t, r, app.AccessUser)
	v := s.visitor(t)
	verifier := oauth2.GenerateVerifier()
	first := v.get(strings.TrimPrefix(r.AuthCodeURL("a state", oauth2.S256ChallengeOption(verifier)), s.URL))
	second := v.get(first.header.Get("Location"))
	back := mustURL(t, second.header.Get("Location")).Query().Get("back")
	in := v.post("/signin", "email", s.Tenant.Email, "password", "correct horse battery", "back", back)
	page := v.get(in.header.Get("Location"))
	if page.status != http.StatusOK || !page.has("On to Our office") || !strings.Contains(page.header.Get("Content-Security-Policy"), "form-action 'self'") {
		t.Fatalf("after signing in: %d %s", page.status, page.header.Get("Location"))
	}
	_, left := s.walk(v, in.header.Get("Location"))
	if left == nil || left.Query().Get("code") == "" {
		t.Fatalf("the browser ends at %v", left)
	}
	if again, _ := s.walk(v, first.header.Get("Location")); again.status != http.StatusGone {
		t.Errorf("an answered request, loaded once more: %d", again.status)
	}
}

// TestCodesInWrongHands: every way in which a code is not exchanged.
func TestCodesInWrongHands(t *testing.T) {
	t.Parallel()
	s := openSignIn(t)
	r, other := s.app(t, "office", false), s.app(t, "other", false)
	open := s.app(t, "open", true)
	s.grant(t, r, app.AccessUser)
	s.grant(t, open, app.AccessUser)
	v := s.tenant(t)
	verifier := oauth2.GenerateVerifier()
	try := func(name, want string, by *relying, change func(*oauth2.Config), options ...oauth2.AuthCodeOption) {
		t.Helper()
		owner := r
		if by == open {
			owner = open
		}
		code := owner.code(v, oauth2.S256ChallengeOption(verifier))
		config := by.Config
		config.RedirectURL = owner.RedirectURL
		change(&config)
		if _, err := config.Exchange(t.Context(), code, options...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	same := func(*oauth2.Config) {}
	right := oauth2.VerifierOption(verifier)
	try("another verifier", "invalid_grant", r, same, oauth2.VerifierOption(oauth2.GenerateVerifier()))
	try("no verifier", "invalid_request", r, same)
	try("another redirect address", "invalid_grant", r, func(c *oauth2.Config) { c.RedirectURL += "/other" }, right)
	try("another client", "invalid_grant", other, same, right)
	try("a wrong secret", "invalid_client", r, func(c *oauth2.Config) { c.ClientSecret = "wrong" }, right)
	try("no secret", "invalid_client", r, func(c *oauth2.Config) { c.ClientSecret = "" }, right)
	try("a public client's without verifier", "invalid_request", open, same)
	if _, err := r.Exchange(t.Context(), "no code", right); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
		t.Errorf("a code that is none: %v", err)
	}
	s.clock = 2 * time.Minute
	late := r.code(v, oauth2.S256ChallengeOption(verifier))
	s.clock += 2 * time.Minute
	if _, err := r.Exchange(t.Context(), late, right); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
		t.Errorf("a code that is two minutes old: %v", err)
	}
}

// TestCodeUsedTwice ends what came of its first use.
func TestCodeUsedTwice(t *testing.T) {
	t.Parallel()
	s := openSignIn(t)
	r := s.app(t, "office", false)
	s.grant(t, r, app.AccessUser)
	verifier := oauth2.GenerateVerifier()
	code := r.code(s.tenant(t), oauth2.S256ChallengeOption(verifier))
	token, err := r.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Exchange(t.Context(), code, oauth2.VerifierOption(verifier)); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
		t.Errorf("a code used twice: %v", err)
	}
	r.wantOver(token, "its code was used twice")
}

// TestRefreshUsedTwice ends the whole sign-in: whoever has the newest token, too.
func TestRefreshUsedTwice(t *testing.T) {
	t.Parallel()
	s := openSignIn(t)
	r := s.app(t, "office", false)
	s.grant(t, r, app.AccessUser)
	token := r.signIn(s.tenant(t))
	next, err := r.refresh(token)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.refresh(token); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
		t.Errorf("a refresh token used twice: %v", err)
	}
	r.wantOver(next, "the token before it was used twice")
	fresh := r.signIn(s.tenant(t))
	stranger := s.app(t, "other", false)
	if _, err := stranger.refresh(fresh); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
		t.Errorf("another app's refresh token: %v", err)
	}
	if _, err := r.refresh(&oauth2.Token{RefreshToken: fresh.AccessToken}); err == nil {
		t.Error("an access token is taken for a refresh token")
	}
	s.clock = 15 * 24 * time.Hour
	r.wantOver(fresh, "it was not used for two weeks")
}

// TestRequestsThatAreNotTaken: what is wrong with the app is told to its person, who is sent nowhere; the rest goes back to the app.
func TestRequestsThatAreNotTaken(t *testing.T) {
	t.Parallel()
	s := openSignIn(t)
	r, open := s.app(t, "office", false), s.app(t, "open", true)
	v := s.tenant(t)
	for name, change := range map[string]func(*oauth2.Config){
		"an unknown client":        func(c *oauth2.Config) { c.ClientID = app.NewID().String() },
		"no client":                func(c *oauth2.Config) { c.ClientID = "" },
		"another address":          func(c *oauth2.Config) { c.RedirectURL = "https://evil.example/callback" },
		"a longer address":         func(c *oauth2.Config) { c.RedirectURL += "/more" },
		"an address with a query":  func(c *oauth2.Config) { c.RedirectURL += "?x=1" },
		"an address encoded twice": func(c *oauth2.Config) { c.RedirectURL = strings.ReplaceAll(c.RedirectURL, "/", "%2F") },
		"no address":               func(c *oauth2.Config) { c.RedirectURL = "" },
		"another client's address": func(c *oauth2.Config) { c.RedirectURL = open.RedirectURL },
	} {
		config := r.Config
		change(&config)
		got, left := s.walk(v, config.AuthCodeURL("a state"))
		if left != nil || got.status != http.StatusUnprocessableEntity || !got.has("Tell whoever runs it.") {
			t.Errorf("%s: %d, sent to %v", name, got.status, left)
		}
	}
	for name, c := range map[string]struct {
		by      *relying
		options []oauth2.AuthCodeOption
		want    string
	}{
		"PKCE without a hash":      {r, []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("code_challenge", "abc"), oauth2.SetAuthURLParam("code_challenge_method", "plain")}, "invalid_request"},
		"a public one, no PKCE":    {open, nil, "invalid_request"},
		"implicit flow":            {r, []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("response_type", "id_token token")}, "unauthorized_client"},
		"a form as the answer":     {r, []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("response_mode", "form_post")}, "invalid_request"},
		"who it is is not asked":   {r, []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("scope", "email")}, "invalid_scope"},
		"a state that is too long": {r, []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("nonce", strings.Repeat("n", 5000))}, "invalid_request"},
	} {
		_, left := s.walk(v, c.by.AuthCodeURL("a state", c.options...))
		if left == nil || !strings.HasPrefix(left.String(), c.by.RedirectURL) || !strings.Contains(left.RawQuery+left.Fragment, "error="+c.want) {
			t.Errorf("%s: the app gets %v, want %s", name, left, c.want)
		}
	}
	if got, _ := s.walk(v, "/oauth/continue?id="+app.NewID().String()); got.status != http.StatusGone {
		t.Errorf("a request that nobody made: %d", got.status)
	}
}

// TestSilentAndFreshSignIns: prompt and max_age (OpenID Connect Core 1.0 section 3.1.2.1).
func TestSilentAndFreshSignIns(t *testing.T) {
	t.Parallel()
	s := openSignIn(t)
	r := s.app(t, "office", false)
	silent, again := oauth2.SetAuthURLParam("prompt", "none"), oauth2.SetAuthURLParam("prompt", "login")
	v := s.tenant(t)
	wantError := func(name string, v *visitor, want string, options ...oauth2.AuthCodeOption) {
		t.Helper()
		_, left := s.walk(v, r.AuthCodeURL("a state", options...))
		if left == nil || left.Query().Get("error") != want || left.Query().Get("state") != "a state" {
			t.Errorf("%s: the app gets %v, want %s", name, left, want)
		}
	}
	wantError("nobody is there", s.visitor(t), "login_required", silent)
	s.revoke(t, r)
	wantError("no access", v, "access_denied", silent)
	s.grant(t, r, app.AccessUser)
	r.code(v, silent)
	hint, _ := r.signIn(v).Extra("id_token").(string)
	r.code(v, silent, oauth2.SetAuthURLParam("id_token_hint", hint))
	wantError("not lately enough", v, "login_required", silent, oauth2.SetAuthURLParam("max_age", "0"))
	r.code(v, oauth2.SetAuthURLParam("max_age", "600"))
	for name, option := range map[string]oauth2.AuthCodeOption{"prompt=login": again, "max_age=0": oauth2.SetAuthURLParam("max_age", "0")} {
		first := v.get(strings.TrimPrefix(r.AuthCodeURL("a state", option), s.URL))
		second := v.get(first.header.Get("Location"))
		if to := second.header.Get("Location"); !strings.HasPrefix(to, "/confirm?back=%2Foauth%2Fcontinue") {
			t.Errorf("%s: the person is led to %q, want to where they prove themselves", name, to)
		}
	}
	stranger := s.as(t, s.Other.Email)
	wantError("somebody else is there", stranger, "login_required", silent, oauth2.SetAuthURLParam("id_token_hint", hint))
}

// TestKeysAreRotated in the middle of a sign-in: what the old key signed is still known, and what comes next is signed by the new one.
func TestKeysAreRotated(t *testing.T) {
	t.Parallel()
	s := openSignIn(t)
	r := s.app(t, "office", false)
	s.grant(t, r, app.AccessUser)
	v := s.tenant(t)
	before := r.signIn(v)
	if err := s.provider.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	old, _ := before.Extra("id_token").(string)
	strict := oidc.NewVerifier(s.URL, oidc.NewRemoteKeySet(t.Context(), s.URL+"/oauth/keys"), &oidc.Config{ClientID: r.ClientID})
	if _, err := strict.Verify(t.Context(), old); err != nil {
		t.Errorf("an ID token of before: %v", err)
	}
	after, err := r.refresh(before)
	if err != nil {
		t.Fatal(err)
	}
	r.person(after)
	fresh, _ := after.Extra("id_token").(string)
	if keyOf(t, old) == keyOf(t, fresh) {
		t.Error("the old key signs still")
	}
	if err := s.provider.Care(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(v.get("/oauth/keys").body, `"kid"`); got != 2 {
		t.Errorf("%d keys are shown, want the one that signs and the one before", got)
	}
	s.clock = 25 * time.Hour
	if got := strings.Count(v.get("/oauth/keys").body, `"kid"`); got != 1 {
		t.Errorf("a day later %d keys are shown", got)
	}
	s.clock = 100 * 24 * time.Hour
	if err := s.provider.Care(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(v.get("/oauth/keys").body, `"kid"`); got != 2 {
		t.Errorf("a key of 100 days was not replaced: %d keys are shown", got)
	}
	s.clock = 0
	for name, skew := range map[string]time.Duration{"behind": -90 * time.Second, "ahead": 90 * time.Second} {
		own := oidc.NewVerifier(s.URL, oidc.NewRemoteKeySet(t.Context(), s.URL+"/oauth/keys"), &oidc.Config{
			ClientID: r.ClientID, Now: func() time.Time { return time.Now().Add(skew) },
		})
		raw, _ := r.signIn(v).Extra("id_token").(string)
		if _, err := own.Verify(t.Context(), raw); err != nil {
			t.Errorf("an app whose clock is 90 seconds %s: %v", name, err)
		}
	}
}

func keyOf(t *testing.T, token string) string {
	t.Helper()
	head, _, ok := strings.Cut(token, ".")
	if !ok {
		t.Fatalf("%q is no token", token)
	}
	return head
}

// TestTokenEndpointHasLimits: what fails too often is not looked at any more; and what a call may look like.
func TestTokenEndpointHasLimits(t *testing.T) {
	t.Parallel()
	s := openSignIn(t)
	r := s.app(t, "office", false)
	s.grant(t, r, app.AccessUser)
	v := s.visitor(t)
	if got := v.get("/oauth/token?grant_type=authorization_code"); got.status != http.StatusNotFound {
		t.Errorf("tokens by GET: %d", got.status)
	}
	if got := v.post("/oauth/token?grant_type=authorization_code&code=x&client_id=" + r.ClientID + "&client_secret=" + url.QueryEscape(r.ClientSecret)); got.status != http.StatusBadRequest || !got.has("grant_type missing") {
		t.Errorf("a secret in the address is looked at: %d %s", got.status, got.body)
	}
	if got := v.do(http.MethodPost, "/oauth/token", "grant_type=refresh_token", "Authorization", "Basic JTo6JQ=="); got.status != http.StatusUnauthorized {
		t.Errorf("a header that cannot be read: %d", got.status)
	}
	if got := v.post("/oauth/token", "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion", "x", "client_id", r.ClientID); got.status != http.StatusBadRequest {
		t.Errorf("a grant that is not offered: %d", got.status)
	}
	if got := v.post("/oauth/token", "grant_type", "password", "username", s.Tenant.Email, "password", "x", "client_id", r.ClientID); !got.has("unsupported_grant_type") {
		t.Errorf("passwords at the token endpoint: %d %s", got.status, got.body)
	}
	last := 0
	for range 70 {
		last = v.post("/oauth/token", "grant_type", "authorization_code", "code", "x", "redirect_uri", r.RedirectURL, "client_id", r.ClientID, "client_secret", "wrong").status
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("after 70 wrong secrets: %d", last)
	}
	other := s.app(t, "other", false)
	s.grant(t, other, app.AccessUser)
	other.signIn(s.tenant(t)) // another client of the same address still works
}

// TestWhoMayReadAcross: browsers let pages of other sites read what is public, and a public app its own answers.
func TestWhoMayReadAcross(t *testing.T) {
	t.Parallel()
	s := openSignIn(t)
	r, open := s.app(t, "office", false), s.app(t, "open", true)
	s.grant(t, r, app.AccessUser)
	s.grant(t, open, app.AccessUser)
	allow := func(method, path, origin, token string) string {
		t.Helper()
		got := s.visitor(t).do(method, path, "", "Origin", origin, "Authorization", "Bearer "+token, "Sec-Fetch-Site", "cross-site")
		return got.header.Get("Access-Control-Allow-Origin")
	}
	v := s.tenant(t)
	secret, public := r.signIn(v).AccessToken, open.signIn(v).AccessToken
	own := strings.TrimSuffix(open.RedirectURL, "/callback")
	for _, c := range []struct{ name, path, origin, token, want string }{
		{"discovery", "/.well-known/openid-configuration", "https://x.example", "", "*"},
		{"keys", "/oauth/keys", "https://x.example", "", "*"},
		{"a public app's own page", "/oauth/userinfo", own, public, own},
		{"another site with its token", "/oauth/userinfo", "https://x.example", public, ""},
		{"an app with a secret", "/oauth/userinfo", strings.TrimSuffix(r.RedirectURL, "/callback"), secret, ""},
		{"the sign-in page", "/signin", own, "", ""},
	} {
		if got := allow(http.MethodGet, c.path, c.origin, c.token); got != c.want {
			t.Errorf("%s: %q may read it, want %q", c.name, got, c.want)
		}
	}
	if got := s.visitor(t).do(http.MethodOptions, "/oauth/userinfo", "", "Origin", own); got.status != http.StatusNoContent || got.header.Get("Access-Control-Allow-Headers") != "Authorization" {
		t.Errorf("what a browser asks first: %d", got.status)
	}
	for _, token := range []string{"", "x", secret[:len(secret)-2] + "AA", strings.Repeat("A", 9000)} {
		got := s.visitor(t).get("/oauth/userinfo", "Authorization", "Bearer "+token)
		if got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") != `Bearer error="invalid_token"` {
			t.Errorf("the token %.10q: %d %q", token, got.status, got.header.Get("WWW-Authenticate"))
		}
	}
}

// TestGuestsReachTheirPartOfTheProvider: on the guests' own listener there are discovery, keys, tokens and userinfo, and no page.
func TestGuestsReachTheirPartOfTheProvider(t *testing.T) {
	t.Parallel()
	s := openSignIn(t)
	guests := httptest.NewServer(s.server.EnrolHandler())
	defer guests.Close()
	for path, want := range map[string]int{
		"/.well-known/openid-configuration": 200, "/oauth/keys": 200, "/oauth/userinfo": 401, "/oauth/authorize": 404, "/oauth/logout": 404, "/signin": 404,
	} {
		answer, err := http.Get(guests.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s on the guests' listener: %d, want %d", path, answer.StatusCode, want)
		}
	}
}

// TestDiscoverySaysWhatIsSo: nothing is promised that is refused.
func TestDiscoverySaysWhatIsSo(t *testing.T) {
	t.Parallel()
	s := openSignIn(t)
	r := s.app(t, "office", false)
	var said struct {
		Issuer    string   `json:"issuer"`
		Authorize string   `json:"authorization_endpoint"`
		Logout    string   `json:"end_session_endpoint"`
		Revoke    string   `json:"revocation_endpoint"`
		Types     []string `json:"response_types_supported"`
		Grants    []string `json:"grant_types_supported"`
		PKCE      []string `json:"code_challenge_methods_supported"`
		Scopes    []string `json:"scopes_supported"`
		Signed    []string `json:"id_token_signing_alg_values_supported"`
		Methods   []string `json:"token_endpoint_auth_methods_supported"`
		Introspec string   `json:"introspection_endpoint"`
	}
	if err := r.oidc.Claims(&said); err != nil {
		t.Fatal(err)
	}
	if said.Issuer != s.URL || said.Authorize != s.URL+"/oauth/authorize" || said.Logout != s.URL+"/oauth/logout" || said.Revoke != s.URL+"/oauth/revoke" || said.Introspec != "" {
		t.Errorf("%+v", said)
	}
	for name, lists := range map[string][2][]string{
		"response types": {said.Types, {"code"}}, "grants": {said.Grants, {"authorization_code", "refresh_token"}}, "PKCE": {said.PKCE, {"S256"}},
		"scopes": {said.Scopes, app.Scopes()}, "signatures": {said.Signed, {"RS256"}}, "methods": {said.Methods, {"none", "client_secret_basic", "client_secret_post"}},
	} {
		if !slices.Equal(lists[0], lists[1]) {
			t.Errorf("%s: %v, want %v", name, lists[0], lists[1])
		}
	}
}

// TestProviderWithoutItsDatabase says that something broke, and not what: that stands in the log.
func TestProviderWithoutItsDatabase(t *testing.T) {
	t.Parallel()
	s := openSignIn(t)
	r := s.app(t, "office", false)
	s.grant(t, r, app.AccessUser)
	token := r.signIn(s.tenant(t))
	s.Store.Close()
	s.clock = 2 * time.Minute // the key that signs is read anew
	for path, got := range map[string]page{
		"keys":     s.visitor(t).get("/oauth/keys"),
		"userinfo": s.visitor(t).get("/oauth/userinfo", "Authorization", "Bearer "+token.AccessToken),
		"token":    s.visitor(t).post("/oauth/token", "grant_type", "refresh_token", "refresh_token", token.RefreshToken, "client_id", r.ClientID, "client_secret", r.ClientSecret),
	} {
		if got.status != http.StatusInternalServerError || !got.has("server_error") || got.has("pool") || got.has("database") {
			t.Errorf("%s without a database: %d %s", path, got.status, got.body)
		}
	}
	if !strings.Contains(s.log.String(), "closed pool") {
		t.Error("the log does not say what broke")
	}
}
