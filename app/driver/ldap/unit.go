package ldap

import (
	"crypto/rand"
	"errors"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"allotment/app"
)

// claim makes the tenant's units and the service's, unless they are there. One that is someone else's is app.Permanent, and
// then nothing was written.
func (s *session) claim(at place, ref app.Ref, domain string) error {
	elsewhere, err := s.unit(ref)
	if err != nil {
		return err
	}
	if elsewhere != nil && *elsewhere != at {
		return app.Errorf(app.Permanent, "The service is in the directory under another name of its organization.")
	}
	tenant, err := s.entry(at.tenant, "description")
	if err != nil {
		return err
	}
	if tenant != nil && !hasMark(tenant, organizationMark(ref)) {
		return app.Errorf(app.Permanent, "The name %s is in use by someone else in the directory.", at.tenantName)
	}
	unit, err := s.entry(at.unit, "description")
	if err != nil {
		return err
	}
	if unit != nil && !hasMark(unit, resourceMark(ref)) {
		return app.Errorf(app.Permanent, "Something else in the directory has the place of this service.")
	}
	if unit != nil {
		return errors.Join(s.makeUnit(at.people, "people"), s.markDomain(unit, domain))
	}
	own := []string{resourceMark(ref)}
	if domain != "" {
		own = append(own, domainPrefix+domain)
	}
	for _, u := range []struct {
		dn, name string
		marks    []string
	}{
		{at.tenant, at.tenantName, []string{organizationMark(ref)}}, {at.people, "people", nil}, {at.services, "services", nil},
		{at.unit, at.serviceName, own},
	} {
		if err := s.makeUnit(u.dn, u.name, u.marks...); err != nil {
			return err
		}
	}
	return nil
}

// makeUnit makes an organizational unit unless it is there.
func (s *session) makeUnit(dn, name string, marks ...string) error {
	if present, err := s.entry(dn, "1.1"); err != nil || present != nil {
		return err
	}
	attributes := map[string][]string{"objectClass": {"organizationalUnit"}, "ou": {name}}
	if len(marks) > 0 {
		attributes["description"] = marks
	}
	return s.add(dn, attributes)
}

// group gives a group exactly these members. A groupOfNames needs one (RFC 4519 section 3.5): its own DN holds the place.
func (s *session) group(at place, dn string, ref app.Ref, uids []string) error {
	members := []string{dn}
	for _, uid := range uids {
		members = append(members, at.person(uid))
	}
	slices.Sort(members[1:])
	members = slices.Compact(members)
	present, err := s.entry(dn, "member")
	if err != nil {
		return err
	}
	if present == nil {
		name := strings.TrimPrefix(strings.SplitN(dn, ",", 2)[0], "cn=")
		return s.add(dn, map[string][]string{
			"objectClass": {"groupOfNames"}, "cn": {name}, "description": {resourceMark(ref)}, "member": members,
		})
	}
	if sameSet(present.GetAttributeValues("member"), members) {
		return nil
	}
	change := ldap.NewModifyRequest(dn, nil)
	change.Replace("member", members)
	return s.Modify(change)
}

// app makes the entry that the app binds with. Its first password is random and known to nobody; passwords sets the real one.
func (s *session) app(at place, ref app.Ref) error {
	present, err := s.entry(at.appDN, "1.1")
	if err != nil || present != nil {
		return err
	}
	return s.add(at.appDN, map[string][]string{
		"objectClass": {"applicationProcess", "simpleSecurityObject"}, "cn": {"app"},
		"description": {resourceMark(ref)}, "userPassword": {rand.Text()},
	})
}

// state reads what the engine wants to know of a service.
func (s *session) state(at place) (app.DirectoryState, error) {
	state := app.DirectoryState{TenantDN: at.tenant, PeopleDN: at.people, BindDN: at.appDN, UsersDN: at.users, AdminsDN: at.admins}
	groups, err := s.find(at.unit, ldap.ScopeSingleLevel, "(objectClass=groupOfNames)", "cn", "member")
	if err != nil {
		return app.DirectoryState{}, err
	}
	for _, group := range groups {
		switch group.GetAttributeValue("cn") {
		case "users":
			state.Users = at.uids(group)
		case "admins":
			state.Admins = at.uids(group)
		}
	}
	return state, nil
}

// uids are a group's members among the tenant's people, without what holds a place.
func (p place) uids(group *ldap.Entry) []string {
	var uids []string
	for _, member := range group.GetAttributeValues("member") {
		uid, ok := strings.CutSuffix(strings.ToLower(member), ","+strings.ToLower(p.people))
		if uid, is := strings.CutPrefix(uid, "uid="); ok && is {
			uids = append(uids, uid)
		}
	}
	slices.Sort(uids)
	return uids
}

// sameSet compares DNs or other values that ignore case.
func sameSet(a, b []string) bool {
	lower := func(values []string) []string {
		values = slices.Clone(values)
		for i := range values {
			values[i] = strings.ToLower(values[i])
		}
		slices.Sort(values)
		return slices.Compact(values)
	}
	return slices.Equal(lower(a), lower(b))
}
