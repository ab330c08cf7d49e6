package openid

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"allotment/app"
	"allotment/app/store"
)

// client is a service's client as the library sees it.
type client struct{ app.Client }

// GetID implements op.Client.
func (c client) GetID() string { return c.ID.String() }

// RedirectURIs implements op.Client.
func (c client) RedirectURIs() []string { return c.Client.RedirectURIs }

// PostLogoutRedirectURIs implements op.Client.
func (c client) PostLogoutRedirectURIs() []string { return c.PostLogoutURIs }

// ApplicationType implements op.Client.
func (c client) ApplicationType() op.ApplicationType {
	if c.Public() {
		return op.ApplicationTypeUserAgent
	}
	return op.ApplicationTypeWeb
}

// AuthMethod implements op.Client. A secret may come either way: in the header or in the form.
func (c client) AuthMethod() oidc.AuthMethod {
	if c.Public() {
		return oidc.AuthMethodNone
	}
	return oidc.AuthMethodBasic
}

// ResponseTypes implements op.Client: the code flow, and no other.
func (client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}

// GrantTypes implements op.Client.
func (client) GrantTypes() []oidc.GrantType {
	return []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken}
}

// LoginURL implements op.Client.
func (client) LoginURL(id string) string { return ContinuePath + "?id=" + id }

// AccessTokenType implements op.Client: a token that says nothing by itself can be ended at once.
func (client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeBearer }

// IDTokenLifetime implements op.Client.
func (client) IDTokenLifetime() time.Duration { return idTokenFor }

// DevMode implements op.Client: an address without TLS is taken where it is registered, which happens where apps have none.
func (client) DevMode() bool { return true }

// RestrictAdditionalIdTokenScopes implements op.Client.
func (client) RestrictAdditionalIdTokenScopes() func([]string) []string {
	return slices.Clone[[]string]
}

// RestrictAdditionalAccessTokenScopes implements op.Client.
func (client) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return slices.Clone[[]string]
}

// IsScopeAllowed implements op.Client.
func (c client) IsScopeAllowed(scope string) bool { return slices.Contains(c.Scopes, scope) }

// IDTokenUserinfoClaimsAssertion implements op.Client: many apps read people from the ID token alone.
func (client) IDTokenUserinfoClaimsAssertion() bool { return true }

// ClockSkew implements op.Client.
func (client) ClockSkew() time.Duration { return 0 }

// standing returns a client by the ID that an app says it has.
func (p *Provider) standing(ctx context.Context, id string) (store.Standing, error) {
	parsed, err := app.ParseID(id)
	if err != nil {
		return store.Standing{}, err
	}
	return p.store.ClientStanding(ctx, parsed)
}

// GetClientByClientID implements op.Storage.
func (s storage) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	found, err := s.p.standing(ctx, id)
	if app.CodeOf(err) == app.NotFound {
		return nil, oidc.ErrInvalidClient().WithDescription("unknown client").WithParent(err)
	}
	if err != nil {
		return nil, s.p.hidden(err)
	}
	return client{found.Client}, nil
}

// AuthorizeClientIDSecret implements op.Storage, in a time that does not tell how much of the secret was right.
func (s storage) AuthorizeClientIDSecret(ctx context.Context, id, secret string) error {
	found, err := s.p.standing(ctx, id)
	if err != nil && app.CodeOf(err) != app.NotFound {
		return s.p.hidden(err)
	}
	sum := sha256.Sum256([]byte(secret))
	if found.Client.SecretHash == nil || subtle.ConstantTimeCompare(sum[:], found.Client.SecretHash) != 1 {
		return oidc.ErrInvalidClient().WithDescription("wrong secret")
	}
	return nil
}
