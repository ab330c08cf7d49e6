package app

import "time"

// Factors is what a person has besides a password.
type Factors struct {
	TOTP     bool // one-time codes of an authenticator app, in use
	Passkeys int
	Codes    int // recovery codes that are left
}

// Any reports whether the person has a second factor. Recovery codes stand in for one and are none themselves.
func (f Factors) Any() bool { return f.TOTP || f.Passkeys > 0 }

// Passkey is a person's passkey: a key pair whose secret half never leaves their device (W3C WebAuthn).
type Passkey struct {
	ID         ID
	User       ID
	Name       string
	Credential []byte // the public half, as JSON
	CreatedAt  time.Time
	UsedAt     time.Time // zero until it was used
	WarnedAt   time.Time // when its counter went backwards, which says that it may have been copied; zero if never
}

// LinkPurpose says what a link in a mail does.
type LinkPurpose string

// The purposes of links.
const (
	LinkVerify LinkPurpose = "verify" // confirms an address
	LinkReset  LinkPurpose = "reset"  // sets a new password
	LinkUndo   LinkPurpose = "undo"   // takes back a change of address; sent to the old one
)

// Link is a link in a mail, which works once.
type Link struct {
	Purpose   LinkPurpose
	User      ID
	Email     string // the address it is about
	CreatedAt time.Time
	ExpiresAt time.Time
}
