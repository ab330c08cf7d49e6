package ldap

import (
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"allotment/app"
)

// mailbox is the attribute of the addresses that open a mailbox, and mailRecipient the class that has it (OpenLDAP's misc.schema).
const (
	mailbox       = "mailLocalAddress"
	mailRecipient = "inetLocalMailRecipient"
)

// addressesOf are the addresses of a person in a service's mail domain.
func addressesOf(person app.Person, domain string) []string {
	if person.Mailbox == "" || domain == "" {
		return nil
	}
	return []string{person.Mailbox + "@" + domain}
}

// changeAddresses makes the wanted addresses the only ones of the domain in an entry; those of other domains are other services', who may be changing
// theirs at the same moment.
func changeAddresses(change *ldap.ModifyRequest, entry *ldap.Entry, wanted []string, domain string) {
	if domain == "" {
		return
	}
	present := entry.GetAttributeValues(mailbox)
	missing := slices.DeleteFunc(slices.Clone(wanted), func(address string) bool { return slices.Contains(present, address) })
	needless := slices.DeleteFunc(slices.Clone(present), func(address string) bool {
		return !strings.HasSuffix(address, "@"+domain) || slices.Contains(wanted, address)
	})
	if len(missing) > 0 {
		if !hasClass(entry, mailRecipient) {
			change.Add("objectClass", []string{mailRecipient})
		}
		change.Add(mailbox, missing)
	}
	if len(needless) > 0 {
		change.Delete(mailbox, needless)
	}
}

func hasClass(entry *ldap.Entry, class string) bool {
	return slices.ContainsFunc(entry.GetAttributeValues("objectClass"), func(name string) bool { return strings.EqualFold(name, class) })
}

const domainPrefix = "allotment mail="

// markDomain notes the service's mail domain at its unit, so that it is known when all that is left of the service is there.
func (s *session) markDomain(unit *ldap.Entry, domain string) error {
	mark := domainPrefix + domain
	if domain == "" || hasMark(unit, mark) {
		return nil
	}
	change := ldap.NewModifyRequest(unit.DN, nil)
	change.Add("description", []string{mark})
	return s.Modify(change)
}

// domainOf is the mail domain that was noted at a service's unit; "" where there is none.
func domainOf(unit *ldap.Entry) string {
	for _, value := range unit.GetAttributeValues("description") {
		if domain, ok := strings.CutPrefix(value, domainPrefix); ok {
			return domain
		}
	}
	return ""
}
