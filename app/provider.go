package app

import (
	"slices"
	"strings"
	"time"
)

// ProviderKind is the protocol by which a provider proves who somebody is.
type ProviderKind string

// The kinds of provider.
const (
	ProviderOpenID ProviderKind = "oidc" // OpenID Connect Core 1.0: the person proves themselves on the provider's own pages
	ProviderLDAP   ProviderKind = "ldap" // RFC 4511, also Active Directory: the password is tried at the directory
)

// Provider is another place where an organization's people sign in. Whom it proves can only become a member of that organization.
type Provider struct {
	ID               ID
	Organization     ID
	OrganizationName string
	OrganizationKind OrganizationKind
	Kind             ProviderKind
	Name             string // as the sign-in page shows it
	Settings         ProviderSettings
	Enabled          bool
	Rules            ProviderRules
	CreatedAt        time.Time
	CheckedAt        time.Time // when the connection was last tested; zero for never
	Problem          string    // what that test found, in words; "" for nothing
}

// ProviderSettings is how a provider is reached: the fields of its kind. The secret is kept apart, sealed.
type ProviderSettings struct {
	OpenID OpenIDSettings `json:"openid,omitzero"`
	LDAP   LDAPSettings   `json:"ldap,omitzero"`
}

// OpenIDSettings is how an OpenID provider is reached. Its secret is the client's; without one the client is a public one.
type OpenIDSettings struct {
	Issuer      string   `json:"issuer"` // exactly as the provider writes it: https://login.example.org
	ClientID    string   `json:"client_id"`
	Scopes      []string `json:"scopes,omitempty"`       // asked for beside openid, email and profile
	GroupsClaim string   `json:"groups_claim,omitempty"` // "groups", or a path: "realm_access.roles"
	StrongACR   string   `json:"strong_acr,omitempty"`   // the acr that means two factors, where amr does not say it
}

// LDAPSettings is how a directory is reached: with StartTLS for ldap://, with TLS from the start for ldaps://. Its secret is BindDN's
// password. Either UserDN is given, or BindDN with BaseDN.
type LDAPSettings struct {
	URI         string `json:"uri"`
	CA          string `json:"ca,omitempty"`           // PEM of the authority to trust; "" for the system's
	UserDN      string `json:"user_dn,omitempty"`      // uid={login},ou=people,dc=example,dc=org: who signs in by it need not be searched for
	BindDN      string `json:"bind_dn,omitempty"`      // searches
	BaseDN      string `json:"base_dn,omitempty"`      // people are below
	Filter      string `json:"filter,omitempty"`       // (|(uid={login})(mail={login}))
	IDAttribute string `json:"id_attribute,omitempty"` // what never changes: entryUUID; objectGUID in Active Directory
	Name        string `json:"name,omitempty"`         // cn
	Mail        string `json:"mail,omitempty"`         // mail
	MemberOf    string `json:"member_of,omitempty"`    // memberOf
	GroupBase   string `json:"group_base,omitempty"`   // where groups are searched for, in the place of memberOf
	GroupFilter string `json:"group_filter,omitempty"` // (member={dn})
}

// ProviderRules is who may enter by a provider, and as what.
type ProviderRules struct {
	Creates     bool        `json:"creates"`                // whether people who have no account get one
	DefaultRole Role        `json:"default_role,omitempty"` // of those without a mapped group; "" lets in only people who are members already
	Groups      []GroupRole `json:"groups,omitempty"`       // where there are any, the role follows the groups at each sign-in
	Domains     []string    `json:"domains,omitempty"`      // of e-mail addresses; empty: all
	TrustSecond bool        `json:"trust_second"`           // a second factor that the provider says it asked for counts here
}

// GroupRole maps a group of the provider to a role.
type GroupRole struct {
	Group string `json:"group"`
	Role  Role   `json:"role"`
}

// Proven is what a provider says of a person who has just proved who they are.
type Proven struct {
	Subject       string   `json:"subject"` // never changes, and is never given to somebody else
	Email         string   `json:"email"`   // lower case
	EmailVerified bool     `json:"email_verified"`
	EmailDenied   bool     `json:"email_denied"` // the provider says that the address was not confirmed
	Name          string   `json:"name"`
	Groups        []string `json:"groups"`
	Strong        bool     `json:"strong"` // two factors were asked for
}

// Identity is a person's account at a provider, linked to the person here.
type Identity struct {
	ID               ID
	Organization     ID // the provider's
	OrganizationName string
	Provider         ID
	ProviderName     string
	Kind             ProviderKind
	Enabled          bool // the provider
	User             ID
	Subject          string
	Email            string // as the provider said last
	LinkedAt         time.Time
	UsedAt           time.Time
}

// GrantableRoles lists the roles that a provider of such an organization may give, the most powerful first. Owners are made by owners.
func GrantableRoles(kind OrganizationKind) []Role {
	return slices.DeleteFunc(slices.Clone(RolesOf(kind)), func(r Role) bool { return r == OwnerOf(kind) })
}

// RoleFor returns the strongest role that the groups give in an organization of the kind, the default one where none does, and "" for
// nobody who may enter by the rules alone. A role that may not be granted is none.
func (r ProviderRules) RoleFor(kind OrganizationKind, groups []string) Role {
	for _, role := range GrantableRoles(kind) {
		for _, g := range r.Groups {
			if g.Role == role && slices.ContainsFunc(groups, func(have string) bool { return sameGroup(g.Group, have) }) {
				return role
			}
		}
	}
	if slices.Contains(GrantableRoles(kind), r.DefaultRole) {
		return r.DefaultRole
	}
	return ""
}

// sameGroup compares a group as somebody typed it with one as a provider names it: by the whole name, or by the first value of a
// distinguished name (cn=staff,ou=groups,dc=example is staff too). Directories do not tell capitals (RFC 4517 section 4.2.11).
func sameGroup(typed, named string) bool {
	if strings.EqualFold(typed, named) {
		return true
	}
	first, _, nested := strings.Cut(named, ",")
	_, value, isDN := strings.Cut(first, "=")
	return nested && isDN && strings.EqualFold(typed, value)
}

// AllowsEmail reports whether an address lies in one of the allowed domains.
func (r ProviderRules) AllowsEmail(email string) bool {
	_, domain, ok := strings.Cut(email, "@")
	return ok && (len(r.Domains) == 0 || slices.ContainsFunc(r.Domains, func(d string) bool { return strings.EqualFold(d, domain) }))
}

// OpenIDRequest is one way to an OpenID provider and back, as it was begun.
type OpenIDRequest struct {
	State    string // random; comes back with the answer
	Nonce    string // random; comes back in the ID token
	Verifier string // of PKCE (RFC 7636): 43 to 128 letters, digits, hyphens and underscores
	Redirect string // where the provider sends the browser back to
}

// OpenIDAnswer is what the browser brought back.
type OpenIDAnswer struct {
	Code   string
	Issuer string // RFC 9207; "" where the provider does not say
}

// SignInPurpose is what a proof by a provider is for.
type SignInPurpose string

// The purposes.
const (
	ToEnter SignInPurpose = "enter" // a session
	ToLink  SignInPurpose = "link"  // an identity of somebody who is signed in
)
