package postfix

import (
	"context"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// session is one call's connection to the database; its locks go with it.
type session struct {
	*pgx.Conn
	key   string
	close func()
}

func (d *Driver) open(ctx context.Context) (*session, error) {
	conn, err := pgx.ConnectConfig(ctx, d.database.Copy())
	if err != nil {
		return nil, err
	}
	return &session{Conn: conn, key: d.config.RelayKey, close: func() { conn.Close(ctx) }}, nil //nolint:errcheck // nothing is left to lose
}

// row is what the database has of a domain.
type row struct {
	domain          string
	resource        app.ID
	receive, stored bool
	mailboxes       []box
	aliases         []app.Alias
	relay           string // login
}

type box struct {
	app.Mailbox
	ready bool
}

func relayUser(ref app.Ref) string { return "relay-" + ref.Resource.String() }

// lock waits until nobody else works on the domain, and reads it; nil where it is not there. Someone else's is app.Permanent.
func (s *session) lock(ctx context.Context, ref app.Ref, domain string) (*row, error) {
	if _, err := s.Exec(ctx, "SELECT pg_advisory_lock(hashtextextended($1, 0))", "allotment mail "+domain); err != nil {
		return nil, err
	}
	was, err := s.read(ctx, "domain", domain)
	if err != nil {
		return nil, err
	}
	if was != nil && was.resource != ref.Resource {
		return nil, app.Errorf(app.Permanent, "This mail domain is in use by someone else.")
	}
	if was == nil {
		other, err := s.read(ctx, "resource", ref.Resource)
		if err != nil {
			return nil, err
		}
		if other != nil {
			return nil, app.Errorf(app.Permanent, "The mail domain of a service cannot become another one.")
		}
	}
	return was, nil
}

// read reads a domain by one column of mail.domains; nil where there is none.
func (s *session) read(ctx context.Context, column string, value any) (*row, error) {
	var r row
	rows, err := s.Query(ctx, `
		SELECT d.domain, d.resource, d.receive, d.stored, coalesce(c.login, '')
		FROM mail.domains d
		LEFT JOIN mail.relay_credentials c USING (domain)
		WHERE d.`+pgx.Identifier{column}.Sanitize()+` = $1`, value)
	if err != nil {
		return nil, err
	}
	found := false
	_, err = pgx.ForEachRow(rows, []any{&r.domain, &r.resource, &r.receive, &r.stored, &r.relay}, func() error { found = true; return nil })
	if err != nil || !found {
		return nil, err
	}
	if r.mailboxes, err = s.mailboxes(ctx, r.domain); err != nil {
		return nil, err
	}
	r.aliases, err = s.aliases(ctx, r.domain)
	return &r, err
}

func (s *session) mailboxes(ctx context.Context, domain string) ([]box, error) {
	rows, err := s.Query(ctx, `
		SELECT name, quota_mib, ready
		FROM mail.mailboxes
		WHERE domain = $1
		ORDER BY name`, domain)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (box, error) {
		var b box
		return b, r.Scan(&b.Name, &b.QuotaMiB, &b.ready)
	})
}

func (s *session) aliases(ctx context.Context, domain string) ([]app.Alias, error) {
	rows, err := s.Query(ctx, `
		SELECT name, array_agg(target ORDER BY target COLLATE "C")
		FROM mail.aliases
		WHERE domain = $1
		GROUP BY name
		ORDER BY name`, domain)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (app.Alias, error) {
		var a app.Alias
		return a, r.Scan(&a.Name, &a.Targets)
	})
}

func (r *row) isStored() bool { return r != nil && r.stored }

// state is what the engine sees; quotas are those of the IMAP server.
func (r *row) state(quotas map[string]int) app.MailState {
	if r == nil {
		return app.MailState{}
	}
	state := app.MailState{Domain: r.domain, Receive: r.receive, Aliases: r.aliases, RelayUser: r.relay}
	for _, b := range r.mailboxes {
		if quota, there := quotas[b.Name]; there && b.ready {
			state.Mailboxes = append(state.Mailboxes, app.Mailbox{Name: b.Name, QuotaMiB: quota})
		}
	}
	return state
}

// names are the wanted mailboxes' names and quotas, side by side.
func names(boxes []app.Mailbox) (names []string, quotas []int) {
	names, quotas = []string{}, []int{} // a nil slice would be NULL, which is unlike none
	for _, b := range boxes {
		names, quotas = append(names, b.Name), append(quotas, b.QuotaMiB)
	}
	return names, quotas
}
