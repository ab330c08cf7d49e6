package postfix

import (
	"context"
	"fmt"

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
	config := d.database.Copy()
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // a connection for one call has no use for prepared statements
	conn, err := pgx.ConnectConfig(ctx, config)
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

// read reads a domain by one column of mail.domains; nil where there is none. All in one round trip.
func (s *session) read(ctx context.Context, column string, value any) (*row, error) {
	var found *row
	where := " FROM mail.domains d LEFT JOIN %s USING (domain) WHERE d." + pgx.Identifier{column}.Sanitize() + " = $1 ORDER BY 1, 2"
	batch := &pgx.Batch{}
	query := func(columns, table string) *pgx.QueuedQuery {
		return batch.Queue("SELECT "+columns+fmt.Sprintf(where, table), value)
	}
	query("d.domain, d.resource, d.receive, d.stored, coalesce(c.login, '')", "mail.relay_credentials c").Query(func(rows pgx.Rows) error {
		var r row
		_, err := pgx.ForEachRow(rows, []any{&r.domain, &r.resource, &r.receive, &r.stored, &r.relay}, func() error { found = &r; return nil })
		return err
	})
	query("m.name, m.quota_mib, m.ready", "mail.mailboxes m").Query(func(rows pgx.Rows) error { return found.readMailboxes(rows) })
	query("a.name, a.target", "mail.aliases a").Query(func(rows pgx.Rows) error { return found.readAliases(rows) })
	err := s.SendBatch(ctx, batch).Close()
	return found, err
}

// readMailboxes takes the rows of mailboxes; a domain without any has one of nulls.
func (r *row) readMailboxes(rows pgx.Rows) error {
	var name *string
	var quota *int
	var ready *bool
	_, err := pgx.ForEachRow(rows, []any{&name, &quota, &ready}, func() error {
		if name != nil {
			r.mailboxes = append(r.mailboxes, box{app.Mailbox{Name: *name, QuotaMiB: *quota}, *ready})
		}
		return nil
	})
	return err
}

// readAliases takes the rows of aliases, one for each target, in order of their names.
func (r *row) readAliases(rows pgx.Rows) error {
	var name, target *string
	_, err := pgx.ForEachRow(rows, []any{&name, &target}, func() error {
		if name == nil {
			return nil
		}
		if last := len(r.aliases) - 1; last < 0 || r.aliases[last].Name != *name {
			r.aliases = append(r.aliases, app.Alias{Name: *name})
		}
		alias := &r.aliases[len(r.aliases)-1]
		alias.Targets = append(alias.Targets, *target)
		return nil
	})
	return err
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
