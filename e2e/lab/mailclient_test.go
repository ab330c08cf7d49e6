package lab

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// mailViews stand in for the mail driver's migration: the views of MAIL.md, as plain tables.
var mailViews = []string{
	"CREATE TABLE postfix_domains (domain text)",
	"CREATE TABLE postfix_mailboxes (address text)",
	"CREATE TABLE postfix_aliases (address text, target text)",
	"CREATE TABLE postfix_senders (address_or_domain text, login text)",
	"CREATE TABLE relay_credentials (login text, sealed bytea)",
	"CREATE TABLE hidden (n int)",
	"GRANT SELECT ON postfix_domains, postfix_mailboxes, postfix_aliases, postfix_senders, relay_credentials TO mail_reader",
}

var mailFixture sync.Once

// mailLab is the whole lab with the views in place; each test keeps to a domain of its own.
func mailLab(t *testing.T) *Lab {
	t.Helper()
	l := T(t, Options{}.All())
	mailFixture.Do(func() { execSQL(t, l.Mail.DatabaseURL, mailViews...) })
	return l
}

// person adds someone with a mailbox at name@domain, and returns the address. The password is "pw-" and the name.
func person(t *testing.T, l *Lab, name, domain string) string {
	t.Helper()
	tenant, addr := strings.ReplaceAll(domain, ".", "-"), name+"@"+domain
	if !unitExists(t, l.Directory, tenant) {
		addUnit(t, l.Directory, tenant)
		addUnit(t, l.Directory, "ou=people,ou="+tenant)
		execSQL(t, l.Mail.DatabaseURL, "INSERT INTO postfix_domains VALUES ('"+domain+"')")
	}
	add(t, bind(t, l.Directory, l.Directory.AdminDN, l.Directory.AdminPassword),
		fmt.Sprintf("uid=%s,ou=people,ou=%s,ou=tenants,%s", name, tenant, l.Directory.BaseDN),
		map[string][]string{"objectClass": {"inetOrgPerson", "inetLocalMailRecipient"}, "cn": {name}, "sn": {name}, "mailLocalAddress": {addr}, "userPassword": {"pw-" + name}})
	execSQL(t, l.Mail.DatabaseURL, "INSERT INTO postfix_mailboxes VALUES ('"+addr+"')",
		"INSERT INTO postfix_senders VALUES ('"+addr+"', '"+addr+"')")
	return addr
}

// relay adds a guest's credential for domain.
func relay(t *testing.T, l *Lab, login, password, domain string) {
	t.Helper()
	execSQL(t, l.Mail.DatabaseURL,
		fmt.Sprintf("INSERT INTO relay_credentials VALUES ('%s', pgp_sym_encrypt('%s', '%s'))", login, password, l.Mail.RelayKey),
		fmt.Sprintf("INSERT INTO postfix_senders VALUES ('%s', '%s')", domain, login))
}

func mailTLS(t *testing.T, l *Lab) *tls.Config {
	t.Helper()
	trust, err := pool(l.Mail.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{RootCAs: trust, ServerName: loopback}
}

// submit sends a message as login and returns what the server said to it; nil is accepted.
func submit(t *testing.T, l *Lab, login, password, from, to, subject string) error {
	t.Helper()
	c, err := smtp.DialStartTLS(l.Mail.SubmissionAddr, mailTLS(t, l))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Auth(sasl.NewPlainClient("", login, password)); err != nil {
		return err
	}
	return c.SendMail(from, []string{to}, message(from, to, subject))
}

func message(from, to, subject string) io.Reader {
	return strings.NewReader("From: <" + from + ">\r\nTo: <" + to + ">\r\nSubject: " + subject + "\r\nMessage-ID: <" + subject + "." +
		from + ">\r\n\r\nHello.\r\n")
}

// wantCode fails unless err is the SMTP reply code; 0 means accepted.
func wantCode(t *testing.T, what string, err error, code int) {
	t.Helper()
	var reply *smtp.SMTPError
	switch {
	case code == 0 && err != nil:
		t.Errorf("%s: %v, want it accepted", what, err)
	case code != 0 && (!errors.As(err, &reply) || reply.Code != code):
		t.Errorf("%s: %v, want %d", what, err, code)
	}
}

func imapLogin(t *testing.T, l *Lab, login, password string) (*imapclient.Client, error) {
	t.Helper()
	c, err := imapclient.DialStartTLS(l.Mail.IMAPAddr, &imapclient.Options{TLSConfig: mailTLS(t, l)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, c.Login(login, password).Wait()
}

// eventually waits until n messages are in the inbox.
func eventually(t *testing.T, c *imapclient.Client, n uint32) {
	t.Helper()
	var got uint32
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		box, err := c.Select("INBOX", nil).Wait()
		if err != nil {
			t.Fatal(err)
		}
		if got = box.NumMessages; got == n {
			return
		}
	}
	t.Fatalf("the inbox holds %d messages, want %d", got, n)
}
