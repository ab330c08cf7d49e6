package signin

import (
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"allotment/app"
)

// The placeholders of settings: what the person typed, and the person's distinguished name.
const (
	loginMark = "{login}"
	dnMark    = "{dn}"
)

// groupsAtMost is how many groups of one person are looked at.
const groupsAtMost = 2000

// accountDisabled is the bit of Active Directory's userAccountControl for an account that may not be used.
const accountDisabled = 0x2

// notThisPassword are the answers to a bind that the person cannot mend by trying again: another password, an entry that has none, a
// locked account. All are said the same, so that they tell nobody who exists.
var notThisPassword = []uint16{
	ldap.LDAPResultInvalidCredentials, ldap.LDAPResultInappropriateAuthentication, ldap.LDAPResultNoSuchObject, ldap.LDAPResultUnwillingToPerform,
	ldap.LDAPResultConstraintViolation, ldap.LDAPResultInvalidDNSyntax, ldap.LDAPResultInsufficientAccessRights,
}

// person finds who signs in, and binds as them with their password.
func (d *directory) person(secret, login, password string) (app.Proven, error) {
	if d.settings.UserDN != "" {
		return d.personByDN(secret, login, password)
	}
	if err := d.bindSearcher(secret); err != nil {
		return app.Proven{}, err
	}
	filter := strings.ReplaceAll(or(d.settings.Filter, "(|(uid={login})(mail={login}))"), loginMark, ldap.EscapeFilter(login))
	found, err := d.search(d.settings.BaseDN, ldap.ScopeWholeSubtree, 2, filter, d.attributes()...)
	if err != nil {
		return app.Proven{}, err
	}
	if len(found) != 1 { // two who answer to one name are nobody
		return app.Proven{}, errWrong
	}
	if err := d.bindPerson(found[0].DN, password); err != nil {
		return app.Proven{}, err
	}
	if err := d.bindSearcher(secret); err != nil { // people may not be allowed to read groups
		return app.Proven{}, err
	}
	return d.proven(found[0])
}

// personByDN binds first, and then reads the person's own entry: as the searcher where there is one, else as the person.
func (d *directory) personByDN(secret, login, password string) (app.Proven, error) {
	dn := strings.ReplaceAll(d.settings.UserDN, loginMark, ldap.EscapeDN(login))
	if err := d.bindPerson(dn, password); err != nil {
		return app.Proven{}, err
	}
	if d.settings.BindDN != "" {
		if err := d.bindSearcher(secret); err != nil {
			return app.Proven{}, err
		}
	}
	found, err := d.search(dn, ldap.ScopeBaseObject, 1, "(objectClass=*)", d.attributes()...)
	if err != nil {
		return app.Proven{}, err
	}
	if len(found) != 1 {
		return app.Proven{}, errWrong
	}
	return d.proven(found[0])
}

func (d *directory) bindPerson(dn, password string) error {
	err := d.Bind(dn, password)
	if ldap.IsErrorAnyOf(err, notThisPassword...) {
		return errWrong
	}
	return err
}

// bindSearcher binds as the account that looks people up. That this is refused is for those who set the provider up to mend.
func (d *directory) bindSearcher(secret string) error {
	if secret == "" {
		return app.Errorf(app.Conflict, "The directory does not accept this portal: its name or password there is not right. Please tell those who run it.")
	}
	err := d.Bind(d.settings.BindDN, secret)
	if ldap.IsErrorAnyOf(err, notThisPassword...) {
		return app.Because(app.Conflict, err, "The directory does not accept this portal: its name or password there is not right. Please tell those who run it.")
	}
	return err
}

// search asks for entries. Referrals are not followed: a directory does not send us elsewhere with a password.
// What is beyond the limit is left off.
func (d *directory) search(base string, scope, limit int, filter string, attributes ...string) ([]*ldap.Entry, error) {
	result, err := d.Search(ldap.NewSearchRequest(base, scope, ldap.NeverDerefAliases, limit, int(callLimit.Seconds()), false, filter, attributes, nil))
	if ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) && result != nil {
		return result.Entries, nil
	}
	if err != nil {
		return nil, err
	}
	return result.Entries, nil
}

func (d *directory) attributes() []string {
	s := d.settings
	return []string{or(s.IDAttribute, "entryUUID"), or(s.Name, "cn"), or(s.Mail, "mail"), or(s.MemberOf, "memberOf"), "userAccountControl"}
}

// proven reads a person's entry.
func (d *directory) proven(entry *ldap.Entry) (app.Proven, error) {
	s := d.settings
	if control, err := strconv.Atoi(entry.GetEqualFoldAttributeValue("userAccountControl")); err == nil && control&accountDisabled != 0 {
		return app.Proven{}, errWrong
	}
	subject := readable(entry.GetEqualFoldRawAttributeValue(or(s.IDAttribute, "entryUUID")))
	if subject == "" {
		return app.Proven{}, app.Errorf(app.Conflict, "The directory does not show the attribute %s, by which people are told apart. Please tell those who run it.", or(s.IDAttribute, "entryUUID"))
	}
	groups := entry.GetEqualFoldAttributeValues(or(s.MemberOf, "memberOf"))
	if s.GroupBase != "" {
		filter := strings.ReplaceAll(or(s.GroupFilter, "(member={dn})"), dnMark, ldap.EscapeFilter(entry.DN))
		found, err := d.search(s.GroupBase, ldap.ScopeWholeSubtree, groupsAtMost, filter, "1.1")
		if err != nil {
			return app.Proven{}, err
		}
		groups = nil
		for _, group := range found {
			groups = append(groups, group.DN)
		}
	}
	return app.Proven{
		Subject: subject, Email: strings.ToLower(strings.TrimSpace(entry.GetEqualFoldAttributeValue(or(s.Mail, "mail")))), EmailVerified: true,
		Name: entry.GetEqualFoldAttributeValue(or(s.Name, "cn")), Groups: groups,
	}, nil
}

// readable makes an ID that is bytes, as objectGUID is, text.
func readable(id []byte) string {
	for _, b := range id {
		if b < ' ' || b >= utf8.RuneSelf {
			return hex.EncodeToString(id)
		}
	}
	return string(id)
}

func or(value, standard string) string {
	if value == "" {
		return standard
	}
	return value
}
