package views

import (
	"context"
	"time"

	"allotment/app"
	"allotment/views/words"
)

// ofOwner reports whether the form that was sent is one about the owner of an organization that has none.
func (f ActionForm) ofOwner() bool {
	return f.Action == "invite" || f.Action == "resend" || f.Action == "revoke"
}

// ownerInvited says what became of the invitation to own an organization, nil for none.
func ownerInvited(ctx context.Context, i *app.Invitation, now time.Time) string {
	if i == nil {
		return words.T(ctx, "Nobody is invited at the moment.")
	}
	switch i.At(now) {
	case app.InvitationOpen:
		return words.T(ctx, "Invited on %s, to %s. The link works until %s.", words.Moment(ctx, i.SentAt), i.Email, words.Moment(ctx, i.ExpiresAt))
	case app.InvitationExpired:
		return words.T(ctx, "Invited on %s, to %s. The link is too old by now.", words.Date(ctx, i.SentAt), i.Email)
	case app.InvitationRevoked:
		return words.T(ctx, "The invitation to %s was taken back.", i.Email)
	}
	return words.T(ctx, "%s accepted the invitation, and is an owner no more.", i.Email)
}
