package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// SigningKeys returns every key that apps are shown, the one that signs first.
func (s *Store) SigningKeys(ctx context.Context, now time.Time) ([]app.SigningKey, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT id, algorithm, sealed, public, created_at, retired_at, gone_at FROM signing_keys
		WHERE gone_at IS NULL OR gone_at > $1
		ORDER BY retired_at DESC NULLS FIRST`, now)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (app.SigningKey, error) {
		var k app.SigningKey
		var retired, gone *time.Time
		err := row.Scan(&k.ID, &k.Algorithm, &k.Sealed, &k.Public, &k.CreatedAt, &retired, &gone)
		k.RetiredAt, k.GoneAt = value(retired), value(gone)
		return k, err
	})
}

// RotateSigningKey makes next the key that signs in the place of the one with the ID instead (the zero ID where there is none), which is shown
// until gone. False: another process was faster.
func (s *Store) RotateSigningKey(ctx context.Context, instead app.ID, next app.SigningKey, gone time.Time) (done bool, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM signing_keys WHERE gone_at < $1`, next.CreatedAt); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
			UPDATE signing_keys SET retired_at = $2, gone_at = $3 WHERE id = $1 AND retired_at IS NULL`, instead, next.CreatedAt, gone)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `
			INSERT INTO signing_keys (id, algorithm, sealed, public, created_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT ((true)) WHERE retired_at IS NULL DO NOTHING`, next.ID, next.Algorithm, next.Sealed, next.Public, next.CreatedAt)
		done = err == nil && tag.RowsAffected() == 1
		return err
	})
	return done, classify(err)
}
