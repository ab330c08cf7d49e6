package openid

import (
	"context"
	"errors"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

var errNotOffered = errors.New("openid: not offered")

// SigningKey implements op.Storage.
func (s storage) SigningKey(ctx context.Context) (op.SigningKey, error) { return s.p.keys.signing(ctx) }

// SignatureAlgorithms implements op.Storage.
func (storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

// KeySet implements op.Storage.
func (s storage) KeySet(ctx context.Context) ([]op.Key, error) { return s.p.keys.public(ctx) }

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
