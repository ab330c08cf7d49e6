package postfix_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"

	"allotment/app"
	"allotment/app/driver/postfix"
	"allotment/app/provision"
	"allotment/app/provision/drivertest"
)

var _ provision.Mail = (*postfix.Driver)(nil)

func TestMail(t *testing.T) {
	t.Parallel()
	drivertest.Mail(t, func(t *testing.T) drivertest.Harness[app.MailSpec, app.MailState] { return open(t).harness(t) })
}

// TestViews: what the mail servers read is what was wanted, and mail_reader reads nothing else.
func TestViews(t *testing.T) {
	t.Parallel()
	s := open(t)
	h := s.harness(t)
	ref, spec := s.wish()
	if _, _, err := h.Driver.Ensure(t.Context(), ref, spec); err != nil {
		t.Fatal(err)
	}
	relay := "relay-" + ref.Resource.String()
	reader := s.connect(t, s.lab.Postgres.URLAs("mail_reader", "mail"))
	for query, want := range map[string][]string{
		"SELECT domain FROM postfix_domains WHERE domain = '" + spec.Domain + "'":                                            {spec.Domain},
		"SELECT address FROM postfix_mailboxes WHERE address LIKE '%@" + spec.Domain + "'":                                   {"anna@" + spec.Domain},
		"SELECT address || ' ' || target FROM postfix_aliases WHERE address = 'info@" + spec.Domain + "'":                    {"info@" + spec.Domain + " anna@" + spec.Domain},
		"SELECT login FROM postfix_senders WHERE address_or_domain = '" + spec.Domain + "'":                                  {relay},
		"SELECT login FROM postfix_senders WHERE address_or_domain = 'anna@" + spec.Domain + "'":                             {"anna@" + spec.Domain},
		"SELECT pgp_sym_decrypt(sealed, '" + s.lab.Mail.RelayKey + "') FROM relay_credentials WHERE login = '" + relay + "'": {spec.RelayPassword},
	} {
		if got := texts(t, reader, query); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	for _, table := range []string{"domains", "mailboxes", "aliases", "relay_credentials"} {
		if _, err := reader.Exec(t.Context(), "SELECT * FROM mail."+table); err == nil {
			t.Errorf("mail_reader can read mail.%s", table)
		}
	}
	if _, err := reader.Exec(t.Context(), "DELETE FROM relay_credentials"); err == nil {
		t.Error("mail_reader can write")
	}
}

// TestForeignMailbox: a mailbox that someone made by hand is not given to a tenant who orders its domain.
func TestForeignMailbox(t *testing.T) {
	t.Parallel()
	s := open(t)
	h := s.harness(t)
	ref, spec := s.wish()
	mailbox := "user/theirs@" + spec.Domain
	client := s.store
	if err := client.Create(mailbox, nil).Wait(); err != nil {
		t.Fatal(err)
	}
	before := h.Objects(t)
	if _, _, err := h.Driver.Ensure(t.Context(), ref, spec); app.CodeOf(err) != app.Permanent {
		t.Errorf("Ensure: %v", err)
	}
	if err := h.Driver.Remove(t.Context(), ref); err != nil {
		t.Error(err)
	}
	if after := h.Objects(t); !reflect.DeepEqual(after, before) {
		t.Errorf("there is %v, was %v", after, before)
	}
}

// TestDrift: a quota and a mailbox that someone changed behind our back are seen, and mended.
func TestDrift(t *testing.T) {
	t.Parallel()
	s := open(t)
	h := s.harness(t)
	ref, spec := s.wish()
	if _, _, err := h.Driver.Ensure(t.Context(), ref, spec); err != nil {
		t.Fatal(err)
	}
	client, mailbox := s.store, "user/anna@"+spec.Domain
	if err := client.SetQuota(mailbox, map[imap.QuotaResourceType]int64{imap.QuotaResourceStorage: 1024}).Wait(); err != nil {
		t.Fatal(err)
	}
	if state, err := h.Driver.Observe(t.Context(), ref); err != nil || state.Mailboxes[0].QuotaMiB != 1 {
		t.Errorf("the changed quota is not seen: %+v, %v", state, err)
	}
	if err := client.SetACL(mailbox, imap.RightsIdentifier(s.lab.Mail.IMAPAdmin), 0, imap.RightSet("lrswipkxtecda")).Wait(); err != nil {
		t.Fatal(err)
	}
	if err := client.Delete(mailbox).Wait(); err != nil {
		t.Fatal(err)
	}
	if state, err := h.Driver.Observe(t.Context(), ref); err != nil || len(state.Mailboxes) > 0 {
		t.Errorf("the lost mailbox is not missed: %+v, %v", state, err)
	}
	if _, state, err := h.Driver.Ensure(t.Context(), ref, spec); err != nil || !reflect.DeepEqual(state.Mailboxes, spec.Mailboxes) {
		t.Errorf("not mended: %+v, %v", state, err)
	}
}

// TestDroppedMailbox: nothing of it stays, neither a row nor a mailbox.
func TestDroppedMailbox(t *testing.T) {
	t.Parallel()
	s := open(t)
	h := s.harness(t)
	ref, spec := s.wish()
	full := spec
	full.Mailboxes = append(slices.Clone(spec.Mailboxes), app.Mailbox{Name: "bert", QuotaMiB: 5})
	for _, wanted := range []app.MailSpec{full, spec} {
		if _, _, err := h.Driver.Ensure(t.Context(), ref, wanted); err != nil {
			t.Fatal(err)
		}
	}
	for _, object := range h.Objects(t) {
		if strings.Contains(object.Name, "bert") {
			t.Errorf("%v was left behind", object)
		}
	}
}

// TestTakenDomain: whoever orders a domain that is taken is told just that.
func TestTakenDomain(t *testing.T) {
	t.Parallel()
	s := open(t)
	h := s.harness(t)
	ref, spec := s.wish()
	h.Foreign(t, ref, spec)
	if _, _, err := h.Driver.Ensure(t.Context(), ref, spec); app.Words(err) != "This mail domain is in use by someone else." {
		t.Errorf("the error is %v", err)
	}
}

// TestDomainStays: a service's domain does not become another one in silence.
func TestDomainStays(t *testing.T) {
	t.Parallel()
	s := open(t)
	h := s.harness(t)
	ref, spec := s.wish()
	if _, _, err := h.Driver.Ensure(t.Context(), ref, spec); err != nil {
		t.Fatal(err)
	}
	spec.Domain = "other." + spec.Domain
	if _, _, err := h.Driver.Ensure(t.Context(), ref, spec); app.CodeOf(err) != app.Permanent {
		t.Errorf("Ensure: %v", err)
	}
}

func TestMigrateAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	if err := s.lab.Postgres.Template(t.Context(), "mail_template", func(url string) error { return postfix.Migrate(t.Context(), url) }); err != nil {
		t.Fatal(err)
	}
	url := s.lab.Postgres.TestDatabase(t, "mail_template")
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			if err := postfix.Migrate(context.Background(), url); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestNewRefusesConfig(t *testing.T) {
	t.Parallel()
	good := postfix.Config{DatabaseURL: "postgres://mail@localhost/mail", RelayKey: "k", IMAPAddr: "localhost:143", IMAPAdmin: "a", IMAPPassword: "p"}
	if _, err := postfix.New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*postfix.Config){
		"no database": func(c *postfix.Config) { c.DatabaseURL = "" },
		"no URL":      func(c *postfix.Config) { c.DatabaseURL = "postgres://mail:secret@:x/" },
		"no port":     func(c *postfix.Config) { c.IMAPAddr = "localhost" },
		"no password": func(c *postfix.Config) { c.IMAPPassword = "" },
		"no key":      func(c *postfix.Config) { c.RelayKey = "" },
		"no PEM":      func(c *postfix.Config) { c.IMAPCA = "x" },
	} {
		config := good
		spoil(&config)
		if _, err := postfix.New(config); err == nil {
			t.Errorf("%s was accepted", name)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the password is told: %v", name, err)
		}
	}
}
