package api

import (
	"context"
	"net/http"
	"time"

	"allotment/app"
	"allotment/app/portal"
)

// Member is a person in the key's own organization.
type Member struct {
	ID         app.ID     `json:"id" format:"uuid" doc:"The person's."`
	Name       string     `json:"name"`
	Email      string     `json:"email"`
	Role       app.Role   `json:"role"`
	Since      time.Time  `json:"since"`
	SignedInAt *time.Time `json:"signed_in_at,omitempty" doc:"The last time; absent where it is not known."`
	TwoFactor  bool       `json:"two_factor" doc:"An authenticator app or a passkey is in use."`
	Disabled   bool       `json:"disabled"`
}

// Invitation asks somebody to become a member.
type Invitation struct {
	ID        app.ID              `json:"id" format:"uuid"`
	Email     string              `json:"email"`
	Role      app.Role            `json:"role"`
	State     app.InvitationState `json:"state" enum:"open,accepted,revoked,expired"`
	Mails     int                 `json:"mails" doc:"How many were sent."`
	InvitedBy string              `json:"invited_by" doc:"The name of the person or the key."`
	CreatedAt time.Time           `json:"created_at"`
	ExpiresAt time.Time           `json:"expires_at" doc:"Until when its link works."`
}

type membersInput struct {
	Paging
	Query string `query:"q" maxLength:"100" doc:"A part of the name or the e-mail address."`
	Role  string `query:"role" maxLength:"60" doc:"Only those with this role."`
}

type roleInput struct {
	ByID
	Body struct {
		Role string `json:"role" maxLength:"60" doc:"One of the organization's kind, that allows no more than the key's own." example:"customer_viewer"`
	}
}

type invitationsInput struct {
	Paging
	All bool `query:"all" doc:"Those too that were accepted, revoked or replaced."`
}

type inviteInput struct {
	Body struct {
		Email    string `json:"email" maxLength:"300" example:"person@example.org"`
		Role     string `json:"role" maxLength:"60" doc:"One of the organization's kind, that allows no more than the key's own." example:"customer_viewer"`
		Language string `json:"language,omitempty" enum:"en,nl,de" doc:"Of the mail; otherwise that of Accept-Language."`
	}
}

func (a *API) addMembers() {
	const tag = "Members"
	add(a, line{id: "listMembers", method: get, path: "/members", tag: tag, permission: app.SeeMembers, summary: "The members of the key's own organization",
		description: "In the order of their names."}, a.members)
	add(a, line{id: "getMember", method: get, path: "/members/{id}", tag: tag, permission: app.SeeMembers, summary: "One member"}, a.member)
	add(a, line{id: "changeRole", method: patch, path: "/members/{id}", tag: tag, permission: app.ManageMembers, summary: "Give a member another role",
		description: "The last owner stays an owner, and nobody changes a member who may do more than they."}, a.changeRole)
	add(a, line{id: "removeMember", method: remove, path: "/members/{id}", tag: tag, permission: app.ManageMembers, status: http.StatusNoContent,
		summary: "Remove a member", description: "At once the person acts for the organization no more, and cannot use its services."}, a.removeMember)
	add(a, line{id: "listInvitations", method: get, path: "/invitations", tag: tag, permission: app.SeeMembers, summary: "The invitations that wait for an answer"}, a.invitations)
	add(a, line{id: "inviteMember", method: post, path: "/invitations", tag: tag, permission: app.ManageMembers, status: http.StatusCreated,
		summary: "Invite somebody by mail", description: "The mail has a link that works once, and for seven days."}, a.invite)
	add(a, line{id: "resendInvitation", method: post, path: "/invitations/{id}/resend", tag: tag, permission: app.ManageMembers,
		summary: "Send an invitation once more", description: "With a new link and another week; the link before works no more."}, a.resend)
	add(a, line{id: "revokeInvitation", method: remove, path: "/invitations/{id}", tag: tag, permission: app.ManageMembers, status: http.StatusNoContent,
		summary: "Take an invitation back"}, a.revoke)
}

func (a *API) members(ctx context.Context, actor app.Actor, in *membersInput) (*list[Member], error) {
	page, err := a.portal.Members(ctx, actor, portal.MemberFilter{Text: in.Query, Role: app.Role(in.Role), After: in.After, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	return listOf(ctx, page.Members, page.Next, memberOf), nil
}

func (a *API) member(ctx context.Context, actor app.Actor, in *ByID) (*one[Member], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	m, err := a.portal.Member(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return &one[Member]{memberOf(m)}, nil
}

func (a *API) changeRole(ctx context.Context, actor app.Actor, in *roleInput) (*one[Member], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	if err := a.portal.ChangeRole(ctx, actor, id, app.Role(in.Body.Role)); err != nil {
		return nil, err
	}
	return a.member(ctx, actor, &in.ByID)
}

func (a *API) removeMember(ctx context.Context, actor app.Actor, in *ByID) (*struct{}, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.portal.RemoveMember(ctx, actor, id)
}

func (a *API) invitations(ctx context.Context, actor app.Actor, in *invitationsInput) (*list[Invitation], error) {
	page, err := a.portal.Invitations(ctx, actor, in.All, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	return listOf(ctx, page.Invitations, page.Next, a.invitationOf), nil
}

func (a *API) invite(ctx context.Context, actor app.Actor, in *inviteInput) (*one[Invitation], error) {
	i, err := a.portal.InviteMember(ctx, actor, portal.Invitee{Email: in.Body.Email, Role: app.Role(in.Body.Role), Language: in.Body.Language})
	if err != nil {
		return nil, err
	}
	return &one[Invitation]{a.invitationOf(i)}, nil
}

func (a *API) resend(ctx context.Context, actor app.Actor, in *actInput) (*one[Invitation], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	i, err := a.portal.ResendInvitation(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return &one[Invitation]{a.invitationOf(i)}, nil
}

func (a *API) revoke(ctx context.Context, actor app.Actor, in *ByID) (*struct{}, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.portal.RevokeInvitation(ctx, actor, id)
}

func memberOf(m app.Member) Member {
	return Member{
		ID: m.User, Name: m.Name, Email: m.Email, Role: m.Role, Since: stamp(m.Since), SignedInAt: moment(m.SignedInAt), TwoFactor: m.TwoFactor, Disabled: m.Disabled,
	}
}

func (a *API) invitationOf(i app.Invitation) Invitation {
	return Invitation{
		ID: i.ID, Email: i.Email, Role: i.Role, State: i.At(a.now()), Mails: i.Mails, InvitedBy: i.InvitedBy, CreatedAt: stamp(i.CreatedAt), ExpiresAt: stamp(i.ExpiresAt),
	}
}
