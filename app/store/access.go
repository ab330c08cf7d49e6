package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// ServiceAccess answers whether a person may use a service now, and at which level: the one answer for every way to sign in to an app. It
// is asked before a tenant is known. False also for a disabled person, a closed organization and a service that is going away.
func (s *Store) ServiceAccess(ctx context.Context, service, user app.ID) (level app.AccessLevel, ok bool, err error) {
	rows, err := s.pool.Query(ctx, `SELECT level FROM service_access_level($1, $2)`, service, user)
	if err != nil {
		return app.AccessNone, false, classify(err)
	}
	levels, err := pgx.CollectRows(rows, pgx.RowTo[app.AccessLevel])
	if err != nil || len(levels) == 0 {
		return app.AccessNone, false, classify(err)
	}
	return levels[0], true, nil
}

// SetAccess gives a member a level in a service, app.AccessNone to take it away, and returns the level before. A person who is no member
// of the organization is NotFound.
func (t *Tx) SetAccess(ctx context.Context, organization, service, user app.ID, level app.AccessLevel, now time.Time) (before app.AccessLevel, err error) {
	before = app.AccessNone
	err = t.tx.QueryRow(ctx, `
		SELECT coalesce(a.level, 'none') FROM memberships m
		LEFT JOIN service_access a ON a.organization_id = m.organization_id AND a.user_id = m.user_id AND a.service_id = $3
		WHERE m.organization_id = $1 AND m.user_id = $2
		FOR UPDATE OF m`, organization, user, service).Scan(&before)
	if err != nil || before == level {
		return before, classify(err)
	}
	_, err = t.tx.Exec(ctx, `
		INSERT INTO service_access (organization_id, service_id, user_id, level, granted_by, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (organization_id, service_id, user_id) DO UPDATE SET level = excluded.level, granted_by = excluded.granted_by, at = excluded.at`,
		organization, service, user, level, t.actor.Name, now)
	return before, classify(err)
}

// queueFirstAccess makes whoever placed an order an administrator of the service. The operation that makes the service takes it along.
func queueFirstAccess(batch *pgx.Batch, n NewOrder) {
	batch.Queue(`
		INSERT INTO service_access (organization_id, service_id, user_id, level, granted_by, at)
		SELECT organization_id, $3, user_id, 'admin', $4, $5 FROM memberships WHERE organization_id = $1 AND user_id = $2`,
		n.Service.Organization, n.Order.PlacedBy, n.Service.ID, n.StartedBy, n.Order.CreatedAt)
	batch.Queue(`UPDATE access_versions SET started = wanted WHERE organization_id = $1 AND service_id = $2`, n.Service.Organization, n.Service.ID)
}

// NameInApps returns a member's user name in the apps of an organization, made from their e-mail address at the first call.
func (t *Tx) NameInApps(ctx context.Context, organization, user app.ID, now time.Time) (string, error) {
	var email string
	var uid *string
	err := t.tx.QueryRow(ctx, `
		SELECT u.email, n.uid FROM users u LEFT JOIN app_names n ON n.organization_id = $1 AND n.user_id = u.id WHERE u.id = $2`,
		organization, user).Scan(&email, &uid)
	for nth := 1; err == nil && uid == nil; nth++ {
		proposal := app.UIDOf(email, nth)
		_, err = t.tx.Exec(ctx, `
			INSERT INTO app_names (organization_id, user_id, uid, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			organization, user, proposal, now)
		if err == nil {
			uid, err = one[string](ctx, t, `SELECT uid FROM app_names WHERE organization_id = $1 AND user_id = $2`, organization, user)
		}
	}
	return value(uid), classify(err)
}

// MailboxOf returns the name of a member's mailbox in a service's mail domain, made at the first call: their user name, with a number behind
// it where the name is one of those taken or another's.
func (t *Tx) MailboxOf(ctx context.Context, organization, service, user app.ID, taken []string, now time.Time) (string, error) {
	uid, err := t.NameInApps(ctx, organization, user, now)
	if err != nil {
		return "", err
	}
	const look = `SELECT name FROM service_mailboxes WHERE organization_id = $1 AND service_id = $2 AND user_id = $3`
	name, err := one[string](ctx, t, look, organization, service, user)
	for nth := 1; err == nil && name == nil; nth++ {
		proposal := numbered(uid, nth)
		_, err = t.tx.Exec(ctx, `
			INSERT INTO service_mailboxes (organization_id, service_id, user_id, name, created_at)
			SELECT $1, $2, $3, $4, $5 WHERE NOT $4 = ANY ($6::text[]) ON CONFLICT DO NOTHING`,
			organization, service, user, proposal, now, nonNil(taken))
		if err == nil {
			name, err = one[string](ctx, t, look, organization, service, user)
		}
	}
	return value(name), classify(err)
}

// one returns the only column of the only row of a query, or nil where there is no row.
func one[T any](ctx context.Context, t *Tx, sql string, args ...any) (*T, error) {
	rows, err := t.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}
