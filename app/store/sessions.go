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
		INSERT INTO sessions (token_hash, id, user_id, acting, address, agent, method, created_at, seen_at, confirmed_at, expires_at,
		                      provider_organization)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11)`,
		hash, session.ID, session.User, acting, session.Address, session.Agent, session.Method, session.CreatedAt, session.ConfirmedAt,
		session.ExpiresAt, optional(session.Within))
	batch.Queue(`UPDATE users SET signed_in_at = $2 WHERE id = $1`, session.User, session.CreatedAt)
	success(batch, forgiven)
	entry.queue(batch)
	return classify(s.pool.SendBatch(ctx, batch).Close())
}

// EndSession ends the session with this token and remembers its hash for a day. It returns whose it was: NotFound for one that is not open.
func (s *Store) EndSession(ctx context.Context, hash []byte, now time.Time) (app.ID, error) {
	var user app.ID
	err := s.pool.QueryRow(ctx, endSessions(`token_hash = $3`)+`SELECT user_id FROM gone`, now, "signed out", hash).Scan(&user)
	return user, classify(err)
}

// endSessions is the beginning of a statement that ends the sessions of a condition, and remembers them as ended at $1 for the reason $2.
func endSessions(where string) string {
	return `
		WITH gone AS (DELETE FROM sessions WHERE ` + where + ` RETURNING token_hash, id, user_id), kept AS (
			INSERT INTO ended_sessions (token_hash, session_id, user_id, how, ended_at) SELECT token_hash, id, user_id, $2, $1 FROM gone
			ON CONFLICT DO NOTHING)
		`
}

// EndSessionOf ends one of a person's sessions and returns what it was; NotFound when they have no such session.
func (t *Tx) EndSessionOf(ctx context.Context, user, id app.ID, now time.Time) error {
	var gone app.ID
	err := t.tx.QueryRow(ctx, endSessions(`user_id = $3 AND id = $4`)+`SELECT id FROM gone`, now, "revoked", user, id).Scan(&gone)
	return classify(err)
}

// EndSessionsOf ends all of a person's sessions but one (the zero ID for none), and says how many those were.
func (t *Tx) EndSessionsOf(ctx context.Context, user, but app.ID, how string, now time.Time) (int, error) {
	var n int
	err := t.tx.QueryRow(ctx, endSessions(`user_id = $3 AND id <> $4`)+`SELECT count(*) FROM gone`, now, how, user, but).Scan(&n)
	return n, classify(err)
}

// RotateSession gives a session another token, by its hash, and returns until when it lasts. The old token is refused from now on.
func (t *Tx) RotateSession(ctx context.Context, id app.ID, hash []byte, now time.Time) (until time.Time, err error) {
	err = t.tx.QueryRow(ctx, `
		WITH old AS (
			INSERT INTO ended_sessions (token_hash, session_id, user_id, how, ended_at)
			SELECT token_hash, id, user_id, 'rotated', $3 FROM sessions WHERE id = $1)
		UPDATE sessions SET token_hash = $2, seen_at = $3 WHERE id = $1 RETURNING expires_at`, id, hash, now).Scan(&until)
	return until, classify(err)
}

// ConfirmSession notes that a session's person has just proved themselves.
func (t *Tx) ConfirmSession(ctx context.Context, id app.ID, now time.Time) error {
	return t.one(ctx, `UPDATE sessions SET confirmed_at = $2 WHERE id = $1`, id, now)
}

// SessionsOf returns a person's sessions that are not past their time, the last used first.
func (s *Store) SessionsOf(ctx context.Context, user app.ID, now time.Time) ([]app.Session, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT id, user_id, address, agent, method, created_at, seen_at, confirmed_at, expires_at FROM sessions
		WHERE user_id = $1 AND expires_at > $2 ORDER BY seen_at DESC, id LIMIT 200`, user, now)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (app.Session, error) {
		var o app.Session
		err := row.Scan(&o.ID, &o.User, &o.Address, &o.Agent, &o.Method, &o.CreatedAt, &o.SeenAt, &o.ConfirmedAt, &o.ExpiresAt)
		return o, err
	})
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

// SessionActor returns who acts in the session whose token has this hash, or NotFound. The first call after a time in a customer's name is
// Gone, so that what was meant for the customer is not done elsewhere; the next one is the person's own again.
func (s *Store) SessionActor(ctx context.Context, hash []byte, now time.Time, idle Idle) (app.Actor, error) {
	var a app.Actor
	var seen time.Time
	var impersonation *app.ID
	var seller, reason *string
	var ends *time.Time
	var over bool
	err := s.pool.QueryRow(ctx, `
		SELECT session_id, user_id, user_name, email, language, confirmed_at, seen_at, organization_id, organization_name, slug, kind, state, role,
		       impersonation_id, seller_name, reason, ends_at, visit_over, visited, several
		FROM session_actor($1, $2, $3, $4)`, hash, now, idle.People, idle.Staff).
		Scan(&a.Session, &a.User, &a.Name, &a.Email, &a.Language, &a.ConfirmedAt, &seen, &a.Organization, &a.OrganizationName, &a.OrganizationSlug,
			&a.Kind, &a.State, &a.Role, &impersonation, &seller, &reason, &ends, &over, &a.Visited, &a.Several)
	if err != nil {
		return app.Actor{}, classify(err)
	}
	if impersonation != nil {
		a.Impersonation = &app.Impersonation{ID: *impersonation, SellerName: *seller, Reason: *reason, EndsAt: *ends}
	}
	if over {
		_, err := s.pool.Exec(ctx, `UPDATE sessions SET impersonation_id = NULL, seen_at = $2 WHERE token_hash = $1`, hash, now)
		if err != nil {
			return app.Actor{}, classify(err)
		}
		return app.Actor{}, app.Errorf(app.Gone, "Your time to act in this customer's name is over. Nothing was done.")
	}
	if now.Sub(seen) < seenEvery {
		return a, nil
	}
	_, err = s.pool.Exec(ctx, `UPDATE sessions SET seen_at = $2 WHERE token_hash = $1 AND seen_at < $2`, hash, now)
	return a, classify(err)
}
