package lab

import (
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the directory's {SSHA} scheme, for random passwords of 160 bits
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// baseDN is the directory's suffix.
const baseDN = "dc=allotment,dc=test"

// Directory is an OpenLDAP server. It refuses a password in the clear: use StartTLS or LDAPS, trusting CAFile.
//
// Its layout: ou=<tenant>,ou=tenants,BASE holds ou=people (inetOrgPerson, uid=...) and ou=services; in the latter,
// ou=<service> holds the groups cn=users and cn=admins and the app's bind entry cn=app. The access rules (conf/slapd.conf)
// let AdminDN write below ou=tenants, and an app's entry read its tenant's people and its own unit only.
type Directory struct {
	URI   string // ldap://127.0.0.1:port
	LDAPS string // ldaps://127.0.0.1:port
	LDAPI string // the same over a Unix socket

	CAFile        string
	BaseDN        string
	AdminDN       string // cn=portal,BASE: writes below ou=tenants
	AdminPassword string
	MailDN        string // cn=mail,BASE: reads uid and mailLocalAddress of every person
	MailPassword  string
}

func (l *Lab) startDirectory(ctx context.Context) error {
	user, err := dropTo("openldap", "nobody")
	if err != nil {
		return err
	}
	dir, run := l.folder.path("directory"), filepath.Join(l.folder.run, "directory")
	err1 := errors.Join(user.folder(dir, 0o711), user.folder(run, 0o755))
	portal, err2 := l.folder.secret("directory-portal")
	mail, err3 := l.folder.secret("directory-mail")
	pair, err4 := l.folder.certificate("directory", user)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	d := &Directory{CAFile: pair.ca, BaseDN: baseDN, LDAPI: "ldapi://" + url.QueryEscape(filepath.Join(run, "ldapi")),
		AdminDN: "cn=portal," + baseDN, AdminPassword: portal, MailDN: "cn=mail," + baseDN, MailPassword: mail}
	conf, err := render("slapd.conf", map[string]any{"Dir": dir, "Base": baseDN, "CA": pair.ca, "Cert": pair.cert, "Key": pair.key})
	if err := errors.Join(err, user.file(filepath.Join(dir, "slapd.conf"), conf)); err != nil {
		return err
	}
	if err := d.fill(ctx, user, dir); err != nil {
		return err
	}
	return l.folder.withPorts(func() error { return l.startSlapd(ctx, user, dir, d) }, "ldap", "ldaps")
}

func (l *Lab) startSlapd(ctx context.Context, user *account, dir string, d *Directory) error {
	port, err1 := l.folder.port("ldap")
	secure, err2 := l.folder.port("ldaps")
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	d.URI, d.LDAPS = "ldap://"+address(port), "ldaps://"+address(secure)
	server, err := l.run(command{name: "slapd", path: "/usr/sbin/slapd", user: user, stop: syscall.SIGINT,
		args: []string{"-d", "0", "-f", filepath.Join(dir, "slapd.conf"), "-h", d.URI + "/ " + d.LDAPS + "/ " + d.LDAPI}})
	if err != nil {
		return err
	}
	if err := server.ready(ctx, d.ping); err != nil {
		return err
	}
	l.Directory = d
	l.say("OpenLDAP: %s, %s", d.URI, d.LDAPS)
	return nil
}

// fill makes the database with its fixed entries unless it is there, in one piece.
func (d *Directory) fill(ctx context.Context, user *account, dir string) error {
	data := filepath.Join(dir, "data")
	if _, err := os.Stat(filepath.Join(dir, "filled")); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	ldif, err := render("base.ldif", map[string]any{"Base": baseDN, "DC": "allotment",
		"PortalHash": ssha(d.AdminPassword), "MailHash": ssha(d.MailPassword)})
	if err := errors.Join(err, os.RemoveAll(data), user.folder(data, 0o700)); err != nil {
		return err
	}
	if _, err := tool(ctx, user, ldif, "/usr/sbin/slapadd", "-q", "-f", filepath.Join(dir, "slapd.conf")); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "filled"), nil, 0o644)
}

// ssha is the directory's salted SHA-1: quick to check, and as good as any for a random password (RFC 2307 section 5.3 scheme).
func ssha(password string) string {
	salt := make([]byte, 8)
	rand.Read(salt)                                    //nolint:errcheck // never fails (crypto/rand)
	sum := sha1.Sum(append([]byte(password), salt...)) //nolint:gosec // see above
	return "{SSHA}" + base64.StdEncoding.EncodeToString(append(sum[:], salt...))
}

// ping binds with our password, so that another server on the port does not pass for ours.
func (d *Directory) ping(ctx context.Context) error {
	conn, err := d.Connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Bind(d.AdminDN, d.AdminPassword)
}

// Connect returns a connection with StartTLS done and nobody bound.
func (d *Directory) Connect(ctx context.Context) (*ldap.Conn, error) {
	trust, err := pool(d.CAFile)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	if deadline, ok := ctx.Deadline(); ok {
		dialer.Deadline = deadline
	}
	conn, err := ldap.DialURL(d.URI, ldap.DialWithDialer(dialer))
	if err != nil {
		return nil, err
	}
	conn.SetTimeout(10 * time.Second)
	if err := conn.StartTLS(&tls.Config{RootCAs: trust, ServerName: loopback, MinVersion: tls.VersionTLS12}); err != nil {
		conn.Close()
		return nil, fmt.Errorf("StartTLS: %w", err)
	}
	return conn, nil
}
