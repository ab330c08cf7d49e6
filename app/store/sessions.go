package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// People and sessions belong to no organization; these look-ups come before a tenant is known.

// Memberships returns the organizations that the user may act for, oldest first.
func (s *Store) Memberships(ctx context.Context, user app.ID) ([]app.Membership, error) {
	rows, err := s.pool.Query(ctx, membershipsOf, user)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, scanMembership)
}

const membershipsOf = `SELECT organization_id, parent_id, kind, name, slug, state, role FROM user_memberships($1)`

func scanMembership(row pgx.CollectableRow) (app.Membership, error) {
	var m app.Membership
	var parent *app.ID
	o := &m.Organization
	err := row.Scan(&o.ID, &parent, &o.Kind, &o.Name, &o.Slug, &o.State, &m.Role)
	if parent != nil {
		o.Parent = *parent
	}
	return m, err
}

// OpenSession stores a new session for the organization that its person acts for, by the hash of its token. In the same transaction the
// attempts that led to it are forgiven, and its row goes into the audit log of each of the person's organizations.
func (s *Store) OpenSession(ctx context.Context, hash []byte, session app.Session, acting app.ID, forgiven []Limit, entry PersonEntry) error {
	batch := &pgx.Batch{}
	batch.Queue(`
		INSERT INTO sessions (token_hash, id, user_id, acting, address, agent, method, created_at, seen_at, confirmed_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10)`,
		hash, session.ID, session.User, acting, session.Address, session.Agent, session.Method, session.CreatedAt, session.ConfirmedAt,
		session.ExpiresAt)
	success(batch, forgiven)
	entry.queue(batch)
	return classify(s.pool.SendBatch(ctx, batch).Close())
}

// EndSession ends the session with this token and remembers its hash for a day. It returns whose it was: NotFound for one that is not open.
func (s *Store) EndSession(ctx context.Context, hash []byte, now time.Time) (app.ID, error) {
	var user app.ID
	err := s.pool.QueryRow(ctx, `WITH gone AS (`+endSessions+` WHERE token_hash = $2`+rememberEnded+`SELECT user_id FROM gone`, now, hash, "signed out").Scan(&user)
	return user, classify(err)
}

const (
	endSessions   = `DELETE FROM sessions`
	rememberEnded = ` RETURNING token_hash, id, user_id), kept AS (
		INSERT INTO ended_sessions (token_hash, session_id, user_id, how, ended_at) SELECT token_hash, id, user_id, $3, $1 FROM gone
		ON CONFLICT DO NOTHING) `
)

// EndSessionsOf ends all of a person's sessions but one (the zero ID for none), and says how many those were.
func (s *Store) EndSessionsOf(ctx context.Context, user, but app.ID, how string, now time.Time) (int, error) {
	var n int
	err := s.pool.QueryRow(ctx, `WITH gone AS (`+endSessions+` WHERE user_id = $2 AND id <> $4`+rememberEnded+`SELECT count(*) FROM gone`, now, user, how, but).Scan(&n)
	return n, classify(err)
}

// EndedSession tells whose session it was that ended within the last day, NotFound for others. It does so once for each: the second caller
// is not news. Those who come with a token in the minute after it was changed were only late.
func (s *Store) EndedSession(ctx context.Context, hash []byte, now time.Time) (user app.ID, how string, err error) {
	err = s.pool.QueryRow(ctx, `
		UPDATE ended_sessions SET noted_at = $2
		WHERE token_hash = $1 AND noted_at IS NULL AND (how <> 'rotated' OR ended_at < $2::timestamptz - interval '1 minute')
		RETURNING user_id, how`, hash, now).Scan(&user, &how)
	return user, how, classify(err)
}

// DeleteExpiredSessions drops what is past its time: sessions, what is under way at the doors, spent links and old counts of attempts.
func (s *Store) DeleteExpiredSessions(ctx context.Context, now time.Time) error {
	batch := &pgx.Batch{}
	batch.Queue(`DELETE FROM sessions WHERE expires_at < $1`, now)
	batch.Queue(`DELETE FROM attempts WHERE started < $1`, now.Add(-24*time.Hour))
	batch.Queue(`DELETE FROM challenges WHERE expires_at < $1`, now)
	batch.Queue(`DELETE FROM ended_sessions WHERE ended_at < $1`, now.Add(-24*time.Hour))
	batch.Queue(`DELETE FROM links WHERE expires_at < $1`, now.Add(-24*time.Hour))
	return classify(s.pool.SendBatch(ctx, batch).Close())
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
