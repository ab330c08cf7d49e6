package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// GuestClaims keeps the hypervisor's numbers: each is one guest's for good, claimed before anything is created.
type GuestClaims struct {
	Store       *Store
	First, Last int // the range of numbers, both included
}

// Claim returns the resource's claim, or a fresh one with the lowest free number. No number left is Full.
func (c GuestClaims) Claim(ctx context.Context, ref app.Ref) (app.GuestClaim, error) {
	var claim app.GuestClaim
	err := c.Store.claim(ctx, app.System(ref.Organization), func(t *Tx) (bool, error) {
		var err error
		if claim, err = t.guestClaim(ctx, ref.Resource); !errors.Is(err, pgx.ErrNoRows) {
			return true, err
		}
		claim, err = t.insertGuestClaim(ctx, ref, c.First, c.Last)
		return claim.Number != 0, err
	})
	return claim, err
}

func (t *Tx) guestClaim(ctx context.Context, resource app.ID) (app.GuestClaim, error) {
	claim := app.GuestClaim{Resource: resource}
	err := t.tx.QueryRow(ctx, `SELECT number, node, task FROM guest_claims WHERE resource_id = $1`, resource).
		Scan(&claim.Number, &claim.Node, &claim.Task)
	return claim, err
}

func (t *Tx) insertGuestClaim(ctx context.Context, ref app.Ref, first, last int) (app.GuestClaim, error) {
	var free *int
	if err := t.tx.QueryRow(ctx, `SELECT free_guest_number($1, $2)`, first, last).Scan(&free); err != nil {
		return app.GuestClaim{}, err
	}
	if free == nil {
		return app.GuestClaim{}, app.Errorf(app.Full, "There is no room for this server at the moment.")
	}
	tag, err := t.tx.Exec(ctx, `
		INSERT INTO guest_claims (organization_id, resource_id, number) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		ref.Organization, ref.Resource, *free)
	if err != nil || tag.RowsAffected() == 0 {
		return app.GuestClaim{}, err
	}
	return app.GuestClaim{Resource: ref.Resource, Number: *free}, nil
}

// Place records the node that was chosen.
func (c GuestClaims) Place(ctx context.Context, ref app.Ref, node string) error {
	return c.update(ctx, ref, `UPDATE guest_claims SET node = $2 WHERE resource_id = $1`, node)
}

// Task records the hypervisor's task that is under way; "" when it has ended.
func (c GuestClaims) Task(ctx context.Context, ref app.Ref, task string) error {
	return c.update(ctx, ref, `UPDATE guest_claims SET task = $2 WHERE resource_id = $1`, task)
}

func (c GuestClaims) update(ctx context.Context, ref app.Ref, sql, arg string) error {
	return c.Store.InTenant(ctx, app.System(ref.Organization), func(t *Tx) error {
		_, err := t.tx.Exec(ctx, sql, ref.Resource, arg)
		return err
	})
}

// Quarantine gives the claimed number up for good, with the reason for the operator, and claims a fresh one.
func (c GuestClaims) Quarantine(ctx context.Context, ref app.Ref, reason string) (app.GuestClaim, error) {
	err := c.Store.InTenant(ctx, app.System(ref.Organization), func(t *Tx) error {
		_, err := t.tx.Exec(ctx, `
			WITH given_up AS (DELETE FROM guest_claims WHERE resource_id = $1 RETURNING number)
			INSERT INTO guest_quarantine (number, reason, at) SELECT number, $2, now() FROM given_up ON CONFLICT DO NOTHING`,
			ref.Resource, reason)
		return err
	})
	if err != nil {
		return app.GuestClaim{}, err
	}
	return c.Claim(ctx, ref)
}

// Release gives the number back after the guest is gone.
func (c GuestClaims) Release(ctx context.Context, ref app.Ref) error {
	return c.Store.InTenant(ctx, app.System(ref.Organization), func(t *Tx) error {
		_, err := t.tx.Exec(ctx, `DELETE FROM guest_claims WHERE resource_id = $1`, ref.Resource)
		return err
	})
}
