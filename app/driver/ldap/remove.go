package ldap

import (
	"cmp"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"allotment/app"
)

// removeMarked takes away what has ref's mark, the deepest entries first and the service's unit last of its own.
func (s *session) removeMarked(ref app.Ref) error {
	filter := "(description=" + ldap.EscapeFilter(resourceMark(ref)) + ")"
	found, err := s.find(s.driver.tenants, ldap.ScopeWholeSubtree, filter, "description", "objectClass", mailbox, version)
	if err != nil {
		return err
	}
	domain := ""
	for _, entry := range found {
		if hasClass(entry, "organizationalUnit") {
			domain = domainOf(entry)
		}
	}
	slices.SortStableFunc(found, func(a, b *ldap.Entry) int {
		return cmp.Or(cmp.Compare(strings.Count(b.DN, ","), strings.Count(a.DN, ",")), cmp.Compare(units(a), units(b)))
	})
	for _, entry := range found {
		if err := s.dismiss(entry, ref, domain); err != nil {
			return err
		}
	}
	return nil
}

// units is 1 for an organizational unit, which goes after all else: it says what the service had.
func units(entry *ldap.Entry) int {
	if hasClass(entry, "organizationalUnit") {
		return 1
	}
	return 0
}

// tidy takes the units of ref's organization away when no service and no person is in them. It looks for them by the
// organization's mark, so it also ends what an earlier Remove left. The directory itself refuses to delete what is not empty,
// so someone who comes in meanwhile loses nothing.
func (s *session) tidy(ref app.Ref) error {
	tenants, err := s.find(s.driver.tenants, ldap.ScopeSingleLevel, "(description="+ldap.EscapeFilter(organizationMark(ref))+")", "1.1")
	if err != nil {
		return err
	}
	for _, tenant := range tenants {
		units := []string{"ou=people," + tenant.DN, "ou=services," + tenant.DN, tenant.DN}
		inside, err := s.find(tenant.DN, ldap.ScopeWholeSubtree, "(objectClass=*)", "1.1")
		if err != nil {
			return err
		}
		if slices.ContainsFunc(inside, func(e *ldap.Entry) bool { return !slices.Contains(units, e.DN) }) {
			continue
		}
		for _, unit := range units {
			err := s.remove(unit)
			if ldap.IsErrorWithCode(err, ldap.LDAPResultNotAllowedOnNonLeaf) {
				break
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
