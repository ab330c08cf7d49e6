// Package openid is the portal as an OpenID provider (OpenID Connect Core 1.0) for its tenants' apps, so that a hosted app needs no other
// identity server. The protocol is zitadel/oidc's certified library; this package is what the library keeps its things in, what decides who may
// sign in where, and what the library leaves open: only the code flow, PKCE by S256, redirect addresses compared letter by letter.
package openid

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/text/language"

	"allotment/app"
	"allotment/app/store"
	"allotment/app/vault"
)

// How long things last. An access token is short, since its person may lose what allowed it; a refresh token is asked for it each time.
const (
	requestFor = 30 * time.Minute    // a person's time to sign in
	codeFor    = time.Minute         // RFC 6749 section 4.1.2 allows ten
	accessFor  = 10 * time.Minute    //
	idTokenFor = time.Hour           //
	refreshFor = 14 * 24 * time.Hour // without a call
	sessionFor = 90 * 24 * time.Hour // a sign-in at an app, at the latest
	rotateWhen = 90 * 24 * time.Hour // the age at which a signing key is retired
	showFor    = 24 * time.Hour      // how long a retired key is shown still: longer than anything that it signed lives
)

// Access says at which level a person may use a service: the one answer for every way to sign in to an app.
type Access func(ctx context.Context, service, user app.ID) (level app.AccessLevel, ok bool, err error)

// Provider is the OpenID provider.
type Provider struct {
	op     provider
	store  *store.Store
	vault  *vault.Vault
	issuer string
	access Access
	keys   *keyring
	now    func() time.Time
	log    *slog.Logger
}

// Config is what the provider needs to know of the installation.
type Config struct {
	Issuer string           // the portal's address, as people type it, without a trailing slash
	Access Access           // nil: what the store says
	Now    func() time.Time // nil: time.Now
}

// New makes the provider. It fails for an issuer that is no address.
func New(st *store.Store, v *vault.Vault, cfg Config, log *slog.Logger) (*Provider, error) {
	if cfg.Access == nil {
		cfg.Access = st.ServiceAccess
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	p := &Provider{store: st, vault: v, issuer: cfg.Issuer, access: cfg.Access, now: cfg.Now, log: log}
	p.keys = &keyring{store: st, vault: v, now: cfg.Now}
	options := []op.Option{op.WithLogger(slog.New(slog.DiscardHandler)), op.WithCrypto(newBox(v))} // the library would log addresses with states in them
	if strings.HasPrefix(cfg.Issuer, "http://") {
		options = append(options, op.WithAllowInsecure()) // a portal without TLS, for trying things out
	}
	inner, err := op.NewProvider(&op.Config{
		CodeMethodS256: true, AuthMethodPost: true, GrantTypeRefreshToken: true,
		SupportedUILocales: []language.Tag{language.English, language.Dutch, language.German}, DefaultLogoutRedirectURI: "/signin",
	}, storage{p}, op.StaticIssuer(cfg.Issuer), options...)
	if err != nil {
		return nil, fmt.Errorf("openid: %w", err)
	}
	p.op = provider{inner}
	return p, nil
}

// Issuer is what the provider calls itself in tokens.
func (p *Provider) Issuer() string { return p.issuer }

// provider is the library's, at our addresses and without what we do not offer.
type provider struct{ *op.Provider }

// Where the provider's parts are, below the issuer.
const (
	AuthorizePath = "/oauth/authorize"
	TokenPath     = "/oauth/token"
	UserinfoPath  = "/oauth/userinfo"
	RevokePath    = "/oauth/revoke"
	LogoutPath    = "/oauth/logout"
	KeysPath      = "/oauth/keys"
	ContinuePath  = "/oauth/continue" // where a request goes on once somebody is signed in
)

// AuthorizationEndpoint implements op.Configuration.
func (provider) AuthorizationEndpoint() *op.Endpoint { return op.NewEndpoint(AuthorizePath) }

// TokenEndpoint implements op.Configuration.
func (provider) TokenEndpoint() *op.Endpoint { return op.NewEndpoint(TokenPath) }

// UserinfoEndpoint implements op.Configuration.
func (provider) UserinfoEndpoint() *op.Endpoint { return op.NewEndpoint(UserinfoPath) }

// RevocationEndpoint implements op.Configuration.
func (provider) RevocationEndpoint() *op.Endpoint { return op.NewEndpoint(RevokePath) }

// EndSessionEndpoint implements op.Configuration.
func (provider) EndSessionEndpoint() *op.Endpoint { return op.NewEndpoint(LogoutPath) }

// KeysEndpoint implements op.Configuration.
func (provider) KeysEndpoint() *op.Endpoint { return op.NewEndpoint(KeysPath) }

// GrantTypeJWTAuthorizationSupported says no: codes and refresh tokens are all there is.
func (provider) GrantTypeJWTAuthorizationSupported() bool { return false }

// random is a token that nobody guesses: 256 bits, safe in an address.
func random() string {
	var b [32]byte
	fillRandom(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}
