// Package ldap makes what a service needs in an LDAP directory (RFC 4511), e.g. OpenLDAP:
//
//	ou=<tenant>,ou=tenants,BASE              description: allotment organization=<id>
//	  ou=people                              the tenant's people, uid=... (inetOrgPerson, inetLocalMailRecipient)
//	  ou=services
//	    ou=<service>                         description: allotment resource=<id>, allotment mail=<domain>
//	      cn=users, cn=admins                groups of people (groupOfNames)
//	      cn=app                             what the app binds with
//
// Everything that is made for a resource has its mark as a value of description, a person one for each service that needs
// her. A person without any mark was made by someone else: she may be a member of groups, and is otherwise left alone. The
// address that opens a mailbox is a value of mailLocalAddress, which only the service of that mail domain writes; mail is how to
// reach a person, and opens nothing. The directory should index description and mailLocalAddress for equality, keep the latter
// unique, hash passwords itself (password-hash, RFC 3062), know {ARGON2}, and let the driver read userPassword.
package ldap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/go-ldap/ldap/v3"

	"allotment/app"
)

// callLimit bounds one call of a method of Driver.
const callLimit = 9 * time.Second

// Config says where the directory is and who writes in it.
type Config struct {
	URI          string // ldap://host[:389] with StartTLS, or ldaps://host[:636]
	BaseDN       string // above ou=tenants, which exists
	BindDN       string // may write below ou=tenants
	BindPassword string
	CA           string // PEM of the authority to trust; "" is the system's
	StartTLS     bool   // needed with ldap://: no password crosses the wire in the clear
}

// Driver implements the driver of app.KindDirectory. The external ID is the DN of the service's unit.
type Driver struct {
	config  Config
	address string
	tls     *tls.Config
	tenants string // the DN above all tenants
}

// New checks config; it does not talk to the directory.
func New(config Config) (*Driver, error) {
	at, err := url.Parse(config.URI)
	switch {
	case err != nil || at.Hostname() == "" || (at.Scheme != "ldap" && at.Scheme != "ldaps"):
		return nil, fmt.Errorf("ldap: the URI %q is not one of ldap or ldaps with a host", config.URI)
	case (at.Scheme == "ldap") != config.StartTLS:
		return nil, errors.New("ldap: StartTLS is needed with ldap and not possible with ldaps")
	case config.BindDN == "" || config.BindPassword == "":
		return nil, errors.New("ldap: the bind DN or its password is missing")
	}
	if dn, err := ldap.ParseDN(config.BaseDN); err != nil || len(dn.RDNs) == 0 {
		return nil, fmt.Errorf("ldap: the base DN %q is not one", config.BaseDN)
	}
	port := at.Port()
	if port == "" {
		port = map[string]string{"ldap": ldap.DefaultLdapPort, "ldaps": ldap.DefaultLdapsPort}[at.Scheme]
	}
	d := &Driver{
		config: config, address: net.JoinHostPort(at.Hostname(), port), tenants: "ou=tenants," + config.BaseDN,
		tls: &tls.Config{ServerName: at.Hostname(), MinVersion: tls.VersionTLS12},
	}
	if config.CA != "" {
		d.tls.RootCAs = x509.NewCertPool()
		if !d.tls.RootCAs.AppendCertsFromPEM([]byte(config.CA)) {
			return nil, errors.New("ldap: the certificate authority is not PEM")
		}
	}
	return d, nil
}

// Observe returns what is in the unit with ref's mark.
func (d *Driver) Observe(ctx context.Context, ref app.Ref) (app.DirectoryState, error) {
	s, err := d.open(ctx)
	if err != nil {
		return app.DirectoryState{}, err
	}
	defer s.close()
	at, err := s.unit(ref)
	if err == nil && at == nil {
		err = app.Errorf(app.NotFound, "There is nothing in the directory for this service.")
	}
	if err != nil {
		return app.DirectoryState{}, classify(err)
	}
	state, err := s.state(*at)
	return state, classify(err)
}

// Ensure makes the service's unit first, as the claim, and then what belongs to it.
func (d *Driver) Ensure(ctx context.Context, ref app.Ref, spec app.DirectorySpec) (string, app.DirectoryState, error) {
	if err := check(spec); err != nil {
		return "", app.DirectoryState{}, err
	}
	s, err := d.open(ctx)
	if err != nil {
		return "", app.DirectoryState{}, err
	}
	defer s.close()
	at := d.place(spec.Tenant, ref.Service.String())
	for _, step := range []func() error{
		func() error { return s.claim(at, ref, spec.MailDomain) },
		func() error { return s.admitPeople(at, ref, spec) },
		func() error { return s.group(at, at.users, ref, spec.Users) },
		func() error { return s.group(at, at.admins, ref, spec.Admins) },
		func() error { return s.app(at, ref) },
		func() error { return s.dismissPeople(at, ref, spec) },
		func() error { return s.passwords(at, ref, spec) },
		func() error { return s.passwordHashes(at, ref, spec.People) },
	} {
		if err := undisturbed(step); err != nil {
			return "", app.DirectoryState{}, classify(err)
		}
	}
	state, err := s.state(at)
	return at.unit, state, classify(err)
}

// Remove takes away what carries ref's mark, people only when no other service needs them, and the tenant's unit with the last.
func (d *Driver) Remove(ctx context.Context, ref app.Ref) error {
	s, err := d.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if err := undisturbed(func() error { return s.removeMarked(ref) }); err != nil {
		return classify(err)
	}
	return classify(s.tidy(ref))
}
