package views

import (
	"context"
	"fmt"
	"strings"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views/words"
)

// GroupRowsAtMost is how many groups the form of a provider can map.
const GroupRowsAtMost = 100

// emptyGroupRows is how many rows for further groups the form offers at once.
const emptyGroupRows = 3

// ProviderForm is the form of a provider as it was sent, with what was wrong with it.
type ProviderForm struct {
	ID       app.ID               // the zero ID for a new one
	Kind     app.OrganizationKind // whose people sign in
	Detail   portal.ProviderDetail
	Request  portal.ProviderRequest
	Problems map[string]string
	Confirm  string // what was typed to remove it
	Callback string // the address that the provider must know
}

// NewProviderForm is an empty form for a provider of a kind.
func NewProviderForm(kind app.ProviderKind, of app.OrganizationKind) ProviderForm {
	if kind != app.ProviderLDAP {
		kind = app.ProviderOpenID
	}
	return ProviderForm{Kind: of, Request: portal.ProviderRequest{Kind: kind, Rules: app.ProviderRules{Creates: true}}}
}

// FilledProviderForm is the form with what is stored. The secret stays where it is.
func FilledProviderForm(d portal.ProviderDetail) ProviderForm {
	return ProviderForm{ID: d.ID, Kind: d.OrganizationKind, Detail: d, Request: portal.ProviderRequest{
		Kind: d.Provider.Kind, Name: d.Name, Settings: d.Settings, Rules: d.Rules,
	}}
}

// isNew reports whether the provider is not stored yet.
func (f ProviderForm) isNew() bool { return f.ID == app.ID{} }

func (f ProviderForm) openID() app.OpenIDSettings { return f.Request.Settings.OpenID }
func (f ProviderForm) ldap() app.LDAPSettings     { return f.Request.Settings.LDAP }

// action is where the form is sent.
func (f ProviderForm) action() templ.SafeURL {
	if f.isNew() {
		return "/organization/providers"
	}
	return ProviderPath(f.ID)
}

// groupRows are the mapped groups and some empty rows.
func (f ProviderForm) groupRows() []app.GroupRole {
	rows := append([]app.GroupRole{}, f.Request.Rules.Groups...)
	for range emptyGroupRows {
		if len(rows) < GroupRowsAtMost {
			rows = append(rows, app.GroupRole{})
		}
	}
	return rows
}

// advanced reports whether a setting that few need is used, or wrong.
func (f ProviderForm) advanced() bool {
	for _, name := range []string{"groups_claim", "strong_acr", "filter", "id_attribute", "name_attribute", "mail_attribute", "member_of", "group_base", "group_filter"} {
		if f.Problems[name] != "" {
			return true
		}
	}
	o, l := f.openID(), f.ldap()
	return o.GroupsClaim+o.StrongACR+l.Filter+l.IDAttribute+l.Name+l.Mail+l.MemberOf+l.GroupBase+l.GroupFilter != ""
}

// ProviderPath is the page of a provider.
func ProviderPath(id app.ID) templ.SafeURL {
	return templ.URL("/organization/providers/" + id.String())
}

// SignInWithPath is where a sign-in by a provider begins.
func SignInWithPath(id app.ID, back string) templ.SafeURL {
	return templ.URL(address("/signin/with/"+id.String(), "back", back))
}

// ProveAccountPath is where somebody whom a provider has proved proves that an account is theirs too.
func ProveAccountPath(id app.ID) templ.SafeURL { return templ.URL("/signin/link/" + id.String()) }

// LinkPath is the question whether to link what a provider has proved.
func LinkPath(id app.ID) templ.SafeURL { return templ.URL("/account/identities/link/" + id.String()) }

func linkWithPath(id app.ID) templ.SafeURL {
	return templ.URL("/account/identities/with/" + id.String())
}

func providerKind(ctx context.Context, k app.ProviderKind) string {
	if k == app.ProviderLDAP {
		return words.T(ctx, "Directory (LDAP)")
	}
	return words.T(ctx, "OpenID Connect")
}

func providerIcon(k app.ProviderKind) string {
	if k == app.ProviderLDAP {
		return "users"
	}
	return "key-round"
}

// providerState is how a provider stands: in use, not in use, or not reached when it was last tested.
func providerState(ctx context.Context, p app.Provider) (tone, icon, label string) {
	switch {
	case !p.Enabled:
		return "plain", "circle-pause", words.T(ctx, "Switched off")
	case p.Problem != "":
		return "bad", "circle-alert", words.T(ctx, "Not reached")
	case p.CheckedAt.IsZero():
		return "wait", "circle-dashed", words.T(ctx, "Not tested yet")
	}
	return "good", "circle-check", words.T(ctx, "In use")
}

func fieldName(prefix string, i int) string { return fmt.Sprintf("%s.%d", prefix, i) }

func spaced(list []string) string { return strings.Join(list, " ") }

func providerHost(p app.Provider) string {
	if p.Kind == app.ProviderLDAP {
		return p.Settings.LDAP.URI
	}
	return p.Settings.OpenID.Issuer
}
