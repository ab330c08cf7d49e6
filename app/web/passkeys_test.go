package web_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/web"
)

// openLocal starts a site whose address is a name, as passkeys need it, and which browsers take for secure.
func openLocal(t *testing.T) *site {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	address := "http://localhost:" + port
	s := &site{World: portaltest.New(t, func(c *portal.Config) { c.URL = address }), log: &record{}, URL: address}
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if s.server, err = web.New(web.Config{BaseURL: address}, s.Portal, s.Store, log, prometheus.NewRegistry()); err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: web.HTTPServer(s.server.Handler(), log)}
	server.Start()
	t.Cleanup(func() { s.server.Shutdown(); server.Close() })
	return s
}

// authenticatorOf gives the browser a device that makes passkeys, with a finger on it.
func authenticatorOf(ctx context.Context) error {
	return chromedp.Run(ctx, webauthn.Enable(), chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Ctap2version: webauthn.Ctap2versionCtap21, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}).Do(ctx)
		return err
	}))
}

// TestPasskeys lives with a passkey in a real browser: made, the only factor, the second factor, the confirmation, copied, removed.
func TestPasskeys(t *testing.T) {
	s := openLocal(t)
	ctx, heard := browser(t)
	if err := authenticatorOf(ctx); err != nil {
		t.Fatal(err)
	}
	withPassword := chromedp.Tasks{
		chromedp.Navigate(s.URL + "/signin"), chromedp.SendKeys("#email", s.Tenant.Email), chromedp.SendKeys("#password", portaltest.Password+"\r"),
	}
	signOut := chromedp.Tasks{
		chromedp.Evaluate(`document.querySelector('form[action="/signout"]').submit()`, nil), reads("h1", "Welcome back"),
	}
	press := func(form string) chromedp.Action {
		return chromedp.Tasks{chromedp.WaitVisible(form + " button"), chromedp.Click(form + " button")}
	}
	do(t, ctx, "sign in", withPassword, reads("h1", "My services"))
	do(t, ctx, "make a passkey", chromedp.Navigate(s.URL+"/account/security/passkey"), chromedp.WaitVisible(`form[action="/account/passkeys"]`),
		chromedp.SendKeys("#name", "my laptop"), press(`form[action="/account/passkeys"]`), reads("h2", "Your recovery codes"))
	do(t, ctx, "see it", chromedp.Navigate(s.URL+"/account/security"), reads("#main", "my laptop"), reads("#main", "10 left"))
	do(t, ctx, "nothing but the passkey", signOut, press(`form[action="/signin/passkey"]`), reads("h1", "My services"))
	do(t, ctx, "password, then passkey", signOut, withPassword, reads("h1", "One more step"), press(`form[action="/signin/second"][data-passkey]`), reads("h1", "My services"))
	s.stale(t)
	do(t, ctx, "confirm with it", chromedp.Navigate(s.URL+"/account/security/passkey"), reads("h1", "Is it you?"), press(`form[action="/confirm"][data-passkey]`),
		reads("h2", "Add a passkey"))
	s.copied(t)
	do(t, ctx, "a copy", signOut, press(`form[action="/signin/passkey"]`), reads("h1", "My services"), chromedp.Navigate(s.URL+"/account/security"),
		reads("#main", "Its counter once went backwards"))
	heard.mu.Lock()
	if len(heard.all) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(heard.all, "\n"))
	}
	heard.mu.Unlock()
	do(t, ctx, "remove it", chromedp.Evaluate(`document.querySelector('form[action$="/remove"]').submit()`, nil), reads("#main", "It has been removed."))
	do(t, ctx, "it is worth nothing", signOut, press(`form[action="/signin/passkey"]`), reads("[role=alert]", "This passkey is not known here."))
	do(t, ctx, "the password alone", withPassword, reads("h1", "My services"))
}

// copied makes the passkey's counter look as if a copy of it had been used in the meantime.
func (s *site) copied(t *testing.T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	tag, err := conn.Exec(t.Context(), `UPDATE passkeys SET credential = jsonb_set(credential, '{authenticator,signCount}', '100000')`)
	if err != nil || tag.RowsAffected() != 1 {
		t.Fatalf("%d passkeys (%v)", tag.RowsAffected(), err)
	}
}

// TestForgedPasskeys: what is no answer, or another ceremony's, opens nothing.
func TestForgedPasskeys(t *testing.T) {
	t.Parallel()
	s := openLocal(t)
	v := s.visitor(t)
	for _, answer := range []string{"", "{}", "null", `{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{}}`, strings.Repeat("x", 60<<10)} {
		v.post("/signin/passkey/options")
		if got := v.post("/signin/passkey", "passkey", answer); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%.30q: %d", answer, got.status)
		}
		if got := v.post("/signin/passkey", "passkey", answer); got.status != http.StatusUnprocessableEntity || !got.has("This took too long.") {
			t.Errorf("%.30q with a ceremony that was used: %d", answer, got.status)
		}
	}
	if v.get("/services").status != http.StatusSeeOther {
		t.Error("a forged passkey signs in")
	}
}
