package recipe

import (
	"os"
	"strings"
	"testing"

	"allotment/app"
	"allotment/app/driver/ldap"
	"allotment/app/driver/postfix"
	"allotment/catalog"
	"allotment/e2e/lab"
)

// servers are a directory and a mail system, which the guest of a stage reaches.
type servers struct {
	t    *testing.T
	lab  *lab.Lab
	ref  app.Ref
	mail catalog.OrderMail
	tree catalog.OrderDirectory
}

// newServers starts them, and lets the stage's guest reach them.
func newServers(t *testing.T, s *stage, domain string) *servers {
	t.Helper()
	l := lab.T(t, lab.Options{Mail: true})
	v := &servers{t: t, lab: l, ref: app.Ref{Organization: app.NewID(), Service: app.NewID(), Resource: app.NewID(), Name: domain}}
	v.mail = catalog.OrderMail{
		Host: gateway, Port: s.forward(2587, l.Mail.SubmissionAddr), StartTLS: true, Domain: domain, From: "noreply@" + domain,
		IMAPHost: gateway, IMAPPort: s.forward(2143, l.Mail.IMAPAddr), IMAPSecurity: "starttls", CA: v.read(l.Mail.CAFile),
	}
	s.forward(2389, strings.TrimPrefix(l.Directory.URI, "ldap://"))
	v.tree = catalog.OrderDirectory{URI: "ldap://" + gateway + ":2389", StartTLS: true, CA: v.read(l.Directory.CAFile)}
	return v
}

func (v *servers) read(name string) string {
	v.t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		v.t.Fatal(err)
	}
	return string(text)
}

// directory makes people, of whom the named ones are users and admins of the app.
func (v *servers) directory(users []string, people ...app.Person) *catalog.OrderDirectory {
	v.t.Helper()
	d := v.lab.Directory
	driver, err := ldap.New(ldap.Config{
		URI: d.URI, BaseDN: d.BaseDN, BindDN: d.AdminDN, BindPassword: d.AdminPassword, CA: v.tree.CA, StartTLS: true,
	})
	if err != nil {
		v.t.Fatal(err)
	}
	tenant := "demo-" + v.ref.Service.String()[24:]
	_, state, err := driver.Ensure(v.t.Context(), v.ref, app.DirectorySpec{
		Tenant: tenant, BindPassword: "bind-secret", Users: users, Admins: users, People: people, MailDomain: v.ref.Name,
	})
	if err != nil {
		v.t.Fatal(err)
	}
	order := v.tree
	order.BindDN, order.BindPassword = state.BindDN, "bind-secret"
	order.PeopleDN, order.UsersDN, order.AdminsDN = state.PeopleDN, state.UsersDN, state.AdminsDN
	return &order
}

// mailDomain makes the domain with the mailboxes, and a relay credential where a password for it is given.
func (v *servers) mailDomain(relayPassword string, mailboxes ...app.Mailbox) *catalog.OrderMail {
	v.t.Helper()
	m := v.lab.Mail
	if err := postfix.Migrate(v.t.Context(), m.DatabaseURL); err != nil {
		v.t.Fatal(err)
	}
	driver, err := postfix.New(postfix.Config{
		DatabaseURL: m.DatabaseURL, RelayKey: m.RelayKey, IMAPAddr: m.IMAPAddr, IMAPAdmin: m.IMAPAdmin, IMAPPassword: m.IMAPAdminPassword,
		IMAPCA: v.mail.CA,
	})
	if err != nil {
		v.t.Fatal(err)
	}
	_, state, err := driver.Ensure(v.t.Context(), v.ref, app.MailSpec{
		Domain: v.ref.Name, Receive: len(mailboxes) > 0, Mailboxes: mailboxes, Relay: relayPassword != "", RelayPassword: relayPassword,
	})
	if err != nil {
		v.t.Fatal(err)
	}
	order := v.mail
	order.User, order.Password = state.RelayUser, relayPassword
	return &order
}
