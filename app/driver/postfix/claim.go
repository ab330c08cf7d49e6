package postfix

import (
	"context"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// statement is one of those that make a transaction; each changes only what differs, so that a repeat writes nothing.
type statement struct {
	sql  string
	args []any
}

// transaction sends all statements at once; PostgreSQL takes such a batch as one transaction.
func (s *session) transaction(ctx context.Context, statements ...statement) error {
	batch := &pgx.Batch{}
	for _, st := range statements {
		batch.Queue(st.sql, st.args...)
	}
	return s.SendBatch(ctx, batch).Close()
}

// claim writes what is wanted before the IMAP server is touched: the domain's owner, new mailboxes as not ready, and those
// that go as not ready any more. Mail for a domain that shall receive no more is refused from here on.
func (s *session) claim(ctx context.Context, ref app.Ref, was *row, wanted app.MailSpec) error {
	boxes, quotas := names(wanted.Mailboxes)
	stored := wanted.Receive || was.isStored()
	statements := []statement{
		{`INSERT INTO mail.domains AS d (domain, resource, organization, receive, stored)
			VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (domain) DO UPDATE
			SET receive = excluded.receive, stored = excluded.stored
			WHERE d.resource = excluded.resource AND (d.receive, d.stored) IS DISTINCT FROM (excluded.receive, excluded.stored)`,
			[]any{wanted.Domain, ref.Resource, ref.Organization, wanted.Receive, stored}},
		{`UPDATE mail.mailboxes
			SET ready = false
			WHERE domain = $1 AND ready AND name <> ALL ($2::text[])`,
			[]any{wanted.Domain, boxes}},
		{`INSERT INTO mail.mailboxes AS m (domain, name, resource, quota_mib, ready)
			SELECT $1, w.name, $2, w.quota, false
			FROM unnest($3::text[], $4::integer[]) AS w (name, quota)
			ON CONFLICT (domain, name) DO UPDATE
			SET quota_mib = excluded.quota_mib
			WHERE m.quota_mib <> excluded.quota_mib`,
			[]any{wanted.Domain, ref.Resource, boxes, quotas}},
	}
	statements = append(statements, aliasStatements(ref, wanted)...)
	return s.transaction(ctx, append(statements, s.relayStatement(ref, wanted))...)
}

func aliasStatements(ref app.Ref, wanted app.MailSpec) []statement {
	var names, targets []string
	for _, alias := range wanted.Aliases {
		for _, target := range alias.Targets {
			names, targets = append(names, alias.Name), append(targets, target)
		}
	}
	return []statement{
		{`DELETE FROM mail.aliases a
			WHERE a.domain = $1
			AND NOT EXISTS (SELECT FROM unnest($2::text[], $3::text[]) AS w (name, target) WHERE (w.name, w.target) = (a.name, a.target))`,
			[]any{wanted.Domain, names, targets}},
		{`INSERT INTO mail.aliases (domain, name, target, resource)
			SELECT $1, w.name, w.target, $2
			FROM unnest($3::text[], $4::text[]) AS w (name, target)
			ON CONFLICT DO NOTHING`,
			[]any{wanted.Domain, ref.Resource, names, targets}},
	}
}

// relayStatement writes the credential when its password is another one: sealing the same twice gives different bytes.
func (s *session) relayStatement(ref app.Ref, wanted app.MailSpec) statement {
	if !wanted.Relay {
		return statement{"DELETE FROM mail.relay_credentials WHERE resource = $1", []any{ref.Resource}}
	}
	return statement{`
		INSERT INTO mail.relay_credentials AS c (login, domain, resource, sealed)
		VALUES ($1, $2, $3, pgp_sym_encrypt($4, $5))
		ON CONFLICT (login) DO UPDATE
		SET sealed = excluded.sealed
		WHERE pgp_sym_decrypt(c.sealed, $5) <> $4`,
		[]any{relayUser(ref), wanted.Domain, ref.Resource, wanted.RelayPassword, s.key}}
}

// settle writes what the IMAP server has now: the wanted mailboxes are ready, and the others are gone.
func (s *session) settle(ctx context.Context, ref app.Ref, wanted app.MailSpec) error {
	boxes, _ := names(wanted.Mailboxes)
	return s.transaction(ctx,
		statement{"UPDATE mail.mailboxes SET ready = true WHERE resource = $1 AND NOT ready AND name = ANY ($2::text[])", []any{ref.Resource, boxes}},
		statement{"DELETE FROM mail.mailboxes WHERE resource = $1 AND name <> ALL ($2::text[])", []any{ref.Resource, boxes}},
		statement{"UPDATE mail.domains SET stored = $2 WHERE resource = $1 AND stored <> $2", []any{ref.Resource, wanted.Receive}})
}

// shut makes the domain receive no more.
func (s *session) shut(ctx context.Context, ref app.Ref) error {
	_, err := s.Exec(ctx, "UPDATE mail.domains SET receive = false WHERE resource = $1 AND receive", ref.Resource)
	return err
}

// remove takes the domain away, and all of its rows with it.
func (s *session) remove(ctx context.Context, ref app.Ref) error {
	_, err := s.Exec(ctx, "DELETE FROM mail.domains WHERE resource = $1", ref.Resource)
	return err
}
