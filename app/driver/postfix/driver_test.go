package postfix_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/driver/postfix"
	"allotment/app/provision"
	"allotment/app/provision/drivertest"
	"allotment/e2e/lab"
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
	client := s.imap(t)
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
	client, mailbox := s.imap(t), "user/anna@"+spec.Domain
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

// server is the lab's mail system, seen without the driver.
type server struct {
	lab   *lab.Lab
	place string
}

var migrated = sync.OnceValue(func() error { return postfix.Migrate(context.Background(), database) })

// database is set before migrated runs, once for the binary's one lab.
var database string

var mutex sync.Mutex

func open(t *testing.T) server {
	t.Helper()
	l := lab.T(t, lab.Options{Mail: true})
	mutex.Lock()
	database = l.Mail.DatabaseURL
	err := migrated()
	mutex.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	return server{lab: l, place: "m" + strings.ToLower(rand.Text()[:10]) + ".example"}
}

func (s server) wish() (app.Ref, app.MailSpec) {
	domain := "w." + s.place
	return app.Ref{Organization: app.NewID(), Service: app.NewID(), Resource: app.NewID(), Name: domain}, app.MailSpec{
		Domain: domain, Receive: true, Relay: true, RelayPassword: rand.Text(),
		Mailboxes: []app.Mailbox{{Name: "anna", QuotaMiB: 50}}, Aliases: []app.Alias{{Name: "info", Targets: []string{"anna@" + domain}}},
	}
}

func (s server) harness(t *testing.T) drivertest.Harness[app.MailSpec, app.MailState] {
	t.Helper()
	m := s.lab.Mail
	ca, err := os.ReadFile(m.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(m.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	query := at.Query()
	sql := drivertest.NewProxy(t, "unix", filepath.Join(query.Get("host"), ".s.PGSQL."+query.Get("port")))
	store := drivertest.NewProxy(t, "tcp", m.IMAPAddr)
	query.Set("host", "127.0.0.1")
	query.Set("port", strconv.Itoa(sql.Port()))
	at.RawQuery = query.Encode()
	driver, err := postfix.New(postfix.Config{DatabaseURL: at.String(), RelayKey: m.RelayKey,
		IMAPAddr: store.Addr(), IMAPAdmin: m.IMAPAdmin, IMAPPassword: m.IMAPAdminPassword, IMAPCA: string(ca)})
	if err != nil {
		t.Fatal(err)
	}
	return drivertest.Harness[app.MailSpec, app.MailState]{
		Driver: driver, Place: s.place, Links: []drivertest.Link{sql, store},
		Objects: s.objects, Version: s.version, Foreign: s.foreign,
		Hidden: []string{"127.0.0.1", "mail_reader", m.RelayKey, m.IMAPAdminPassword},
	}
}

func (s server) connect(t testing.TB, at string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// texts are the rows of a query with one column.
func texts(t testing.TB, conn *pgx.Conn, query string, args ...any) []string {
	t.Helper()
	rows, err := conn.Query(context.Background(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// objects are the rows of all tables, which have marks, and the mailboxes of the IMAP server, which have none.
func (s server) objects(t testing.TB) []drivertest.Object {
	t.Helper()
	conn := s.connect(t, s.lab.Mail.DatabaseURL)
	defer conn.Close(context.Background())
	rows, err := conn.Query(context.Background(), `
		SELECT 'domain ' || domain, resource::text, format('%s %s', receive, stored) FROM mail.domains WHERE domain LIKE '%' || $1
		UNION ALL
		SELECT format('mailbox %s@%s', name, domain), resource::text, format('%s %s', quota_mib, ready) FROM mail.mailboxes WHERE domain LIKE '%' || $1
		UNION ALL
		SELECT format('alias %s@%s %s', name, domain, target), resource::text, '' FROM mail.aliases WHERE domain LIKE '%' || $1
		UNION ALL
		SELECT 'relay ' || login, resource::text, pgp_sym_decrypt(sealed, $2) FROM mail.relay_credentials WHERE domain LIKE '%' || $1`,
		s.place, s.lab.Mail.RelayKey)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := pgx.CollectRows(rows, pgx.RowToStructByPos[drivertest.Object])
	if err != nil {
		t.Fatal(err)
	}
	return append(objects, s.mailboxes(t)...)
}

// version is the transaction that last wrote each row.
func (s server) version(t testing.TB) string {
	conn := s.connect(t, s.lab.Mail.DatabaseURL)
	defer conn.Close(context.Background())
	return strings.Join(texts(t, conn, `
		SELECT 'd ' || domain || xmin FROM mail.domains WHERE domain LIKE '%' || $1
		UNION ALL SELECT 'm ' || name || domain || xmin FROM mail.mailboxes WHERE domain LIKE '%' || $1
		UNION ALL SELECT 'a ' || name || domain || xmin FROM mail.aliases WHERE domain LIKE '%' || $1
		UNION ALL SELECT 'r ' || login || xmin FROM mail.relay_credentials WHERE domain LIKE '%' || $1
		ORDER BY 1`, s.place), "\n")
}

// foreign gives the domain to someone else.
func (s server) foreign(t testing.TB, _ app.Ref, spec app.MailSpec) {
	t.Helper()
	conn := s.connect(t, s.lab.Mail.DatabaseURL)
	_, err := conn.Exec(context.Background(), "INSERT INTO mail.domains VALUES ($1, $2, $3, true, false)", spec.Domain, app.NewID(), app.NewID())
	if err != nil {
		t.Fatal(err)
	}
}

// mailboxes are those of the IMAP server in this place's domains, with their quota.
func (s server) mailboxes(t testing.TB) []drivertest.Object {
	t.Helper()
	client := s.imap(t)
	defer client.Close()
	list, err := client.List("", "user/*", nil).Collect()
	if err != nil {
		t.Fatal(err)
	}
	var objects []drivertest.Object
	for _, found := range list {
		if !strings.HasSuffix(found.Mailbox, s.place) {
			continue
		}
		object := drivertest.Object{Name: "Cyrus " + found.Mailbox}
		if quota, err := client.GetQuota(found.Mailbox).Wait(); err == nil {
			object.Content = fmt.Sprint(quota.Resources[imap.QuotaResourceStorage].Limit)
		}
		objects = append(objects, object)
	}
	return objects
}
