package api

import (
	"context"

	"allotment/app"
)

// newOwner is who is invited by mail to own an organization: they give their name and choose a password themselves.
type newOwner struct {
	Email    string `json:"email" maxLength:"300" example:"person@example.org"`
	Language string `json:"language,omitempty" enum:"en,nl,de" doc:"Of the mail; otherwise that of Accept-Language."`
}

type ownerInput struct {
	ByID
	Body newOwner
}

func (a *API) inviteOwner(ctx context.Context, actor app.Actor, in *ownerInput) (*one[Invitation], error) {
	return a.ownerInvitation(&in.ByID, func(id app.ID) (app.Invitation, error) {
		return a.portal.InviteOwner(ctx, actor, id, in.Body.Email, in.Body.Language)
	})
}

func (a *API) resendOwner(ctx context.Context, actor app.Actor, in *actInput) (*one[Invitation], error) {
	return a.ownerInvitation(&in.ByID, func(id app.ID) (app.Invitation, error) { return a.portal.ResendOwner(ctx, actor, id) })
}

func (a *API) ownerInvitation(in *ByID, send func(app.ID) (app.Invitation, error)) (*one[Invitation], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	i, err := send(id)
	if err != nil {
		return nil, err
	}
	return &one[Invitation]{a.invitationOf(i)}, nil
}

func (a *API) revokeOwner(ctx context.Context, actor app.Actor, in *ByID) (*struct{}, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.portal.RevokeOwner(ctx, actor, id)
}
