package web_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/oauth2"

	"allotment/app"
	driver "allotment/app/driver/openid"
	"allotment/app/openid"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
	"allotment/app/web"
	"allotment/catalog"
)

// signInSite is a portal that signs people in to apps, at the address that it calls itself.
type signInSite struct {
	*site
	provider *openid.Provider
	clock    time.Duration // by which the provider's clock is ahead
}

func openSignIn(t *testing.T) *signInSite {
	t.Helper()
	s := &signInSite{site: &site{World: portaltest.New(t), log: &record{}}}
	entry, _ := s.Catalog.App("redmine")
	entry.SSO = catalog.SSO{Protocol: "oidc", RedirectPaths: []string{"/callback"}, PostLogoutPaths: []string{"/bye"}}
	server := httptest.NewUnstartedServer(nil)
	s.URL = "http://" + server.Listener.Addr().String()
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	s.provider, err = openid.New(s.Store, s.Vault, openid.Config{Issuer: s.URL, Now: func() time.Time { return time.Now().Add(s.clock) }}, log)
	if err != nil {
		t.Fatal(err)
	}
	cfg := web.Config{BaseURL: s.URL, OpenID: s.provider, Ready: func(context.Context) error { return nil }}
	if s.server, err = web.New(cfg, s.Portal, s.Store, log, prometheus.NewRegistry()); err != nil {
		t.Fatal(err)
	}
	server.Config = web.HTTPServer(s.server.Handler(), log)
	server.Start()
	t.Cleanup(func() { s.server.Shutdown(); server.Close() })
	return s
}

// relying is an app that signs people in at the site: go-oidc is its eyes.
type relying struct {
	t       *testing.T
	site    *signInSite
	Service app.ID
	oauth2.Config
	verifier *oidc.IDTokenVerifier
	oidc     *oidc.Provider
}

// app orders a service and makes its client, as the engine would. public: it has no secret.
func (s *signInSite) app(t *testing.T, label string, public bool) *relying {
	t.Helper()
	ctx := t.Context()
	host := label + "." + portaltest.Zone
	order, err := s.Portal.PlaceOrder(ctx, s.Tenant, portal.OrderRequest{App: "redmine", Plan: "small", Name: "Our " + label, Host: host, Key: label})
	if err != nil {
		t.Fatal(err)
	}
	r := &relying{t: t, site: s, Service: order.Service}
	r.Config = oauth2.Config{ClientID: order.Service.String(), RedirectURL: "http://" + host + "/callback", Scopes: app.Scopes()}
	spec := app.ClientSpec{
		Name: "Our " + label, RedirectURIs: []string{r.RedirectURL}, PostLogoutURIs: []string{"http://" + host + "/bye"}, Scopes: app.Scopes(), Public: public,
	}
	if !public {
		r.ClientSecret = "secret of " + app.NewID().String()
		spec.Secret = r.ClientSecret
	}
	if _, _, err := driver.New(store.Clients{Store: s.Store}, s.URL).Ensure(ctx, s.clientOf(t, order.Service), spec); err != nil {
		t.Fatal(err)
	}
	if r.oidc, err = oidc.NewProvider(ctx, s.URL); err != nil {
		t.Fatalf("discovery: %v", err)
	}
	r.Endpoint = r.oidc.Endpoint()
	r.verifier = r.oidc.Verifier(&oidc.Config{ClientID: r.ClientID})
	return r
}

// clientOf is the client's resource of a service.
func (s *signInSite) clientOf(t *testing.T, service app.ID) (ref app.Ref) {
	t.Helper()
	err := s.Store.InTenant(t.Context(), s.Operator, func(tx *store.Tx) error {
		resources, err := tx.Resources(t.Context(), service)
		for _, r := range resources {
			if r.Kind == app.KindClient {
				ref = r.Ref
			}
		}
		return err
	})
	if err != nil || ref.Resource == (app.ID{}) {
		t.Fatalf("the service wants no client: %v", err)
	}
	return ref
}

func (s *signInSite) grant(t *testing.T, r *relying, level app.AccessLevel) {
	t.Helper()
	if err := s.Portal.GrantAccess(t.Context(), s.Tenant, r.Service, s.Tenant.User, level); err != nil {
		t.Fatal(err)
	}
}

func (s *signInSite) revoke(t *testing.T, r *relying) {
	t.Helper()
	if err := s.Portal.RevokeAccess(t.Context(), s.Tenant, r.Service, s.Tenant.User); err != nil {
		t.Fatal(err)
	}
}

// walk follows redirects from an address as a browser does, pages that go on by themselves included, until it leaves the portal or stands still.
func (s *signInSite) walk(v *visitor, address string) (last page, left *url.URL) {
	v.t.Helper()
	for range 10 {
		if !strings.HasPrefix(address, s.URL) && strings.Contains(address, "://") {
			return last, mustURL(v.t, address)
		}
		last = v.get(strings.TrimPrefix(address, s.URL))
		next := last.header.Get("Location")
		if _, rest, ok := strings.Cut(last.body, `http-equiv="refresh" content="0;url=`); ok && last.status == http.StatusOK {
			next, _, _ = strings.Cut(rest, `"`)
			next = strings.ReplaceAll(next, "&amp;", "&")
		}
		if next == "" {
			return last, nil
		}
		address = next
	}
	v.t.Fatal("the browser is led in circles")
	return last, nil
}

// code signs the visitor in at the app and returns the code that the app gets.
func (r *relying) code(v *visitor, options ...oauth2.AuthCodeOption) string {
	r.t.Helper()
	last, left := r.site.walk(v, r.AuthCodeURL("a state", options...))
	if left == nil {
		r.t.Fatalf("the browser does not come back to the app: %d %s", last.status, last.body)
	}
	if got := left.Query(); got.Get("state") != "a state" || got.Get("code") == "" || !strings.HasPrefix(left.String(), r.RedirectURL+"?") {
		r.t.Fatalf("the app gets %s", left)
	}
	return left.Query().Get("code")
}

// signIn does all that an app does, with PKCE.
func (r *relying) signIn(v *visitor) *oauth2.Token {
	r.t.Helper()
	verifier := oauth2.GenerateVerifier()
	token, err := r.Exchange(r.t.Context(), r.code(v, oauth2.S256ChallengeOption(verifier), oidc.Nonce("a nonce")), oauth2.VerifierOption(verifier))
	if err != nil {
		r.t.Fatalf("exchange: %v", err)
	}
	return token
}

// person is what an ID token says.
type person struct {
	Subject  string   `json:"sub"`
	Name     string   `json:"name"`
	Username string   `json:"preferred_username"`
	Locale   string   `json:"locale"`
	Email    string   `json:"email"`
	Verified *bool    `json:"email_verified"`
	Groups   []string `json:"groups"`
	Session  string   `json:"sid"`
	Methods  []string `json:"amr"`
	AuthTime int64    `json:"auth_time"`
	Nonce    string   `json:"nonce"`
}

func (r *relying) person(token *oauth2.Token) (p person) {
	r.t.Helper()
	raw, _ := token.Extra("id_token").(string)
	id, err := r.verifier.Verify(r.t.Context(), raw)
	if err != nil {
		r.t.Fatalf("ID token: %v", err)
	}
	if err := id.Claims(&p); err != nil {
		r.t.Fatal(err)
	}
	return p
}

// userinfo returns what the app is told of the person, or the error.
func (r *relying) userinfo(token *oauth2.Token) (p person, err error) {
	r.t.Helper()
	info, err := r.oidc.UserInfo(r.t.Context(), oauth2.StaticTokenSource(token))
	if err != nil {
		return p, err
	}
	return p, info.Claims(&p)
}

// refresh exchanges a refresh token.
func (r *relying) refresh(token *oauth2.Token) (*oauth2.Token, error) {
	return r.TokenSource(r.t.Context(), &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
}

// wantOver wants that neither token of a sign-in is worth anything.
func (r *relying) wantOver(token *oauth2.Token, why string) {
	r.t.Helper()
	if _, err := r.userinfo(token); err == nil || !strings.Contains(err.Error(), "401") {
		r.t.Errorf("%s, and userinfo says %v", why, err)
	}
	if _, err := r.refresh(token); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
		r.t.Errorf("%s, and a refresh says %v", why, err)
	}
}
