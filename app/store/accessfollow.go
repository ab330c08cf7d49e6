package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// ServiceMember is one person who may use a service, as its directory is to know them.
type ServiceMember struct {
	User    app.ID
	UID     string // "" before it was made: see NameInApps
	Name    string
	Email   string
	Hash    string // of the password that apps and mail take: argon2id in PHC format; "" where the person has none
	Level   app.AccessLevel
	Mailbox string // "" before it was made: see MailboxOf
}

// ServiceMembers returns those who may use a service now. Disabled people are not among them.
func (t *Tx) ServiceMembers(ctx context.Context, service app.ID) ([]ServiceMember, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT u.id, coalesce(n.uid, ''), u.name, u.email, CASE WHEN u.app_password_hash <> '' THEN u.app_password_hash ELSE u.password_hash END,
		       a.level, coalesce(m.name, '')
		FROM service_access a
		JOIN users u ON u.id = a.user_id AND NOT u.disabled
		LEFT JOIN app_names n ON n.organization_id = a.organization_id AND n.user_id = a.user_id
		LEFT JOIN service_mailboxes m ON m.organization_id = a.organization_id AND m.service_id = a.service_id AND m.user_id = a.user_id
		WHERE a.service_id = $1 AND a.level <> 'none'
		ORDER BY u.id`, service)
	if err != nil {
		return nil, classify(err)
	}
	members, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ServiceMember])
	return members, classify(err)
}

// MailboxNames returns the mailboxes that people were given in a service's mail domain, also of those who may not open them any more.
func (t *Tx) MailboxNames(ctx context.Context, service app.ID) ([]string, error) {
	rows, err := t.tx.Query(ctx, `SELECT name FROM service_mailboxes WHERE service_id = $1 ORDER BY name`, service)
	if err != nil {
		return nil, classify(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return names, classify(err)
}

// Lagging is a service whose directory does not know every change of access yet.
type Lagging struct{ Organization, Service app.ID }

// AccessDue returns services that lag behind and for which nothing is under way, of all organizations, those that wait longest first.
func (s *Store) AccessDue(ctx context.Context, most int) ([]Lagging, error) {
	rows, err := s.pool.Query(ctx, `SELECT organization_id, service_id FROM access_due($1)`, most)
	if err != nil {
		return nil, classify(err)
	}
	due, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Lagging])
	return due, classify(err)
}

// LockAccess reports whether a service still lags behind. Nobody else changes that until this transaction ends.
func (t *Tx) LockAccess(ctx context.Context, service app.ID) (bool, error) {
	lags, err := one[bool](ctx, t, `SELECT wanted > started FROM access_versions WHERE service_id = $1 FOR UPDATE`, service)
	return value(lags), classify(err)
}

// AccessStarted notes that what is wanted by now is on its way to the directory.
func (t *Tx) AccessStarted(ctx context.Context, service app.ID) error {
	_, err := t.tx.Exec(ctx, `UPDATE access_versions SET started = wanted WHERE service_id = $1`, service)
	return classify(err)
}

// AccessApplied notes that what was on its way has arrived.
func (t *Tx) AccessApplied(ctx context.Context, service app.ID) error {
	_, err := t.tx.Exec(ctx, `UPDATE access_versions SET applied = started WHERE service_id = $1 AND applied < started`, service)
	return classify(err)
}
