package portal

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/app/vault"
)

// OpenIDClient speaks with OpenID providers. It is never called inside a transaction.
//
// Its errors have words: Retryable when the provider cannot be reached, Conflict when it is not set up as its settings say, Forbidden when
// an answer does not hold.
type OpenIDClient interface {
	// Start returns the address to which the browser goes.
	Start(ctx context.Context, s app.OpenIDSettings, secret string, r app.OpenIDRequest) (string, error)
	// Redeem returns whom an answer proves.
	Redeem(ctx context.Context, s app.OpenIDSettings, secret string, r app.OpenIDRequest, a app.OpenIDAnswer) (app.Proven, error)
	// Check tries what can be tried without a person.
	Check(ctx context.Context, s app.OpenIDSettings, secret string) error
}

// LDAPClient tries passwords at directories. It is never called inside a transaction. Its errors are those of OpenIDClient, and
// Unauthenticated for a password that is not right.
type LDAPClient interface {
	// Prove returns whom a name and a password prove.
	Prove(ctx context.Context, s app.LDAPSettings, secret, login, password string) (app.Proven, error)
	// Check tries what can be tried without a person.
	Check(ctx context.Context, s app.LDAPSettings, secret string) error
}

// SignInClients are the protocols by which providers are asked; nil for one that cannot be used.
type SignInClients struct {
	OpenID OpenIDClient
	LDAP   LDAPClient
}

var errNoClient = app.Errorf(app.Conflict, "This installation does not use providers of this kind.")

const (
	wayFor     = 10 * time.Minute       // how long a person may take at the provider, and then for a further proof
	refusalsIn = 400 * time.Millisecond // a directory's refusal takes at least so long, whether the person exists or not
)

// Visitor is who stands at the door.
type Visitor struct {
	Browser string // the cookie that tells this browser from others
	Address string // the client's
	Agent   string // the browser's own name
	Host    string // at which host name they stand
	Session app.ID // in which somebody is signed in already; the zero ID for nobody
}

// WayRequest begins a way to a provider.
type WayRequest struct {
	Visitor
	Provider app.ID
	Purpose  app.SignInPurpose
	Redirect string // where an OpenID provider sends the browser back to
	Back     string // a path of this site: where the person wanted to go
	Login    string // for a directory
	Password string
}

// WayAnswer is what an OpenID provider's answer brings.
type WayAnswer struct {
	Visitor
	State  string
	Code   string
	Issuer string
	Error  string // the provider's own word for why it did not sign in
}

// Entered is what came of a provider's proof: a session, the question for a second factor, or a further proof that is needed first.
type Entered struct {
	SignedIn
	Further app.ID // names the sign-in that waits for a further proof; the zero ID for none
	Purpose app.SignInPurpose
	Back    string
}

// SignInProviders lists where the people of an organization sign in; the operator's for the zero ID. It needs no permission: it is what
// the sign-in page shows.
func (p *Portal) SignInProviders(ctx context.Context, organization app.ID) ([]app.Provider, error) {
	if organization == (app.ID{}) {
		var err error
		if organization, err = p.store.SignInPlace(ctx, ""); app.CodeOf(err) == app.NotFound {
			return nil, nil // before there is an operator
		} else if err != nil {
			return nil, err
		}
	}
	return p.store.ShownProviders(ctx, organization)
}

// SignInProvidersOf lists where the people of the organization with a short name sign in. It needs no permission, and says the same of an
// organization without providers as of none.
func (p *Portal) SignInProvidersOf(ctx context.Context, slug string) ([]app.Provider, error) {
	slug = strings.ToLower(strings.TrimSpace(slug))
	if slug == "" || len(slug) > 60 {
		return nil, nil
	}
	organization, err := p.store.SignInPlace(ctx, slug)
	if app.CodeOf(err) == app.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return p.store.ShownProviders(ctx, organization)
}

// SignInProvider returns an enabled provider's ID, kind, name and organization. Errors: NotFound.
func (p *Portal) SignInProvider(ctx context.Context, id app.ID) (app.Provider, error) {
	s, err := p.store.SignInProvider(ctx, id)
	return app.Provider{ID: s.ID, Kind: s.Kind, Name: s.Name, Organization: s.Organization, OrganizationName: s.OrganizationName}, err
}

// BeginSignIn begins a way to an OpenID provider and returns the address to which the browser goes. It needs no permission: it is the door.
//
// Errors: NotFound, TooMany, and those of OpenIDClient.
func (p *Portal) BeginSignIn(ctx context.Context, r WayRequest) (string, error) {
	if err := p.knock(ctx, doorProvider, knocker{Address: r.Address}); err != nil {
		return "", err
	}
	s, err := p.store.SignInProvider(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	if s.Kind != app.ProviderOpenID || p.cfg.SignIn.OpenID == nil {
		return "", errNoClient
	}
	secret, err := p.unsealSecret(s)
	if err != nil {
		return "", err
	}
	way := store.SignIn{
		ID: app.NewID(), Provider: r.Provider, Purpose: r.Purpose, Session: r.Session, Redirect: r.Redirect, Back: r.Back, ExpiresAt: p.now().Add(wayFor),
	}
	if r.Purpose == app.ToEnter {
		way.Session = app.ID{}
	}
	request := p.openIDRequest(way)
	address, err := p.cfg.SignIn.OpenID.Start(ctx, s.Settings.OpenID, secret, request)
	if err != nil {
		p.noteProvider(ctx, s, app.Proven{}, r.Visitor, err)
		return "", err
	}
	return address, p.store.InsertSignIn(ctx, vault.Hash(request.State), vault.Hash(r.Browser), way)
}

// openIDRequest is the request of a way: everything in it is derived from the way's ID, so that nothing of it need be kept.
func (p *Portal) openIDRequest(w store.SignIn) app.OpenIDRequest {
	return app.OpenIDRequest{
		State: p.vault.Token("signin state", w.ID), Nonce: p.vault.Token("signin nonce", w.ID), Verifier: p.vault.Token("signin verifier", w.ID),
		Redirect: w.Redirect,
	}
}

// FinishSignIn takes an OpenID provider's answer, once, in the browser that began. It needs no permission: the answer is the proof.
//
// Errors: Forbidden when the answer does not hold or the person may not enter, TooMany, and those of OpenIDClient.
func (p *Portal) FinishSignIn(ctx context.Context, a WayAnswer) (Entered, error) {
	if err := p.knock(ctx, doorProvider, knocker{Address: a.Address}); err != nil {
		return Entered{}, err
	}
	way, err := p.store.AnswerSignIn(ctx, vault.Hash(a.State), vault.Hash(a.Browser), p.now())
	if app.CodeOf(err) == app.NotFound {
		why := app.Because(app.Forbidden, err, "This sign-in was begun in another browser, was answered already, or took too long. Please begin again.")
		p.noteStrayAnswer(ctx, a, why)
		return Entered{}, why
	}
	if err != nil {
		return Entered{}, err
	}
	s, err := p.store.SignInProvider(ctx, way.Provider)
	if err != nil {
		return Entered{}, err
	}
	proven, err := p.redeem(ctx, s, way, a)
	if err != nil {
		p.noteProvider(ctx, s, proven, a.Visitor, err)
		return Entered{}, err
	}
	return p.goOn(ctx, s, way, proven, a.Visitor)
}

func (p *Portal) redeem(ctx context.Context, s store.StoredProvider, way store.SignIn, a WayAnswer) (app.Proven, error) {
	switch {
	case way.Session != a.Session && way.Purpose != app.ToEnter:
		return app.Proven{}, app.Errorf(app.Forbidden, "Somebody else is signed in now than when this was begun. Nothing was changed.")
	case a.Error != "" || a.Code == "":
		return app.Proven{}, app.Errorf(app.Forbidden, "%s did not sign you in. Please begin again, or sign in another way.", s.Name)
	case p.cfg.SignIn.OpenID == nil:
		return app.Proven{}, errNoClient
	}
	secret, err := p.unsealSecret(s)
	if err != nil {
		return app.Proven{}, err
	}
	return p.cfg.SignIn.OpenID.Redeem(ctx, s.Settings.OpenID, secret, p.openIDRequest(way), app.OpenIDAnswer{Code: a.Code, Issuer: a.Issuer})
}

// SignInByDirectory tries a name and a password at a directory. It needs no permission: the password is the proof. The limits are those of
// every sign-in.
//
// Errors: Unauthenticated, the same whether the person or the password is wrong; TooMany; Forbidden when the person may not enter; those of
// LDAPClient.
func (p *Portal) SignInByDirectory(ctx context.Context, r WayRequest) (Entered, error) {
	begun := time.Now()
	k := knocker{Account: "provider " + r.Provider.String() + " " + clip(strings.ToLower(strings.TrimSpace(r.Login))), Address: r.Address}
	if err := p.knock(ctx, doorSignIn, k); err != nil {
		return Entered{}, err
	}
	s, err := p.store.SignInProvider(ctx, r.Provider)
	if err != nil {
		return Entered{}, err
	}
	if s.Kind != app.ProviderLDAP || p.cfg.SignIn.LDAP == nil {
		return Entered{}, errNoClient
	}
	secret, err := p.unsealSecret(s)
	if err != nil {
		return Entered{}, err
	}
	proven, err := p.cfg.SignIn.LDAP.Prove(ctx, s.Settings.LDAP, secret, r.Login, r.Password)
	if err != nil {
		p.noteProvider(ctx, s, app.Proven{Email: clip(r.Login)}, r.Visitor, err)
		if app.CodeOf(err) == app.Unauthenticated {
			p.wait(ctx, begun.Add(refusalsIn))
		}
		return Entered{}, err
	}
	way := store.SignIn{ID: app.NewID(), Provider: r.Provider, Purpose: r.Purpose, Session: r.Session, Back: r.Back, ExpiresAt: p.now().Add(wayFor)}
	if err := p.store.InsertSignIn(ctx, vault.Hash(p.vault.Token("signin state", way.ID)), vault.Hash(r.Browser), way); err != nil {
		return Entered{}, err
	}
	return p.goOn(ctx, s, way, proven, r.Visitor, doorSignIn.limits(k)...)
}

// wait makes a refusal take its time.
func (p *Portal) wait(ctx context.Context, until time.Time) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Until(until)):
	}
}

// noteProvider writes how a proof by a provider ended into the audit log of its organization. That it cannot be written is for the operator.
func (p *Portal) noteProvider(ctx context.Context, s store.StoredProvider, proven app.Proven, v Visitor, why error) {
	entry := store.Entry(app.System(s.Organization), enterByProvider.action, p.now())
	entry.Outcome, entry.ActorName, entry.Address, entry.Target = app.AuditRefused, proven.Email, v.Address, providerTarget(s.ID)
	after, err := json.Marshal(map[string]string{"provider": s.Name, "code": string(app.CodeOf(why)), "message": app.Words(why)})
	entry.After = string(after)
	if err == nil {
		err = p.store.WriteAudit(context.WithoutCancel(ctx), entry)
	}
	if err != nil {
		p.log.Error("a refusal is missing in the audit log", "action", entry.Action, "error", err)
	}
	if code := app.CodeOf(why); code == app.Retryable || code == app.Conflict || code == app.Forbidden {
		p.log.Warn("a provider did not sign somebody in", "provider", s.ID, "kind", s.Kind, "error", why)
	}
}

// noteStrayAnswer writes an answer that belongs to no open sign-in of this browser into the audit log of whom it is about, if it is about
// somebody.
func (p *Portal) noteStrayAnswer(ctx context.Context, a WayAnswer, why error) {
	provider, err := p.store.SignInProviderOf(ctx, vault.Hash(a.State))
	if err != nil {
		return
	}
	if s, err := p.store.SignInProvider(ctx, provider); err == nil {
		p.noteProvider(ctx, s, app.Proven{}, a.Visitor, why)
	}
}
