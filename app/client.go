package app

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// ClientSpec is what a service wants of the OpenID provider: a client, with which its app sends people there to sign in (OpenID Connect Core
// 1.0, RFC 7591 section 2). Addresses are absolute.
type ClientSpec struct {
	Name           string   `json:"name"`             // what people read when they sign in: the service's name
	RedirectURIs   []string `json:"redirect_uris"`    // where codes may be sent, compared letter by letter; at least one
	PostLogoutURIs []string `json:"post_logout_uris"` // where people may be sent after they have signed out of the app
	LogoutURI      string   `json:"logout_uri"`       // where a provider that can tells the app that somebody has signed out (OpenID Connect Back-Channel Logout 1.0): Hydra does, the portal itself does not; "": nowhere
	Scopes         []string `json:"scopes"`           // that the app may ask for; openid among them
	Public         bool     `json:"public"`           // the app can keep no secret: it has none, and must use PKCE
	// Secret is the client's secret in the clear. It is never stored in a spec; the engine fills it in from the service's secret for the one call.
	Secret string `json:"-"`
}

// Check says what no client can be, as a driver does: Permanent.
func (s ClientSpec) Check() error {
	switch {
	case s.Name == "":
		return Errorf(Permanent, "The app has no name for signing in.")
	case len(s.RedirectURIs) == 0:
		return Errorf(Permanent, "The app has no address to come back to after signing in.")
	case !slices.Contains(s.Scopes, ScopeOpenID):
		return Errorf(Permanent, "The app does not ask who signs in.")
	case s.Public != (s.Secret == ""):
		return Errorf(Permanent, "The app has a secret and is public, or neither.")
	}
	for _, scope := range s.Scopes {
		if !slices.Contains(Scopes(), scope) {
			return Errorf(Permanent, "The app asks for something that is not offered.")
		}
	}
	if s.LogoutURI != "" && !isAddress(s.LogoutURI) || !allAddresses(s.RedirectURIs) || !allAddresses(s.PostLogoutURIs) {
		return Errorf(Permanent, "An address of the app is not a complete one.")
	}
	return nil
}

func allAddresses(list []string) bool {
	return !slices.ContainsFunc(list, func(address string) bool { return !isAddress(address) })
}

// isAddress: absolute, of the web, and without a fragment (RFC 6749 section 3.1.2).
func isAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && u.Fragment == "" && !strings.HasSuffix(address, "#") && (u.Scheme == "https" || u.Scheme == "http")
}

// ClientState is what a driver observes of a client.
type ClientState struct {
	Issuer         string   `json:"issuer"`    // of the provider: its discovery document is below it
	ClientID       string   `json:"client_id"` // the service's ID, so that a service never has two
	Name           string   `json:"name"`
	RedirectURIs   []string `json:"redirect_uris"`
	PostLogoutURIs []string `json:"post_logout_uris"`
	LogoutURI      string   `json:"logout_uri"`
	Scopes         []string `json:"scopes"`
	Public         bool     `json:"public"`
}

// The scopes that clients may be given (OpenID Connect Core 1.0 section 5.4). ScopeGroups is the service's own groups of the person.
const (
	ScopeOpenID  = "openid"
	ScopeProfile = "profile"
	ScopeEmail   = "email"
	ScopeGroups  = "groups"
	ScopeOffline = "offline_access"
)

// Scopes lists every scope that a client may be given.
func Scopes() []string {
	return []string{ScopeOpenID, ScopeProfile, ScopeEmail, ScopeGroups, ScopeOffline}
}

// ClientSecret is the name of the secret that a service's client has. Its manifest says how it is generated.
const ClientSecret = "client_secret"

// Client is a client of the portal's own OpenID provider.
type Client struct {
	Organization   ID
	ID             ID // the service's
	Resource       ID // whose it is: the mark of its driver
	Name           string
	RedirectURIs   []string
	PostLogoutURIs []string
	LogoutURI      string
	Scopes         []string
	SecretHash     []byte // SHA-256 of a secret that a machine made, which needs no slower hash; nil for a public client
	ChangedAt      time.Time
}

// Public reports whether the client has no secret.
func (c Client) Public() bool { return c.SecretHash == nil }
