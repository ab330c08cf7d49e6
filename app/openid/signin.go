package openid

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"allotment/app"
	"allotment/app/store"
)

// Asked is an app's request as its person sees it.
type Asked struct {
	app.AuthRequest
	Service      string // the service's name
	Organization string // whose it is
	silent       bool   // the app wants an answer and no page
}

// Silent reports whether the app wants an answer without that its person sees a page (prompt=none).
func (a Asked) Silent() bool { return a.silent }

// Asked returns an app's request that waits for somebody to sign in.
//
// Errors: Gone for one that is unknown, answered or over.
func (p *Provider) Asked(ctx context.Context, id app.ID) (Asked, error) {
	r, err := p.request(ctx, id)
	if err != nil {
		return Asked{}, err
	}
	found, err := p.store.ClientStanding(ctx, r.Client)
	if err != nil {
		return Asked{}, err
	}
	return Asked{AuthRequest: r.AuthRequest, Service: found.Client.Name, Organization: found.Name, silent: slices.Contains(r.Prompt, oidc.PromptNone)}, nil
}

// SignIn answers an app's request with the person who is signed in here, and writes it into the audit log of the service's organization. A request
// that was answered already, by a page that was loaded twice, stays as it is.
//
// Errors: Unauthenticated where nobody is signed in; Conflict where somebody else is than the app believes; Unconfirmed where the app wants that the person proves
// themselves anew; Forbidden without access to the service, with words that say whom to ask.
func (p *Provider) SignIn(ctx context.Context, actor app.Actor, asked Asked) error {
	switch {
	case actor.User == (app.ID{}):
		return app.Errorf(app.Unauthenticated, "Please sign in first.")
	case actor.Impersonation != nil || actor.Key != app.ID{}:
		return app.Errorf(app.Forbidden, "Only the person themselves may do this.")
	case asked.HintedUser != (app.ID{}) && asked.HintedUser != actor.User:
		return app.Errorf(app.Conflict, "The app expects somebody else. Please sign out here first.")
	case !recent(actor, asked, p.now()):
		return app.Errorf(app.Unconfirmed, "Please confirm that it is you before you go on.")
	}
	if err := p.mayEnter(ctx, asked.Client, actor.User); err != nil {
		p.noteRefusal(ctx, actor, asked, err)
		return err
	}
	return p.answer(ctx, actor, asked)
}

// recent reports whether the person proved themselves as lately as the app asks for: after it asked, or, unless it wants just that (prompt=login), within
// the time that it names (max_age).
func recent(actor app.Actor, asked Asked, now time.Time) bool {
	switch {
	case !actor.ConfirmedAt.Before(asked.CreatedAt):
		return true
	case slices.Contains(asked.Prompt, oidc.PromptLogin):
		return false
	}
	return asked.MaxAge == nil || now.Sub(actor.ConfirmedAt) <= time.Duration(*asked.MaxAge)*time.Second
}

func (p *Provider) answer(ctx context.Context, actor app.Actor, asked Asked) error {
	now := p.now()
	in := app.System(asked.AuthRequest.Organization) // the transaction is that of the service's organization, which need not be the one that the person acts for
	in.User, in.Name, in.Address = actor.User, actor.Name, actor.Address
	return p.store.Write(ctx, in, "service.signin", now, func(tx *store.Tx) error {
		tx.Note("service "+asked.Client.String(), nil, map[string]string{"app": asked.Service})
		r, err := tx.LockAuthRequest(ctx, asked.ID)
		if err != nil {
			return err
		}
		if r.AppSession != (app.ID{}) {
			return p.repeated(ctx, tx, r, actor)
		}
		method, err := tx.SessionMethod(ctx, actor.Session)
		if err != nil {
			return err
		}
		session := app.AppSession{
			Organization: r.Organization, ID: app.NewID(), Client: r.Client, User: actor.User, Session: actor.Session, Scopes: r.Scopes,
			Methods: methods(method), ProvedAt: actor.ConfirmedAt, CreatedAt: now,
		}
		if err := tx.InsertAppSession(ctx, session); err != nil {
			return err
		}
		return tx.AnswerAuthRequest(ctx, r.ID, session.ID)
	})
}

// repeated takes a page that was loaded twice for what it is: the same person's, whose code nobody has yet.
func (p *Provider) repeated(ctx context.Context, tx *store.Tx, r app.AuthRequest, actor app.Actor) error {
	session, err := tx.AppSession(ctx, r.AppSession)
	if err == nil && (session.User != actor.User || !session.EndedAt.IsZero()) {
		err = app.Errorf(app.Gone, "This sign-in is over. Please begin again in the app.")
	}
	return err
}

// RequestIn returns the ID of the app's request in an address of ours that leads back to it.
func (p *Provider) RequestIn(back string) (app.ID, bool) {
	u, err := url.Parse(back)
	if err != nil || u.Path != ContinuePath {
		return app.ID{}, false
	}
	id, err := app.ParseID(u.Query().Get("id"))
	return id, err == nil
}

// methods says in RFC 8176's words how a person of the portal proved themselves.
func methods(method string) []string {
	switch method {
	case "password", "ldap":
		return []string{"pwd"}
	case "totp":
		return []string{"pwd", "otp", "mfa"}
	case "passkey":
		return []string{"pop", "user"}
	}
	return nil // another provider knows
}

// mayEnter says whether a person may sign in at a service now.
func (p *Provider) mayEnter(ctx context.Context, service, user app.ID) error {
	found, err := p.store.ClientStanding(ctx, service)
	if app.CodeOf(err) == app.NotFound {
		return app.Errorf(app.Gone, "This app is no longer here.")
	}
	if err != nil {
		return err
	}
	switch {
	case found.Organization != app.OrganizationActive:
		return app.Errorf(app.Forbidden, "%s is suspended: nobody can sign in to its apps until it is resumed.", found.Name)
	case closedTo[found.Service]:
		return app.Errorf(app.Forbidden, "%s does not run at the moment.", found.Client.Name)
	}
	_, ok, err := p.access(ctx, service, user)
	if err == nil && !ok {
		err = app.Errorf(app.Forbidden, "You have no access to %s. Ask an administrator of %s to give it to you.", found.Client.Name, found.Name)
	}
	return err
}

// closedTo are the states of a service in which nobody signs in.
var closedTo = map[app.ServiceState]bool{
	app.ServiceSuspending: true, app.ServiceSuspended: true, app.ServiceTerminating: true, app.ServiceTerminated: true,
}

// mayStay says whether a sign-in may go on. Where it may not, it ends, so that no token of it lives again when the person is let in once more.
func (p *Provider) mayStay(ctx context.Context, session app.AppSession) error {
	err := p.mayEnter(ctx, session.Client, session.User)
	if code := app.CodeOf(err); code != app.Forbidden && code != app.Gone {
		return err
	}
	if ended := p.in(ctx, session.Organization, func(tx *store.Tx) error { return p.end(ctx, tx, session.ID) }); ended != nil {
		return ended
	}
	return oidc.ErrInvalidGrant().WithDescription("the person has no access any more")
}

// noteRefusal writes into the audit log that somebody wanted to sign in to a service and may not.
func (p *Provider) noteRefusal(ctx context.Context, actor app.Actor, asked Asked, why error) {
	if app.CodeOf(why) != app.Forbidden {
		return
	}
	in := app.System(asked.AuthRequest.Organization)
	in.User, in.Name, in.Address = actor.User, actor.Name, actor.Address
	if err := p.store.Refused(context.WithoutCancel(ctx), in, "service.signin", p.now(), why); err != nil {
		p.log.Error("a refusal is missing in the audit log", "action", "service.signin", "error", err)
	}
}
