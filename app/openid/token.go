package openid

import (
	"context"
	"errors"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"allotment/app"
	"allotment/app/store"
	"allotment/app/vault"
)

// refresh is a refresh token that was shown, with its sign-in. It implements op.RefreshTokenRequest.
type refresh struct {
	session app.AppSession
	scopes  []string
}

// GetAMR implements op.RefreshTokenRequest.
func (r *refresh) GetAMR() []string { return r.session.Methods }

// GetAudience implements op.RefreshTokenRequest.
func (r *refresh) GetAudience() []string { return []string{r.GetClientID()} }

// GetAuthTime implements op.RefreshTokenRequest.
func (r *refresh) GetAuthTime() time.Time { return r.session.ProvedAt }

// GetClientID implements op.RefreshTokenRequest.
func (r *refresh) GetClientID() string { return r.session.Client.String() }

// GetScopes implements op.RefreshTokenRequest.
func (r *refresh) GetScopes() []string { return r.scopes }

// GetSubject implements op.RefreshTokenRequest.
func (r *refresh) GetSubject() string { return r.session.User.String() }

// SetCurrentScopes implements op.RefreshTokenRequest.
func (r *refresh) SetCurrentScopes(scopes []string) { r.scopes = scopes }

var errUsedTwice = oidc.ErrInvalidGrant().WithDescription("it was used already")

// CreateAccessToken implements op.Storage.
func (s storage) CreateAccessToken(ctx context.Context, asked op.TokenRequest) (string, time.Time, error) {
	access, _, expires, err := s.p.issue(ctx, asked, "", false)
	return access, expires, s.p.hidden(err)
}

// CreateAccessAndRefreshTokens implements op.Storage. current is the refresh token that is exchanged; "" for a code.
func (s storage) CreateAccessAndRefreshTokens(ctx context.Context, asked op.TokenRequest, current string) (string, string, time.Time, error) {
	access, next, expires, err := s.p.issue(ctx, asked, current, true)
	return access, next, expires, s.p.hidden(err)
}

// issue exchanges a code or a refresh token for new tokens: in one transaction, so that of two who try at once one succeeds, and ends the sign-in for
// both when the other comes (RFC 9700 section 4.14.2).
func (p *Provider) issue(ctx context.Context, asked op.TokenRequest, current string, withRefresh bool) (access, next string, expires time.Time, err error) {
	session, err := sessionOf(asked)
	if err != nil {
		return "", "", time.Time{}, err
	}
	if err := p.mayStay(ctx, session); err != nil {
		return "", "", time.Time{}, err
	}
	now := p.now()
	access, expires = random(), now.Add(accessFor)
	tokens := []app.Token{{Hash: vault.Hash(access), Kind: app.AccessToken, Scopes: asked.GetScopes(), ExpiresAt: expires}}
	if withRefresh {
		next = random()
		tokens = append(tokens, app.Token{
			Hash: vault.Hash(next), Kind: app.RefreshToken, Scopes: session.Scopes, ExpiresAt: earlier(now.Add(refreshFor), session.CreatedAt.Add(sessionFor)),
		})
	}
	first := true
	err = p.in(ctx, session.Organization, func(tx *store.Tx) error {
		if first, err = p.spend(ctx, tx, asked, current); err != nil {
			return err
		}
		if !first {
			return p.end(ctx, tx, session.ID)
		}
		for _, token := range tokens {
			token.Organization, token.AppSession, token.CreatedAt = session.Organization, session.ID, now
			if err := tx.InsertToken(ctx, token); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && !first {
		err = errUsedTwice
	}
	return access, next, expires, err
}

func sessionOf(asked op.TokenRequest) (app.AppSession, error) {
	switch r := asked.(type) {
	case request:
		return r.session, nil
	case *refresh:
		return r.session, nil
	}
	return app.AppSession{}, errors.New("openid: a token was asked for in a way that is not offered")
}

// spend marks the code or the refresh token as used, and reports whether it was the first time.
func (p *Provider) spend(ctx context.Context, tx *store.Tx, asked op.TokenRequest, current string) (bool, error) {
	if r, ok := asked.(request); ok {
		return tx.UseCode(ctx, r.ID, p.now(), p.now().Add(refreshFor))
	}
	return tx.UseToken(ctx, vault.Hash(current), p.now())
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// TokenRequestByRefreshToken implements op.Storage. A token that was exchanged before ends the sign-in: one of the two who have it is a thief.
func (s storage) TokenRequestByRefreshToken(ctx context.Context, shown string) (op.RefreshTokenRequest, error) {
	token, session, err := s.p.token(ctx, vault.Hash(shown))
	switch {
	case err != nil:
		return nil, err
	case token.Kind != app.RefreshToken:
		return nil, op.ErrInvalidRefreshToken
	case !token.UsedAt.IsZero():
		err := s.p.in(ctx, session.Organization, func(tx *store.Tx) error { return s.p.end(ctx, tx, session.ID) })
		return nil, errors.Join(errUsedTwice, err)
	}
	return &refresh{session, token.Scopes}, nil
}

// token returns a token that counts, with its sign-in.
//
// Errors: Gone for one that is unknown or over.
func (p *Provider) token(ctx context.Context, hash []byte) (token app.Token, session app.AppSession, err error) {
	organization, err := p.store.TokenOwner(ctx, hash)
	if app.CodeOf(err) == app.NotFound {
		return token, session, app.Errorf(app.Gone, "This sign-in is over. Please begin again in the app.")
	}
	if err != nil {
		return token, session, err
	}
	err = p.in(ctx, organization, func(tx *store.Tx) error {
		if token, err = tx.Token(ctx, hash); err != nil {
			return err
		}
		session, err = tx.AppSession(ctx, token.AppSession)
		return err
	})
	if err == nil && (!session.EndedAt.IsZero() || !p.now().Before(token.ExpiresAt)) {
		err = app.Errorf(app.Gone, "This sign-in is over. Please begin again in the app.")
	}
	return token, session, err
}

// GetRefreshTokenInfo implements op.Storage.
func (s storage) GetRefreshTokenInfo(ctx context.Context, clientID, shown string) (user, id string, err error) {
	token, session, err := s.p.token(ctx, vault.Hash(shown))
	if app.CodeOf(err) == app.Gone || err == nil && (token.Kind != app.RefreshToken || session.Client.String() != clientID) {
		return "", "", op.ErrInvalidRefreshToken
	}
	return session.User.String(), shown, err
}

// RevokeToken implements op.Storage (RFC 7009): a refresh token takes its sign-in along, an access token as well, since it is the app that wants no
// more of it. One that is unknown, or another app's, is success without any effect.
func (s storage) RevokeToken(ctx context.Context, shown, _, clientID string) *oidc.Error {
	_, session, err := s.p.token(ctx, vault.Hash(shown))
	if app.CodeOf(err) == app.Gone || err == nil && session.Client.String() != clientID {
		return nil
	}
	if err == nil {
		err = s.p.in(ctx, session.Organization, func(tx *store.Tx) error { return s.p.end(ctx, tx, session.ID) })
	}
	if err != nil {
		return oidc.ErrServerError().WithParent(err)
	}
	return nil
}
