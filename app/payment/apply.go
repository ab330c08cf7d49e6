package payment

import (
	"context"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing/tax"
)

// apply brings an attempt to where the provider sees it, and its money into the books, in one transaction. What was applied before changes
// nothing, and an older word than what is known neither.
func (e *Engine) apply(ctx context.Context, id app.ID, seen app.Seen) error {
	var a app.Attempt
	moved := false
	err := e.house(ctx, func(tx *store.Tx) (err error) {
		if a, err = tx.LockAttempt(ctx, id); err != nil {
			return err
		}
		before := a.State
		if !e.learn(&a, seen) {
			return tx.SaveAttempt(ctx, a, e.now())
		}
		if moved, err = e.follow(ctx, tx, &a, seen); err != nil {
			return err
		}
		if err := tx.SaveAttempt(ctx, a, e.now()); err != nil {
			return err
		}
		if !tells(a, before) {
			return nil
		}
		return e.desk.Tell(ctx, tx, a)
	})
	if err != nil || !moved {
		return err
	}
	return e.settle(ctx, a)
}

// learn takes over what is new of an attempt, and reports whether anything follows from it.
func (e *Engine) learn(a *app.Attempt, seen app.Seen) bool {
	if a.Reference == "" {
		a.Reference = seen.Reference
	}
	if seen.State == "" && seen.Why != "" && a.Kind == app.AttemptCheckout && a.State == app.AttemptCreated { // its page is open: the person can try again
		a.Why = clip(seen.Why)
	}
	if seen.State == "" || seen.State == a.State {
		return a.State == app.AttemptSucceeded && !a.Posted
	}
	bounced := a.Kind == app.AttemptRefund && a.State == app.AttemptSucceeded && seen.State == app.AttemptFailed // the customer's bank sent it back
	if err := a.State.To(seen.State); err != nil && !bounced {
		return false
	}
	a.State, a.Why, a.Hard, a.ChangedAt = seen.State, clip(seen.Why), seen.Hard, e.now()
	return true
}

// follow does what a new state asks for, and reports whether money moved.
func (e *Engine) follow(ctx context.Context, tx *store.Tx, a *app.Attempt, seen app.Seen) (moved bool, err error) {
	if a.State == app.AttemptSucceeded {
		if err := e.save(ctx, tx, *a, seen); err != nil {
			return false, err
		}
		if err := prove(ctx, tx, *a, seen.Place); err != nil {
			return false, err
		}
	}
	switch {
	case a.Kind == app.AttemptCharge && a.State == app.AttemptFailed && a.Why == app.Words(errMethodForgotten):
		return false, e.dropForgotten(ctx, tx, *a)
	case a.Kind == app.AttemptRefund && a.State == app.AttemptFailed && a.Posted:
		a.Posted = false
		return true, e.takeRefundBack(ctx, tx, *a)
	case a.Kind == app.AttemptRefund && a.State == app.AttemptSucceeded && !a.Posted: // it was not begun here
		a.Posted, err = e.bookAdopted(ctx, tx, *a)
		return false, err
	case a.Kind == app.AttemptRefund:
		return false, nil
	case a.Kind == app.AttemptSetup:
		a.Posted = a.State == app.AttemptSucceeded
		return false, nil
	case a.State == app.AttemptSucceeded && !a.Posted:
		a.Posted = true
		return true, e.receive(ctx, tx, *a, seen)
	}
	return false, nil
}

// receive brings a payment into the books. What counts is what the provider took, not what was asked for.
func (e *Engine) receive(ctx context.Context, tx *store.Tx, a app.Attempt, seen app.Seen) error {
	amount := seen.Amount
	if amount.Currency != a.Amount.Currency || amount.Minor <= 0 {
		return app.Errorf(app.Internal, "the payment %s is of %s, and %s was asked for", seen.Reference, amount, a.Amount)
	}
	if amount != a.Amount {
		e.log.Warn("a payment is of another amount than was asked for", "attempt", a.ID, "asked", a.Amount, "paid", amount)
	}
	day, err := e.Day(ctx, tx, a.Seller, seen.At)
	if err != nil {
		return err
	}
	p := store.Payment{
		Customer: a.Customer, Seller: a.Seller, Kind: store.PaymentIn, Through: a.Through, Reference: a.Reference, Amount: amount, PaidOn: day,
		For: a.Invoice, Fee: seen.Fee,
	}
	if seen.Fee.Currency != amount.Currency {
		p.Fee.Minor = 0 // the account is kept in another currency: its fees are read from the provider's own statement
	}
	return e.biller.Receive(ctx, tx, p)
}

// save keeps the way to pay that a person saved.
func (e *Engine) save(ctx context.Context, tx *store.Tx, a app.Attempt, seen app.Seen) error {
	if seen.Saved == nil || a.Kind != app.AttemptSetup && !a.Keep {
		return nil
	}
	if seen.Customer != "" {
		if err := tx.SaveProviderCustomer(ctx, a, seen.Customer); err != nil {
			return err
		}
	}
	m := *seen.Saved
	m.ID, m.Customer, m.Seller, m.Through, m.CreatedAt = app.NewID(), a.Customer, a.Seller, a.Through, e.now()
	_, err := tx.AddMethod(ctx, a.Account, m)
	return err
}

// dropForgotten removes a way to pay that the provider does not know any more: nothing will ever be collected by it.
func (e *Engine) dropForgotten(ctx context.Context, tx *store.Tx, a app.Attempt) error {
	m, err := tx.Method(ctx, a.Method)
	if err != nil {
		return missingIsFine(err)
	}
	return tx.RemoveMethod(ctx, m, e.now())
}

// prove keeps where the card or bank account of a customer is: a proof of its own of where a consumer lives, beside the address (Implementing
// Regulation 282/2011, article 24f (c) and (d)).
func prove(ctx context.Context, tx *store.Tx, a app.Attempt, at app.Place) error {
	if at.Country == "" || a.Kind == app.AttemptRefund {
		return nil
	}
	return tx.AddProof(ctx, a.Customer, tax.Evidence{Kind: at.Kind, Country: at.Country})
}

// settle lets services run again that are paid for now. That it fails is no loss: dunning looks again within the hour.
func (e *Engine) settle(ctx context.Context, a app.Attempt) error {
	if err := e.desk.Settle(ctx, a.Seller, a.Customer, a.Amount.Currency); err != nil {
		e.log.Warn("a payment came in, and what follows has to wait for dunning", "attempt", a.ID, "error", err)
	}
	return nil
}

// tells reports whether those who pay have to be told of where an attempt is now: what failed with nobody there, and what they must confirm.
func tells(a app.Attempt, before app.AttemptState) bool {
	switch {
	case a.State == before:
		return false
	case a.Kind == app.AttemptCharge:
		return a.State == app.AttemptFailed || a.State == app.AttemptRequiresAction
	case a.Kind == app.AttemptCheckout:
		return a.State == app.AttemptFailed && before == app.AttemptProcessing
	}
	return false
}

// clip keeps a provider's word short.
func clip(text string) string {
	if len(text) > 200 {
		return text[:200]
	}
	return text
}
