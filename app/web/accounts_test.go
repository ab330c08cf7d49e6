package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp/totp"

	"allotment/app"
	"allotment/app/portal/portaltest"
	"allotment/app/web"
	"allotment/views/words"
)

// pathOf is where the link of the newest mail to an address leads.
func (s *site) pathOf(t *testing.T, kind app.MailKind, to string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var sealed []byte
	if err := conn.QueryRow(t.Context(), `SELECT sealed FROM mails WHERE kind = $1 AND recipient = $2 ORDER BY id DESC LIMIT 1`, kind, to).Scan(&sealed); err != nil {
		t.Fatalf("no mail %s to %s: %v", kind, to, err)
	}
	plain, err := s.Vault.Unseal(sealed)
	if err != nil {
		t.Fatal(err)
	}
	var mail app.Mail
	if err := json.Unmarshal([]byte(plain), &mail); err != nil {
		t.Fatal(err)
	}
	return mail.Data["path"]
}

// stale makes every session look as if its person had proved themselves an hour ago.
func (s *site) stale(t *testing.T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), `UPDATE sessions SET confirmed_at = now() - interval '1 hour'`); err != nil {
		t.Fatal(err)
	}
}

var secretOnPage = regexp.MustCompile(`id="secret"[^>]*>([A-Z2-7 ]+)<`)

// TestSecondStep walks from the password to a code to the page that was wanted.
func TestSecondStep(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.tenant(t)
	if got := v.post("/account/totp/begin"); got.header.Get("Location") != "/account/security/totp" {
		t.Fatalf("begin: %d %v", got.status, got.header)
	}
	setup := v.get("/account/security/totp")
	found := secretOnPage.FindStringSubmatch(setup.body)
	if found == nil || !setup.has(`src="data:image/png;base64,`) {
		t.Fatalf("the page shows no secret: %s", setup.body)
	}
	secret := strings.ReplaceAll(found[1], " ", "")
	now := func() string { c, _ := totp.GenerateCode(secret, time.Now()); return c }
	if got := v.post("/account/totp", "code", "000000"); got.status != http.StatusUnprocessableEntity || !got.has(secret[:4]) {
		t.Errorf("a wrong first code: %d", got.status)
	}
	if got := v.post("/account/totp", "code", now()); got.status != http.StatusOK || strings.Count(got.body, "data-number") != 10 {
		t.Fatalf("the first code: %d %s", got.status, got.body)
	}
	if got := v.get("/account/security/totp"); got.status != http.StatusSeeOther || got.has(secret) {
		t.Errorf("the secret is shown once more: %d", got.status)
	}
	w := s.visitor(t)
	if got := w.get("/signin/second"); got.header.Get("Location") != "/signin" {
		t.Errorf("the second step without a first: %d", got.status)
	}
	got := w.post("/signin", "email", s.Tenant.Email, "password", portaltest.Password, "back", "/catalog?x=1")
	if got.header.Get("Location") != "/signin/second?back=%2Fcatalog%3Fx%3D1" {
		t.Fatalf("after the password: %d %v", got.status, got.header)
	}
	if w.get("/services").status != http.StatusSeeOther {
		t.Error("half a session opens pages")
	}
	if got := w.get("/signin/second?back=/catalog"); got.status != http.StatusOK || !got.has("Six digits") {
		t.Errorf("the second step: %d", got.status)
	}
	if got := w.post("/signin/second", "code", "123456"); got.status != http.StatusUnprocessableEntity || !got.has("This code is not right.") {
		t.Errorf("a wrong code: %d", got.status)
	}
	later, _ := totp.GenerateCode(secret, time.Now().Add(30*time.Second))
	if got := w.post("/signin/second", "code", later, "back", "/catalog?x=1"); got.header.Get("Location") != "/catalog?x=1" {
		t.Errorf("the code of the next half minute: %d %v", got.status, got.header)
	}
	if w.get("/services").status != http.StatusOK {
		t.Error("not signed in after both")
	}
	if got := w.get("/account/sessions"); !got.has("password + one-time code") {
		t.Error("the list of sessions does not say how")
	}
}

// TestConfirmKeepsTheForm: what was sent is carried out after the confirmation, and a page is opened.
func TestConfirmKeepsTheForm(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.tenant(t)
	s.stale(t)
	got := v.do(http.MethodPost, "/account/password", form("password", "a fresh one of four words").Encode(), "Referer", s.URL+"/account/security")
	address := got.header.Get("Location")
	if got.status != http.StatusSeeOther || !strings.HasPrefix(address, "/confirm?") || strings.Contains(address, "fresh") {
		t.Fatalf("a grave form: %d %s", got.status, address)
	}
	page := v.get(address)
	if page.status != http.StatusOK || page.has("fresh one") || !page.has("What you sent is kept") {
		t.Errorf("the page of the confirmation: %d", page.status)
	}
	held := mustURL(t, address).Query().Get("form")
	other := s.as(t, s.Other.Email)
	if got := other.post("/confirm", "password", portaltest.Password, "form", held); got.status != http.StatusGone {
		t.Errorf("somebody else sends the form: %d", got.status)
	}
	got = v.do(http.MethodPost, "/account/password", form("password", "a fresh one of four words").Encode())
	held = mustURL(t, got.header.Get("Location")).Query().Get("form")
	if got := v.post("/confirm", "password", "wrong", "form", held); got.status != http.StatusUnprocessableEntity || !got.has("This password is not right.") || !got.has(held) {
		t.Errorf("a wrong password: %d", got.status)
	}
	before := v.client.Jar.Cookies(mustURL(t, s.URL))[0].Value
	got = v.post("/confirm", "password", portaltest.Password, "form", held)
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/account/security?saved=password" {
		t.Fatalf("after the confirmation: %d %v", got.status, got.header)
	}
	if after := v.client.Jar.Cookies(mustURL(t, s.URL))[0].Value; after == before {
		t.Error("the session keeps its token")
	}
	if v.get("/services").status != http.StatusOK {
		t.Error("the session is lost")
	}
	if got := s.visitor(t).post("/signin", "email", s.Tenant.Email, "password", "a fresh one of four words"); got.status != http.StatusSeeOther {
		t.Errorf("the new password: %d", got.status)
	}
	s.stale(t)
	if got := v.get("/account/security/passkey"); got.header.Get("Location") != "/confirm?back=%2Faccount%2Fsecurity%2Fpasskey" {
		t.Errorf("a grave page: %d %v", got.status, got.header)
	}
	if got := v.post("/confirm", "password", "a fresh one of four words", "back", "/account/security/passkey"); got.header.Get("Location") != "/account/security/passkey" {
		t.Errorf("back to the page: %d %v", got.status, got.header)
	}
	s.stale(t)
	if got := v.do(http.MethodPost, "/account/totp/begin", "", "HX-Request", "true"); got.status != http.StatusForbidden || !strings.HasPrefix(got.header.Get("HX-Redirect"), "/confirm?") {
		t.Errorf("a script's form: %d %v", got.status, got.header)
	}
}

// TestForgottenPassword goes the whole way, and looks for what a stranger could learn on it.
func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.visitor(t)
	known, unknown := v.post("/forgot", "email", s.Tenant.Email), v.post("/forgot", "email", "nobody@example.test")
	if known.status != http.StatusOK || known.status != unknown.status || known.body != unknown.body {
		t.Errorf("an account is told from none: %d and %d", known.status, unknown.status)
	}
	path := s.pathOf(t, app.MailReset, s.Tenant.Email)
	got := v.get(path)
	if got.status != http.StatusOK || got.header.Get("Referrer-Policy") != "no-referrer" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the link: %d %v", got.status, got.header)
	}
	if again := v.get(path); again.status != http.StatusOK {
		t.Errorf("opening the link uses it up: %d", again.status)
	}
	if got := v.post(path, "password", "short"); got.status != http.StatusUnprocessableEntity || !got.has("at least 12 characters") {
		t.Errorf("a short password: %d", got.status)
	}
	if got := v.post(path, "password", "four new words here"); got.status != http.StatusOK || !got.has("Your password has been changed") || got.header.Get("Set-Cookie") != "" {
		t.Errorf("the new password: %d", got.status)
	}
	if got := v.get(path); got.status != http.StatusGone || !got.has("too old") {
		t.Errorf("the link works twice: %d", got.status)
	}
	if strings.Contains(s.log.String(), path) {
		t.Error("the link stands in the log")
	}
}

func TestChangeOfAddressOnPages(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.tenant(t)
	if got := v.post("/account/email", "email", "not one"); got.status != http.StatusUnprocessableEntity || !got.has("Please give a valid e-mail address.") || !got.has(`value="not one"`) {
		t.Errorf("no address: %d", got.status)
	}
	if got := v.post("/account/email", "email", "fresh@example.test"); got.status != http.StatusSeeOther {
		t.Fatalf("a new address: %d", got.status)
	}
	if got := v.get("/account?saved=email"); !got.has("fresh@example.test") || !got.has("Not confirmed yet") {
		t.Error("the page does not show what is under way")
	}
	path := s.pathOf(t, app.MailVerify, "fresh@example.test")
	stranger := s.visitor(t)
	if got := stranger.get(path); got.status != http.StatusOK || !got.has("Is this your address?") {
		t.Errorf("the link: %d", got.status)
	}
	if got := stranger.post(path); got.status != http.StatusOK || !got.has("Your address is confirmed") {
		t.Errorf("confirmed: %d", got.status)
	}
	if got := v.get("/account"); !got.has("Confirmed") || got.has("Not confirmed yet") {
		t.Error("the page does not show that it is confirmed")
	}
}

// TestStolenCookie: the cookie of a session that was ended opens nothing, and leaves a row in the audit log.
func TestStolenCookie(t *testing.T) {
	t.Parallel()
	s := open(t)
	v, thief := s.tenant(t), s.visitor(t)
	thief.client.Jar = nil
	stolen := v.client.Jar.Cookies(mustURL(t, s.URL))[0].String()
	v.post("/signout")
	for range 2 {
		if got := thief.get("/services", "Cookie", stolen); got.status != http.StatusSeeOther {
			t.Errorf("a stolen cookie: %d", got.status)
		}
	}
	conn, err := pgx.Connect(t.Context(), s.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var rows int
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE action = 'session.stale' AND organization_id = $1`, s.Tenant.Organization).Scan(&rows); err != nil || rows != 1 {
		t.Errorf("%d rows in the audit log (%v)", rows, err)
	}
}

// TestDoorsCountTheRightAddress: behind a trusted proxy each visitor is counted on their own, and nobody else's word is believed.
func TestDoorsCountTheRightAddress(t *testing.T) {
	t.Parallel()
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	for _, c := range []struct {
		name    string
		trusted []netip.Prefix
		limited bool // after 70 attempts that each claim another address
	}{{"a trusted proxy", loopback, false}, {"a stranger who claims addresses", nil, true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, func(cfg *web.Config) { cfg.TrustedProxies = c.trusted })
			v := s.visitor(t)
			for _, door := range []string{"/signin/passkey/options", "/reset/guess", "/forgot"} {
				method, limited := http.MethodPost, false
				if strings.HasPrefix(door, "/reset") {
					method = http.MethodGet
				}
				for n := range 70 {
					address := netip.AddrFrom4([4]byte{203, 0, 113, byte(n)}).String()
					body := form("email", address+"@example.test").Encode()
					if door == "/forgot" && n > 22 {
						break // each takes its time
					}
					if v.do(method, door, body, "X-Forwarded-For", address).status == http.StatusTooManyRequests {
						limited = true
						break
					}
				}
				if limited != c.limited {
					t.Errorf("%s: limited %t, want %t", door, limited, c.limited)
				}
			}
		})
	}
}

// TestPagesSpeakTheirLanguage draws the ways in for readers of other languages.
func TestPagesSpeakTheirLanguage(t *testing.T) {
	t.Parallel()
	s := open(t)
	for locale, word := range map[string]string{"nl": "Wachtwoord vergeten", "de": "Passwort vergessen"} {
		if got := s.visitor(t).get("/forgot", "Accept-Language", locale); !got.has(word) {
			t.Errorf("%s: %.300s", locale, got.body)
		}
		if words.T(words.With(t.Context(), locale), "Is it you?") == "Is it you?" {
			t.Errorf("%s has no words for the confirmation", locale)
		}
	}
}
