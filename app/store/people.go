package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// PersonQuery selects a page of all people, newest first.
type PersonQuery struct {
	Text     string // part of the name or the e-mail address
	Disabled bool   // only those who are disabled
	Before   app.ID
	Limit    int
}

// People returns a page of everybody with an account, for the operator's staff, who see every membership.
func (t *Tx) People(ctx context.Context, q PersonQuery) ([]app.UserLine, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT u.id, u.email, u.name, u.language, u.disabled, u.signed_in_at, `+twoFactor+`,
		       ARRAY(SELECT o.name FROM memberships m JOIN organizations o ON o.id = m.organization_id WHERE m.user_id = u.id ORDER BY m.created_at LIMIT 3),
		       greatest((SELECT count(*) FROM memberships m WHERE m.user_id = u.id) - 3, 0)
		FROM users u
		WHERE ($1::uuid IS NULL OR u.id < $1) AND (NOT $2 OR u.disabled)
		  AND ($3 = '' OR u.name ILIKE '%' || $3 || '%' OR u.email ILIKE '%' || $3 || '%')
		ORDER BY u.id DESC LIMIT $4`, optional(q.Before), q.Disabled, likeText(q.Text), q.Limit)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (app.UserLine, error) {
		var p app.UserLine
		var signedIn *time.Time
		err := row.Scan(&p.ID, &p.Email, &p.Name, &p.Language, &p.Disabled, &signedIn, &p.TwoFactor, &p.Organizations, &p.More)
		p.SignedInAt = value(signedIn)
		return p, err
	})
}

// LockUser returns a person, or NotFound; nobody else changes them until this transaction ends.
func (t *Tx) LockUser(ctx context.Context, id app.ID) (app.User, error) {
	rows, err := t.tx.Query(ctx, `SELECT `+userColumns+` FROM users WHERE id = $1 FOR UPDATE`, id)
	if err != nil {
		return app.User{}, classify(err)
	}
	user, err := pgx.CollectExactlyOneRow(rows, scanUser)
	return user, classify(err)
}

// DisableUser ends all that a person can do, here and in apps, until EnableUser: their sessions and links end, their memberships stay. The
// operator's last administrator is a Conflict.
func (t *Tx) DisableUser(ctx context.Context, id app.ID, now time.Time) error {
	if err := t.changeOne(ctx, `UPDATE users SET disabled = true, disabled_at = $2 WHERE id = $1`, id, now); err != nil {
		return err
	}
	if _, err := t.EndSessionsOf(ctx, id, app.ID{}, "disabled", now); err != nil {
		return err
	}
	_, err := t.tx.Exec(ctx, `DELETE FROM links WHERE user_id = $1 AND used_at IS NULL`, id)
	return classify(err)
}

// EnableUser lets a person sign in again.
func (t *Tx) EnableUser(ctx context.Context, id app.ID, now time.Time) error {
	if _, err := t.EndSessionsOf(ctx, id, app.ID{}, "disabled", now); err != nil { // begun in the very moment in which they were disabled
		return err
	}
	return t.changeOne(ctx, `UPDATE users SET disabled = false, disabled_at = NULL WHERE id = $1`, id)
}

// OrganizationsOf returns the organizations of a person that the actor sees and that are not closed, but for the actor's own.
func (t *Tx) OrganizationsOf(ctx context.Context, user app.ID) ([]app.ID, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT m.organization_id FROM memberships m JOIN organizations o ON o.id = m.organization_id AND o.state <> 'closed'
		WHERE m.user_id = $1 AND m.organization_id <> $2 ORDER BY m.organization_id`, user, t.actor.Organization)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[app.ID])
}
