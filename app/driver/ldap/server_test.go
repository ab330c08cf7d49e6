package ldap_test

import (
	"context"
	"crypto/rand"
	"os"
	"slices"
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"

	"allotment/app"
	"allotment/app/driver/ldap"
	"allotment/app/provision/drivertest"
	"allotment/e2e/lab"
)

// server is the lab's directory, seen without the driver.
type server struct {
	directory *lab.Directory
	place     string
	conn      *goldap.Conn // the administrator's
}

func open(t *testing.T) server {
	t.Helper()
	s := server{directory: lab.T(t, lab.Options{Directory: true}).Directory, place: "x" + strings.ToLower(rand.Text()[:8])}
	s.conn = s.connect(t)
	if err := s.conn.Bind(s.directory.AdminDN, s.directory.AdminPassword); err != nil {
		t.Fatal(err)
	}
	return s
}

// connect returns a connection of the lab's own, with nobody bound.
func (s server) connect(t testing.TB) *goldap.Conn {
	t.Helper()
	conn, err := s.directory.Connect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
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
		People:     []app.Person{{UID: "anna", Name: "Anna Demo", Mail: "anna@" + tenant + ".example", Mailbox: "anna", Password: rand.Text()}},
		MailDomain: tenant + ".example",
	}
}

// entries are all entries of this place's tenants.
func (s server) entries(t testing.TB) []*goldap.Entry {
	t.Helper()
	result, err := s.conn.Search(goldap.NewSearchRequest("ou=tenants,"+s.directory.BaseDN, goldap.ScopeWholeSubtree,
		goldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", []string{"*", "entryCSN"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(result.Entries, func(e *goldap.Entry) bool { return !strings.Contains(e.DN, "ou="+s.place) })
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
	request := goldap.NewAddRequest(dn, nil)
	for name, values := range attributes {
		request.Attribute(name, values)
	}
	if err := s.conn.Add(request); err != nil {
		t.Fatal(err)
	}
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
	if err := s.connect(t).Bind(dn, password); (err == nil) != want {
		t.Errorf("a bind of %s is %v", dn, err)
	}
}
