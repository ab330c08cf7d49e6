package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

const keyColumns = `k.organization_id, k.id, k.name, k.prefix, k.role, k.created_by, u.name, k.created_at, k.expires_at, k.last_used_at, k.revoked_at`

func scanKey(row pgx.CollectableRow) (app.Key, error) {
	var k app.Key
	var expires, used, revoked *time.Time
	err := row.Scan(&k.Organization, &k.ID, &k.Name, &k.Prefix, &k.Role, &k.CreatedBy, &k.CreatedByName, &k.CreatedAt, &expires, &used, &revoked)
	k.ExpiresAt, k.LastUsedAt, k.RevokedAt = value(expires), value(used), value(revoked)
	return k, err
}

// Keys returns a page of the acting organization's own keys, newest first. before is the last ID of the page before, or the zero ID.
func (t *Tx) Keys(ctx context.Context, before app.ID, limit int) ([]app.Key, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+keyColumns+` FROM api_keys k JOIN users u ON u.id = k.created_by
		WHERE k.organization_id = $1 AND ($2::uuid IS NULL OR k.id < $2)
		ORDER BY k.id DESC LIMIT $3`, t.actor.Organization, optional(before), limit)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, scanKey)
}

// LockKey returns one of the acting organization's own keys, or NotFound; nobody else changes it until this transaction ends.
func (t *Tx) LockKey(ctx context.Context, id app.ID) (app.Key, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+keyColumns+` FROM api_keys k JOIN users u ON u.id = k.created_by
		WHERE k.organization_id = $1 AND k.id = $2 FOR UPDATE OF k`, t.actor.Organization, id)
	if err != nil {
		return app.Key{}, classify(err)
	}
	k, err := pgx.CollectExactlyOneRow(rows, scanKey)
	return k, classify(err)
}

// CountKeys returns how many keys of the acting organization are not revoked.
func (t *Tx) CountKeys(ctx context.Context) (int, error) {
	var n int
	err := t.tx.QueryRow(ctx, `SELECT count(*) FROM api_keys WHERE organization_id = $1 AND revoked_at IS NULL`, t.actor.Organization).Scan(&n)
	return n, classify(err)
}

// InsertKey adds a key by the hash of its token. A name that another living key has is a Conflict at the field name.
func (t *Tx) InsertKey(ctx context.Context, k app.Key, hash []byte) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO api_keys (organization_id, id, name, prefix, token_hash, role, created_by, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		k.Organization, k.ID, k.Name, k.Prefix, hash, k.Role, k.CreatedBy, k.CreatedAt, moment(k.ExpiresAt))
	return classify(err)
}

// ReplaceKey gives a key another token; the one before opens nothing any more.
func (t *Tx) ReplaceKey(ctx context.Context, k app.Key, hash []byte) error {
	_, err := t.tx.Exec(ctx, `
		UPDATE api_keys SET prefix = $3, token_hash = $4 WHERE organization_id = $1 AND id = $2`, k.Organization, k.ID, k.Prefix, hash)
	return classify(err)
}

// RevokeKey ends a key.
func (t *Tx) RevokeKey(ctx context.Context, k app.Key, now time.Time) error {
	_, err := t.tx.Exec(ctx, `UPDATE api_keys SET revoked_at = $3 WHERE organization_id = $1 AND id = $2`, k.Organization, k.ID, now)
	return classify(err)
}

// KeyActor returns who acts with the key of this prefix whose token has this hash, or NotFound.
func (s *Store) KeyActor(ctx context.Context, prefix string, hash []byte, now time.Time) (app.Actor, error) {
	var a app.Actor
	var name string
	var used *time.Time
	err := s.pool.QueryRow(ctx, `
		SELECT key_id, key_name, last_used_at, organization_id, organization_name, slug, kind, state, role
		FROM key_actor($1, $2, $3)`, prefix, hash, now).
		Scan(&a.Key, &name, &used, &a.Organization, &a.OrganizationName, &a.OrganizationSlug, &a.Kind, &a.State, &a.Role)
	if err != nil {
		return app.Actor{}, classify(err)
	}
	a.Name = "key " + name
	minute := now.UTC().Truncate(time.Minute)
	if !value(used).Before(minute) {
		return a, nil
	}
	return a, s.InTenant(ctx, a, func(t *Tx) error {
		_, err := t.tx.Exec(ctx, `
			UPDATE api_keys SET last_used_at = $3 WHERE organization_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at < $3)`,
			a.Organization, a.Key, minute)
		return classify(err)
	})
}
