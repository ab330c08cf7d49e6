package app

import "time"

// OrganizationKind is what an organization is to the others.
type OrganizationKind string

// The kinds of organization. The tree is customer -> reseller -> operator.
const (
	Operator OrganizationKind = "operator" // runs the installation; exactly one
	Reseller OrganizationKind = "reseller" // sells to its own customers
	Customer OrganizationKind = "customer" // orders services
)

// OrganizationState says whether an organization may act.
type OrganizationState string

// The states of an organization.
const (
	OrganizationActive    OrganizationState = "active"
	OrganizationSuspended OrganizationState = "suspended"
	OrganizationClosed    OrganizationState = "closed"
)

// Organization is a party and the boundary of isolation.
type Organization struct {
	ID     ID
	Parent ID // the zero ID for the operator
	Kind   OrganizationKind
	Name   string
	Slug   string // unique, a DNS label: the tenant's name in the directory and its default domain
	State  OrganizationState
	Reason string // why it is suspended or closed, for those concerned
	// IdleMinutes is after how long without a call its people sign in again; 0 for the installation's own time.
	IdleMinutes int
	Currency    string // in which it is asked (ISO 4217); "" is the installation's own
	CreatedAt   time.Time
}

// User is a person.
type User struct {
	ID           ID
	Email        string // lower case
	Name         string
	PasswordHash string // argon2id in PHC format; "" where the person has no local password
	Language     string // BCP 47: en, nl, de
	Disabled     bool
	VerifiedAt   time.Time // when the e-mail address was confirmed; zero until then
	NewEmail     string    // the address that takes Email's place once it has answered; "" for none
}

// Membership is a person in an organization.
type Membership struct {
	Organization Organization
	Role         Role
}

// Session is a signed-in browser.
type Session struct {
	ID          ID
	Token       string // the cookie's value, known only when it is made; only its hash is stored
	User        ID
	Address     string
	Agent       string // the browser's own name, as it said it
	Method      string // how the person proved themselves: password, totp, passkey, oidc, ldap
	CreatedAt   time.Time
	SeenAt      time.Time
	ConfirmedAt time.Time
	ExpiresAt   time.Time // absolute
	Within      ID        // the organization whose provider opened it: it reaches no other but those below; the zero ID for all of the person's
}
