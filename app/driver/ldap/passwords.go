package ldap

import (
	"slices"

	"github.com/go-ldap/ldap/v3"

	"allotment/app"
)

// passwords sets those that differ. The directory alone knows what it has, so a bind with the wanted one is the question.
func (s *session) passwords(at place, ref app.Ref, spec app.DirectorySpec) error {
	wanted := map[string]string{at.appDN: spec.BindPassword}
	people, err := s.people(at, ref, nil)
	if err != nil {
		return err
	}
	for _, person := range spec.People {
		if people[person.UID] != nil && person.Password != "" {
			wanted[at.person(person.UID)] = person.Password
		}
	}
	for dn, password := range wanted {
		err := s.Bind(dn, password)
		switch {
		case err == nil:
			delete(wanted, dn)
		case !ldap.IsErrorAnyOf(err, notThisPassword...):
			return err
		}
	}
	if err := s.bindAsPortal(); err != nil {
		return err
	}
	for dn, password := range wanted {
		if _, err := s.PasswordModify(ldap.NewPasswordModifyRequest(dn, "", password)); err != nil {
			return err
		}
	}
	return nil
}

// hashScheme says what a hash in PHC format is to the directory (OpenLDAP's module argon2).
const hashScheme = "{ARGON2}"

// passwordHashes writes those that differ from what the entries have. Nothing but the portal and the person writes there.
func (s *session) passwordHashes(at place, ref app.Ref, wanted []app.Person) error {
	present, err := s.people(at, ref, nil)
	if err != nil {
		return err
	}
	for _, person := range wanted {
		entry := present[person.UID]
		if entry == nil || person.PasswordHash == "" {
			continue
		}
		value := []string{hashScheme + person.PasswordHash}
		if person.PasswordHash == app.NoPassword {
			value = nil
		}
		if slices.Equal(entry.GetAttributeValues("userPassword"), value) {
			continue
		}
		change := ldap.NewModifyRequest(entry.DN, nil)
		change.Replace("userPassword", value)
		if err := s.Modify(change); err != nil {
			return err
		}
	}
	return nil
}
