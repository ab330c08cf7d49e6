package postfix_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/driver/postfix"
	"allotment/app/provision/drivertest"
	"allotment/e2e/lab"
)

// server is the lab's mail system, seen without the driver.
type server struct {
	lab   *lab.Lab
	place string
	sql   *pgx.Conn          // the owner's
	store *imapclient.Client // the administrator's
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
	s := server{lab: l, place: "m" + strings.ToLower(rand.Text()[:10]) + ".example"}
	s.sql, s.store = s.connect(t, l.Mail.DatabaseURL), s.imap(t)
	return s
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
	rows, err := s.sql.Query(context.Background(), `
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
	return strings.Join(texts(t, s.sql, `
		SELECT 'd ' || domain || xmin FROM mail.domains WHERE domain LIKE '%' || $1
		UNION ALL SELECT 'm ' || name || domain || xmin FROM mail.mailboxes WHERE domain LIKE '%' || $1
		UNION ALL SELECT 'a ' || name || domain || xmin FROM mail.aliases WHERE domain LIKE '%' || $1
		UNION ALL SELECT 'r ' || login || xmin FROM mail.relay_credentials WHERE domain LIKE '%' || $1
		ORDER BY 1`, s.place), "\n")
}

// foreign gives the domain to someone else.
func (s server) foreign(t testing.TB, _ app.Ref, spec app.MailSpec) {
	t.Helper()
	_, err := s.sql.Exec(context.Background(), "INSERT INTO mail.domains VALUES ($1, $2, $3, true, false)", spec.Domain, app.NewID(), app.NewID())
	if err != nil {
		t.Fatal(err)
	}
}

// mailboxes are those of the IMAP server in this place's domains, with their quota.
func (s server) mailboxes(t testing.TB) []drivertest.Object {
	t.Helper()
	list, err := s.store.List("", "user/*", nil).Collect()
	if err != nil {
		t.Fatal(err)
	}
	var objects []drivertest.Object
	for _, found := range list {
		if !strings.HasSuffix(found.Mailbox, s.place) {
			continue
		}
		object := drivertest.Object{Name: "Cyrus " + found.Mailbox}
		if quota, err := s.store.GetQuota(found.Mailbox).Wait(); err == nil {
			object.Content = fmt.Sprint(quota.Resources[imap.QuotaResourceStorage].Limit)
		}
		objects = append(objects, object)
	}
	return objects
}
