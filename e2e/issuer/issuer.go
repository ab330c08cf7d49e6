// Package issuer is an OpenID provider for tests that does as it is told, also what none should do: it answers with another nonce, a clock
// that is wrong, keys of its own. It signs in whoever comes, without asking.
package issuer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The one client that the issuer knows.
const (
	ClientID = "allotment"
	Secret   = "the client's secret"
)

// Person is whom the issuer signs in.
type Person struct {
	Subject string
	Email   string
	Name    string
	Groups  []string
}

// Issuer is a running provider.
type Issuer struct {
	URL string

	mu     sync.Mutex
	person Person
	ways   Ways
	key    *ecdsa.PrivateKey
	keyID  string
	codes  map[string]url.Values // code -> what was asked for
	asked  map[string]int        // endpoint -> how often
}

// Ways is how the issuer goes wrong. The zero value is an honest one.
type Ways struct {
	Claims func(claims map[string]any)                     // changes what the ID token says
	Sign   func(key *ecdsa.PrivateKey, data []byte) string // signs in another way
	Answer func(query url.Values)                          // changes what the browser brings back
	Info   func(claims map[string]any)                     // changes what the userinfo endpoint says
	Down   bool                                            // nothing answers
	Names  bool                                            // says that it names itself in answers (RFC 9207)
}

// New starts an issuer that ends with t.
func New(t testing.TB, person Person) *Issuer {
	t.Helper()
	i := &Issuer{person: person, codes: map[string]url.Values{}, asked: map[string]int{}}
	i.Rotate(t, "first")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", i.describe)
	mux.HandleFunc("GET /keys", i.keys)
	mux.HandleFunc("GET /authorize", i.authorize)
	mux.HandleFunc("POST /token", i.token)
	mux.HandleFunc("GET /userinfo", i.userinfo)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		i.asked[r.URL.Path]++
		down := i.ways.Down
		i.mu.Unlock()
		if down {
			panic(http.ErrAbortHandler) // the connection breaks
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	i.URL = server.URL
	return i
}

// Go makes the issuer go wrong from now on.
func (i *Issuer) Go(ways Ways) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ways = ways
}

// Be makes somebody else the one who is signed in.
func (i *Issuer) Be(person Person) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.person = person
}

// Rotate gives the issuer a new key.
func (i *Issuer) Rotate(t testing.TB, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.key, i.keyID = key, name
}

// Asked returns how often a path was asked for.
func (i *Issuer) Asked(path string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked[path]
}

func (i *Issuer) describe(w http.ResponseWriter, _ *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	answer(w, map[string]any{
		"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
		"userinfo_endpoint": i.URL + "/userinfo", "response_types_supported": []string{"code"}, "id_token_signing_alg_values_supported": []string{"ES256"},
		"code_challenge_methods_supported": []string{"S256"}, "scopes_supported": []string{"openid", "email", "profile", "groups"},
		"authorization_response_iss_parameter_supported": i.ways.Names,
	})
}

func (i *Issuer) keys(w http.ResponseWriter, _ *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: i.keyID, Algorithm: "ES256", Use: "sig"}}})
}

// authorize signs the person in and sends the browser back.
func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	asked := r.URL.Query()
	code := rand.Text()
	i.codes[code] = asked
	back := url.Values{"code": {code}, "state": {asked.Get("state")}}
	if i.ways.Names {
		back.Set("iss", i.URL)
	}
	if i.ways.Answer != nil {
		i.ways.Answer(back)
	}
	http.Redirect(w, r, asked.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

// token takes a code once, from the client that proves itself, with the verifier of the way (RFC 7636 section 4.6).
func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	id, secret, _ := r.BasicAuth()
	if id != ClientID || secret != url.QueryEscape(Secret) && secret != Secret {
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	asked, known := i.codes[r.PostFormValue("code")]
	delete(i.codes, r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !known || asked.Get("code_challenge_method") != "S256" || asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) ||
		asked.Get("redirect_uri") != r.PostFormValue("redirect_uri") {
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	now := time.Now()
	claims := map[string]any{
		"iss": i.URL, "sub": i.person.Subject, "aud": ClientID, "nonce": asked.Get("nonce"), "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
		"email": i.person.Email, "email_verified": true, "name": i.person.Name, "groups": i.person.Groups,
	}
	if i.ways.Claims != nil {
		i.ways.Claims(claims)
	}
	signed, err := i.sign(claims)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "server_error")
		return
	}
	answer(w, map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 300, "id_token": signed})
}

func (i *Issuer) sign(claims map[string]any) (string, error) {
	data, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	if i.ways.Sign != nil {
		return i.ways.Sign(i.key, data), nil
	}
	return Sign(i.key, i.keyID, data)
}

// Sign signs with ES256.
func Sign(key *ecdsa.PrivateKey, keyID string, data []byte) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: keyID}}, nil)
	if err != nil {
		return "", err
	}
	object, err := signer.Sign(data)
	if err != nil {
		return "", err
	}
	return object.CompactSerialize()
}

func (i *Issuer) userinfo(w http.ResponseWriter, _ *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	claims := map[string]any{"sub": i.person.Subject, "email": i.person.Email, "name": i.person.Name, "groups": i.person.Groups}
	if i.ways.Info != nil {
		i.ways.Info(claims)
	}
	answer(w, claims)
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code})
}
