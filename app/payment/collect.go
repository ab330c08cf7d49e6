package payment

import (
	"context"
	"fmt"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

// atOnce is how many rows are looked for in one go.
const atOnce = 200

// Collect begins to collect each invoice that is due today from its customer's saved way to pay, and returns how many it began. Each is noted as
// an attempt with its job in one transaction; a worker carries it out. It may run twice at once, and be killed.
func (e *Engine) Collect(ctx context.Context) (begun int, err error) {
	if !e.On() {
		return 0, nil
	}
	tomorrow := billing.DateIn(e.now(), time.UTC).AddDays(1) // somewhere it is tomorrow already: each seller's own day decides below
	var after app.ID
	for {
		var due []store.Chargeable
		err := e.house(ctx, func(tx *store.Tx) (err error) {
			due, err = tx.Chargeables(ctx, Stripe, tomorrow, after, atOnce)
			return err
		})
		if app.CodeOf(err) == app.NotFound { // there is no operator yet
			return begun, nil
		}
		if err != nil || len(due) == 0 {
			return begun, err
		}
		for _, one := range due {
			after = one.Invoice
			started, err := e.begin(ctx, one)
			if app.CodeOf(err) == app.Conflict { // somebody else was first, or the seller has left the provider
				continue
			}
			if err != nil {
				return begun, fmt.Errorf("collecting invoice %s: %w", one.Invoice, err)
			}
			if started {
				begun++
			}
		}
	}
}

// begin notes the next attempt to collect an invoice, if one is due.
func (e *Engine) begin(ctx context.Context, c store.Chargeable) (begun bool, err error) {
	err = e.house(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockAccount(ctx, c.Seller, c.Customer, c.Currency); err != nil {
			return err
		}
		open, err := tx.OpenAmount(ctx, c.Invoice)
		if err != nil || open.Minor <= 0 {
			return err
		}
		if paid, err := tx.PaidThere(ctx, c.Invoice); err != nil || paid { // and taken back: what was contested is theirs to pay
			return err
		}
		methods, err := tx.Methods(ctx, c.Seller, c.Customer)
		if err != nil || len(methods) == 0 || !methods[0].Standard {
			return err
		}
		charges, err := tx.Charges(ctx, c.Invoice)
		if err != nil || !Due(c.Due, charges, methods[0].ID, dayIn(c.Zone, e.now()), c.Zone) {
			return err
		}
		account, err := e.AccountOf(ctx, tx, c.Seller)
		if err != nil {
			return err
		}
		attempt := app.Attempt{
			ID: app.NewID(), Customer: c.Customer, Seller: c.Seller, Account: account, Through: Stripe, Kind: app.AttemptCharge, Invoice: c.Invoice,
			Method: methods[0].ID, Nth: len(charges) + 1, Amount: open, State: app.AttemptCreated, CreatedAt: e.now(),
		}
		if err := tx.InsertAttempt(ctx, attempt); err != nil {
			return err
		}
		begun = true
		return tx.EnqueuePayment(ctx, attempt)
	})
	return begun && err == nil, err
}
