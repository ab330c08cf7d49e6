// Package postfix makes a service's mail domain: rows in a PostgreSQL database of its own that Postfix and Cyrus SASL read
// through views (schema.sql), and mailboxes in Cyrus IMAP, made as its administrator (RFC 3501, RFC 9208, RFC 4314).
//
// A row of mail.domains is the claim of a domain; it is committed before the first mailbox is made and goes after the last one.
// So every mailbox of a claimed domain is the resource's, and a mailbox of a domain that nobody has claimed is someone else's.
package postfix

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// callLimit bounds one call of a method of Driver.
const callLimit = 9 * time.Second

// Config says where the mail system is.
type Config struct {
	DatabaseURL string // of the driver's own database, as its owner; see Migrate
	RelayKey    string // seals relay passwords; Cyrus SASL's configuration has the same

	IMAPAddr     string // host:port, with STARTTLS
	IMAPAdmin    string // an administrator of all mailboxes ("admins" in imapd.conf)
	IMAPPassword string
	IMAPCA       string // PEM of the authority to trust; "" is the system's
}

// Driver implements the driver of app.KindMail. The external ID is the domain.
type Driver struct {
	database *pgx.ConnConfig
	config   Config
	tls      *tls.Config
}

// New checks config; it does not talk to the servers.
func New(config Config) (*Driver, error) {
	database, err := pgx.ParseConfig(config.DatabaseURL)
	if err != nil || config.DatabaseURL == "" {
		return nil, errors.New("postfix: the database URL is not one") // err would tell the password
	}
	host, _, err := net.SplitHostPort(config.IMAPAddr)
	switch {
	case err != nil || host == "":
		return nil, fmt.Errorf("postfix: the IMAP address %q is not host:port", config.IMAPAddr)
	case config.IMAPAdmin == "" || config.IMAPPassword == "":
		return nil, errors.New("postfix: the IMAP administrator or the password is missing")
	case config.RelayKey == "":
		return nil, errors.New("postfix: the key for relay passwords is missing")
	}
	d := &Driver{database: database, config: config, tls: &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}}
	if config.IMAPCA != "" {
		d.tls.RootCAs = x509.NewCertPool()
		if !d.tls.RootCAs.AppendCertsFromPEM([]byte(config.IMAPCA)) {
			return nil, errors.New("postfix: the certificate authority is not PEM")
		}
	}
	return d, nil
}

// Observe returns the domain with ref's mark. A mailbox counts when both the database and the IMAP server have it, and its
// quota is the IMAP server's.
func (d *Driver) Observe(ctx context.Context, ref app.Ref) (app.MailState, error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	s, err := d.open(ctx)
	if err != nil {
		return app.MailState{}, classify(err)
	}
	defer s.close()
	was, err := s.read(ctx, "resource", ref.Resource)
	if err == nil && was == nil {
		err = app.Errorf(app.NotFound, "There is no such mail domain.")
	}
	if err != nil || !was.stored {
		return was.state(nil), classify(err)
	}
	store, err := d.openIMAP(ctx)
	if err != nil {
		return app.MailState{}, classify(err)
	}
	defer store.close()
	quotas, err := store.quotas(was.domain)
	return was.state(quotas), classify(err)
}

// Ensure claims the domain, brings the IMAP server to it, and then opens it for mail.
func (d *Driver) Ensure(ctx context.Context, ref app.Ref, spec app.MailSpec) (string, app.MailState, error) {
	wanted, err := wish(spec)
	if err != nil {
		return "", app.MailState{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	s, err := d.open(ctx)
	if err != nil {
		return "", app.MailState{}, classify(err)
	}
	defer s.close()
	state, err := d.ensure(ctx, s, ref, wanted)
	if err != nil {
		return "", app.MailState{}, classify(err)
	}
	return wanted.Domain, state, nil
}

func (d *Driver) ensure(ctx context.Context, s *session, ref app.Ref, wanted app.MailSpec) (app.MailState, error) {
	was, err := s.lock(ctx, ref, wanted.Domain)
	if err != nil {
		return app.MailState{}, err
	}
	var quotas map[string]int
	if wanted.Receive || was.isStored() {
		store, err := d.openIMAP(ctx)
		if err != nil {
			return app.MailState{}, err
		}
		defer store.close()
		if quotas, err = store.quotas(wanted.Domain); err != nil {
			return app.MailState{}, err
		}
		if !was.isStored() && len(quotas) > 0 {
			return app.MailState{}, app.Errorf(app.Permanent, "There are mailboxes of someone else in this mail domain.")
		}
		if err := s.claim(ctx, ref, was, wanted); err != nil {
			return app.MailState{}, err
		}
		if quotas, err = store.bring(wanted, quotas); err != nil {
			return app.MailState{}, err
		}
	} else if err := s.claim(ctx, ref, was, wanted); err != nil {
		return app.MailState{}, err
	}
	if err := s.settle(ctx, ref, wanted); err != nil {
		return app.MailState{}, err
	}
	now, err := s.read(ctx, "resource", ref.Resource)
	return now.state(quotas), err
}

// Remove takes the mailboxes and then the domain away.
func (d *Driver) Remove(ctx context.Context, ref app.Ref) error {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	s, err := d.open(ctx)
	if err != nil {
		return classify(err)
	}
	defer s.close()
	was, err := s.read(ctx, "resource", ref.Resource)
	if err != nil || was == nil {
		return classify(err)
	}
	if was, err = s.lock(ctx, ref, was.domain); err != nil || was == nil {
		return classify(err)
	}
	if was.stored {
		if err := d.removeMailboxes(ctx, s, ref, was.domain); err != nil {
			return classify(err)
		}
	}
	return classify(s.remove(ctx, ref))
}

// removeMailboxes closes the domain for mail before its mailboxes go, so that none arrives between.
func (d *Driver) removeMailboxes(ctx context.Context, s *session, ref app.Ref, domain string) error {
	store, err := d.openIMAP(ctx)
	if err != nil {
		return err
	}
	defer store.close()
	quotas, err := store.quotas(domain)
	if err != nil {
		return err
	}
	if err := s.shut(ctx, ref); err != nil {
		return err
	}
	_, err = store.bring(app.MailSpec{Domain: domain}, quotas)
	return err
}
