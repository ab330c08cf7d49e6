package store

import (
	"context"
	"fmt"

	"allotment/app"
)

// ForSeller runs fn, in this very transaction, as the engine that keeps the books of the tenant's seller: documents, numbers and entries are the
// seller's, whom a customer does not see. The IDs that fn works on must have been read in the tenant's own sight before.
func (t *Tx) ForSeller(ctx context.Context, fn func() error) error {
	if t.actor.Staff() {
		return fn()
	}
	if _, err := t.tx.Exec(ctx, `SET LOCAL ROLE allotment_operator`); err != nil {
		return fmt.Errorf("the seller's books: %w", err)
	}
	if err := fn(); err != nil {
		return err // the transaction ends with it
	}
	if _, err := t.tx.Exec(ctx, `SET LOCAL ROLE NONE`); err != nil {
		return fmt.Errorf("the seller's books: %w", err)
	}
	return nil
}

// Rehearse runs fn as a transaction that could be, and takes back all of it: what fn finds out is what would happen.
func (s *Store) Rehearse(ctx context.Context, actor app.Actor, fn func(*Tx) error) error {
	done := false
	err := s.InTenant(ctx, actor, func(tx *Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		done = true
		return errRehearsed
	})
	if done {
		return nil
	}
	return err
}

var errRehearsed = fmt.Errorf("it was a rehearsal")
