package store

import (
	"context"
	"errors"
	"net/netip"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// ClaimAddress gives the resource an address between first and last, both included: the one it has, or the lowest free one.
// No address left is Full. Two at once never get the same one: the second tries again.
func (s *Store) ClaimAddress(ctx context.Context, actor app.Actor, resource app.ID, first, last netip.Addr) (netip.Addr, error) {
	var got netip.Addr
	err := s.claim(ctx, actor, func(t *Tx) (bool, error) {
		err := t.tx.QueryRow(ctx, `SELECT address FROM addresses WHERE resource_id = $1`, resource).Scan(&got)
		if !errors.Is(err, pgx.ErrNoRows) {
			return true, err
		}
		var free *netip.Addr
		if err := t.tx.QueryRow(ctx, `SELECT free_address($1, $2)`, first, last).Scan(&free); err != nil {
			return false, err
		}
		if free == nil {
			return false, app.Errorf(app.Full, "There is no address left for this server at the moment.")
		}
		got = *free
		tag, err := t.tx.Exec(ctx, `
			INSERT INTO addresses (organization_id, resource_id, address) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			actor.Organization, resource, got)
		return tag.RowsAffected() == 1, err
	})
	return got, err
}

// Address returns the resource's address, or NotFound.
func (t *Tx) Address(ctx context.Context, resource app.ID) (netip.Addr, error) {
	var got netip.Addr
	err := t.tx.QueryRow(ctx, `SELECT address FROM addresses WHERE resource_id = $1`, resource).Scan(&got)
	return got, classify(err)
}

// ReleaseAddress gives the resource's address back.
func (t *Tx) ReleaseAddress(ctx context.Context, resource app.ID) error {
	_, err := t.tx.Exec(ctx, `DELETE FROM addresses WHERE resource_id = $1`, resource)
	return classify(err)
}

// claim repeats fn, each time in a transaction of its own, until it says that it got what it looked for.
func (s *Store) claim(ctx context.Context, actor app.Actor, fn func(*Tx) (bool, error)) error {
	for {
		var done bool
		err := s.InTenant(ctx, actor, func(t *Tx) (err error) {
			done, err = fn(t)
			return err
		})
		if err != nil || done {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}
