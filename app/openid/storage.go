package openid

import (
	"context"
	"errors"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

var errNotOffered = errors.New("openid: not offered")

// hidden is an error as apps may see it: the protocol's own words, or that something broke here, which the log then says more of.
func (p *Provider) hidden(err error) error {
	var known *oidc.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	p.log.Error("openid", "error", err)
	return oidc.ErrServerError().WithDescription("something broke on our side")
}

// SigningKey implements op.Storage.
func (s storage) SigningKey(ctx context.Context) (op.SigningKey, error) {
	key, err := s.p.keys.signing(ctx)
	if err != nil {
		return nil, s.p.hidden(err)
	}
	return key, nil
}

// SignatureAlgorithms implements op.Storage.
func (storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

// KeySet implements op.Storage.
func (s storage) KeySet(ctx context.Context) ([]op.Key, error) {
	keys, err := s.p.keys.public(ctx)
	return keys, s.p.hidden(err)
}

// Health implements op.Storage.
func (s storage) Health(ctx context.Context) error { return s.p.store.Ready(ctx) }

// TerminateSession implements op.Storage. Signing out goes through Provider.Logout and nothing else.
func (storage) TerminateSession(context.Context, string, string) error { return errNotOffered }

// SetUserinfoFromScopes implements op.Storage: empty, as the library wants it.
func (storage) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

// SetUserinfoFromToken implements op.Storage. Userinfo goes through Provider.Userinfo and nothing else.
func (storage) SetUserinfoFromToken(context.Context, *oidc.UserInfo, string, string, string) error {
	return errNotOffered
}

// SetIntrospectionFromToken implements op.Storage. There is no introspection.
func (storage) SetIntrospectionFromToken(context.Context, *oidc.IntrospectionResponse, string, string, string) error {
	return errNotOffered
}

// GetPrivateClaimsFromScopes implements op.Storage: access tokens say nothing.
func (storage) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return nil, nil
}

// GetKeyByIDAndClientID implements op.Storage. Clients have no keys.
func (storage) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, errNotOffered
}

// ValidateJWTProfileScopes implements op.Storage. There is no such grant.
func (storage) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, errNotOffered
}
