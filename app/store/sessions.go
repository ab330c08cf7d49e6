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

// InsertSession stores a new session for the organization that its person acts for, by the hash of its token.
func (s *Store) InsertSession(ctx context.Context, hash []byte, session app.Session, acting app.ID) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO sessions (token_hash, id, user_id, acting, address, agent, method, created_at, seen_at, confirmed_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10)`,
		hash, session.ID, session.User, acting, session.Address, session.Agent, session.Method, session.CreatedAt, session.ConfirmedAt,
		session.ExpiresAt)
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

// Idle is after how long without a call a session ends: of the operator's staff, and of people whose organization did not choose.
type Idle struct{ People, Staff time.Duration }

// seenEvery is how exactly a session's last call is known.
const seenEvery = time.Minute

// SessionActor returns who acts in the session whose token has this hash, or NotFound.
func (s *Store) SessionActor(ctx context.Context, hash []byte, now time.Time, idle Idle) (app.Actor, error) {
	var a app.Actor
	var seen time.Time
	var impersonation *app.ID
	var seller, reason *string
	var ends *time.Time
	err := s.pool.QueryRow(ctx, `
		SELECT session_id, user_id, user_name, email, language, confirmed_at, seen_at, organization_id, organization_name, slug, kind, state, role,
		       impersonation_id, seller_name, reason, ends_at
		FROM session_actor($1, $2, $3, $4)`, hash, now, idle.People, idle.Staff).
		Scan(&a.Session, &a.User, &a.Name, &a.Email, &a.Language, &a.ConfirmedAt, &seen, &a.Organization, &a.OrganizationName, &a.OrganizationSlug,
			&a.Kind, &a.State, &a.Role, &impersonation, &seller, &reason, &ends)
	if err != nil {
		return app.Actor{}, classify(err)
	}
	if impersonation != nil {
		a.Impersonation = &app.Impersonation{ID: *impersonation, SellerName: *seller, Reason: *reason, EndsAt: *ends}
	}
	if now.Sub(seen) < seenEvery {
		return a, nil
	}
	_, err = s.pool.Exec(ctx, `UPDATE sessions SET seen_at = $2 WHERE token_hash = $1 AND seen_at < $2`, hash, now)
	return a, classify(err)
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
