package drivertest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"allotment/app"
)

// Directory is the suite of drivers for the directory. Place is how every tenant's name of the suite begins.
func Directory(t *testing.T, open func(t *testing.T) Harness[app.DirectorySpec, app.DirectoryState]) {
	run(t, open, directoryWishes())
	t.Run("SharedPeople", func(t *testing.T) { t.Parallel(); testSharedPeople(t, open(t)) })
	t.Run("ForeignTenant", func(t *testing.T) { t.Parallel(); testForeignTenant(t, open(t)) })
	t.Run("NoMembers", func(t *testing.T) { t.Parallel(); testNoMembers(t, open(t)) })
	t.Run("NewPassword", func(t *testing.T) { t.Parallel(); testNewPasswords(t, open(t)) })
	t.Run("PasswordHash", func(t *testing.T) { t.Parallel(); testPasswordHashes(t, open(t)) })
	t.Run("MailDomain", func(t *testing.T) { t.Parallel(); testMailDomain(t, open(t)) })
}

// NewDirectory is a fake for the directory.
func NewDirectory() *Fake[app.DirectorySpec, app.DirectoryState] {
	return newFake(fakeKind[app.DirectorySpec, app.DirectoryState]{
		check: checkDirectory,
		places: func(ref app.Ref, s app.DirectorySpec) []string {
			return []string{s.Tenant + "/" + ref.Service.String()}
		},
		id: directoryDN,
		state: func(ref app.Ref, s app.DirectorySpec) app.DirectoryState {
			dn := directoryDN(ref, s)
			tenant := "ou=" + s.Tenant + ",ou=tenants,dc=fake"
			return app.DirectoryState{
				TenantDN: tenant, PeopleDN: "ou=people," + tenant, BindDN: "cn=app," + dn, UsersDN: "cn=users," + dn,
				AdminsDN: "cn=admins," + dn, Users: s.Users, Admins: s.Admins,
			}
		},
		same:  func(was, wanted app.DirectorySpec) bool { return reflect.DeepEqual(was, keepPasswords(was, wanted)) },
		merge: keepPasswords,
		owner: func(ref app.Ref, s app.DirectorySpec) (string, string) { return s.Tenant, ref.Organization.String() },
	})
}

// keepPasswords is wanted, where a person without a password keeps the one that was.
func keepPasswords(was, wanted app.DirectorySpec) app.DirectorySpec {
	wanted.People = slices.Clone(wanted.People)
	for i, person := range wanted.People {
		at := slices.IndexFunc(was.People, func(p app.Person) bool { return p.UID == person.UID })
		if person.Password == "" && person.PasswordHash == "" && at >= 0 {
			wanted.People[i].Password, wanted.People[i].PasswordHash = was.People[at].Password, was.People[at].PasswordHash
		}
	}
	return wanted
}

func directoryDN(ref app.Ref, s app.DirectorySpec) string {
	return "ou=" + ref.Service.String() + ",ou=services,ou=" + s.Tenant + ",ou=tenants,dc=fake"
}

// checkDirectory refuses what no directory can hold.
func checkDirectory(s app.DirectorySpec) error {
	if s.Tenant == "" || strings.ContainsAny(s.Tenant, ",=+/ ") {
		return app.Errorf(app.Permanent, "The organization has no proper name for the directory.")
	}
	if s.BindPassword == "" {
		return app.Errorf(app.Permanent, "The password for the app is missing.")
	}
	uids := map[string]bool{}
	for _, p := range s.People {
		if p.UID == "" || strings.ContainsAny(p.UID, ",=+* ") || p.Name == "" || uids[p.UID] {
			return app.Errorf(app.Permanent, "A person cannot have the user name %q.", p.UID)
		}
		if p.Password != "" && p.PasswordHash != "" || p.Mailbox != "" && s.MailDomain == "" {
			return app.Errorf(app.Permanent, "The user %s cannot have that.", p.UID)
		}
		uids[p.UID] = true
	}
	for _, uid := range slices.Concat(s.Users, s.Admins) {
		if !uids[uid] {
			return app.Errorf(app.Permanent, "%q is not among the people.", uid)
		}
	}
	return nil
}

func directoryWishes() wishes[app.DirectorySpec, app.DirectoryState] {
	return wishes[app.DirectorySpec, app.DirectoryState]{
		want: wantDirectory,
		change: func(s app.DirectorySpec) app.DirectorySpec {
			s.People = []app.Person{s.People[0], {UID: "carol", Name: "Carol Demo", Mail: "carol@" + s.Tenant + ".example", Password: "a long pass phrase 3"}}
			s.People[0].Name = "Alice Other"
			s.Users, s.Admins = []string{"carol", "alice"}, []string{"carol"}
			return s
		},
		rival: func(ref app.Ref, s app.DirectorySpec) (app.Ref, app.DirectorySpec) {
			ref.Resource, ref.ExternalID = app.NewID(), ""
			return ref, s
		},
		misfit: directoryMisfit,
		refused: map[string]func(string) (app.Ref, app.DirectorySpec){
			"NoTenant":     badDirectory(func(s *app.DirectorySpec) { s.Tenant = "" }),
			"BadTenant":    badDirectory(func(s *app.DirectorySpec) { s.Tenant = "x,ou=people" }),
			"BadUID":       badDirectory(func(s *app.DirectorySpec) { s.People[0].UID = "a*" }),
			"NoName":       badDirectory(func(s *app.DirectorySpec) { s.People[0].Name = "" }),
			"TwiceTheUID":  badDirectory(func(s *app.DirectorySpec) { s.People[1].UID = s.People[0].UID }),
			"StrangeUser":  badDirectory(func(s *app.DirectorySpec) { s.Users = []string{"nobody"} }),
			"StrangeAdmin": badDirectory(func(s *app.DirectorySpec) { s.Admins = []string{"nobody"} }),
			"NoPassword":   badDirectory(func(s *app.DirectorySpec) { s.BindPassword = "" }),
			"TwoPasswords": badDirectory(func(s *app.DirectorySpec) { s.People[0].PasswordHash = demoHash }),
			"NoMailDomain": badDirectory(func(s *app.DirectorySpec) { s.People[0].Mailbox = "alice" }),
		},
	}
}

func wantDirectory(place string, nth int) (app.Ref, app.DirectorySpec) {
	tenant := fmt.Sprintf("%st%d", place, nth)
	return newRef(tenant), app.DirectorySpec{
		Tenant: tenant, BindPassword: "a long random password",
		People: []app.Person{
			{UID: "alice", Name: "Alice Demo", Mail: "alice@" + tenant + ".example", Password: "a long pass phrase 1"},
			{UID: "bob", Name: "Bob Demo", Mail: "bob@" + tenant + ".example"},
		},
		Users: []string{"alice", "bob"}, Admins: []string{"alice"},
	}
}

func badDirectory(spoil func(*app.DirectorySpec)) func(string) (app.Ref, app.DirectorySpec) {
	return func(place string) (app.Ref, app.DirectorySpec) {
		ref, spec := wantDirectory(place, 90)
		spoil(&spec)
		return ref, spec
	}
}

func directoryMisfit(ref app.Ref, s app.DirectorySpec, o app.DirectoryState) string {
	sorted := func(uids []string) []string { return slices.Sorted(slices.Values(uids)) }
	if got, want := [][]string{sorted(o.Users), sorted(o.Admins)}, [][]string{sorted(s.Users), sorted(s.Admins)}; !reflect.DeepEqual(got, want) {
		return fmt.Sprintf("members are %v, want %v", got, want)
	}
	for _, dn := range []string{o.TenantDN, o.PeopleDN, o.BindDN, o.UsersDN, o.AdminsDN} {
		if !strings.Contains(dn, "ou="+s.Tenant+",ou=tenants,") {
			return fmt.Sprintf("the DN %q is not in the tenant's unit", dn)
		}
	}
	for _, dn := range []string{o.BindDN, o.UsersDN, o.AdminsDN} {
		if !strings.Contains(dn, "ou="+ref.Service.String()+",ou=services,") {
			return fmt.Sprintf("the DN %q is not in the service's unit", dn)
		}
	}
	return ""
}

// testSharedPeople: a person of two services stays until the last of them is gone, and a new name reaches both.
func testSharedPeople(t *testing.T, h Harness[app.DirectorySpec, app.DirectoryState]) {
	w := directoryWishes()
	before := h.objects(t)
	first, spec := wantDirectory(h.Place, 0)
	second := first
	second.Service, second.Resource = app.NewID(), app.NewID()
	first = ensure(t, h, w, first, spec)
	second = ensure(t, h, w, second, spec)
	unchanged(t, h, "a repeated Ensure of the first", func() { ensure(t, h, w, first, spec) })
	remove(t, h, first)
	wantFit(t, h, w, second, spec)
	unchanged(t, h, "a repeated Ensure of the second", func() { ensure(t, h, w, second, spec) })
	remove(t, h, second)
	wantObjects(t, h, before, "after both are gone")
}

// testForeignTenant: another organization's unit is not entered.
func testForeignTenant(t *testing.T, h Harness[app.DirectorySpec, app.DirectoryState]) {
	w := directoryWishes()
	ref, spec := wantDirectory(h.Place, 0)
	ref = ensure(t, h, w, ref, spec)
	unchanged(t, h, "an intruder", func() {
		_, _, err := h.Driver.Ensure(t.Context(), newRef(spec.Tenant), spec)
		wantCode(t, h, app.Permanent, err)
	})
	wantFit(t, h, w, ref, spec)
}

// testNoMembers: groups may be empty, and nobody is reported in them.
func testNoMembers(t *testing.T, h Harness[app.DirectorySpec, app.DirectoryState]) {
	w := directoryWishes()
	ref, full := wantDirectory(h.Place, 0)
	empty := app.DirectorySpec{Tenant: full.Tenant, BindPassword: full.BindPassword}
	ref = ensure(t, h, w, ref, empty)
	unchanged(t, h, "a repeated Ensure", func() { ensure(t, h, w, ref, empty) })
	ref = ensure(t, h, w, ref, full)
	ensure(t, h, w, ref, empty)
}

// testNewPasswords: a new password is a change, the same or none is not.
func testNewPasswords(t *testing.T, h Harness[app.DirectorySpec, app.DirectoryState]) {
	w := directoryWishes()
	ref, spec := wantDirectory(h.Place, 0)
	ref = ensure(t, h, w, ref, spec)
	for what, change := range map[string]func(){
		"bind password":     func() { spec.BindPassword = "another long random password" },
		"person's password": func() { spec.People[0].Password = "another long pass phrase" },
	} {
		before := h.version(t)
		change()
		ref = ensure(t, h, w, ref, spec)
		if h.Version != nil && h.version(t) == before {
			t.Errorf("the new %s was not written", what)
		}
	}
	spec.People[0].Password = ""
	unchanged(t, h, "Ensure without the person's password", func() { ensure(t, h, w, ref, spec) })
}

// demoHash is some password's, in the format that the portal keeps.
const demoHash = "$argon2id$v=19$m=19456,t=2,p=1$TzwXdfe0J4yAmAErtR0ENg$fMGGqIvWYgzUUh3PJqjYNCB7sAfgYL0LEjsIyVkB4Lg"

// testPasswordHashes: a hash is written once, none given leaves it, and NoPassword takes it away.
func testPasswordHashes(t *testing.T, h Harness[app.DirectorySpec, app.DirectoryState]) {
	w := directoryWishes()
	ref, spec := wantDirectory(h.Place, 0)
	ref = ensure(t, h, w, ref, spec)
	for _, hash := range []string{demoHash, strings.Replace(demoHash, "fMG", "gMG", 1), app.NoPassword} {
		before := h.version(t)
		spec.People[0].Password, spec.People[0].PasswordHash = "", hash
		ref = ensure(t, h, w, ref, spec)
		if h.Version != nil && h.version(t) == before {
			t.Errorf("the hash %.12q was not written", hash)
		}
		unchanged(t, h, "a repeated Ensure", func() { ensure(t, h, w, ref, spec) })
	}
	spec.People[0].PasswordHash = ""
	unchanged(t, h, "Ensure without a hash", func() { ensure(t, h, w, ref, spec) })
}

// testMailDomain: the addresses of a service's mail domain come and go with it, also of a person whom another service needs.
func testMailDomain(t *testing.T, h Harness[app.DirectorySpec, app.DirectoryState]) {
	w := directoryWishes()
	before := h.objects(t)
	first, plain := wantDirectory(h.Place, 0)
	second, mails := first, plain
	second.Service, second.Resource = app.NewID(), app.NewID()
	first = ensure(t, h, w, first, plain)
	without := h.objects(t)
	mails.MailDomain, mails.People = "mail."+plain.Tenant+".example", slices.Clone(plain.People)
	mails.People[0].Mailbox, mails.People[1].Mailbox = "alice", "bob"
	second = ensure(t, h, w, second, mails)
	unchanged(t, h, "a repeated Ensure with mail", func() { ensure(t, h, w, second, mails) })
	unchanged(t, h, "a repeated Ensure without mail", func() { ensure(t, h, w, first, plain) })
	mails.People, mails.Users = mails.People[:1], []string{"alice"}
	ensure(t, h, w, second, mails)
	unchanged(t, h, "an Ensure after one has gone", func() { ensure(t, h, w, second, mails) })
	remove(t, h, second)
	wantObjects(t, h, without, "after the mail service is gone")
	remove(t, h, first)
	wantObjects(t, h, before, "after both are gone")
}
