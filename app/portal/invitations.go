package portal

import (
	"context"
	"fmt"
	"slices"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/app/vault"
)

// invitedFor is how long the link of an invitation works.
const invitedFor = 7 * 24 * time.Hour

// The verbs of invitations.
var (
	inviteMember     = verb{action: "invitation.send", permission: app.ManageMembers, confirmed: true}
	resendInvitation = verb{action: "invitation.resend", permission: app.ManageMembers}
	revokeInvitation = verb{action: "invitation.revoke", permission: app.ManageMembers}
)

// InvitationPage is one page of invitations, newest first.
type InvitationPage struct {
	Invitations []app.Invitation
	Next        string // "" on the last page
}

// Invitations returns a page of the invitations of the actor's own organization: with all, those too that were accepted or revoked.
func (p *Portal) Invitations(ctx context.Context, actor app.Actor, all bool, after string, limit int) (InvitationPage, error) {
	var page InvitationPage
	if err := actor.May(app.SeeMembers); err != nil {
		return page, err
	}
	before, limit, err := pageOf(after, limit)
	if err != nil {
		return page, err
	}
	err = p.see(ctx, actor, app.SeeMembers, func(tx *store.Tx) error {
		page.Invitations, err = tx.Invitations(ctx, !all, before, limit+1)
		return err
	})
	if len(page.Invitations) > limit {
		page.Invitations = page.Invitations[:limit]
		page.Next = page.Invitations[limit-1].ID.String()
	}
	return page, err
}

// Invitee is who is to become a member.
type Invitee struct {
	Email    string
	Role     app.Role
	Language string // of the mail: en, nl or de; "" for the actor's own
}

// InviteMember asks somebody by mail to become a member of the actor's own organization. Whether the address has an account is not told.
//
// Errors: Invalid at email, role, language; Conflict at email for a member, and for one who was invited already; TooMany.
func (p *Portal) InviteMember(ctx context.Context, actor app.Actor, who Invitee) (app.Invitation, error) {
	var made app.Invitation
	if err := p.mayInvite(ctx, actor, inviteMember); err != nil {
		return made, err
	}
	err := p.do(ctx, actor, inviteMember, func(tx *store.Tx) error {
		i, fields := p.newInvitation(actor, who)
		tx.Note("invitation "+i.ID.String(), nil, memberNote(clip(who.Email), who.Role))
		if err := mayGive(actor, who.Role); err != nil {
			fields["role"] = app.FieldsOf(err)["role"]
		}
		if err := invalidFields(fields); err != nil {
			return err
		}
		member, err := tx.IsMember(ctx, i.Email)
		if err != nil {
			return err
		}
		if member {
			const message = "This person is a member already."
			return &app.Error{Code: app.Conflict, Message: message, Format: message, Fields: map[string]string{"email": message}}
		}
		made = i
		return p.sendInvitation(ctx, tx, actor, ownOf(actor), i)
	})
	return made, err
}

// ownOf is the actor's own organization, as far as a mail names it.
func ownOf(actor app.Actor) app.Organization {
	return app.Organization{ID: actor.Organization, Name: actor.OrganizationName, Kind: actor.Kind}
}

// mayInvite limits how many mails an organization can make us send to strangers.
func (p *Portal) mayInvite(ctx context.Context, actor app.Actor, v verb) error {
	if err := p.allowed(actor, v); err != nil {
		p.noteRefusal(ctx, actor, v, err)
		return err
	}
	return p.knock(ctx, doorInvite, knocker{Account: actor.Organization.String(), Address: actor.Address, Person: actor.User})
}

// newInvitation is an invitation as it was asked for, with what is wrong at each field: whether the actor may give the role is for the caller.
func (p *Portal) newInvitation(actor app.Actor, who Invitee) (app.Invitation, map[string]string) {
	now := p.now()
	i := app.Invitation{
		ID: app.NewID(), Role: who.Role, Language: who.Language, State: app.InvitationOpen, Mails: 1, InvitedBy: actor.Name, CreatedAt: now, SentAt: now,
		ExpiresAt: now.Add(invitedFor),
	}
	fields := map[string]string{}
	var err error
	if i.Email, err = plainEmail(who.Email); err != nil {
		fields["email"] = app.FieldsOf(err)["email"]
	}
	if i.Language == "" {
		i.Language = language(actor)
	}
	if !slices.Contains([]string{"en", "nl", "de"}, i.Language) {
		fields["language"] = "Please choose one of the languages."
	}
	return i, fields
}

// sendInvitation stores an invitation into an organization, and posts it.
func (p *Portal) sendInvitation(ctx context.Context, tx *store.Tx, actor app.Actor, into app.Organization, i app.Invitation) error {
	token := secretToken()
	if err := tx.InsertInvitation(ctx, into.ID, i, vault.Hash(token)); err != nil {
		return err
	}
	return p.postInvitation(ctx, tx, actor, into, i, token)
}

// postInvitation writes to who is invited, in the name of the organization's seller: the mail says who that is where the seller invites.
func (p *Portal) postInvitation(ctx context.Context, tx *store.Tx, actor app.Actor, into app.Organization, i app.Invitation, token string) error {
	data := map[string]string{"organization": into.Name, "person": actor.Name, "role": string(i.Role), "path": "/invitation/" + token}
	if into.ID != actor.Organization {
		data["seller"] = actor.OrganizationName
	}
	return p.post(ctx, tx, app.Mail{
		Organization: into.ID, To: i.Email, Language: i.Language, Kind: app.MailInvitation, Data: data,
		Key: fmt.Sprintf("invitation %s/%d", i.ID, i.Mails), Until: i.ExpiresAt,
	})
}

// ResendInvitation sends an invitation once more, with a new link and another week; the link before works no more.
//
// Errors: NotFound; Conflict for one that was accepted or revoked; Invalid at role when the actor may not give its role; TooMany.
func (p *Portal) ResendInvitation(ctx context.Context, actor app.Actor, id app.ID) (app.Invitation, error) {
	var i app.Invitation
	if err := p.mayInvite(ctx, actor, resendInvitation); err != nil {
		return i, err
	}
	err := p.do(ctx, actor, resendInvitation, func(tx *store.Tx) (err error) {
		if i, err = tx.LockInvitation(ctx, id); err != nil {
			return err
		}
		tx.Note("invitation "+id.String(), nil, memberNote(i.Email, i.Role))
		if err := stillOpen(i); err != nil {
			return err
		}
		if err := mayGive(actor, i.Role); err != nil {
			return err
		}
		i, err = p.renewInvitation(ctx, tx, actor, ownOf(actor), i)
		return err
	})
	return i, err
}

// renewInvitation gives an invitation another link and another week, and posts it.
func (p *Portal) renewInvitation(ctx context.Context, tx *store.Tx, actor app.Actor, into app.Organization, i app.Invitation) (app.Invitation, error) {
	token := secretToken()
	i.Mails, i.SentAt = i.Mails+1, p.now()
	i.ExpiresAt = i.SentAt.Add(invitedFor)
	if err := tx.RenewInvitation(ctx, into.ID, i.ID, vault.Hash(token), i.SentAt, i.ExpiresAt); err != nil {
		return i, err
	}
	return i, p.postInvitation(ctx, tx, actor, into, i, token)
}

// RevokeInvitation takes an invitation back: its link works no more.
//
// Errors: NotFound; Conflict for one that was accepted or revoked.
func (p *Portal) RevokeInvitation(ctx context.Context, actor app.Actor, id app.ID) error {
	return p.do(ctx, actor, revokeInvitation, func(tx *store.Tx) error {
		i, err := tx.LockInvitation(ctx, id)
		if err != nil {
			return err
		}
		tx.Note("invitation "+id.String(), memberNote(i.Email, i.Role), nil)
		if err := stillOpen(i); err != nil {
			return err
		}
		return tx.EndInvitation(ctx, actor.Organization, id, app.InvitationRevoked, p.now())
	})
}

func stillOpen(i app.Invitation) error {
	if i.State != app.InvitationOpen {
		return app.Errorf(app.Conflict, "This invitation was answered or taken back already.")
	}
	return nil
}
