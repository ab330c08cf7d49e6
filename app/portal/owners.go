package portal

import (
	"context"

	"allotment/app"
	"allotment/app/store"
)

// The verbs by which a seller finds an owner for an organization that has none yet. Whom it is given to is confirmed.
var (
	inviteOwner = verb{action: "invitation.send", permission: app.ManageCustomers, confirmed: true}
	resendOwner = verb{action: "invitation.resend", permission: app.ManageCustomers}
	revokeOwner = verb{action: "invitation.revoke", permission: app.ManageCustomers}
)

// InviteOwner invites somebody by mail to own an organization below the actor's that has no owner. An invitation that is open already is taken
// back: so the address is changed. Whether the address has an account is not told. An empty language is the actor's own.
//
// Errors: NotFound; Forbidden for one's own; Invalid at email, language; Conflict where it has an owner, or is not active; TooMany.
func (p *Portal) InviteOwner(ctx context.Context, actor app.Actor, organization app.ID, email, language string) (app.Invitation, error) {
	var i app.Invitation
	if err := p.mayInvite(ctx, actor, inviteOwner); err != nil {
		return i, err
	}
	err := p.do(ctx, actor, inviteOwner, func(tx *store.Tx) error {
		o, err := lockBelow(ctx, tx, actor, organization)
		if err != nil {
			return err
		}
		var fields map[string]string
		i, fields = p.newInvitation(actor, Invitee{Email: email, Role: app.OwnerOf(o.Kind), Language: language})
		tx.NoteIn(o.ID, "invitation "+i.ID.String(), nil, memberNote(clip(email), i.Role))
		if err := invalidFields(fields); err != nil {
			return err
		}
		if err := tx.ReplaceInvitations(ctx, o.ID, i.Role, i.Email, p.now()); err != nil {
			return err
		}
		if err := wantsOwner(ctx, tx, o); err != nil {
			return err
		}
		return p.sendInvitation(ctx, tx, actor, o, i)
	})
	return i, err
}

// ResendOwner sends the invitation of an organization's owner once more, with a new link and another week; the link before works no more.
//
// Errors: NotFound; Forbidden for one's own; Conflict where it has an owner, is not active, or nobody is invited; TooMany.
func (p *Portal) ResendOwner(ctx context.Context, actor app.Actor, organization app.ID) (app.Invitation, error) {
	var i app.Invitation
	if err := p.mayInvite(ctx, actor, resendOwner); err != nil {
		return i, err
	}
	err := p.do(ctx, actor, resendOwner, func(tx *store.Tx) error {
		o, err := lockBelow(ctx, tx, actor, organization)
		if err != nil {
			return err
		}
		if i, err = openOwnerInvitation(ctx, tx, o); err != nil {
			return err
		}
		tx.NoteIn(o.ID, "invitation "+i.ID.String(), nil, memberNote(i.Email, i.Role))
		if err := wantsOwner(ctx, tx, o); err != nil {
			return err
		}
		i, err = p.renewInvitation(ctx, tx, actor, o, i)
		return err
	})
	return i, err
}

// RevokeOwner takes the invitation of an organization's owner back: its link works no more.
//
// Errors: NotFound; Forbidden for one's own; Conflict where nobody is invited.
func (p *Portal) RevokeOwner(ctx context.Context, actor app.Actor, organization app.ID) error {
	return p.do(ctx, actor, revokeOwner, func(tx *store.Tx) error {
		o, err := lockBelow(ctx, tx, actor, organization)
		if err != nil {
			return err
		}
		i, err := openOwnerInvitation(ctx, tx, o)
		if err != nil {
			return err
		}
		tx.NoteIn(o.ID, "invitation "+i.ID.String(), memberNote(i.Email, i.Role), nil)
		return tx.EndInvitation(ctx, o.ID, i.ID, app.InvitationRevoked, p.now())
	})
}

// lockBelow is organizationBelow, and its state stays until this transaction ends.
func lockBelow(ctx context.Context, tx *store.Tx, actor app.Actor, id app.ID) (app.Organization, error) {
	if _, err := organizationBelow(ctx, tx, actor, id); err != nil {
		return app.Organization{}, err
	}
	return tx.LockOrganization(ctx, id)
}

// wantsOwner refuses an organization that has an owner, and one that nobody can join.
func wantsOwner(ctx context.Context, tx *store.Tx, o app.Organization) error {
	owners, err := tx.Owners(ctx, o.ID)
	if err != nil {
		return err
	}
	if len(owners) > 0 {
		return app.Errorf(app.Conflict, "This organization has an owner, who invites others.")
	}
	if o.State != app.OrganizationActive {
		return app.Errorf(app.Conflict, "This organization is not active, so nobody can join it.")
	}
	return nil
}

// openOwnerInvitation is the invitation of an organization's owner that waits for an answer.
func openOwnerInvitation(ctx context.Context, tx *store.Tx, o app.Organization) (app.Invitation, error) {
	i, err := tx.OwnerInvitation(ctx, o.ID)
	if app.CodeOf(err) == app.NotFound {
		return i, app.Errorf(app.Conflict, "Nobody is invited at the moment.")
	}
	if err != nil {
		return i, err
	}
	return i, stillOpen(i)
}

// invitedOwner is the newest invitation to own an organization that has no owner, nil for none.
func invitedOwner(ctx context.Context, tx *store.Tx, d OrganizationDetail) (*app.Invitation, error) {
	if len(d.Owners) > 0 {
		return nil, nil
	}
	i, err := tx.OwnerInvitation(ctx, d.Organization.ID)
	if app.CodeOf(err) == app.NotFound {
		return nil, nil
	}
	return &i, err
}
