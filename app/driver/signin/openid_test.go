package signin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/driver/signin"
	"allotment/e2e/issuer"
)

// here is this machine: where the tests' providers are.
var here = signin.Reach{netip.MustParsePrefix("127.0.0.0/8")}

const redirect = "https://portal.example.test/signin/callback"

var anna = issuer.Person{Subject: "anna-1", Email: "Anna@example.test", Name: "Anna Demo", Groups: []string{"staff", "garden"}}

// way walks one way to the issuer and back, as a browser would.
func way(t *testing.T, o *signin.OpenID, at *issuer.Issuer) (app.Proven, error) {
	t.Helper()
	settings := app.OpenIDSettings{Issuer: at.URL, ClientID: issuer.ClientID, Scopes: []string{"groups"}}
	request := app.OpenIDRequest{State: rand.Text(), Nonce: rand.Text(), Verifier: rand.Text() + rand.Text(), Redirect: redirect}
	address, err := o.Start(t.Context(), settings, issuer.Secret, request)
	if err != nil {
		return app.Proven{}, err
	}
	back := follow(t, address)
	if back.Get("state") != request.State {
		t.Fatalf("the state came back as %q", back.Get("state"))
	}
	return o.Redeem(t.Context(), settings, issuer.Secret, request, app.OpenIDAnswer{Code: back.Get("code"), Issuer: back.Get("iss")})
}

func follow(t *testing.T, address string) url.Values {
	t.Helper()
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := stay.Get(address) //nolint:noctx // a test's own server
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	to, err := answer.Location()
	if err != nil {
		t.Fatal(err)
	}
	return to.Query()
}

func TestOpenIDProves(t *testing.T) {
	t.Parallel()
	at, o := issuer.New(t, anna), signin.NewOpenID(here, time.Now)
	got, err := way(t, o, at)
	if err != nil {
		t.Fatal(err)
	}
	if got.Subject != "anna-1" || got.Email != "anna@example.test" || !got.EmailVerified || got.Name != "Anna Demo" || !slices.Equal(got.Groups, anna.Groups) || got.Strong {
		t.Errorf("proven: %+v", got)
	}
	if _, err := way(t, o, at); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if n := at.Asked("/.well-known/openid-configuration"); n != 2 { // once for each start
		t.Errorf("the provider's description was read %d times", n)
	}
	if n := at.Asked("/keys"); n != 2 {
		t.Errorf("the keys were read %d times", n)
	}
	at.Rotate(t, "second")
	if _, err := way(t, o, at); err != nil {
		t.Errorf("after the keys have changed: %v", err)
	}
	at.Go(issuer.Ways{Names: true})
	if _, err := way(t, signin.NewOpenID(here, time.Now), at); err != nil {
		t.Errorf("with the issuer named in the answer: %v", err)
	}
	at.Go(issuer.Ways{Claims: func(c map[string]any) {
		delete(c, "email")
		delete(c, "groups")
	}})
	if got, err := way(t, o, at); err != nil || got.Email != "anna@example.test" || len(got.Groups) != 2 {
		t.Errorf("from the userinfo endpoint: %+v (%v)", got, err)
	}
}

// TestOpenIDRefuses goes through what a provider, or who stands between, can do wrong. Each is refused in words, as Forbidden.
func TestOpenIDRefuses(t *testing.T) {
	t.Parallel()
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	claim := func(name string, value any) issuer.Ways {
		return issuer.Ways{Claims: func(c map[string]any) { c[name] = value }}
	}
	at := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	for name, c := range map[string]struct {
		ways  issuer.Ways
		words string
	}{
		"another nonce":       {claim("nonce", "another"), "another sign-in"},
		"no nonce":            {issuer.Ways{Claims: func(c map[string]any) { delete(c, "nonce") }}, "another sign-in"},
		"another audience":    {claim("aud", "somebody"), "cannot be trusted"},
		"two audiences":       {claim("aud", []string{issuer.ClientID, "somebody"}), "another client"},
		"another party":       {claim("azp", "somebody"), "another client"},
		"another issuer":      {claim("iss", "https://login.example.test"), "cannot be trusted"},
		"expired by 90 s":     {claim("exp", at(-90*time.Second)), "clock"},
		"made in 90 s":        {claim("iat", at(90*time.Second)), "clock"},
		"not before 90 s":     {claim("nbf", at(90*time.Second)), "clock"},
		"no expiry":           {issuer.Ways{Claims: func(c map[string]any) { delete(c, "exp") }}, "clock"},
		"another access hash": {claim("at_hash", "AAAA"), "does not fit together"},
		"a stranger's key": {issuer.Ways{Sign: func(_ *ecdsa.PrivateKey, data []byte) string {
			signed, _ := issuer.Sign(stranger, "first", data)
			return signed
		}}, "cannot be trusted"},
		"no signature": {issuer.Ways{Sign: func(_ *ecdsa.PrivateKey, data []byte) string {
			return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(data) + "."
		}}, "cannot be trusted"},
		"no token":         {issuer.Ways{Sign: func(*ecdsa.PrivateKey, []byte) string { return "" }}, "does not say who you are"},
		"rubbish":          {issuer.Ways{Sign: func(*ecdsa.PrivateKey, []byte) string { return "rubbish" }}, "cannot be trusted"},
		"another one's":    {issuer.Ways{Answer: func(q url.Values) { q.Set("iss", "https://evil.example.test") }}, "another provider"},
		"a foreign code":   {issuer.Ways{Answer: func(q url.Values) { q.Set("code", "stolen") }}, "refused to complete"},
		"two people":       {issuer.Ways{Claims: func(c map[string]any) { delete(c, "email") }, Info: func(c map[string]any) { c["sub"] = "bert" }}, "two people"},
		"an issuer unsaid": {issuer.Ways{Names: true, Answer: func(q url.Values) { q.Del("iss") }}, "another provider"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			provider := issuer.New(t, anna)
			provider.Go(c.ways)
			_, err := way(t, signin.NewOpenID(here, time.Now), provider)
			if app.CodeOf(err) != app.Forbidden || !strings.Contains(app.Words(err), c.words) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestOpenIDLeeway holds that half a minute between two clocks is forgiven.
func TestOpenIDLeeway(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{-30 * time.Second, 30 * time.Second} {
		provider := issuer.New(t, anna)
		provider.Go(issuer.Ways{Claims: func(c map[string]any) {
			c["iat"], c["nbf"], c["exp"] = time.Now().Add(off).Unix(), time.Now().Add(off).Unix(), time.Now().Add(off).Add(10*time.Second).Unix()
		}})
		if _, err := way(t, signin.NewOpenID(here, time.Now), provider); err != nil {
			t.Errorf("%v off: %v", off, err)
		}
	}
}

func TestOpenIDUnreachable(t *testing.T) {
	t.Parallel()
	provider := issuer.New(t, anna)
	o := signin.NewOpenID(here, time.Now)
	settings := app.OpenIDSettings{Issuer: provider.URL, ClientID: issuer.ClientID}
	if err := o.Check(t.Context(), settings, ""); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		settings app.OpenIDSettings
		reach    signin.Reach
		code     app.Code
	}{
		"a private network":      {settings, nil, app.Conflict},
		"http elsewhere":         {app.OpenIDSettings{Issuer: "http://login.example.test"}, here, app.Conflict},
		"nothing there":          {app.OpenIDSettings{Issuer: provider.URL + "/nothing"}, here, app.Conflict},
		"another name of itself": {app.OpenIDSettings{Issuer: provider.URL + "/"}, here, app.Conflict},
		"an unknown scope":       {app.OpenIDSettings{Issuer: provider.URL, Scopes: []string{"everything"}}, here, app.Conflict},
		"no server":              {app.OpenIDSettings{Issuer: "http://127.0.0.1:1"}, here, app.Retryable},
	} {
		if err := signin.NewOpenID(c.reach, time.Now).Check(t.Context(), c.settings, ""); app.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	provider.Go(issuer.Ways{Down: true})
	if err := o.Check(t.Context(), settings, ""); app.CodeOf(err) != app.Retryable {
		t.Errorf("down: %v", err)
	}
}

// TestOpenIDIsBounded meets a provider that redirects into the machine's own network, and one that never stops talking.
func TestOpenIDIsBounded(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 10)
	inside := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path }))
	defer inside.Close()
	for name, handler := range map[string]http.HandlerFunc{
		"redirects": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, inside.URL+"/secret", http.StatusFound)
		},
		"floods": func(w http.ResponseWriter, _ *http.Request) {
			for err := error(nil); err == nil; { // until the reader goes
				_, err = w.Write([]byte(strings.Repeat(" ", 1<<16)))
			}
		},
	} {
		server, begun := httptest.NewServer(handler), time.Now()
		err := signin.NewOpenID(here, time.Now).Check(t.Context(), app.OpenIDSettings{Issuer: server.URL}, "")
		server.Close()
		if took := time.Since(begun); err == nil || took > 5*time.Second {
			t.Errorf("%s: %v after %v", name, err, took)
		}
	}
	select {
	case path := <-asked:
		t.Errorf("a redirect to another server was followed: %s", path)
	default:
	}
}

func TestStrong(t *testing.T) {
	t.Parallel()
	provider := issuer.New(t, anna)
	o := signin.NewOpenID(here, time.Now)
	for _, c := range []struct {
		amr  []string
		want bool
	}{{nil, false}, {[]string{"pwd"}, false}, {[]string{"pwd", "otp"}, true}, {[]string{"mfa"}, true}, {[]string{"hwk"}, false}, {[]string{"otp", "hwk"}, false}} {
		provider.Go(issuer.Ways{Claims: func(m map[string]any) { m["amr"] = c.amr }})
		if got, err := way(t, o, provider); err != nil || got.Strong != c.want {
			t.Errorf("%v: %t (%v)", c.amr, got.Strong, err)
		}
	}
}
