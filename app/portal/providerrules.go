package portal

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"allotment/app"
)

// The limits of what a provider's form may hold.
const (
	groupsMapped  = 100
	domainsListed = 50
	settingLength = 500
	typedSecret   = 1000
	pemLength     = 20_000
)

var (
	scopeName  = regexp.MustCompile(`^[!#-\[\]-~]{1,100}$`) // RFC 6749 section 3.3
	domainName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$`)
)

// cleanProvider trims what a form sent, and says everything that is wrong with it, each at its field.
func cleanProvider(kind app.OrganizationKind, r ProviderRequest, hasSecret bool) (ProviderRequest, error) {
	wrong := map[string]string{}
	r.Name = strings.Join(strings.Fields(r.Name), " ")
	if n := utf8.RuneCountInString(r.Name); n < 1 || n > 60 {
		wrong["name"] = "Please give it a name of at most 60 characters."
	}
	if len(r.Secret) > typedSecret {
		wrong["secret"] = "This is too long."
	}
	switch r.Kind {
	case app.ProviderOpenID:
		r.Settings.LDAP = app.LDAPSettings{}
		cleanOpenID(&r.Settings.OpenID, wrong)
	case app.ProviderLDAP:
		r.Settings.OpenID = app.OpenIDSettings{}
		cleanLDAP(&r.Settings.LDAP, hasSecret || r.Secret != "", wrong)
	default:
		wrong["kind"] = "Please choose what kind of provider it is."
	}
	cleanRules(kind, &r.Rules, wrong)
	return r, fieldErrors(wrong)
}

// fieldErrors is one error for all wrong fields of a form, nil for none. Its own sentence is that of the first field.
func fieldErrors(wrong map[string]string) error {
	if len(wrong) == 0 {
		return nil
	}
	fields := make([]string, 0, len(wrong))
	for name := range wrong {
		fields = append(fields, name)
	}
	first := wrong[slices.Min(fields)]
	return &app.Error{Code: app.Invalid, Message: first, Format: first, Fields: wrong}
}

func cleanOpenID(s *app.OpenIDSettings, wrong map[string]string) {
	s.Issuer, s.ClientID = strings.TrimSpace(s.Issuer), strings.TrimSpace(s.ClientID)
	s.GroupsClaim, s.StrongACR = strings.TrimSpace(s.GroupsClaim), strings.TrimSpace(s.StrongACR)
	u, err := url.Parse(s.Issuer)
	// http is for tests and trials on the same machine: the client refuses all others.
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || (u.Scheme != "https" && u.Scheme != "http") || len(s.Issuer) > settingLength {
		wrong["issuer"] = "Please give the address as the provider writes it, like https://login.example.org."
	}
	if s.ClientID == "" || len(s.ClientID) > settingLength {
		wrong["client_id"] = "Please give the name under which the provider knows this portal."
	}
	if len(s.Scopes) > 20 || slices.ContainsFunc(s.Scopes, func(scope string) bool { return !scopeName.MatchString(scope) }) {
		wrong["scopes"] = "Please give at most 20 scopes, with spaces between them."
	}
	tooLong(wrong, map[string]string{"groups_claim": s.GroupsClaim, "strong_acr": s.StrongACR})
}

func cleanLDAP(s *app.LDAPSettings, hasSecret bool, wrong map[string]string) {
	for _, text := range []*string{
		&s.URI, &s.CA, &s.UserDN, &s.BindDN, &s.BaseDN, &s.Filter, &s.IDAttribute, &s.Name, &s.Mail, &s.MemberOf, &s.GroupBase, &s.GroupFilter,
	} {
		*text = strings.TrimSpace(*text)
	}
	u, err := url.Parse(s.URI)
	if err != nil || u.Hostname() == "" || u.User != nil || (u.Path != "" && u.Path != "/") || (u.Scheme != "ldap" && u.Scheme != "ldaps") {
		wrong["uri"] = "Please give an address like ldaps://directory.example.org, or ldap:// for StartTLS."
	}
	if s.UserDN != "" && !strings.Contains(s.UserDN, "{login}") {
		wrong["user_dn"] = "This must hold {login}, in the place of what people type."
	}
	if s.Filter != "" && !strings.Contains(s.Filter, "{login}") {
		wrong["filter"] = "This must hold {login}, in the place of what people type."
	}
	if s.GroupFilter != "" && !strings.Contains(s.GroupFilter, "{dn}") {
		wrong["group_filter"] = "This must hold {dn}, in the place of the person's name in the directory."
	}
	switch {
	case s.UserDN == "" && s.BindDN == "":
		wrong["bind_dn"] = "Please give an account that searches for people, or the pattern of people's names."
	case s.UserDN == "" && s.BaseDN == "":
		wrong["base_dn"] = "Please say below which entry people are."
	case s.BindDN != "" && !hasSecret:
		wrong["secret"] = "Please give the password of the account that searches."
	}
	if len(s.CA) > pemLength || (s.CA != "" && !strings.Contains(s.CA, "-----BEGIN CERTIFICATE-----")) {
		wrong["ca"] = "Please paste a certificate in PEM: it begins with -----BEGIN CERTIFICATE-----."
	}
	tooLong(wrong, map[string]string{
		"uri": s.URI, "user_dn": s.UserDN, "bind_dn": s.BindDN, "base_dn": s.BaseDN, "filter": s.Filter, "id_attribute": s.IDAttribute,
		"name_attribute": s.Name, "mail_attribute": s.Mail, "member_of": s.MemberOf, "group_base": s.GroupBase, "group_filter": s.GroupFilter,
	})
}

func tooLong(wrong, fields map[string]string) {
	for name, text := range fields {
		if len(text) > settingLength {
			wrong[name] = "This is too long."
		}
	}
}

func cleanRules(kind app.OrganizationKind, r *app.ProviderRules, wrong map[string]string) {
	grantable := app.GrantableRoles(kind)
	if r.DefaultRole != "" && !slices.Contains(grantable, r.DefaultRole) {
		wrong["default_role"] = "Please choose one of the roles."
	}
	var groups []app.GroupRole
	for _, g := range r.Groups {
		if g.Group = strings.TrimSpace(g.Group); g.Group == "" {
			continue
		}
		if len(g.Group) > settingLength || !slices.Contains(grantable, g.Role) {
			wrong["groups"] = "Please choose a role for each group. Owners cannot be made by a group."
		}
		groups = append(groups, g)
	}
	var domains []string
	for _, d := range r.Domains {
		d = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(d)), "@")
		if d == "" {
			continue
		}
		if len(d) > 253 || !domainName.MatchString(d) {
			wrong["domains"] = "Please give domains like example.org, with spaces between them."
		}
		domains = append(domains, d)
	}
	if len(groups) > groupsMapped {
		wrong["groups"] = "Please map at most 100 groups."
	}
	if len(domains) > domainsListed {
		wrong["domains"] = "Please give at most 50 domains."
	}
	r.Groups, r.Domains = groups, domains
}

// keepsSubjects refuses to change what people are known by at a provider while somebody is linked: another provider's names would
// become the same people.
func keepsSubjects(now, next app.ProviderSettings, linked int) error {
	const message = "People are linked by this already. Please add another provider in its place."
	switch {
	case linked == 0:
	case now.OpenID.Issuer != next.OpenID.Issuer:
		return app.FieldError("issuer", message)
	case now.LDAP.IDAttribute != next.LDAP.IDAttribute:
		return app.FieldError("id_attribute", message)
	}
	return nil
}
