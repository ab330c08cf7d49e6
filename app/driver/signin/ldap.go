package signin

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"allotment/app"
)

// LDAP tries passwords at directories. It is safe for concurrent use.
type LDAP struct {
	reach Reach
}

// NewLDAP makes a client that reaches the public internet and the networks of reach.
func NewLDAP(reach Reach) *LDAP { return &LDAP{reach: reach} }

// Prove returns whom a name and a password prove. The connection is encrypted before anything is said; referrals are not followed.
//
// Errors: Unauthenticated, the same whether there is no such person or the password is wrong; Retryable when the directory cannot be
// reached or breaks off; Conflict when it is not set up as the settings say.
func (l *LDAP) Prove(ctx context.Context, s app.LDAPSettings, secret, login, password string) (app.Proven, error) {
	login = strings.TrimSpace(login)
	// A bind with a name and no password succeeds as nobody (RFC 4513 section 5.1.2).
	if login == "" || password == "" || len(login) > 254 || len(password) > 1024 || strings.ContainsRune(login, 0) {
		return app.Proven{}, wrongPassword(nil)
	}
	c, err := l.open(ctx, s)
	if err != nil {
		return app.Proven{}, err
	}
	defer c.close()
	found, err := c.person(secret, login, password)
	if err != nil {
		return app.Proven{}, classifyLDAP(err)
	}
	return found, nil
}

// Check connects, encrypts, and binds as the searching account where there is one. Errors: Retryable, Conflict.
func (l *LDAP) Check(ctx context.Context, s app.LDAPSettings, secret string) error {
	c, err := l.open(ctx, s)
	if err != nil {
		return err
	}
	defer c.close()
	if s.BindDN == "" {
		return nil
	}
	if err := c.bindSearcher(secret); err != nil {
		return classifyLDAP(err)
	}
	_, err = c.search(s.BaseDN, ldap.ScopeBaseObject, 1, "(objectClass=*)", "1.1")
	return classifyLDAP(err)
}

// directory is one conversation. It breaks when its time is over.
type directory struct {
	*ldap.Conn
	settings app.LDAPSettings
	close    func()
}

// open connects and encrypts. Its errors have their words.
func (l *LDAP) open(ctx context.Context, s app.LDAPSettings) (*directory, error) {
	at, config, err := secured(s)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	raw, err := l.reach.dialer().DialContext(ctx, "tcp", at.Host)
	if err != nil {
		cancel()
		return nil, classifyLDAP(err)
	}
	deadline, _ := ctx.Deadline()
	raw.SetDeadline(deadline)                                                   //nolint:errcheck // a TCP connection has deadlines
	stop := context.AfterFunc(ctx, func() { raw.SetDeadline(time.Unix(1, 0)) }) //nolint:errcheck // as above
	conn := ldap.NewConn(raw, false)
	if at.Scheme == "ldaps" {
		over := tls.Client(raw, config)
		if err := over.HandshakeContext(ctx); err != nil {
			stop()
			cancel()
			raw.Close() //nolint:errcheck // nothing to lose
			return nil, classifyStartTLS(err)
		}
		conn = ldap.NewConn(over, true)
	}
	conn.Start()
	d := &directory{Conn: conn, settings: s, close: func() { stop(); cancel(); conn.Close() }} //nolint:errcheck // nothing to lose
	if at.Scheme == "ldap" {
		if err := conn.StartTLS(config); err != nil {
			d.close()
			return nil, classifyStartTLS(err)
		}
	}
	return d, nil
}

// secured reads where a directory is and whom to trust there. There is no setting for a connection in the clear.
func secured(s app.LDAPSettings) (*url.URL, *tls.Config, error) {
	at, err := url.Parse(s.URI)
	if err != nil || at.Hostname() == "" || (at.Scheme != "ldap" && at.Scheme != "ldaps") {
		return nil, nil, app.Because(app.Conflict, err, "The directory's address must look like ldaps://directory.example.org.")
	}
	if at.Port() == "" {
		at.Host = net.JoinHostPort(at.Hostname(), map[string]string{"ldap": ldap.DefaultLdapPort, "ldaps": ldap.DefaultLdapsPort}[at.Scheme])
	}
	config := &tls.Config{ServerName: at.Hostname(), MinVersion: tls.VersionTLS12}
	if s.CA != "" {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM([]byte(s.CA)) {
			return nil, nil, app.Errorf(app.Conflict, "The directory's authority is not a certificate in PEM.")
		}
	}
	return at, config, nil
}

func wrongPassword(cause error) error {
	return app.Because(app.Unauthenticated, cause, "The user name or the password is not right.")
}

var errWrong = errors.New("no such person, or a password that is not theirs")

func classifyStartTLS(err error) error {
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &certificate), strings.Contains(err.Error(), "x509:"), strings.Contains(err.Error(), "tls: "):
		return app.Because(app.Conflict, err, "The directory's certificate is not one that is trusted here.")
	case ldap.IsErrorAnyOf(err, ldap.LDAPResultProtocolError, ldap.LDAPResultUnavailable, ldap.LDAPResultUnwillingToPerform, ldap.LDAPResultOperationsError):
		return app.Because(app.Conflict, err, "The directory offers no encryption (StartTLS), and nothing is sent without.")
	}
	return classifyLDAP(err)
}

// classifyLDAP gives err its code and words. A nil err and one with words stay as they are.
func classifyLDAP(err error) error {
	var known *app.Error
	var certificate *tls.CertificateVerificationError
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(err, errWrong):
		return wrongPassword(err)
	case errors.Is(err, errOutOfReach):
		return app.Because(app.Conflict, err, "The directory's address is not in the public internet, and this installation does not allow its network.")
	case errors.As(err, &certificate), strings.Contains(err.Error(), "x509:"):
		return app.Because(app.Conflict, err, "The directory's certificate is not one that is trusted here.")
	case ldap.IsErrorAnyOf(err, ldap.LDAPResultNoSuchObject, ldap.LDAPResultInvalidDNSyntax, ldap.LDAPResultInsufficientAccessRights,
		ldap.LDAPResultReferral, ldap.ErrorFilterCompile, ldap.LDAPResultUndefinedAttributeType, ldap.LDAPResultInappropriateMatching):
		return app.Because(app.Conflict, err, "The directory does not let this portal look people up as its settings say. Please tell those who run it.")
	}
	return app.Because(app.Retryable, err, "The directory cannot be reached at the moment. Nothing was changed; please try again in a few minutes.")
}
