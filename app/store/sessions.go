package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// People and sessions belong to no organization; these look-ups come before a tenant is known.

// UserByEmail returns the user, or NotFound.
func (s *Store) UserByEmail(ctx context.Context, email string) (app.User, error) {
	var u app.User
	err := s.pool.QueryRow(ctx, `
		SELECT id, email, name, password_hash, language, disabled FROM users WHERE email = $1`, email).
		Scan(&u.ID, &u.Email, &u.Name, &u.PasswordHash, &u.Language, &u.Disabled)
	if err != nil {
		return app.User{}, classify(err)
	}
	return u, nil
}

// Memberships returns the organizations that the user may act for, oldest first.
func (s *Store) Memberships(ctx context.Context, user app.ID) ([]app.Membership, error) {
	rows, err := s.pool.Query(ctx, `SELECT organization_id, parent_id, kind, name, slug, state, role FROM user_memberships($1)`, user)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (app.Membership, error) {
		var m app.Membership
		var parent *app.ID
		o := &m.Organization
		err := row.Scan(&o.ID, &parent, &o.Kind, &o.Name, &o.Slug, &o.State, &m.Role)
		if parent != nil {
			o.Parent = *parent
		}
		return m, err
	})
}

// InsertSession stores a new session by the hash of its token.
func (s *Store) InsertSession(ctx context.Context, hash []byte, user, acting app.ID, address string, now, expires time.Time) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO sessions (token_hash, user_id, acting, address, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		hash, user, acting, address, now, expires)
	return classify(err)
}

// DeleteSession ends a session; an unknown one is fine.
func (s *Store) DeleteSession(ctx context.Context, hash []byte) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM sessions WHERE token_hash = $1`, hash)
	return classify(err)
}

// DeleteExpiredSessions drops what is past its time, and old counts of attempts.
func (s *Store) DeleteExpiredSessions(ctx context.Context, now time.Time) error {
	if _, err := s.pool.Exec(ctx, `DELETE FROM sessions WHERE expires_at < $1`, now); err != nil {
		return classify(err)
	}
	_, err := s.pool.Exec(ctx, `DELETE FROM attempts WHERE started < $1`, now.Add(-24*time.Hour))
	return classify(err)
}

// SessionActor returns who is signed in with the token of this hash, or NotFound.
func (s *Store) SessionActor(ctx context.Context, hash []byte, now time.Time) (app.Actor, error) {
	var a app.Actor
	err := s.pool.QueryRow(ctx, `
		SELECT user_id, user_name, email, language, organization_id, organization_name, slug, kind, role
		FROM session_actor($1, $2)`, hash, now).
		Scan(&a.User, &a.Name, &a.Email, &a.Language, &a.Organization, &a.OrganizationName, &a.OrganizationSlug, &a.Kind, &a.Role)
	if err != nil {
		return app.Actor{}, classify(err)
	}
	return a, nil
}

// CountAttempt counts one attempt for the key within a window and returns how many there were with this one. The count is made
// before the password is looked at, so that attempts in parallel cannot slip past the limit.
func (s *Store) CountAttempt(ctx context.Context, key string, now time.Time, window time.Duration) (int, error) {
	var n int
	err := s.pool.QueryRow(ctx, `
		INSERT INTO attempts (key, started, failures) VALUES ($1, $2, 1)
		ON CONFLICT (key) DO UPDATE SET
			failures = CASE WHEN attempts.started < $3 THEN 1 ELSE attempts.failures + 1 END,
			started  = CASE WHEN attempts.started < $3 THEN $2 ELSE attempts.started END
		RETURNING failures`, key, now, now.Add(-window)).Scan(&n)
	return n, classify(err)
}

// ForgetAttempts clears the count of a key after a success.
func (s *Store) ForgetAttempts(ctx context.Context, key string) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM attempts WHERE key = $1`, key)
	return classify(err)
}
