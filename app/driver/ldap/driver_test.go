package ldap_test

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/alexedwards/argon2id"

	"allotment/app"
	"allotment/app/driver/ldap"
	"allotment/app/provision"
	"allotment/app/provision/drivertest"
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
	theirs.MailDomain = spec.MailDomain
	_, _, err := h.Driver.Ensure(t.Context(), other, theirs)
	if app.CodeOf(err) != app.Permanent || !strings.Contains(app.Words(err), "mail address") {
		t.Errorf("the error is %v", err)
	}
}

// TestPortalsHashOpens: a person binds with the password whose hash the portal keeps, and not before it is there nor after it is gone.
func TestPortalsHashOpens(t *testing.T) {
	t.Parallel()
	s := open(t)
	h := s.harness(t)
	ref, spec := s.wish()
	for _, c := range []struct{ password, hash string }{
		{"first pass phrase", ""}, {"second pass phrase", ""}, {"", app.NoPassword}, {"third pass phrase", ""},
	} {
		if c.hash == "" {
			var err error
			params := &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
			if c.hash, err = argon2id.CreateHash(c.password, params); err != nil {
				t.Fatal(err)
			}
		}
		spec.People[0].Password, spec.People[0].PasswordHash = "", c.hash
		_, state, err := h.Driver.Ensure(t.Context(), ref, spec)
		if err != nil {
			t.Fatal(err)
		}
		for _, password := range []string{"first pass phrase", "second pass phrase", "third pass phrase"} {
			s.wantBind(t, "uid=anna,"+state.PeopleDN, password, password == c.password)
		}
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
