package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

const userColumns = `id, email, name, password_hash, language, disabled, verified_at, coalesce(new_email, '')`

func scanUser(row pgx.CollectableRow) (app.User, error) {
	var u app.User
	var verified *time.Time
	err := row.Scan(&u.ID, &u.Email, &u.Name, &u.PasswordHash, &u.Language, &u.Disabled, &verified, &u.NewEmail)
	u.VerifiedAt = value(verified)
	return u, err
}

// UserByEmail returns the user, or NotFound.
func (s *Store) UserByEmail(ctx context.Context, email string) (app.User, error) {
	return s.user(ctx, `WHERE email = $1`, email)
}

// User returns a user by ID, or NotFound.
func (s *Store) User(ctx context.Context, id app.ID) (app.User, error) {
	return s.user(ctx, `WHERE id = $1`, id)
}

func (s *Store) user(ctx context.Context, where string, arg any) (app.User, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+userColumns+` FROM users `+where, arg)
	if err != nil {
		return app.User{}, classify(err)
	}
	user, err := pgx.CollectExactlyOneRow(rows, scanUser)
	return user, classify(err)
}

// AtDoor counts an attempt and finds its person, in one round trip. A person who is not known is the zero User.
func (s *Store) AtDoor(ctx context.Context, limits []Limit, email string, now time.Time, window time.Duration) (Counted, app.User, error) {
	var counted Counted
	var users []app.User
	keys, most := split(limits)
	batch := &pgx.Batch{}
	batch.Queue(countAttempts, keys, most, now, window).QueryRow(func(row pgx.Row) error { return row.Scan(&counted.Allowed, &counted.Reached) })
	batch.Queue(`SELECT `+userColumns+` FROM users WHERE email = $1`, email).Query(func(rows pgx.Rows) (err error) {
		users, err = pgx.CollectRows(rows, scanUser)
		return err
	})
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil || len(users) == 0 {
		return counted, app.User{}, classify(err)
	}
	return counted, users[0], nil
}

// Standing returns the organizations that the user may act for, oldest first, and what they have besides a password.
func (s *Store) Standing(ctx context.Context, user app.ID) ([]app.Membership, app.Factors, error) {
	var memberships []app.Membership
	var factors app.Factors
	batch := &pgx.Batch{}
	batch.Queue(membershipsOf, user).Query(func(rows pgx.Rows) (err error) {
		memberships, err = pgx.CollectRows(rows, scanMembership)
		return err
	})
	batch.Queue(factorsOf, user).QueryRow(func(row pgx.Row) error { return row.Scan(&factors.TOTP, &factors.Passkeys, &factors.Codes) })
	err := s.pool.SendBatch(ctx, batch).Close()
	return memberships, factors, classify(err)
}

// SetPasswordHash stores a person's password, hashed.
func (s *Store) SetPasswordHash(ctx context.Context, user app.ID, hash string) error {
	_, err := s.pool.Exec(ctx, `UPDATE users SET password_hash = $2 WHERE id = $1`, user, hash)
	return classify(err)
}

// UpdateUser changes how a person is called and in which language they read.
func (t *Tx) UpdateUser(ctx context.Context, user app.ID, name, language string) error {
	return t.one(ctx, `UPDATE users SET name = $2, language = $3 WHERE id = $1`, user, name, language)
}

// SetPassword stores a person's new password, hashed.
func (t *Tx) SetPassword(ctx context.Context, user app.ID, hash string, now time.Time) error {
	return t.one(ctx, `UPDATE users SET password_hash = $2, password_changed_at = $3 WHERE id = $1`, user, hash, now)
}

// SetNewEmail notes the address that takes the place of a person's own once it has answered; "" for none.
func (t *Tx) SetNewEmail(ctx context.Context, user app.ID, email string) error {
	return t.one(ctx, `UPDATE users SET new_email = nullif($2, '') WHERE id = $1`, user, email)
}

// VerifyEmail makes an address the person's own, confirmed. Conflict when somebody else has it.
func (t *Tx) VerifyEmail(ctx context.Context, user app.ID, email string, now time.Time) error {
	return t.one(ctx, `UPDATE users SET email = $2, new_email = NULL, verified_at = $3 WHERE id = $1`, user, email, now)
}

// EmailTaken reports whether an address has an account.
func (t *Tx) EmailTaken(ctx context.Context, email string) (taken bool, err error) {
	err = t.tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM users WHERE email = $1)`, email).Scan(&taken)
	return taken, classify(err)
}
