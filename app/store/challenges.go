package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// Challenge is something under way for a few minutes, found by the hash of its token.
type Challenge struct {
	Kind      string // what it is for; one of another kind is not found
	User      app.ID // the zero ID where it is not known yet who it is
	Session   app.ID // in which it was begun; it ends with that session
	Data      []byte
	ExpiresAt time.Time
}

// InsertChallenge stores a new one, and forgives the attempts that led to it.
func (s *Store) InsertChallenge(ctx context.Context, hash []byte, c Challenge, forgiven ...Limit) error {
	if c.Data == nil {
		c.Data = []byte{}
	}
	batch := &pgx.Batch{}
	batch.Queue(`
		INSERT INTO challenges (token_hash, kind, user_id, session_id, data, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		hash, c.Kind, optional(c.User), optional(c.Session), c.Data, c.ExpiresAt)
	success(batch, forgiven)
	return classify(s.pool.SendBatch(ctx, batch).Close())
}

// Challenge returns what is under way, or NotFound.
func (s *Store) Challenge(ctx context.Context, hash []byte, kind string, now time.Time) (Challenge, error) {
	return s.challenge(ctx, `SELECT user_id, session_id, data, expires_at FROM challenges WHERE token_hash = $1 AND kind = $2 AND expires_at > $3`,
		hash, kind, now)
}

// TryChallenge counts one try at it and returns it; NotFound when it is over or was tried too often. The try is counted before the answer
// is looked at.
func (s *Store) TryChallenge(ctx context.Context, hash []byte, kind string, now time.Time, most int) (Challenge, error) {
	return s.challenge(ctx, `
		UPDATE challenges SET tries = tries + 1 WHERE token_hash = $1 AND kind = $2 AND expires_at > $3 AND tries < $4
		RETURNING user_id, session_id, data, expires_at`, hash, kind, now, most)
}

// TakeChallenge ends it and returns what it was; of two who take the same, one gets NotFound.
func (s *Store) TakeChallenge(ctx context.Context, hash []byte, kind string, now time.Time) (Challenge, error) {
	return s.challenge(ctx, `
		DELETE FROM challenges WHERE token_hash = $1 AND kind = $2 AND expires_at > $3 RETURNING user_id, session_id, data, expires_at`, hash, kind, now)
}

func (s *Store) challenge(ctx context.Context, sql string, hash []byte, kind string, args ...any) (Challenge, error) {
	c := Challenge{Kind: kind}
	var user, session *app.ID
	err := s.pool.QueryRow(ctx, sql, append([]any{hash, kind}, args...)...).Scan(&user, &session, &c.Data, &c.ExpiresAt)
	if user != nil {
		c.User = *user
	}
	if session != nil {
		c.Session = *session
	}
	return c, classify(err)
}
