package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// AccessQuery selects a page of the members of a service's organization.
type AccessQuery struct {
	Text  string
	Who   string // with, without, or "" for everybody
	After app.ID // the last person of the page before; the zero ID for the first page
	Limit int
}

// Access returns a page of the members of a service's organization by name, with what they may do in it.
func (t *Tx) Access(ctx context.Context, service app.Service, q AccessQuery) ([]app.Access, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT u.id, u.name, u.email, m.role, u.disabled, coalesce(n.uid, ''), coalesce(b.name, ''), coalesce(a.level, 'none'),
		       coalesce(a.granted_by, ''), a.at, coalesce(a.version > v.applied, false)
		FROM memberships m
		JOIN users u ON u.id = m.user_id
		LEFT JOIN service_access a ON a.organization_id = m.organization_id AND a.service_id = $2 AND a.user_id = m.user_id
		LEFT JOIN access_versions v ON v.organization_id = a.organization_id AND v.service_id = a.service_id
		LEFT JOIN app_names n ON n.organization_id = m.organization_id AND n.user_id = m.user_id
		LEFT JOIN service_mailboxes b ON b.organization_id = m.organization_id AND b.service_id = $2 AND b.user_id = m.user_id
		WHERE m.organization_id = $1
		AND ($3 = '' OR u.name ILIKE '%' || $3 || '%' OR u.email ILIKE '%' || $3 || '%')
		AND ($4 = '' OR ($4 = 'with') = (coalesce(a.level, 'none') <> 'none'))
		AND ($5::uuid IS NULL OR (lower(u.name), u.id) > (SELECT lower(c.name), c.id FROM users c WHERE c.id = $5))
		ORDER BY lower(u.name), u.id LIMIT $6`,
		service.Organization, service.ID, likeText(q.Text), q.Who, optional(q.After), q.Limit)
	if err != nil {
		return nil, classify(err)
	}
	members, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (app.Access, error) {
		a := app.Access{Service: service.ID}
		var at *time.Time
		err := row.Scan(&a.User, &a.Name, &a.Email, &a.Role, &a.Disabled, &a.UID, &a.Mailbox, &a.Level, &a.GrantedBy, &at, &a.Pending)
		a.At = value(at)
		return a, err
	})
	return members, classify(err)
}

// AccessLags reports whether a change that concerns those who may use a service is still on its way to the directory.
func (t *Tx) AccessLags(ctx context.Context, service app.ID) (bool, error) {
	lags, err := one[bool](ctx, t, `SELECT wanted > applied FROM access_versions WHERE service_id = $1`, service)
	return value(lags), classify(err)
}

// MyApps returns a page of the services of the acting organization that the actor may use, newest first.
func (t *Tx) MyApps(ctx context.Context, q ServiceQuery) ([]app.MyApp, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+serviceColumns+`, coalesce(n.uid, ''), a.level, coalesce(b.name, ''), coalesce(v.wanted > v.applied, false)
		FROM service_access a
		JOIN services s ON s.organization_id = a.organization_id AND s.id = a.service_id
		LEFT JOIN access_versions v ON v.organization_id = a.organization_id AND v.service_id = a.service_id
		LEFT JOIN app_names n ON n.organization_id = a.organization_id AND n.user_id = a.user_id
		LEFT JOIN service_mailboxes b ON b.organization_id = a.organization_id AND b.service_id = a.service_id AND b.user_id = a.user_id
		WHERE a.organization_id = $1 AND a.user_id = $2 AND a.level <> 'none' AND s.state NOT IN ('terminating', 'terminated', 'failed')
		AND ($3::uuid IS NULL OR s.id < $3)
		AND ($4 = '' OR s.name ILIKE '%' || $4 || '%' OR s.host ILIKE '%' || $4 || '%')
		ORDER BY s.id DESC LIMIT $5`, t.actor.Organization, t.actor.User, optional(q.Before), likeText(q.Text), q.Limit)
	if err != nil {
		return nil, classify(err)
	}
	apps, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (app.MyApp, error) {
		var a app.MyApp
		var active, terminated *time.Time
		err := row.Scan(append(serviceFields(&a.Service, &active, &terminated), &a.UID, &a.Level, &a.Mailbox, &a.Pending)...)
		a.Service.ActiveAt, a.Service.TerminatedAt = value(active), value(terminated)
		return a, err
	})
	return apps, classify(err)
}

// AppAccount returns how the apps of the acting organization know the actor.
func (t *Tx) AppAccount(ctx context.Context) (app.AppAccount, error) {
	var a app.AppAccount
	var at *time.Time
	err := t.tx.QueryRow(ctx, `
		SELECT coalesce(n.uid, ''), u.password_hash <> '', u.app_password_at
		FROM users u LEFT JOIN app_names n ON n.organization_id = $1 AND n.user_id = u.id WHERE u.id = $2`, t.actor.Organization, t.actor.User).
		Scan(&a.UID, &a.HasPassword, &at)
	a.AppPasswordAt = value(at)
	return a, classify(err)
}

// SetAppPassword gives a person another password for apps and mail, "" for none.
func (t *Tx) SetAppPassword(ctx context.Context, user app.ID, hash string, now time.Time) error {
	_, err := t.tx.Exec(ctx, `
		UPDATE users SET app_password_hash = $2, app_password_at = CASE WHEN $2 = '' THEN NULL ELSE $3::timestamptz END WHERE id = $1`, user, hash, now)
	return classify(err)
}
