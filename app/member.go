package app

import (
	"slices"
	"time"
)

// Member is a person in an organization, as its people see them.
type Member struct {
	User       ID
	Name       string
	Email      string
	Language   string
	Role       Role
	Since      time.Time
	SignedInAt time.Time // the last time, to any of the person's organizations; zero: never, or not known
	TwoFactor  bool      // an authenticator app or a passkey is in use
	Disabled   bool
	Elsewhere  bool // belongs to other organizations, too
}

// InvitationState says what became of an invitation.
type InvitationState string

// The states of an invitation.
const (
	InvitationOpen     InvitationState = "open"
	InvitationAccepted InvitationState = "accepted"
	InvitationRevoked  InvitationState = "revoked"
	InvitationExpired  InvitationState = "expired"
)

// Invitation asks somebody to become a member.
type Invitation struct {
	ID        ID
	Email     string
	Role      Role
	Language  string
	State     InvitationState
	Mails     int    // how many were sent
	InvitedBy string // the person's name, or the key's
	CreatedAt time.Time
	SentAt    time.Time // the last mail
	ExpiresAt time.Time
}

// At is the state at a moment: what is open past its time has expired.
func (i Invitation) At(now time.Time) InvitationState {
	if i.State == InvitationOpen && !now.Before(i.ExpiresAt) {
		return InvitationExpired
	}
	return i.State
}

// Invited is an invitation as the person sees it who follows its link.
type Invited struct {
	Invitation
	Organization Organization // its ID, name, kind and state
	Known        bool         // the address has an account
}

// Visit is a stay of a seller's staff in a customer's name, as the customer sees it.
type Visit struct {
	ID         ID
	Person     string
	SellerName string
	Reason     string
	StartedAt  time.Time
	EndsAt     time.Time
}

// UserLine is somebody with an account, as a list for the operator's staff shows them.
type UserLine struct {
	User
	TwoFactor     bool
	SignedInAt    time.Time
	Organizations []string // the names of those they belong to, at most three
	More          int      // how many more there are
}

// MemberRoles lists the roles that the actor may give to members, the most powerful first: none that may do what the actor may not.
func MemberRoles(actor Actor) []Role {
	return slices.DeleteFunc(slices.Clone(RolesOf(actor.Kind)), func(r Role) bool { return !actor.Role.Covers(r) })
}
