package views

import (
	"context"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views/words"
)

const (
	membersBase     = "/organization/members"
	invitationsBase = "/organization/invitations"
	ownBase         = "/account/organizations"
	mailsBase       = "/operator/mails"
	peopleBase      = "/operator/people"
)

// InviteForm is the form of an invitation as it was sent, with what was wrong with it.
type InviteForm struct {
	Email    string
	Role     app.Role
	Language string
	Errors   map[string]string
}

// MemberList is the page of members with all that it shows.
type MemberList struct {
	Filter  portal.MemberFilter
	Page    portal.MemberPage
	Open    portal.InvitationPage // the newest that wait for an answer
	Form    InviteForm
	Member  app.ID // whose form was wrong
	Wrong   string // what was wrong with it, at its role
	Problem string // what could not be done
	Saved   string // what has just been done
}

func (l MemberList) next() string {
	if l.Page.Next == "" {
		return ""
	}
	return address(membersBase, "q", l.Filter.Text, "role", string(l.Filter.Role), "after", l.Page.Next)
}

func (l MemberList) first() string {
	if l.Filter.After == "" {
		return ""
	}
	return address(membersBase, "q", l.Filter.Text, "role", string(l.Filter.Role))
}

func memberPath(id app.ID, verb string) string { return membersBase + "/" + id.String() + "/" + verb }

// counted says how many members have a role, behind its name.
func (l MemberList) counted(ctx context.Context, role app.Role) string {
	return counted(RoleName(ctx, role), l.Page.Counts[role])
}

// mayChange reports whether the page's reader may change a member: nobody changes those who may do more.
func mayChange(p Page, m app.Member) bool {
	return p.May(app.ManageMembers) && p.Actor.Role.Covers(m.Role)
}

// memberSaved says what has just been done.
func memberSaved(ctx context.Context, what string) string {
	switch what {
	case "invited":
		return words.T(ctx, "The invitation is on its way")
	case "sent":
		return words.T(ctx, "The invitation was sent again")
	case "revoked":
		return words.T(ctx, "The invitation was taken back")
	case "role":
		return words.T(ctx, "The role was changed")
	case "removed":
		return words.T(ctx, "The person is no member any more")
	case "disabled":
		return words.T(ctx, "The person cannot sign in any more")
	case "enabled":
		return words.T(ctx, "The person can sign in again")
	}
	return ""
}

// InvitationList is the page of all invitations.
type InvitationList struct {
	After string
	Page  portal.InvitationPage
}

func (l InvitationList) next() string {
	if l.Page.Next == "" {
		return ""
	}
	return address(invitationsBase, "after", l.Page.Next)
}

func (l InvitationList) first() string {
	if l.After == "" {
		return ""
	}
	return invitationsBase
}

func invitationState(ctx context.Context, i app.Invitation, now time.Time) (tone, icon, label string) {
	switch i.At(now) {
	case app.InvitationAccepted:
		return "good", "circle-check", words.T(ctx, "Accepted")
	case app.InvitationRevoked:
		return "plain", "circle-x", words.T(ctx, "Taken back")
	case app.InvitationExpired:
		return "wait", "clock", words.T(ctx, "Expired")
	}
	return "busy", "mail", words.T(ctx, "Waits for an answer")
}

// JoinForm is the page of an invitation's link, with what was wrong with the form of it.
type JoinForm struct {
	Token    string
	Invited  app.Invited
	Name     string
	Language string
	Errors   map[string]string
}

// forReader reports whether the invitation is for the page's reader.
func (f JoinForm) forReader(p Page) bool { return strings.EqualFold(p.Actor.Email, f.Invited.Email) }

// OwnList is the page of the organizations that a person belongs to.
type OwnList struct {
	Text   string
	After  string
	Page   portal.OwnOrganizations
	Form   ActionForm // of leaving
	Joined bool
}

func (l OwnList) next() string {
	if l.Page.Next == "" {
		return ""
	}
	return address(ownBase, "q", l.Text, "after", l.Page.Next)
}

func (l OwnList) first() string {
	if l.After == "" {
		return ""
	}
	return address(ownBase, "q", l.Text)
}

// MailList is a page of the outbox with how it was asked for.
type MailList struct {
	Filter  portal.OutboxFilter
	Page    portal.OutboxPage
	Problem string
}

func (l MailList) next() string {
	if l.Page.Next == "" {
		return ""
	}
	return address(mailsBase, "q", l.Filter.Text, "state", string(l.Filter.State), "after", l.Page.Next)
}

func (l MailList) first() string {
	if l.Filter.After == "" {
		return ""
	}
	return address(mailsBase, "q", l.Filter.Text, "state", string(l.Filter.State))
}

// PostStates lists the states that the outbox can be narrowed to, those that want a person first.
func PostStates() []app.PostState {
	return []app.PostState{app.PostFailed, app.PostWaiting, app.PostSent}
}

func postState(ctx context.Context, s app.PostState) (tone, icon, label string) {
	switch s {
	case app.PostSent:
		return "good", "circle-check", words.T(ctx, "Sent")
	case app.PostFailed:
		return "bad", "circle-alert", words.T(ctx, "Not delivered")
	}
	return "busy", "hourglass", words.T(ctx, "Waiting")
}

// mailKind is what a mail is about.
func mailKind(ctx context.Context, k app.MailKind) string {
	switch k {
	case app.MailInvitation:
		return words.T(ctx, "Invitation")
	case app.MailVisit:
		return words.T(ctx, "Somebody acts in the customer's name")
	case app.MailRemoved:
		return words.T(ctx, "End of a membership")
	case app.MailTransfer:
		return words.T(ctx, "Move to another seller")
	case app.MailStanding:
		return words.T(ctx, "State of the organization")
	case app.MailVerify:
		return words.T(ctx, "Confirmation of an address")
	case app.MailReset:
		return words.T(ctx, "New password")
	case app.MailAddress:
		return words.T(ctx, "Change of an address")
	case app.MailDunning:
		return words.T(ctx, "Reminder of an invoice")
	case app.MailSecurity:
		return words.T(ctx, "Change of a password or a factor")
	}
	return string(k)
}

// canRetryMail reports whether a mail can be sent once more.
func canRetryMail(p Page, m app.Posted) bool {
	return p.May(app.RunOperations) && m.State != app.PostSent && m.Problem != "" && p.Now.Before(m.Until)
}

// PersonList is a page of all people with how it was asked for.
type PersonList struct {
	Filter  portal.PersonFilter
	Page    portal.PersonPage
	Problem string
}

func (l PersonList) disabled() string {
	if l.Filter.Disabled {
		return "only"
	}
	return ""
}

func (l PersonList) next() string {
	if l.Page.Next == "" {
		return ""
	}
	return address(peopleBase, "q", l.Filter.Text, "disabled", l.disabled(), "after", l.Page.Next)
}

func (l PersonList) first() string {
	if l.Filter.After == "" {
		return ""
	}
	return address(peopleBase, "q", l.Filter.Text, "disabled", l.disabled())
}
