package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

const passkeyColumns = `id, user_id, name, credential, created_at, used_at, warned_at`

func scanPasskey(row pgx.CollectableRow) (app.Passkey, error) {
	var k app.Passkey
	var used, warned *time.Time
	err := row.Scan(&k.ID, &k.User, &k.Name, &k.Credential, &k.CreatedAt, &used, &warned)
	k.UsedAt, k.WarnedAt = value(used), value(warned)
	return k, err
}

// Passkeys returns a person's passkeys, the oldest first.
func (s *Store) Passkeys(ctx context.Context, user app.ID) ([]app.Passkey, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+passkeyColumns+` FROM passkeys WHERE user_id = $1 ORDER BY id`, user)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, scanPasskey)
}

// UsePasskey stores what a passkey's use changed: its counter, and when; warned says that the counter went backwards.
func (s *Store) UsePasskey(ctx context.Context, credentialID, credential []byte, warned bool, now time.Time) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE passkeys SET credential = $2, used_at = $3, warned_at = CASE WHEN $4 THEN $3 ELSE warned_at END WHERE credential_id = $1`,
		credentialID, credential, now, warned)
	return classify(err)
}

// InsertPasskey adds a passkey; a credential that is there already is a Conflict.
func (t *Tx) InsertPasskey(ctx context.Context, k app.Passkey, credentialID []byte) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO passkeys (id, user_id, credential_id, credential, name, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		k.ID, k.User, credentialID, k.Credential, k.Name, k.CreatedAt)
	return classify(err)
}

// PasskeyName returns what a person's passkey is called; NotFound when they have no such passkey.
func (t *Tx) PasskeyName(ctx context.Context, user, id app.ID) (name string, err error) {
	err = t.tx.QueryRow(ctx, `SELECT name FROM passkeys WHERE user_id = $1 AND id = $2`, user, id).Scan(&name)
	return name, classify(err)
}

// RenamePasskey gives a person's passkey another name; NotFound when they have no such passkey.
func (t *Tx) RenamePasskey(ctx context.Context, user, id app.ID, name string) error {
	return t.one(ctx, `UPDATE passkeys SET name = $3 WHERE user_id = $1 AND id = $2`, user, id, name)
}

// DeletePasskey removes a person's passkey and returns what it was called; NotFound when they have no such passkey.
func (t *Tx) DeletePasskey(ctx context.Context, user, id app.ID) (string, error) {
	var name string
	err := t.tx.QueryRow(ctx, `DELETE FROM passkeys WHERE user_id = $1 AND id = $2 RETURNING name`, user, id).Scan(&name)
	return name, classify(err)
}
