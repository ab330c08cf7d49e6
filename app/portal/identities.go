package portal

import (
	"context"
	"encoding/json"

	"allotment/app"
	"allotment/app/store"
	"allotment/app/vault"
)

// The verbs of a person's own links to providers.
var (
	linkIdentity   = verb{action: "identity.link", permission: app.SeeAccount, confirmed: true, personal: true}
	unlinkIdentity = verb{action: "identity.unlink", permission: app.SeeAccount, confirmed: true, personal: true}
)

// IdentityPage is what a person is linked to, and what they could be.
type IdentityPage struct {
	Linked   []app.Identity
	Linkable []app.Provider
}

// Identities returns what the actor is linked to, in any of their organizations.
func (p *Portal) Identities(ctx context.Context, actor app.Actor) (IdentityPage, error) {
	var page IdentityPage
	err := p.see(ctx, actor, app.SeeAccount, func(tx *store.Tx) (err error) {
		if actor.Key != (app.ID{}) || actor.Impersonation != nil {
			return nil // neither has identities
		}
		if page.Linked, err = tx.OwnIdentities(ctx); err != nil {
			return err
		}
		page.Linkable, err = tx.LinkableProviders(ctx)
		return err
	})
	return page, err
}

// LinkableProvider returns a provider that the actor may link to. Errors: NotFound.
func (p *Portal) LinkableProvider(ctx context.Context, actor app.Actor, id app.ID) (app.Provider, error) {
	page, err := p.Identities(ctx, actor)
	if err != nil {
		return app.Provider{}, err
	}
	for _, provider := range page.Linkable {
		if provider.ID == id {
			return provider, nil
		}
	}
	return app.Provider{}, app.Errorf(app.NotFound, "There is nothing at this address.")
}

// Waiting is a provider's proof that waits to be linked to an account.
type Waiting struct {
	ID       app.ID
	Provider app.Provider
	Email    string // as the provider says
	Name     string
	Back     string
	Follows  bool // the role follows the provider's groups from now on
}

// WaitingProof returns the proof that waits for a further one in this browser. It needs no permission: the browser's cookie is the proof.
//
// Errors: NotFound when the sign-in must begin anew.
func (p *Portal) WaitingProof(ctx context.Context, id app.ID, browser string) (Waiting, error) {
	way, s, proven, err := p.waiting(ctx, id, browser)
	if err != nil {
		return Waiting{}, err
	}
	return Waiting{ID: way.ID, Provider: s.Provider, Email: proven.Email, Name: proven.Name, Back: way.Back, Follows: len(s.Rules.Groups) > 0}, nil
}

func (p *Portal) waiting(ctx context.Context, id app.ID, browser string) (way store.SignIn, s store.StoredProvider, proven app.Proven, err error) {
	way, err = p.store.ProvenSignIn(ctx, id, vault.Hash(browser), p.now())
	if err == nil {
		s, err = p.store.SignInProvider(ctx, way.Provider)
	}
	if app.CodeOf(err) == app.NotFound {
		err = app.Because(app.NotFound, err, "This took too long, or was used already. Please begin again.")
	}
	if err != nil {
		return way, s, proven, err
	}
	data, err := p.vault.Unseal(way.Proven)
	if err == nil {
		err = json.Unmarshal([]byte(data), &proven)
	}
	return way, s, proven, err
}

// LinkIdentity links a proof that waits in this browser to the actor, who has proved both by then. It is written into the audit log of the
// provider's organization.
//
// Errors: NotFound when it must begin anew; Conflict when either is linked otherwise; Forbidden for those who may not enter the organization.
func (p *Portal) LinkIdentity(ctx context.Context, actor app.Actor, id app.ID, browser string) error {
	if err := p.allowed(actor, linkIdentity); err != nil { // before anything is looked at
		p.noteRefusal(ctx, actor, linkIdentity, err)
		return err
	}
	way, s, proven, err := p.waiting(ctx, id, browser)
	if err != nil {
		return err
	}
	if way.Purpose == app.ToLink && way.Session != actor.Session {
		return app.Errorf(app.Forbidden, "Somebody else is signed in now than when this was begun. Nothing was changed.")
	}
	there := actor // the provider's organization, which need not be the one that the person acts for at the moment
	there.Organization, there.OrganizationName, there.Kind = s.Organization, s.OrganizationName, app.Customer
	err = p.do(ctx, there, linkIdentity, func(tx *store.Tx) error {
		before, after, err := p.followGroups(ctx, tx, s, actor.User, proven)
		if err != nil {
			return err
		}
		if after == "" {
			return app.Errorf(app.Forbidden, "You are in no group that may enter %s. Please ask those who run it.", s.OrganizationName)
		}
		tx.Note("identity "+s.Name, roleNote(s, before), map[string]any{"provider": s.Name, "role": after, "subject": proven.Subject, "email": proven.Email})
		return tx.InsertIdentity(ctx, p.identity(s, actor.User, proven))
	})
	if err != nil {
		return err
	}
	_, err = p.store.EndSignIn(ctx, way.ID)
	return err
}

// UnlinkIdentity ends one of the actor's links. The last way to sign in cannot be taken away.
//
// Errors: NotFound, Conflict.
func (p *Portal) UnlinkIdentity(ctx context.Context, actor app.Actor, id app.ID) error {
	return p.do(ctx, actor, unlinkIdentity, func(tx *store.Tx) error {
		linked, err := tx.OwnIdentities(ctx)
		if err != nil {
			return err
		}
		others, mine := 0, false
		for _, i := range linked {
			if i.ID == id {
				mine = true
				tx.Note("identity "+i.ProviderName, map[string]any{"provider": i.Provider, "subject": i.Subject, "email": i.Email}, nil)
			} else if i.Enabled {
				others++
			}
		}
		if !mine {
			return app.Errorf(app.NotFound, "There is nothing at this address.")
		}
		own, err := tx.HasOwnWayIn(ctx)
		if err != nil {
			return err
		}
		if !own && others == 0 {
			return app.Errorf(app.Conflict, "This is your only way to sign in. Please set a password or add a passkey first.")
		}
		return tx.DeleteIdentity(ctx, id)
	})
}
