package openid

import (
	"context"
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/op"

	"allotment/app"
	"allotment/app/store"
)

// Logout is an app's wish that its person is signed out (OpenID Connect RP-Initiated Logout 1.0).
type Logout struct {
	Client   app.ID // the zero ID where the app did not say who it is
	Service  string // its name
	User     app.ID // of the app's ID token; the zero ID without one
	session  app.ID
	Redirect string // where to go afterwards: an address that the app has registered, or a path here
}

// Logout reads an app's wish.
//
// Errors: Invalid, with words for the person who stands before it.
func (p *Provider) Logout(r *http.Request) (Logout, error) {
	ctx := op.ContextWithIssuer(r.Context(), p.issuer)
	wrong := func(err error) (Logout, error) {
		return Logout{}, app.Because(app.Invalid, err, "The app wants to sign you out in a way that is not its own. Tell whoever runs it.")
	}
	asked, err := op.ParseEndSessionRequest(r, p.op.Decoder())
	if err != nil {
		return wrong(err)
	}
	checked, err := op.ValidateEndSessionRequest(ctx, asked, p.op)
	if err != nil {
		return wrong(err)
	}
	out := Logout{Redirect: checked.RedirectURI}
	if checked.ClientID != "" {
		found, err := p.standing(ctx, checked.ClientID)
		if err != nil {
			return wrong(err)
		}
		out.Client, out.Service = found.Client.ID, found.Client.Name
	}
	if hint := checked.IDTokenHintClaims; hint != nil {
		if out.User, err = app.ParseID(checked.UserID); err != nil {
			return wrong(err)
		}
		out.session, _ = app.ParseID(hint.SessionID) // of an older token there may be none
	}
	return out, nil
}

// SignOut ends what the app's ID token names: that sign-in, or all of the person's at the app.
func (p *Provider) SignOut(ctx context.Context, out Logout) error {
	if out.Client == (app.ID{}) || out.User == (app.ID{}) {
		return nil
	}
	found, err := p.store.ClientStanding(ctx, out.Client)
	if err != nil {
		return err
	}
	return p.in(ctx, found.Client.Organization, func(tx *store.Tx) error {
		if out.session != (app.ID{}) {
			return tx.EndAppSession(ctx, out.session, p.now())
		}
		_, err := tx.EndAppSessions(ctx, out.Client, out.User, p.now())
		return err
	})
}

// SignOutEverywhere ends every sign-in at an app that began in the actor's session of the portal.
func (p *Provider) SignOutEverywhere(ctx context.Context, actor app.Actor) error {
	if actor.Session == (app.ID{}) {
		return nil
	}
	return p.store.EndAppSessionsFrom(ctx, actor.Session, p.now())
}

// Sealed writes an address so that it can come back in a form and still be known as ours.
func (p *Provider) Sealed(address string) (string, error) { return p.op.Crypto().Encrypt(address) }

// Unsealed reads what Sealed wrote.
func (p *Provider) Unsealed(sealed string) (string, error) {
	address, err := p.op.Crypto().Decrypt(sealed)
	if err != nil {
		return "", app.Because(app.Invalid, err, "What was sent is no form.")
	}
	return address, nil
}
