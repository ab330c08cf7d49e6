package openid

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"allotment/app"
	"allotment/app/vault"
)

// Discovery answers with what the provider is and where its parts are (OpenID Connect Discovery 1.0 section 4), and says of it only what is so.
func (p *Provider) Discovery(w http.ResponseWriter, r *http.Request) {
	document := op.CreateDiscoveryConfig(op.ContextWithIssuer(r.Context(), p.issuer), p.op, storage{p})
	document.ResponseTypesSupported = []string{string(oidc.ResponseTypeCode)}
	document.ResponseModesSupported = []string{string(oidc.ResponseModeQuery)}
	document.GrantTypesSupported = []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken}
	document.ScopesSupported, document.ClaimsSupported = app.Scopes(), claims()
	document.IntrospectionEndpoint, document.DeviceAuthorizationEndpoint = "", ""
	document.IntrospectionEndpointAuthMethodsSupported, document.IntrospectionEndpointAuthSigningAlgValuesSupported = nil, nil
	document.RevocationEndpointAuthSigningAlgValuesSupported = nil
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cache-Control", "max-age=300")
	answer(w, http.StatusOK, document)
}

// Keys answers with the public keys (RFC 7517 section 5).
func (p *Provider) Keys(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cache-Control", "max-age=60")
	op.Keys(w, r, storage{p})
}

// CheckRequest looks at what must be right before anybody may be sent anywhere: the client, and its redirect address, letter by letter.
//
// Errors: Invalid, with words for the person who stands before it.
func (p *Provider) CheckRequest(ctx context.Context, clientID, redirectURI string) error {
	found, err := p.standing(ctx, clientID)
	if app.CodeOf(err) == app.NotFound {
		return app.Because(app.Invalid, err, "This app is not known here. Tell whoever runs it.")
	}
	if err == nil && !slices.Contains(found.Client.RedirectURIs, redirectURI) {
		err = app.Errorf(app.Invalid, "This app wants to send you to an address that is not its own. Tell whoever runs it.")
	}
	return err
}

// Authorize takes an app's request and sends its person on, to ContinuePath, or back to the app with what is wrong with it. CheckRequest comes first.
func (p *Provider) Authorize(w http.ResponseWriter, r *http.Request) {
	op.Authorize(w, p.withIssuer(r), p.op)
}

// Answer sends the person of an answered request back to the app, with a code.
//
// Errors: Gone where that has happened already.
func (p *Provider) Answer(w http.ResponseWriter, r *http.Request, asked Asked) error {
	found, err := p.request(r.Context(), asked.ID)
	if err != nil {
		return err
	}
	op.AuthResponse(found, p.op, w, p.withIssuer(r))
	return nil
}

// Deny sends the person back to the app without a code: why is in the words of the protocol.
func (p *Provider) Deny(w http.ResponseWriter, r *http.Request, asked Asked, why error) {
	reason := oidc.ErrLoginRequired().WithDescription("nobody is signed in, or not lately enough")
	if app.CodeOf(why) == app.Forbidden {
		reason = oidc.ErrAccessDenied().WithDescription("the person may not use this service")
	}
	op.AuthRequestError(w, p.withIssuer(r), request{AuthRequest: asked.AuthRequest}, reason, p.op)
}

// Token exchanges codes and refresh tokens (RFC 6749 section 3.2). from is where the call came from.
func (p *Provider) Token(w http.ResponseWriter, r *http.Request, from netip.Addr) {
	p.limited(w, r, from, func(w http.ResponseWriter, r *http.Request) { op.Exchange(w, r, p.op) })
}

// Revoke ends tokens (RFC 7009).
func (p *Provider) Revoke(w http.ResponseWriter, r *http.Request, from netip.Addr) {
	p.limited(w, r, from, func(w http.ResponseWriter, r *http.Request) { op.Revoke(w, r, p.op) })
}

func (p *Provider) withIssuer(r *http.Request) *http.Request {
	return r.WithContext(op.ContextWithIssuer(r.Context(), p.issuer))
}

// Userinfo tells an app what it may know of the person of its access token (OpenID Connect Core 1.0 section 5.3), as things are now: a person who
// has lost access is not there any more.
func (p *Provider) Userinfo(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method == http.MethodOptions { // what a browser asks first; whether the app may read the answer is said with that
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Allow-Headers", "Authorization")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	info, client, err := p.userinfo(r.Context(), bearer(r))
	if err != nil {
		p.refuseBearer(w, err)
		return
	}
	p.letRead(w, r, client)
	answer(w, http.StatusOK, info)
}

func (p *Provider) userinfo(ctx context.Context, sealed string) (*oidc.UserInfo, app.ID, error) {
	over := app.Errorf(app.Gone, "This sign-in is over. Please begin again in the app.")
	inside, err := p.op.Crypto().Decrypt(sealed)
	if err != nil {
		return nil, app.ID{}, over
	}
	id, _, _ := strings.Cut(inside, ":")
	token, session, err := p.token(ctx, vault.Hash(id))
	if err != nil {
		return nil, app.ID{}, err
	}
	if token.Kind != app.AccessToken {
		return nil, app.ID{}, over
	}
	if err := p.mayStay(ctx, session); err != nil {
		return nil, app.ID{}, err
	}
	info := new(oidc.UserInfo)
	return info, session.Client, p.describe(ctx, info, session, token.Scopes)
}

// bearer is the access token of a request: in its header, or in its form (RFC 6750 section 2). In the address it is not looked for.
func bearer(r *http.Request) string {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return token
	}
	if r.Method == http.MethodPost && r.ParseForm() == nil {
		return r.PostForm.Get("access_token")
	}
	return ""
}

// refuseBearer answers as RFC 6750 section 3 wants it.
func (p *Provider) refuseBearer(w http.ResponseWriter, err error) {
	if e := oidc.DefaultToServerError(err, ""); app.CodeOf(err) == app.Gone || e.ErrorType == oidc.InvalidGrant {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	p.log.Error("userinfo", "error", err)
	answer(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
}

// letRead lets the browser's part of a public app read the answer: no other app has one that talks to us.
func (p *Provider) letRead(w http.ResponseWriter, r *http.Request, id app.ID) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return
	}
	found, err := p.store.ClientStanding(r.Context(), id)
	if err != nil || !found.Client.Public() || !slices.ContainsFunc(found.Client.RedirectURIs, func(at string) bool { return originOf(at) == origin }) {
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", origin)
	w.Header().Add("Vary", "Origin")
}

func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // whoever asked is gone
}
