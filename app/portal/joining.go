package portal

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"allotment/app"
	"allotment/app/store"
	"allotment/app/vault"
)

var acceptInvitation = verb{action: "invitation.accept", permission: app.SeeAccount, personal: true}

// Invited returns the invitation of a link, without using it. It needs no permission: the link's token is one.
//
// Errors: Gone for one that can be used no more, which is written into the organization's audit log; TooMany.
func (p *Portal) Invited(ctx context.Context, token, address string) (app.Invited, error) {
	if err := p.knock(ctx, doorLink, knocker{Address: address}); err != nil {
		return app.Invited{}, err
	}
	i, err := p.store.Invited(ctx, vault.Hash(token))
	if app.CodeOf(err) == app.NotFound {
		return i, app.Errorf(app.Gone, "This invitation is not known. A newer mail may have another link.")
	}
	if err != nil {
		return i, err
	}
	if why := p.unusable(i); why != nil {
		p.noteInvited(ctx, i, address, why)
		return app.Invited{}, why
	}
	return i, p.forgive(ctx, doorLink, knocker{Address: address})
}

// unusable says why an invitation opens nothing any more; nil where it does.
func (p *Portal) unusable(i app.Invited) error {
	switch i.At(p.now()) {
	case app.InvitationAccepted:
		return app.Errorf(app.Gone, "This invitation has been used. You can simply sign in.")
	case app.InvitationRevoked:
		return app.Errorf(app.Gone, "This invitation was taken back. Please ask those who invited you.")
	case app.InvitationExpired:
		return app.Errorf(app.Gone, "This invitation is too old. Please ask those who invited you to send it again.")
	}
	if i.Organization.State != app.OrganizationActive {
		return app.Errorf(app.Gone, "Nobody can join %s at the moment. Please ask those who invited you.", i.Organization.Name)
	}
	return nil
}

// noteInvited writes into the organization's audit log that an invitation was refused.
func (p *Portal) noteInvited(ctx context.Context, i app.Invited, address string, why error) {
	actor := app.System(i.Organization.ID)
	actor.Name, actor.Address = i.Email, address
	p.noteRefusal(ctx, actor, acceptInvitation, why)
}

// Newcomer is what somebody without an account sends with their invitation.
type Newcomer struct {
	Name     string
	Password string
	Language string // "" for the invitation's own
	Address  string // the client's
	Agent    string
	Host     string
}

// JoinAsNewcomer makes the account of somebody who was invited, makes them a member, and signs them in. It needs no permission: the link's
// token is one. That mails reach them at the address is proved by it.
//
// Errors: Invalid at name, password; Conflict when the address has an account; Gone for an invitation that can be used no more; TooMany.
func (p *Portal) JoinAsNewcomer(ctx context.Context, token string, n Newcomer) (SignedIn, error) {
	i, err := p.Invited(ctx, token, n.Address)
	if err != nil {
		return SignedIn{}, err
	}
	user, err := p.newcomerOf(ctx, i, n)
	if err != nil {
		return SignedIn{}, err
	}
	actor := app.System(i.Organization.ID)
	actor.User, actor.Name, actor.Address = user.ID, user.Name, n.Address
	err = p.store.Write(ctx, actor, acceptInvitation.action, p.now(), func(tx *store.Tx) error {
		if err := p.spend(ctx, tx, i); err != nil {
			return err
		}
		if err := tx.InsertInvited(ctx, user, p.now()); err != nil {
			return err
		}
		return p.joins(ctx, tx, i, user.ID)
	})
	if err != nil {
		p.noteInvited(ctx, i, n.Address, err)
		return SignedIn{}, err
	}
	return p.enter(ctx, user, proof{Method: "password", Address: n.Address, Agent: n.Agent, Host: n.Host})
}

// newcomerOf checks what was typed, all of it at once.
func (p *Portal) newcomerOf(ctx context.Context, i app.Invited, n Newcomer) (app.User, error) {
	user := app.User{ID: app.NewID(), Email: i.Email, Name: plain(n.Name), Language: i.Language}
	if slices.Contains([]string{"en", "nl", "de"}, n.Language) {
		user.Language = n.Language
	}
	fields := map[string]string{}
	if user.Name == "" || utf8.RuneCountInString(user.Name) > 120 {
		fields["name"] = "Please give a name of at most 120 characters."
	}
	if err := checkPassword("password", n.Password, user.Email, user.Name); err != nil {
		fields["password"] = app.FieldsOf(err)["password"]
	}
	if err := invalidFields(fields); err != nil {
		return user, err
	}
	var err error
	user.PasswordHash, err = p.hash(ctx, n.Password)
	return user, err
}

// AcceptInvitation makes the actor a member of the organization that invited them.
//
// Errors: Forbidden when it was somebody else who was invited; Conflict for a member; Gone for an invitation that can be used no more; TooMany.
func (p *Portal) AcceptInvitation(ctx context.Context, actor app.Actor, token string) (app.Organization, error) {
	if err := p.allowed(actor, acceptInvitation); err != nil {
		return app.Organization{}, err
	}
	i, err := p.Invited(ctx, token, actor.Address)
	if err != nil {
		return app.Organization{}, err
	}
	return i.Organization, p.accept(ctx, i, app.User{ID: actor.User, Name: actor.Name, Email: actor.Email}, actor.Address)
}

// accept makes somebody who has an account a member of the organization that invited them.
func (p *Portal) accept(ctx context.Context, i app.Invited, who app.User, address string) error {
	there := app.System(i.Organization.ID)
	there.User, there.Name, there.Address = who.ID, who.Name, address
	err := p.store.Write(ctx, there, acceptInvitation.action, p.now(), func(tx *store.Tx) error {
		if !strings.EqualFold(who.Email, i.Email) {
			return app.Errorf(app.Forbidden, "This invitation is for %s. Please sign in with that address.", i.Email)
		}
		if err := p.spend(ctx, tx, i); err != nil {
			return err
		}
		return p.joins(ctx, tx, i, who.ID)
	})
	if err != nil {
		p.noteInvited(ctx, i, address, err)
	}
	return err
}

// joinsAtTheDoor has somebody who belongs nowhere any more accept the invitation that they come by, since there is no session without an
// organization. Every proof of who they are was given.
func (p *Portal) joinsAtTheDoor(ctx context.Context, user app.User, how proof) ([]app.Membership, error) {
	i, err := p.Invited(ctx, how.Invitation, how.Address)
	if err != nil {
		return nil, err
	}
	if err := p.accept(ctx, i, user, how.Address); err != nil {
		return nil, err
	}
	return p.store.Memberships(ctx, user.ID)
}

// spend uses an invitation: of two who use it at once, one is told that it has been used.
func (p *Portal) spend(ctx context.Context, tx *store.Tx, i app.Invited) error {
	tx.Note("invitation "+i.ID.String(), nil, memberNote(i.Email, i.Role))
	err := tx.EndInvitation(ctx, i.Organization.ID, i.ID, app.InvitationAccepted, p.now())
	if app.CodeOf(err) == app.NotFound {
		return app.Because(app.Gone, err, "This invitation has been used. You can simply sign in.")
	}
	return err
}

func (p *Portal) joins(ctx context.Context, tx *store.Tx, i app.Invited, user app.ID) error {
	return tx.InsertMembership(ctx, i.Organization.ID, user, i.Role, p.now())
}
