package lab

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/mail"
	"os"
	"path/filepath"
	"sync"
)

// mailHost is the name by which the mail servers know themselves.
const mailHost = "mail.allotment.test"

// Mail is Postfix with Cyrus SASL and Cyrus IMAP. MAIL.md says what reads what.
type Mail struct {
	SubmissionAddr string // 127.0.0.1:port; STARTTLS, then AUTH PLAIN or LOGIN (RFC 6409)
	SMTPAddr       string // 127.0.0.1:port; what port 25 is elsewhere: mail for the received domains, from anyone
	RelayAddr      string // 127.0.0.1:port; STARTTLS; takes mail for everybody from this machine alone, as a provider's own relay does
	IMAPAddr       string // 127.0.0.1:port; STARTTLS, then LOGIN
	CAFile         string // signed the certificate of all three

	IMAPAdmin         string // administrator of all mailboxes
	IMAPAdminPassword string

	DatabaseURL string // the mail driver's own database, as its owner
	RelayKey    string // seals relay passwords
	Outbox      string // maildir of what was sent to other domains
}

// startMail starts the mail servers; they read PostgreSQL and the directory, so those come first.
func (l *Lab) startMail(ctx context.Context, postgres, directory *group) error {
	user, err := lookup("cyrus")
	if err != nil {
		return err
	}
	tls, err1 := l.folder.certificate("mail", user)
	admin, err2 := l.folder.secret("imap-admin")
	key, err3 := l.folder.secret("mail-relay-key")
	if err := errors.Join(err1, err2, err3, postgres.wait()); err != nil {
		return err
	}
	m := &Mail{CAFile: tls.ca, IMAPAdmin: "cyrus", IMAPAdminPassword: admin, RelayKey: key,
		DatabaseURL: l.Postgres.URLAs("mail", "mail"), Outbox: l.folder.path("postfix", "outbox", "maildir")}
	err = together(
		func() error { return l.startCyrus(ctx, m, user, tls) },
		func() error { return l.startPostfix(ctx, m, tls) },
		func() error { return l.startSaslauthd(ctx, directory) })
	if err != nil {
		return err
	}
	l.Mail = m
	return nil
}

// together runs all of fns side by side and joins their errors.
func together(fns ...func() error) error {
	errs := make([]error, len(fns))
	var wg sync.WaitGroup
	for i, fn := range fns {
		wg.Go(func() { errs[i] = fn() })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// mailDatabase makes the mail driver's database, its owner and its reader, unless they are there.
func (l *Lab) mailDatabase(ctx context.Context) error {
	roles := `DO $$ BEGIN
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mail') THEN CREATE ROLE mail LOGIN; END IF;
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mail_reader') THEN CREATE ROLE mail_reader LOGIN; END IF;
	END $$`
	if err := l.Postgres.do(ctx, "postgres", roles); err != nil {
		return err
	}
	if _, err := l.Postgres.Database(ctx, "mail"); err != nil {
		return err
	}
	return l.Postgres.do(ctx, "mail",
		"ALTER DATABASE mail OWNER TO mail",
		"REVOKE ALL ON DATABASE mail FROM PUBLIC",
		"GRANT CONNECT ON DATABASE mail TO mail_reader",
		"CREATE EXTENSION IF NOT EXISTS pgcrypto")
}

// Sent returns the messages in Outbox that were sent to the address, oldest first, each as it would have gone out.
func (m *Mail) Sent(to string) ([][]byte, error) {
	dir := filepath.Join(m.Outbox, "new")
	entries, err := os.ReadDir(dir) // in order of name, which begins with the time
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // nothing was sent yet
	}
	var sent [][]byte
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		msg, err := mail.ReadMessage(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		if msg.Header.Get("Delivered-To") == to {
			sent = append(sent, data)
		}
	}
	return sent, err
}
