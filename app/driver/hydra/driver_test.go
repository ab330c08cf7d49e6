package hydra_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"allotment/app"
	"allotment/app/driver/hydra"
	"allotment/app/provision"
	"allotment/app/provision/drivertest"
)

var _ provision.Clients = (*hydra.Driver)(nil)

func TestClients(t *testing.T) {
	t.Parallel()
	s := open(t)
	drivertest.Clients(t, func(t *testing.T) drivertest.Harness[app.ClientSpec, app.ClientState] { return s.harness(t) })
}

// TestClientIsUsable: Hydra knows the client that the driver made by its secret, and shows people on to its login page for a redirect address that
// it has and for no other.
func TestClientIsUsable(t *testing.T) {
	t.Parallel()
	s := open(t)
	h := s.harness(t)
	service := app.NewID()
	ref := app.Ref{Organization: app.NewID(), Service: service, Resource: app.NewID()}
	spec := app.ClientSpec{Name: "Demo", RedirectURIs: []string{"https://demo." + h.Place + "/callback"}, Scopes: app.Scopes(), Secret: "a long random secret"}
	id, state, err := h.Driver.Ensure(t.Context(), ref, spec)
	if err != nil || id != service.String() || state.Issuer != "http://"+s.public {
		t.Fatalf("Ensure: %q, %+v, %v", id, state, err)
	}
	for secret, want := range map[string]string{"a long random secret": "unauthorized_client", "another": "invalid_client"} {
		config := clientcredentials.Config{ClientID: id, ClientSecret: secret, TokenURL: "http://" + s.public + "/oauth2/token", AuthStyle: oauth2.AuthStyleInHeader}
		if _, err := config.Token(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("with the secret %q Hydra says %v, want %s: the secret is right, and this way to sign in is none of the app's", secret, err, want)
		}
	}
	stay := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for address, want := range map[string]string{spec.RedirectURIs[0]: "login_challenge=", spec.RedirectURIs[0] + "/other": "error="} {
		config := oauth2.Config{ClientID: id, RedirectURL: address, Scopes: app.Scopes(), Endpoint: oauth2.Endpoint{AuthURL: "http://" + s.public + "/oauth2/auth"}}
		answer, err := stay.Get(config.AuthCodeURL("a long enough state"))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if to := answer.Header.Get("Location"); !strings.Contains(to, want) {
			t.Errorf("a sign-in that leads to %s is sent to %q, want %s there", address, to, want)
		}
	}
}

// TestAnswersThatAreNone: what is no Hydra, and a guard that does not know us, say so at once.
func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	ref := app.Ref{Organization: app.NewID(), Service: app.NewID(), Resource: app.NewID()}
	for status, want := range map[int]app.Code{
		http.StatusOK: app.Permanent, http.StatusUnauthorized: app.Permanent, http.StatusForbidden: app.Permanent, http.StatusBadGateway: app.Unknown,
		http.StatusInternalServerError: app.Retryable, http.StatusTooManyRequests: app.Retryable, http.StatusNotFound: app.NotFound,
	} {
		var bearer string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			bearer = r.Header.Get("Authorization")
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<html>"))
		}))
		driver, err := hydra.New(hydra.Config{AdminURL: server.URL, Issuer: "https://id.example", Token: "let me in"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := driver.Observe(t.Context(), ref); app.CodeOf(err) != want {
			t.Errorf("status %d: %v, want %s", status, err, want)
		}
		if bearer != "Bearer let me in" {
			t.Errorf("the guard was shown %q", bearer)
		}
		server.Close()
	}
	for _, bad := range []hydra.Config{{}, {AdminURL: "hydra:4445", Issuer: "x"}, {AdminURL: "http://hydra"}, {AdminURL: "http://hydra", Issuer: "x", CA: "no"}} {
		if _, err := hydra.New(bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
