package lab

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// tenant is one tenant's unit in the agreed layout, with a person and a service with its app's entry.
type tenant struct{ name, unit, person, mail, service, app, users string }

func addTenant(t *testing.T, d *Directory) tenant {
	t.Helper()
	name := fresh("t")
	x := tenant{name: name, mail: "ina@" + name + ".test"}
	x.unit = addUnit(t, d, name)
	addUnit(t, d, "ou=people,ou="+name)
	addUnit(t, d, "ou=services,ou="+name)
	x.service = addUnit(t, d, "ou=svc,ou=services,ou="+name)
	conn := bind(t, d, d.AdminDN, d.AdminPassword)
	x.person = "uid=ina,ou=people," + x.unit
	add(t, conn, x.person, map[string][]string{"objectClass": {"inetOrgPerson", "inetLocalMailRecipient"}, "cn": {"Ina"}, "sn": {"Ina"},
		"mailLocalAddress": {x.mail}, "userPassword": {"pw-ina"}})
	x.users = "cn=users," + x.service
	add(t, conn, x.users, map[string][]string{"objectClass": {"groupOfNames"}, "member": {x.person}})
	x.app = "cn=app," + x.service
	add(t, conn, x.app, map[string][]string{"objectClass": {"applicationProcess", "simpleSecurityObject"}, "userPassword": {"pw-app"}})
	return x
}

func TestAnAppReadsItsOwnTenantOnly(t *testing.T) {
	t.Parallel()
	d := T(t, Options{Directory: true}).Directory
	mine, other := addTenant(t, d), addTenant(t, d)
	neighbour := addUnit(t, d, "ou=svc2,ou=services,ou="+mine.name)
	app := bind(t, d, mine.app, "pw-app")

	for _, dn := range []string{mine.unit, mine.person, mine.users, mine.app} {
		if got := found(t, app, mine.unit, "(objectClass=*)"); !slices.Contains(got, dn) {
			t.Errorf("the app does not see %s, only %v", dn, got)
		}
	}
	for _, dn := range []string{other.unit, other.person, other.service, other.users, neighbour} {
		if got := found(t, app, dn, "(objectClass=*)"); got != nil {
			t.Errorf("the app sees %v", got)
		}
	}
	if got := found(t, app, "ou=tenants,"+d.BaseDN, "(uid=ina)"); len(got) > 1 || slices.Contains(got, other.person) {
		t.Errorf("a search over all tenants gives the app %v", got)
	}
	if got := found(t, app, mine.person, "(userPassword=*)"); got != nil {
		t.Error("the app sees a password")
	}
	if got := found(t, app, mine.person, "(memberOf="+mine.users+")"); len(got) != 1 {
		t.Error("the app does not find its users by memberOf")
	}
	change := ldap.NewModifyRequest(mine.person, nil)
	change.Replace("sn", []string{"Hacked"})
	if err := app.Modify(change); !ldap.IsErrorWithCode(err, ldap.LDAPResultInsufficientAccessRights) {
		t.Errorf("the app may change a person: %v", err)
	}
	if got := found(t, bind(t, d, "", ""), mine.unit, "(objectClass=*)"); got != nil {
		t.Errorf("nobody in particular sees %v", got)
	}
	if got := found(t, bind(t, d, mine.person, "pw-ina"), "ou=tenants,"+d.BaseDN, "(objectClass=*)"); len(got) > 1 {
		t.Errorf("a person sees %v", got)
	}
}

func TestPasswordsNeedEncryptionAndAreHashed(t *testing.T) {
	t.Parallel()
	d := T(t, Options{Directory: true}).Directory
	x := addTenant(t, d)
	plain, err := ldap.DialURL(d.URI)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if err := plain.Bind(x.person, "pw-ina"); !ldap.IsErrorWithCode(err, ldap.LDAPResultConfidentialityRequired) {
		t.Errorf("a bind in the clear gives %v, want confidentiality required", err)
	}
	secure, err := d.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer secure.Close()
	if err := secure.Bind(x.person, "wrong"); !ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials) {
		t.Errorf("a wrong password gives %v", err)
	}
	if err := secure.Bind(x.person, "pw-ina"); err != nil {
		t.Errorf("the right password after StartTLS: %v", err)
	}
	change := ldap.NewPasswordModifyRequest("", "pw-ina", "pw-new")
	if _, err := secure.PasswordModify(change); err != nil {
		t.Errorf("a person cannot change her own password: %v", err)
	}
	bind(t, d, x.person, "pw-new")
	admin := bind(t, d, d.AdminDN, d.AdminPassword)
	r, err := admin.Search(ldap.NewSearchRequest(x.person, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", []string{"userPassword"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	if hash := r.Entries[0].GetAttributeValue("userPassword"); !strings.HasPrefix(hash, "{ARGON2}$argon2") {
		t.Errorf("the password is kept as %.12q..., want Argon2", hash)
	}
}

func TestMailAddressesAreUniqueAndGroupsFollowPeople(t *testing.T) {
	t.Parallel()
	d := T(t, Options{Directory: true}).Directory
	x := addTenant(t, d)
	conn := bind(t, d, d.AdminDN, d.AdminPassword)
	twin := ldap.NewAddRequest("uid=twin,ou=people,"+x.unit, nil)
	twin.Attribute("objectClass", []string{"inetOrgPerson", "inetLocalMailRecipient"})
	twin.Attribute("cn", []string{"Twin"})
	twin.Attribute("sn", []string{"Twin"})
	twin.Attribute("mailLocalAddress", []string{x.mail})
	if err := conn.Add(twin); !ldap.IsErrorWithCode(err, ldap.LDAPResultConstraintViolation) {
		t.Errorf("a second person with one address: %v, want a constraint violation", err)
	}
	if err := conn.Del(ldap.NewDelRequest(x.person, nil)); err != nil {
		t.Fatal(err)
	}
	// refint works in the background, a moment after the answer (slapo-refint(5)).
	for end := time.Now().Add(10 * time.Second); found(t, conn, x.users, "(member="+x.person+")") != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the group still names the person who is gone")
		}
	}
	if got := found(t, conn, x.users, "(objectClass=groupOfNames)"); len(got) != 1 {
		t.Errorf("the group went with its last member: %v", got)
	}
}

func TestTheMailServersSeeAddressesOnly(t *testing.T) {
	t.Parallel()
	d := T(t, Options{Directory: true}).Directory
	x := addTenant(t, d)
	conn := bind(t, d, d.MailDN, d.MailPassword)
	r, err := conn.Search(ldap.NewSearchRequest("ou=tenants,"+d.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
		"(mailLocalAddress="+x.mail+")", []string{"*", "+"}, nil))
	if err != nil || len(r.Entries) != 1 || r.Entries[0].DN != x.person {
		t.Fatalf("the address is found as %v (%v), want %s", r, err, x.person)
	}
	for _, a := range r.Entries[0].Attributes {
		if !slices.Contains([]string{"objectClass", "uid", "mailLocalAddress"}, a.Name) {
			t.Errorf("the mail servers see %s too", a.Name)
		}
	}
	if got := found(t, conn, x.service, "(objectClass=*)"); got != nil {
		t.Errorf("the mail servers see %v", got)
	}
}
