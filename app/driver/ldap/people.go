package ldap

import (
	"regexp"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"allotment/app"
)

// What names look like here: nothing that a DN, a filter or a file name would have to escape.
var (
	tenantName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	userName   = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$`)
)

// check refuses what no directory can hold, before anything happens.
func check(spec app.DirectorySpec) error {
	if !tenantName.MatchString(spec.Tenant) {
		return app.Errorf(app.Permanent, "The organization's name %q cannot be one in the directory.", spec.Tenant)
	}
	if spec.BindPassword == "" {
		return app.Errorf(app.Permanent, "The app's password for the directory is missing.")
	}
	uids := map[string]bool{}
	for _, person := range spec.People {
		switch {
		case !userName.MatchString(person.UID):
			return app.Errorf(app.Permanent, "The user name %q can only have small letters, digits, dots and dashes.", person.UID)
		case strings.TrimSpace(person.Name) == "":
			return app.Errorf(app.Permanent, "The user %s has no name.", person.UID)
		case uids[person.UID]:
			return app.Errorf(app.Permanent, "The user name %s was asked for twice.", person.UID)
		case person.Mailbox != "" && (spec.MailDomain == "" || !userName.MatchString(person.Mailbox)):
			return app.Errorf(app.Permanent, "The user %s cannot have a mailbox here.", person.UID)
		case person.Password != "" && person.PasswordHash != "":
			return app.Errorf(app.Permanent, "The user %s was given two passwords.", person.UID)
		}
		uids[person.UID] = true
	}
	for _, uid := range slices.Concat(spec.Users, spec.Admins) {
		if !uids[uid] {
			return app.Errorf(app.Permanent, "The user %q is not among the people of this service.", uid)
		}
	}
	return nil
}

// people reads the tenant's people that are wanted or marked for ref, by uid.
func (s *session) people(at place, ref app.Ref, wanted []app.Person) (map[string]*ldap.Entry, error) {
	filter := "(description=" + ldap.EscapeFilter(resourceMark(ref)) + ")"
	for _, person := range wanted {
		filter += "(uid=" + ldap.EscapeFilter(person.UID) + ")"
	}
	found, err := s.find(at.people, ldap.ScopeSingleLevel, "(|"+filter+")", "uid", "cn", "sn", "mail", "description", "objectClass", mailbox, "userPassword", version)
	people := map[string]*ldap.Entry{}
	for _, entry := range found {
		people[entry.GetAttributeValue("uid")] = entry
	}
	return people, err
}

// admitPeople makes the people that are missing, and brings those that some service made to what is wanted.
func (s *session) admitPeople(at place, ref app.Ref, spec app.DirectorySpec) error {
	present, err := s.people(at, ref, spec.People)
	if err != nil {
		return err
	}
	for _, person := range spec.People {
		entry := present[person.UID]
		if entry == nil {
			attributes := personAttributes(person)
			attributes["objectClass"] = []string{"inetOrgPerson", mailRecipient}
			attributes["uid"] = []string{person.UID}
			attributes["description"] = []string{resourceMark(ref)}
			if addresses := addressesOf(person, spec.MailDomain); len(addresses) > 0 {
				attributes[mailbox] = addresses
			}
			err = s.add(at.person(person.UID), attributes)
		} else if len(marks(entry)) > 0 {
			err = s.changePerson(entry, ref, person, spec.MailDomain)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// changePerson writes what differs, and ref's mark if it is missing.
func (s *session) changePerson(entry *ldap.Entry, ref app.Ref, person app.Person, domain string) error {
	change := ldap.NewModifyRequest(entry.DN, nil)
	wanted := personAttributes(person)
	for _, name := range []string{"cn", "sn", "mail"} {
		if !slices.Equal(entry.GetAttributeValues(name), wanted[name]) {
			change.Replace(name, wanted[name])
		}
	}
	if !hasMark(entry, resourceMark(ref)) {
		change.Add("description", []string{resourceMark(ref)})
	}
	changeAddresses(change, entry, addressesOf(person, domain), domain)
	if len(change.Changes) == 0 {
		return nil
	}
	return s.Modify(change)
}

// personAttributes are those of a person that change with her. sn is the last word of the name, as the schema demands one.
func personAttributes(person app.Person) map[string][]string {
	words := strings.Fields(person.Name)
	attributes := map[string][]string{"cn": {strings.Join(words, " ")}, "sn": {words[len(words)-1]}}
	if person.Mail != "" {
		attributes["mail"] = []string{person.Mail}
	}
	return attributes
}

// marks are the resources that need a person.
func marks(entry *ldap.Entry) []string {
	return slices.DeleteFunc(slices.Clone(entry.GetAttributeValues("description")), func(value string) bool {
		return !strings.HasPrefix(value, markPrefix)
	})
}

// dismissPeople takes ref's mark from the people that are no longer wanted.
func (s *session) dismissPeople(at place, ref app.Ref, spec app.DirectorySpec) error {
	present, err := s.people(at, ref, nil)
	if err != nil {
		return err
	}
	for _, person := range spec.People {
		delete(present, person.UID)
	}
	for _, entry := range present {
		if err := s.dismiss(entry, ref, spec.MailDomain); err != nil {
			return err
		}
	}
	return nil
}

// dismiss takes ref's mark and addresses in its mail domain from an entry, and the entry away when that was its last mark. Two services that end at
// once would each leave the entry to the other, and it would be nobody's for ever: so the mark goes only from the entry as it was read.
func (s *session) dismiss(entry *ldap.Entry, ref app.Ref, domain string) error {
	switch {
	case !hasMark(entry, resourceMark(ref)):
		return nil
	case len(marks(entry)) == 1:
		return s.remove(entry.DN, asRead(entry)...)
	}
	// Addresses go first, by themselves: the directory's look for others with the same address takes the condition for its own.
	addresses := ldap.NewModifyRequest(entry.DN, nil)
	if changeAddresses(addresses, entry, nil, domain); len(addresses.Changes) > 0 {
		if err := gone(s.Modify(addresses)); err != nil {
			return err
		}
		read, err := s.entry(entry.DN, "description", "objectClass", version)
		if err != nil || read == nil {
			return err
		}
		return s.dismiss(read, ref, "")
	}
	change := ldap.NewModifyRequest(entry.DN, asRead(entry))
	change.Delete("description", []string{resourceMark(ref)})
	return gone(s.Modify(change))
}

// gone takes it for success that what was to go is gone.
func gone(err error) error {
	if ldap.IsErrorAnyOf(err, ldap.LDAPResultNoSuchAttribute, ldap.LDAPResultNoSuchObject) {
		return nil
	}
	return err
}
