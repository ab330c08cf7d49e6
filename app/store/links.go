package store

import (
	"context"
	"time"

	"allotment/app"
)

// InsertLink stores a link by the hash of its token. Earlier ones of the same purpose and person work no more.
func (t *Tx) InsertLink(ctx context.Context, hash []byte, l app.Link) error {
	_, err := t.tx.Exec(ctx, `
		WITH gone AS (DELETE FROM links WHERE user_id = $3 AND purpose = $2 AND purpose <> 'undo' AND used_at IS NULL)
		INSERT INTO links (token_hash, purpose, user_id, email, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		hash, l.Purpose, l.User, l.Email, l.CreatedAt, l.ExpiresAt)
	return classify(err)
}

// Link returns a link that can still be used, or NotFound. It does not use it.
func (s *Store) Link(ctx context.Context, hash []byte, purpose app.LinkPurpose, now time.Time) (app.Link, error) {
	l := app.Link{Purpose: purpose}
	err := s.pool.QueryRow(ctx, `
		SELECT user_id, email, created_at, expires_at FROM links
		WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3`, hash, purpose, now).
		Scan(&l.User, &l.Email, &l.CreatedAt, &l.ExpiresAt)
	return l, classify(err)
}

// SpendLink uses a link; of two who use the same, one gets NotFound.
func (t *Tx) SpendLink(ctx context.Context, hash []byte, now time.Time) error {
	return t.one(ctx, `UPDATE links SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2`, hash, now)
}

// DropLinks ends a person's open links of a purpose.
func (t *Tx) DropLinks(ctx context.Context, user app.ID, purpose app.LinkPurpose) error {
	_, err := t.tx.Exec(ctx, `DELETE FROM links WHERE user_id = $1 AND purpose = $2 AND used_at IS NULL`, user, purpose)
	return classify(err)
}
