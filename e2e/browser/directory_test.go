package browser

import (
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"allotment/app"
	"allotment/app/portal"
	"allotment/e2e/lab"
)

// directoryOf makes the site's directory a provider of the actor's organization.
func (w *world) directoryOf(t *testing.T, actor app.Actor, name string, rules app.ProviderRules) app.Provider {
	t.Helper()
	return provideDirectory(t, w, actor, w.site.Lab.Directory, name, rules)
}

// provideDirectory does so with any directory.
func provideDirectory(t *testing.T, w *world, actor app.Actor, d *lab.Directory, name string, rules app.ProviderRules) app.Provider {
	t.Helper()
	ca, err := os.ReadFile(d.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	made, err := w.program.Portal.AddProvider(t.Context(), actor, portal.ProviderRequest{
		Kind: app.ProviderLDAP, Name: name, Secret: d.AdminPassword, Rules: rules,
		Settings: app.ProviderSettings{LDAP: app.LDAPSettings{URI: d.URI, CA: string(ca), BindDN: d.AdminDN, BaseDN: "ou=tenants," + d.BaseDN}},
	})
	if err == nil {
		_, err = w.program.Portal.TestProvider(t.Context(), actor, made.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// school is a part of the site's directory with people of a test's own.
type school struct {
	t        *testing.T
	conn     *ldap.Conn
	name     string
	top      string // its DN
	password string // everybody's
}

func (w *world) school(t *testing.T, people ...string) *school {
	t.Helper()
	return openSchoolOf(t, w.site.Lab.Directory, people...)
}

func openSchoolOf(t *testing.T, d *lab.Directory, people ...string) *school {
	t.Helper()
	s := &school{t: t, name: "school" + strings.ToLower(rand.Text()[:8]), password: rand.Text()}
	s.top = "ou=" + s.name + ",ou=tenants," + d.BaseDN
	var err error
	if s.conn, err = d.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.conn.Close() })
	if err := s.conn.Bind(d.AdminDN, d.AdminPassword); err != nil {
		t.Fatal(err)
	}
	s.add(s.top, "objectClass", "organizationalUnit", "ou", s.name)
	for _, ou := range []string{"people", "services"} {
		s.add("ou="+ou+","+s.top, "objectClass", "organizationalUnit", "ou", ou)
	}
	for _, uid := range people {
		s.add(s.person(uid), "objectClass", "inetOrgPerson", "uid", uid, "cn", uid+" Demo", "sn", "Demo", "mail", s.mail(uid), "userPassword", s.password)
	}
	return s
}

func (s *school) person(uid string) string { return "uid=" + uid + ",ou=people," + s.top }
func (s *school) mail(uid string) string   { return uid + "@" + s.name + ".example" }
func (s *school) group(name string) string { return "cn=" + s.name + name + ",ou=services," + s.top }

func (s *school) add(dn string, pairs ...string) {
	s.t.Helper()
	request := ldap.NewAddRequest(dn, nil)
	for i := 0; i+1 < len(pairs); i += 2 {
		request.Attribute(pairs[i], []string{pairs[i+1]})
	}
	if err := s.conn.Add(request); err != nil {
		s.t.Fatalf("%s: %v", dn, err)
	}
}

// into makes a person the one member of a group.
func (s *school) into(group, uid string) {
	s.t.Helper()
	if err := s.conn.Del(ldap.NewDelRequest(s.group(group), nil)); err != nil && !ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) {
		s.t.Fatal(err)
	}
	if uid != "" {
		s.add(s.group(group), "objectClass", "groupOfNames", "cn", s.name+group, "member", s.person(uid))
	}
}
