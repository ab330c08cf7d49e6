package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

const factorsOf = `
	SELECT EXISTS (SELECT 1 FROM totps WHERE user_id = $1 AND confirmed_at IS NOT NULL),
	       (SELECT count(*) FROM passkeys WHERE user_id = $1),
	       (SELECT count(*) FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL)`

// Factors returns what a person has besides a password.
func (s *Store) Factors(ctx context.Context, user app.ID) (app.Factors, error) {
	var f app.Factors
	err := s.pool.QueryRow(ctx, factorsOf, user).Scan(&f.TOTP, &f.Passkeys, &f.Codes)
	return f, classify(err)
}

// TOTP is a person's secret for one-time codes as it is stored: encrypted.
type TOTP struct {
	Ciphertext  []byte
	LastStep    int64     // of the newest code that was accepted
	ConfirmedAt time.Time // zero until its first code was typed
}

// TOTP returns the person's secret, or NotFound.
func (s *Store) TOTP(ctx context.Context, user app.ID) (TOTP, error) {
	var t TOTP
	var confirmed *time.Time
	err := s.pool.QueryRow(ctx, `SELECT ciphertext, last_step, confirmed_at FROM totps WHERE user_id = $1`, user).
		Scan(&t.Ciphertext, &t.LastStep, &confirmed)
	t.ConfirmedAt = value(confirmed)
	return t, classify(err)
}

// SpendStep accepts a code's time step once, and none before it. It reports whether this was the first time.
func (s *Store) SpendStep(ctx context.Context, user app.ID, step int64) (bool, error) {
	tag, err := s.pool.Exec(ctx, `UPDATE totps SET last_step = $2 WHERE user_id = $1 AND last_step < $2`, user, step)
	return tag.RowsAffected() == 1, classify(err)
}

// BeginTOTP stores a fresh secret that does not count yet. One that counts already stays: Conflict.
func (t *Tx) BeginTOTP(ctx context.Context, user app.ID, ciphertext []byte, now time.Time) error {
	tag, err := t.tx.Exec(ctx, `
		INSERT INTO totps (user_id, ciphertext, created_at) VALUES ($1, $2, $3)
		ON CONFLICT (user_id) DO UPDATE SET ciphertext = $2, created_at = $3, last_step = 0 WHERE totps.confirmed_at IS NULL`, user, ciphertext, now)
	if err == nil && tag.RowsAffected() == 0 {
		return app.Errorf(app.Conflict, "One-time codes are in use already. Remove them first to set up another app.")
	}
	return classify(err)
}

// ConfirmTOTP makes the secret count, after the code of a step was typed.
func (t *Tx) ConfirmTOTP(ctx context.Context, user app.ID, step int64, now time.Time) error {
	tag, err := t.tx.Exec(ctx, `UPDATE totps SET confirmed_at = $2, last_step = $3 WHERE user_id = $1 AND confirmed_at IS NULL`, user, now, step)
	if err == nil && tag.RowsAffected() == 0 {
		return app.Errorf(app.Conflict, "One-time codes are in use already. Remove them first to set up another app.")
	}
	return classify(err)
}

// DeleteTOTP removes the secret; NotFound when there is none.
func (t *Tx) DeleteTOTP(ctx context.Context, user app.ID) error {
	return t.one(ctx, `DELETE FROM totps WHERE user_id = $1`, user)
}

// ReplaceRecoveryCodes stores a new set of codes in the place of the old one, by their hashes; none removes them.
func (t *Tx) ReplaceRecoveryCodes(ctx context.Context, user app.ID, hashes [][]byte) error {
	batch := &pgx.Batch{}
	batch.Queue(`DELETE FROM recovery_codes WHERE user_id = $1`, user)
	batch.Queue(`INSERT INTO recovery_codes (user_id, hash) SELECT $1, unnest($2::bytea[])`, user, hashes)
	return classify(t.tx.SendBatch(ctx, batch).Close())
}

// SpendRecoveryCode accepts a code once, and reports whether it did.
func (s *Store) SpendRecoveryCode(ctx context.Context, user app.ID, hash []byte, now time.Time) (bool, error) {
	tag, err := s.pool.Exec(ctx, `UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND hash = $2 AND used_at IS NULL`, user, hash, now)
	return tag.RowsAffected() == 1, classify(err)
}

// FactorsOf is Factors within a transaction.
func (t *Tx) FactorsOf(ctx context.Context, user app.ID) (app.Factors, error) {
	var f app.Factors
	err := t.tx.QueryRow(ctx, factorsOf, user).Scan(&f.TOTP, &f.Passkeys, &f.Codes)
	return f, classify(err)
}

// one runs a statement that changes one row, NotFound when there is none.
func (t *Tx) one(ctx context.Context, sql string, args ...any) error {
	tag, err := t.tx.Exec(ctx, sql, args...)
	if err == nil && tag.RowsAffected() == 0 {
		err = pgx.ErrNoRows
	}
	return classify(err)
}
