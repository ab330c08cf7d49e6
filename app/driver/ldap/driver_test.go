package ldap_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"

	"allotment/app"
	"allotment/app/driver/ldap"
	"allotment/app/provision"
	"allotment/app/provision/drivertest"
	"allotment/e2e/lab"
)

var _ provision.Directory = (*ldap.Driver)(nil)

func TestDirectory(t *testing.T) {
	t.Parallel()
	drivertest.Directory(t, func(t *testing.T) drivertest.Harness[app.DirectorySpec, app.DirectoryState] {
		return open(t).harness(t)
	})
}

// TestPasswordsOpen: the app and the people can bind with what was asked for, with nothing older, and see what they need only.
func TestPasswordsOpen(t *testing.T) {
	t.Parallel()
	s := open(t)
	h := s.harness(t)
	ref, spec := s.wish()
	_, state, err := h.Driver.Ensure(t.Context(), ref, spec)
	if err != nil {
		t.Fatal(err)
	}
	anna := "uid=anna," + state.PeopleDN
	s.wantBind(t, state.BindDN, spec.BindPassword, true)
	s.wantBind(t, anna, spec.People[0].Password, true)
	s.wantBind(t, state.BindDN, "wrong", false)

	old := spec.BindPassword
	spec.BindPassword = rand.Text()
	if _, _, err := h.Driver.Ensure(t.Context(), ref, spec); err != nil {
		t.Fatal(err)
	}
	s.wantBind(t, state.BindDN, spec.BindPassword, true)
	s.wantBind(t, state.BindDN, old, false)

	for _, dn := range []string{state.BindDN, anna} {
		if entry := s.read(t, dn); strings.Contains(fmt.Sprint(entry.Attributes), spec.BindPassword) || entry.GetAttributeValue("userPassword") == "" {
			t.Errorf("the password of %s is in the clear or missing", dn)
		}
	}
}

// TestForeignPerson: a person whom someone else made may be a member, and stays as she is.
func TestForeignPerson(t *testing.T) {
	t.Parallel()
	s := open(t)
	h := s.harness(t)
	ref, spec := s.wish()
	s.tenant(t, ref, spec.Tenant)
	by := "ou=" + spec.Tenant + ",ou=tenants," + s.directory.BaseDN
	s.add(t, "ou=people,"+by, map[string][]string{"objectClass": {"organizationalUnit"}, "ou": {"people"}})
	anna := "uid=anna,ou=people," + by
	s.add(t, anna, map[string][]string{"objectClass": {"inetOrgPerson"}, "uid": {"anna"}, "cn": {"Another Name"}, "sn": {"Name"}, "description": {"by hand"}})
	before := fmt.Sprint(s.read(t, anna).GetAttributeValue("entryCSN"))

	_, state, err := h.Driver.Ensure(t.Context(), ref, spec)
	if err != nil || !slices.Equal(state.Users, []string{"anna"}) {
		t.Fatalf("users are %v: %v", state.Users, err)
	}
	if err := h.Driver.Remove(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	if after := fmt.Sprint(s.read(t, anna).GetAttributeValue("entryCSN")); after != before {
		t.Error("the foreign person was changed")
	}
}

// TestMailOfAnother: an address that is someone else's is told in words.
func TestMailOfAnother(t *testing.T) {
	t.Parallel()
	s := open(t)
	h := s.harness(t)
	ref, spec := s.wish()
	if _, _, err := h.Driver.Ensure(t.Context(), ref, spec); err != nil {
		t.Fatal(err)
	}
	other, theirs := s.wish()
	theirs.Tenant += "-other"
	theirs.People[0].Mail = spec.People[0].Mail
	_, _, err := h.Driver.Ensure(t.Context(), other, theirs)
	if app.CodeOf(err) != app.Permanent || !strings.Contains(app.Words(err), "mail address") {
		t.Errorf("the error is %v", err)
	}
}

// TestForeignInside: what someone else put into the service's unit stops its removal.
func TestForeignInside(t *testing.T) {
	t.Parallel()
	s := open(t)
	h := s.harness(t)
	ref, spec := s.wish()
	unit, _, err := h.Driver.Ensure(t.Context(), ref, spec)
	if err != nil {
		t.Fatal(err)
	}
	s.add(t, "cn=mine,"+unit, map[string][]string{"objectClass": {"applicationProcess"}, "cn": {"mine"}})
	if err := h.Driver.Remove(t.Context(), ref); app.CodeOf(err) != app.Permanent {
		t.Errorf("Remove: %v", err)
	}
	s.read(t, "cn=mine,"+unit)
}

func TestLDAPS(t *testing.T) {
	t.Parallel()
	s := open(t)
	config := s.config(t)
	config.URI, config.StartTLS = s.directory.LDAPS, false
	driver, err := ldap.New(config)
	if err != nil {
		t.Fatal(err)
	}
	ref, spec := s.wish()
	if _, _, err := driver.Ensure(t.Context(), ref, spec); err != nil {
		t.Fatal(err)
	}
	config.CA = "" // and an authority that nobody trusts is not talked to
	if driver, err = ldap.New(config); err != nil {
		t.Fatal(err)
	}
	if _, err := driver.Observe(t.Context(), ref); app.CodeOf(err) != app.Unknown {
		t.Errorf("without the authority: %v", err)
	}
}

// TestWrongPassword: what only the operator can mend is not tried for ever.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	s := open(t)
	config := s.config(t)
	config.BindDN, config.BindPassword = "cn=nobody,"+config.BaseDN, "wrong"
	driver, err := ldap.New(config)
	if err != nil {
		t.Fatal(err)
	}
	ref, _ := s.wish()
	if _, err := driver.Observe(t.Context(), ref); app.CodeOf(err) != app.Permanent {
		t.Errorf("the error is %v", err)
	}
}

func TestNewRefusesConfig(t *testing.T) {
	t.Parallel()
	good := ldap.Config{URI: "ldap://127.0.0.1", BaseDN: "dc=x", BindDN: "cn=a,dc=x", BindPassword: "p", StartTLS: true}
	if _, err := ldap.New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*ldap.Config){
		"no host":        func(c *ldap.Config) { c.URI = "ldap://" },
		"other protocol": func(c *ldap.Config) { c.URI = "http://127.0.0.1" },
		"in the clear":   func(c *ldap.Config) { c.StartTLS = false },
		"twice secured":  func(c *ldap.Config) { c.URI = "ldaps://127.0.0.1" },
		"no base":        func(c *ldap.Config) { c.BaseDN = "" },
		"bad base":       func(c *ldap.Config) { c.BaseDN = "x" },
		"no password":    func(c *ldap.Config) { c.BindPassword = "" },
		"no certificate": func(c *ldap.Config) { c.CA = "x" },
	} {
		config := good
		spoil(&config)
		if _, err := ldap.New(config); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// server is the lab's directory, seen without the driver.
type server struct {
	directory *lab.Directory
	place     string
}

func open(t *testing.T) server {
	t.Helper()
	return server{directory: lab.T(t, lab.Options{Directory: true}).Directory, place: "x" + strings.ToLower(rand.Text()[:8])}
}

func (s server) config(t testing.TB) ldap.Config {
	t.Helper()
	ca, err := os.ReadFile(s.directory.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	return ldap.Config{URI: s.directory.URI, StartTLS: true, CA: string(ca), BaseDN: s.directory.BaseDN,
		BindDN: s.directory.AdminDN, BindPassword: s.directory.AdminPassword}
}

func (s server) harness(t *testing.T) drivertest.Harness[app.DirectorySpec, app.DirectoryState] {
	t.Helper()
	config := s.config(t)
	proxy := drivertest.NewProxy(t, "tcp", strings.TrimPrefix(config.URI, "ldap://"))
	config.URI = "ldap://" + proxy.Addr()
	driver, err := ldap.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return drivertest.Harness[app.DirectorySpec, app.DirectoryState]{
		Driver: driver, Place: s.place, Links: []drivertest.Link{proxy},
		Objects: s.objects, Version: s.version, Foreign: s.foreign,
		Hidden: []string{"127.0.0.1", config.BindDN, config.BindPassword, s.directory.BaseDN},
	}
}

func (s server) wish() (app.Ref, app.DirectorySpec) {
	tenant := s.place
	return app.Ref{Organization: app.NewID(), Service: app.NewID(), Resource: app.NewID(), Name: tenant}, app.DirectorySpec{
		Tenant: tenant, BindPassword: rand.Text(), Users: []string{"anna"},
		People: []app.Person{{UID: "anna", Name: "Anna Demo", Mail: "anna@" + tenant + ".example", Password: rand.Text()}},
	}
}

// with runs f on a connection of the lab's own.
func (s server) with(t testing.TB, f func(*goldap.Conn) error) {
	t.Helper()
	conn, err := s.directory.Connect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Bind(s.directory.AdminDN, s.directory.AdminPassword); err != nil {
		t.Fatal(err)
	}
	if err := f(conn); err != nil {
		t.Fatal(err)
	}
}

// entries are all entries of this place's tenants.
func (s server) entries(t testing.TB) []*goldap.Entry {
	t.Helper()
	var entries []*goldap.Entry
	s.with(t, func(conn *goldap.Conn) error {
		result, err := conn.Search(goldap.NewSearchRequest("ou=tenants,"+s.directory.BaseDN, goldap.ScopeWholeSubtree,
			goldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", []string{"*", "entryCSN"}, nil))
		if err == nil {
			entries = slices.DeleteFunc(result.Entries, func(e *goldap.Entry) bool { return !strings.Contains(e.DN, "ou="+s.place) })
		}
		return err
	})
	return entries
}

func (s server) objects(t testing.TB) []drivertest.Object {
	var objects []drivertest.Object
	for _, entry := range s.entries(t) {
		object := drivertest.Object{Name: entry.DN}
		var content []string
		for _, attribute := range entry.Attributes {
			for _, value := range attribute.Values {
				if id, ok := strings.CutPrefix(value, "allotment resource="); ok {
					object.Mark = id
				} else if attribute.Name != "entryCSN" && attribute.Name != "userPassword" {
					content = append(content, attribute.Name+"="+value)
				}
			}
		}
		slices.Sort(content)
		object.Content = strings.Join(content, " ")
		objects = append(objects, object)
	}
	return objects
}

// version is the number of each entry's last change.
func (s server) version(t testing.TB) string {
	var lines []string
	for _, entry := range s.entries(t) {
		lines = append(lines, entry.DN+" "+entry.GetAttributeValue("entryCSN"))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// foreign puts a unit without a mark where the service's would be, in a tenant of the same organization.
func (s server) foreign(t testing.TB, ref app.Ref, spec app.DirectorySpec) {
	s.tenant(t, ref, spec.Tenant)
	at := "ou=services,ou=" + spec.Tenant + ",ou=tenants," + s.directory.BaseDN
	s.add(t, at, map[string][]string{"objectClass": {"organizationalUnit"}, "ou": {"services"}})
	s.add(t, "ou="+ref.Service.String()+","+at, map[string][]string{"objectClass": {"organizationalUnit"}, "ou": {ref.Service.String()}})
}

func (s server) tenant(t testing.TB, ref app.Ref, name string) {
	s.add(t, "ou="+name+",ou=tenants,"+s.directory.BaseDN, map[string][]string{
		"objectClass": {"organizationalUnit"}, "ou": {name}, "description": {"allotment organization=" + ref.Organization.String()}})
}

func (s server) add(t testing.TB, dn string, attributes map[string][]string) {
	t.Helper()
	s.with(t, func(conn *goldap.Conn) error {
		request := goldap.NewAddRequest(dn, nil)
		for name, values := range attributes {
			request.Attribute(name, values)
		}
		return conn.Add(request)
	})
}

func (s server) read(t testing.TB, dn string) *goldap.Entry {
	t.Helper()
	for _, entry := range s.entries(t) {
		if entry.DN == dn {
			return entry
		}
	}
	t.Fatalf("there is no %s", dn)
	return nil
}

func (s server) wantBind(t testing.TB, dn, password string, want bool) {
	t.Helper()
	s.with(t, func(conn *goldap.Conn) error {
		if err := conn.Bind(dn, password); (err == nil) != want {
			t.Errorf("a bind of %s is %v", dn, err)
		}
		return nil
	})
}
