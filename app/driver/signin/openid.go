package signin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"allotment/app"
)

// knownFor is how long a provider's own description is used before it is read again. Its keys are read whenever a token names a new one.
const knownFor = time.Hour

// OpenID is the client of OpenID providers: authorization code with PKCE. It is safe for concurrent use.
type OpenID struct {
	reach  Reach
	client *http.Client
	now    func() time.Time

	mu    sync.Mutex
	known map[string]*description // by issuer
}

// description is what a provider says of itself.
type description struct {
	*oidc.Provider
	until    time.Time
	endpoint oauth2.Endpoint
	says     struct {
		NamesIssuer bool     `json:"authorization_response_iss_parameter_supported"`
		Methods     []string `json:"token_endpoint_auth_methods_supported"`
		PKCE        []string `json:"code_challenge_methods_supported"`
		Scopes      []string `json:"scopes_supported"`
	}
}

// NewOpenID makes a client that reaches the public internet and the networks of reach. now is the clock that tokens are held against.
func NewOpenID(reach Reach, now func() time.Time) *OpenID {
	return &OpenID{reach: reach, client: reach.client(), now: now, known: map[string]*description{}}
}

// Start returns the provider's address to which the browser goes.
//
// Errors: Retryable when the provider cannot be reached, Conflict when it is not set up as an OpenID provider.
func (o *OpenID) Start(ctx context.Context, s app.OpenIDSettings, _ string, r app.OpenIDRequest) (string, error) {
	at, err := o.read(ctx, s.Issuer) // anew: nobody is sent to a provider that does not answer
	if err != nil {
		return "", err
	}
	return at.config(s, "", r.Redirect).AuthCodeURL(r.State, oidc.Nonce(r.Nonce), oauth2.S256ChallengeOption(r.Verifier)), nil
}

// Redeem takes the code to the provider and returns whom it proves.
//
// Errors: Forbidden when the answer does not hold, Retryable when the provider cannot be reached, Conflict when it does not accept this portal.
func (o *OpenID) Redeem(ctx context.Context, s app.OpenIDSettings, secret string, r app.OpenIDRequest, a app.OpenIDAnswer) (app.Proven, error) {
	at, err := o.describe(ctx, s.Issuer)
	if err != nil {
		return app.Proven{}, err
	}
	if (a.Issuer != "" || at.says.NamesIssuer) && a.Issuer != s.Issuer { // mix-up defence (RFC 9207 section 2.4)
		return app.Proven{}, app.Errorf(app.Forbidden, "The answer came from another provider than the one that was asked. Nothing was changed.")
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, o.client), 2*callLimit)
	defer cancel()
	token, err := at.config(s, secret, r.Redirect).Exchange(ctx, a.Code, oauth2.VerifierOption(r.Verifier))
	if err != nil {
		return app.Proven{}, classifyExchange(err)
	}
	claims, err := o.verify(ctx, at, s, r, token)
	if err != nil {
		return app.Proven{}, err
	}
	if err := o.complete(ctx, at, s, token, claims); err != nil {
		return app.Proven{}, err
	}
	return claims.proven(s), nil
}

// Check looks at the provider as far as that goes without a person. Errors: as Start's.
func (o *OpenID) Check(ctx context.Context, s app.OpenIDSettings, _ string) error {
	at, err := o.read(ctx, s.Issuer)
	if err != nil {
		return err
	}
	if len(at.says.PKCE) > 0 && !slices.Contains(at.says.PKCE, "S256") {
		return app.Errorf(app.Conflict, "The provider does not know PKCE with S256, which sign-ins here always use.")
	}
	for _, scope := range s.Scopes {
		if len(at.says.Scopes) > 0 && !slices.Contains(at.says.Scopes, scope) {
			return app.Errorf(app.Conflict, "The provider does not know the scope %s.", scope)
		}
	}
	return nil
}

// describe returns what the provider says of itself, read at least once an hour.
func (o *OpenID) describe(ctx context.Context, issuer string) (*description, error) {
	o.mu.Lock()
	at := o.known[issuer]
	o.mu.Unlock()
	if at != nil && o.now().Before(at.until) {
		return at, nil
	}
	return o.read(ctx, issuer)
}

// read asks the provider what it says of itself, and keeps that.
func (o *OpenID) read(ctx context.Context, issuer string) (*description, error) {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || o.reach.secure(u) != nil {
		return nil, app.Because(app.Conflict, err, "The provider's address must begin with https://.")
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, o.client), callLimit)
	defer cancel()
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return nil, classifyDiscovery(err)
	}
	at := &description{Provider: provider, until: o.now().Add(knownFor), endpoint: provider.Endpoint()}
	if err := provider.Claims(&at.says); err != nil {
		return nil, classifyDiscovery(err)
	}
	if at.endpoint.AuthURL, err = o.page(at.endpoint.AuthURL); err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.known) >= 1000 { // nobody has as many in use; whoever makes many does not fill the memory
		clear(o.known)
	}
	o.known[issuer] = at
	return at, nil
}

// page wants the address that browsers are sent to to be one of a page.
func (o *OpenID) page(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || o.reach.secure(u) != nil {
		return "", app.Because(app.Conflict, err, "The provider's sign-in page has no address that begins with https://.")
	}
	return address, nil
}

func (d *description) config(s app.OpenIDSettings, secret, redirect string) *oauth2.Config {
	scopes := []string{oidc.ScopeOpenID, "email", "profile"}
	for _, scope := range s.Scopes {
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	endpoint := d.endpoint
	endpoint.AuthStyle = oauth2.AuthStyleInHeader // the default (OpenID Connect Core 1.0 section 9)
	if secret == "" || (len(d.says.Methods) > 0 && !slices.Contains(d.says.Methods, "client_secret_basic")) {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{ClientID: s.ClientID, ClientSecret: secret, Endpoint: endpoint, RedirectURL: redirect, Scopes: scopes}
}

func classifyDiscovery(err error) error {
	var mismatch *oidc.IssuerMismatchError
	switch {
	case errors.As(err, &mismatch):
		return app.Because(app.Conflict, err, "The provider calls itself %s: its address must be written exactly so.", mismatch.Discovered)
	case errors.Is(err, errOutOfReach):
		return app.Because(app.Conflict, err, "The provider's address is not in the public internet, and this installation does not allow its network.")
	case strings.HasPrefix(err.Error(), "404"), strings.Contains(err.Error(), "decode provider discovery"):
		return app.Because(app.Conflict, err, "There is no OpenID provider at this address.")
	}
	return app.Because(app.Retryable, err, "The provider cannot be reached at the moment. Nothing was changed; please try again in a few minutes.")
}

func classifyExchange(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response.StatusCode >= http.StatusInternalServerError {
		return classifyDiscovery(err)
	}
	if refused.ErrorCode == "invalid_client" || refused.ErrorCode == "unauthorized_client" || refused.Response.StatusCode == http.StatusUnauthorized {
		return app.Because(app.Conflict, err, "The provider does not accept this portal: its client name or secret is not right. Please tell those who run it.")
	}
	return app.Because(app.Forbidden, err, "The provider refused to complete this sign-in. Please begin again.")
}
