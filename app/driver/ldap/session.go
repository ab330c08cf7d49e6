package ldap

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"time"

	"github.com/go-ldap/ldap/v3"

	"allotment/app"
)

// session is one call's connection to the directory, bound as Config.BindDN. It breaks when the call's context ends.
type session struct {
	*ldap.Conn
	driver *Driver
	close  func()
}

// open connects, secures and binds. Its errors have their words.
func (d *Driver) open(ctx context.Context) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", d.address)
	if err != nil {
		cancel()
		return nil, classify(err)
	}
	deadline, _ := ctx.Deadline()
	raw.SetDeadline(deadline)                                                   //nolint:errcheck // a TCP connection has deadlines
	stop := context.AfterFunc(ctx, func() { raw.SetDeadline(time.Unix(1, 0)) }) //nolint:errcheck // as above
	var conn *ldap.Conn
	if d.config.StartTLS {
		conn = ldap.NewConn(raw, false)
	} else {
		conn = ldap.NewConn(tls.Client(raw, d.tls), true)
	}
	conn.Start()
	s := &session{Conn: conn, driver: d, close: func() { stop(); cancel(); conn.Close() }} //nolint:errcheck // nothing to lose
	if d.config.StartTLS {
		err = conn.StartTLS(d.tls)
	}
	if err == nil {
		err = s.bindAsPortal()
	}
	if err != nil {
		s.close()
		return nil, classify(err)
	}
	return s, nil
}

// bindAsPortal binds as Config.BindDN. That this is refused is the operator's to mend.
func (s *session) bindAsPortal() error {
	err := s.Bind(s.driver.config.BindDN, s.driver.config.BindPassword)
	if ldap.IsErrorAnyOf(err, notThisPassword...) {
		return app.Because(app.Permanent, err, "The directory does not accept this portal.")
	}
	return err
}

// notThisPassword are the answers to a bind with a password that is not the entry's, or to an entry that has none.
var notThisPassword = []uint16{ldap.LDAPResultInvalidCredentials, ldap.LDAPResultInappropriateAuthentication}

// place names the entries of one service.
type place struct {
	tenant, people, services   string // DNs
	unit, users, admins, appDN string // DNs
	tenantName, serviceName    string
}

func (d *Driver) place(tenant, service string) place {
	top := "ou=" + ldap.EscapeDN(tenant) + "," + d.tenants
	unit := "ou=" + ldap.EscapeDN(service) + ",ou=services," + top
	return place{
		tenant: top, people: "ou=people," + top, services: "ou=services," + top,
		unit: unit, users: "cn=users," + unit, admins: "cn=admins," + unit, appDN: "cn=app," + unit,
		tenantName: tenant, serviceName: service,
	}
}

func (p place) person(uid string) string { return "uid=" + ldap.EscapeDN(uid) + "," + p.people }

const markPrefix = "allotment resource="

func resourceMark(ref app.Ref) string { return markPrefix + ref.Resource.String() }
func organizationMark(ref app.Ref) string {
	return "allotment organization=" + ref.Organization.String()
}

func hasMark(entry *ldap.Entry, mark string) bool {
	return slices.Contains(entry.GetAttributeValues("description"), mark)
}

// unit finds the service's unit by ref's mark; nil where there is none.
func (s *session) unit(ref app.Ref) (*place, error) {
	filter := "(&(objectClass=organizationalUnit)(description=" + ldap.EscapeFilter(resourceMark(ref)) + "))"
	found, err := s.find(s.driver.tenants, ldap.ScopeWholeSubtree, filter, "ou")
	if err != nil || len(found) == 0 {
		return nil, err
	}
	dn, err := ldap.ParseDN(found[0].DN) // ou=<service>,ou=services,ou=<tenant>,ou=tenants,BASE
	if err != nil || len(dn.RDNs) < 4 {
		return nil, app.Because(app.Permanent, err, "The directory is not laid out as it should be.")
	}
	at := s.driver.place(dn.RDNs[2].Attributes[0].Value, dn.RDNs[0].Attributes[0].Value)
	return &at, nil
}

// find searches; that base does not exist is an empty result.
func (s *session) find(base string, scope int, filter string, attributes ...string) ([]*ldap.Entry, error) {
	result, err := s.Search(ldap.NewSearchRequest(base, scope, ldap.NeverDerefAliases, 0, 0, false, filter, attributes, nil))
	if ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return result.Entries, nil
}

// entry reads one entry; nil where there is none.
func (s *session) entry(dn string, attributes ...string) (*ldap.Entry, error) {
	found, err := s.find(dn, ldap.ScopeBaseObject, "(objectClass=*)", attributes...)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// add makes an entry from pairs of attribute and values.
func (s *session) add(dn string, attributes map[string][]string) error {
	request := ldap.NewAddRequest(dn, nil)
	for name, values := range attributes {
		request.Attribute(name, values)
	}
	return s.Add(request)
}

// remove deletes an entry; absent is success.
func (s *session) remove(dn string, controls ...ldap.Control) error {
	err := s.Del(ldap.NewDelRequest(dn, controls))
	if ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) {
		return nil
	}
	return err
}
