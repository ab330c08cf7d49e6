package openid

import (
	"context"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"allotment/app"
	"allotment/app/store"
	"allotment/app/vault"
)

// storage is what the library keeps its things in. It implements op.Storage.
type storage struct{ p *Provider }

var _ op.Storage = storage{}

// request is an app's request with the sign-in that answers it. It implements op.AuthRequest.
type request struct {
	app.AuthRequest
	session app.AppSession
}

// GetID implements op.AuthRequest.
func (r request) GetID() string { return r.ID.String() }

// GetACR implements op.AuthRequest.
func (request) GetACR() string { return "" }

// GetAMR implements op.AuthRequest.
func (r request) GetAMR() []string { return r.session.Methods }

// GetAudience implements op.AuthRequest.
func (r request) GetAudience() []string { return []string{r.GetClientID()} }

// GetAuthTime implements op.AuthRequest.
func (r request) GetAuthTime() time.Time { return r.session.ProvedAt }

// GetClientID implements op.AuthRequest.
func (r request) GetClientID() string { return r.Client.String() }

// GetCodeChallenge implements op.AuthRequest.
func (r request) GetCodeChallenge() *oidc.CodeChallenge {
	if r.Challenge == "" {
		return nil
	}
	return &oidc.CodeChallenge{Challenge: r.Challenge, Method: oidc.CodeChallengeMethodS256}
}

// GetNonce implements op.AuthRequest.
func (r request) GetNonce() string { return r.Nonce }

// GetRedirectURI implements op.AuthRequest.
func (r request) GetRedirectURI() string { return r.RedirectURI }

// GetResponseType implements op.AuthRequest.
func (request) GetResponseType() oidc.ResponseType { return oidc.ResponseTypeCode }

// GetResponseMode implements op.AuthRequest.
func (request) GetResponseMode() oidc.ResponseMode { return oidc.ResponseModeQuery }

// GetScopes implements op.AuthRequest.
func (r request) GetScopes() []string { return r.Scopes }

// GetState implements op.AuthRequest.
func (r request) GetState() string { return r.State }

// GetSubject implements op.AuthRequest.
func (r request) GetSubject() string { return r.session.User.String() }

// Done implements op.AuthRequest.
func (r request) Done() bool { return r.AppSession != app.ID{} }

// longest is how much an app may make us keep for it, in bytes.
const longest = 4096

// CreateAuthRequest implements op.Storage. The library has looked at the client, its redirect address and its scopes by now.
func (s storage) CreateAuthRequest(ctx context.Context, asked *oidc.AuthRequest, hinted string) (op.AuthRequest, error) {
	found, err := s.p.standing(ctx, asked.ClientID)
	if err != nil {
		return nil, err
	}
	if err := refuse(asked, found.Client); err != nil {
		return nil, err
	}
	now := s.p.now()
	r := request{AuthRequest: app.AuthRequest{
		Organization: found.Client.Organization, ID: app.NewID(), Client: found.Client.ID, RedirectURI: asked.RedirectURI, Scopes: asked.Scopes,
		State: asked.State, Nonce: asked.Nonce, Challenge: asked.CodeChallenge, Prompt: asked.Prompt, MaxAge: seconds(asked.MaxAge),
		CreatedAt: now, ExpiresAt: now.Add(requestFor),
	}}
	if hinted != "" {
		if r.HintedUser, err = app.ParseID(hinted); err != nil {
			return nil, oidc.ErrLoginRequired().WithParent(err)
		}
	}
	return r, s.p.in(ctx, r.Organization, func(tx *store.Tx) error { return tx.InsertAuthRequest(ctx, r.AuthRequest) })
}

// refuse says why a request is not taken, in the protocol's words: what the library would let pass, and we do not.
func refuse(asked *oidc.AuthRequest, c app.Client) error {
	invalid := oidc.ErrInvalidRequest()
	switch {
	case !slices.Contains(c.RedirectURIs, asked.RedirectURI):
		return oidc.ErrInvalidRequestRedirectURI().WithDescription("redirect_uri is not registered")
	case !slices.Contains(asked.Scopes, app.ScopeOpenID):
		return oidc.ErrInvalidScope().WithDescription("the scope openid is missing")
	case asked.ResponseMode != "" && asked.ResponseMode != oidc.ResponseModeQuery:
		return invalid.WithDescription("only the response_mode query is supported")
	case asked.CodeChallenge != "" && asked.CodeChallengeMethod != oidc.CodeChallengeMethodS256:
		return invalid.WithDescription("only the code_challenge_method S256 is supported")
	case asked.CodeChallenge == "" && c.Public():
		return invalid.WithDescription("this client needs PKCE: code_challenge is missing")
	case len(asked.State)+len(asked.Nonce)+len(asked.CodeChallenge) > longest:
		return invalid.WithDescription("the request is too long")
	case asked.MaxAge != nil && *asked.MaxAge > uint(sessionFor/time.Second):
		asked.MaxAge = nil // older than any sign-in is
	}
	return nil
}

func seconds(age *uint) *int {
	if age == nil {
		return nil
	}
	n := int(*age) //nolint:gosec // refuse has bounded it
	return &n
}

// AuthRequestByID implements op.Storage.
func (s storage) AuthRequestByID(ctx context.Context, id string) (op.AuthRequest, error) {
	parsed, err := app.ParseID(id)
	if err != nil {
		return nil, err
	}
	return s.p.request(ctx, parsed)
}

// request returns a request that has not been answered and is not over.
//
// Errors: Gone for any other.
func (p *Provider) request(ctx context.Context, id app.ID) (request, error) {
	over := app.Errorf(app.Gone, "This sign-in is over. Please begin again in the app.")
	organization, err := p.store.AuthRequestOwner(ctx, id)
	if app.CodeOf(err) == app.NotFound {
		return request{}, over
	}
	if err != nil {
		return request{}, err
	}
	var r request
	err = p.in(ctx, organization, func(tx *store.Tx) (err error) {
		if r.AuthRequest, err = tx.AuthRequest(ctx, id); err != nil || r.AppSession == (app.ID{}) {
			return err
		}
		r.session, err = tx.AppSession(ctx, r.AppSession)
		return err
	})
	if err == nil && (r.Answered || !p.now().Before(r.ExpiresAt)) {
		err = over
	}
	return r, err
}

// SaveAuthCode implements op.Storage.
func (s storage) SaveAuthCode(ctx context.Context, id, code string) error {
	r, err := s.AuthRequestByID(ctx, id)
	if err != nil {
		return err
	}
	saved := r.(request)
	return s.p.in(ctx, saved.Organization, func(tx *store.Tx) error {
		return tx.SaveCode(ctx, saved.ID, vault.Hash(code), s.p.now().Add(codeFor))
	})
}

// AuthRequestByCode implements op.Storage. A code that was exchanged before is in wrong hands, or was: it ends all that came of it (RFC 6749
// section 4.1.2).
func (s storage) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	organization, err := s.p.store.TokenOwner(ctx, vault.Hash(code))
	if err != nil {
		return nil, err
	}
	var r request
	err = s.p.in(ctx, organization, func(tx *store.Tx) (err error) {
		if r.AuthRequest, err = tx.AuthRequestByCode(ctx, vault.Hash(code)); err != nil {
			return err
		}
		if !r.UsedAt.IsZero() {
			return s.p.end(ctx, tx, r.AppSession)
		}
		r.session, err = tx.AppSession(ctx, r.AppSession)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case !r.UsedAt.IsZero():
		return nil, oidc.ErrInvalidGrant().WithDescription("the code was used already")
	case !s.p.now().Before(r.ExpiresAt) || !r.session.EndedAt.IsZero():
		return nil, oidc.ErrInvalidGrant().WithDescription("the code is over")
	}
	return r, nil
}

// DeleteAuthRequest implements op.Storage. A request is kept, so that a second use of its code is known for what it is.
func (storage) DeleteAuthRequest(context.Context, string) error { return nil }

func (p *Provider) in(ctx context.Context, organization app.ID, fn func(*store.Tx) error) error {
	return p.store.InTenant(ctx, app.System(organization), fn)
}

// end ends a sign-in at an app. The app hears of it when it next asks: at userinfo, or at the next refresh.
func (p *Provider) end(ctx context.Context, tx *store.Tx, session app.ID) error {
	return tx.EndAppSession(ctx, session, p.now())
}
