package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// SealedSecret is a secret as it is stored: encrypted.
type SealedSecret struct {
	app.Secret
	ID         app.ID
	Shown      string // once or never
	Ciphertext []byte
}

// InsertSecrets adds generated values to a service; a name that is there already keeps its value.
func (t *Tx) InsertSecrets(ctx context.Context, organization, service app.ID, secrets []SealedSecret, now time.Time) error {
	batch := &pgx.Batch{}
	for _, s := range secrets {
		batch.Queue(`
			INSERT INTO secrets (organization_id, id, service_id, name, label, shown, ciphertext, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT ON CONSTRAINT secrets_name_key DO NOTHING`,
			organization, s.ID, service, s.Name, s.Label, s.Shown, s.Ciphertext, now)
	}
	return classify(t.tx.SendBatch(ctx, batch).Close())
}

// Secrets returns a service's secrets, still encrypted.
func (t *Tx) Secrets(ctx context.Context, service app.ID) ([]SealedSecret, error) {
	return t.selectSecrets(ctx, `WHERE service_id = $1 ORDER BY id`, service)
}

// RevealSecrets marks a service's showable secrets as shown and returns those that were not shown before.
func (t *Tx) RevealSecrets(ctx context.Context, service app.ID, now time.Time) ([]SealedSecret, error) {
	fresh, err := t.selectSecrets(ctx, `WHERE service_id = $1 AND shown = 'once' AND revealed_at IS NULL ORDER BY id FOR UPDATE`, service)
	if err != nil || len(fresh) == 0 {
		return nil, err
	}
	_, err = t.tx.Exec(ctx, `
		UPDATE secrets SET revealed_at = $2 WHERE service_id = $1 AND shown = 'once' AND revealed_at IS NULL`, service, now)
	return fresh, classify(err)
}

// DeleteSecrets removes all of a service's secrets.
func (t *Tx) DeleteSecrets(ctx context.Context, service app.ID) error {
	_, err := t.tx.Exec(ctx, `DELETE FROM secrets WHERE service_id = $1`, service)
	return classify(err)
}

func (t *Tx) selectSecrets(ctx context.Context, where string, service app.ID) ([]SealedSecret, error) {
	rows, err := t.tx.Query(ctx, `SELECT id, name, label, shown, ciphertext, revealed_at FROM secrets `+where, service)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (SealedSecret, error) {
		var s SealedSecret
		var revealed *time.Time
		err := row.Scan(&s.ID, &s.Name, &s.Label, &s.Shown, &s.Ciphertext, &revealed)
		s.RevealedAt = value(revealed)
		return s, err
	})
}
