package payment

import (
	"context"
	"fmt"

	"allotment/app"
	"allotment/app/store"
)

// Take keeps a notice that a provider sent, word for word, and has it applied by a worker. The same one twice is fine. Connected is for notices of
// sellers' own accounts.
//
// Errors: Forbidden for what does not come from the provider, is old, or is of an account that nobody here has; Invalid for another version.
// Both are logged, and nothing is kept.
func (e *Engine) Take(ctx context.Context, body []byte, signature string, connected bool) error {
	if !e.On() {
		return app.Errorf(app.NotFound, "There is nothing at this address.")
	}
	notice, err := e.source.Read(body, signature, connected, e.now())
	if err == nil {
		err = e.keep(ctx, notice)
	}
	switch app.CodeOf(err) {
	case app.Forbidden, app.Invalid:
		e.log.Warn("a notice that claims to come from the payment provider was refused", "connected", connected, "bytes", len(body), "error", err)
	}
	return err
}

// keep puts a notice into the inbox of the seller whose account it is of.
func (e *Engine) keep(ctx context.Context, n app.Notice) error {
	operator, err := e.store.Operator(ctx)
	if err != nil {
		return err
	}
	return e.store.InTenant(ctx, app.SystemStaff(operator), func(tx *store.Tx) error {
		seller := operator
		if n.Account != "" {
			accounts, err := tx.PaymentAccounts(ctx, Stripe)
			if err != nil {
				return err
			}
			known := false
			if seller, known = accounts[n.Account]; !known {
				return app.Errorf(app.Forbidden, "No seller collects on this account.")
			}
		}
		_, err := tx.TakeNotice(ctx, store.Inbox{Notice: n, ID: app.NewID(), Seller: seller, Through: Stripe}, e.now())
		return err
	})
}

// Apply brings a notice into effect: the object that it is of is fetched again, since notices come twice, late and in any order.
//
// Errors: of the database, and of a provider that does not answer: then it is to be applied again.
func (e *Engine) Apply(ctx context.Context, job store.NoticeJob) error {
	var n store.Inbox
	err := e.house(ctx, func(tx *store.Tx) (err error) {
		n, err = tx.Notice(ctx, job.Notice)
		return err
	})
	if app.CodeOf(err) == app.NotFound {
		return nil
	}
	if err != nil || n.Applied || !e.On() {
		return err
	}
	result, err := e.carryNotice(ctx, n)
	if err != nil {
		return fmt.Errorf("notice %s of %s: %w", n.Kind, n.Object, err)
	}
	return e.house(ctx, func(tx *store.Tx) error { return tx.NoticeApplied(ctx, n.ID, result, e.now()) })
}

// carryNotice applies what is true of a notice's object now, and says in a word what became of it.
func (e *Engine) carryNotice(ctx context.Context, n store.Inbox) (string, error) {
	seen, err := e.provider.Look(ctx, n.Account, n.Object)
	switch app.CodeOf(err) {
	case "":
	case app.NotFound, app.Permanent:
		if n.Kind == "payment_method.detached" {
			return "removed", e.dropMethod(ctx, n)
		}
		return "not there", nil
	default:
		return "", err
	}
	if n.Kind == "payment_method.detached" {
		return "removed", e.dropMethod(ctx, n)
	}
	a, err := e.concerns(ctx, n, seen)
	if app.CodeOf(err) == app.NotFound && seen.Payment != "" && seen.Dispute == "" && seen.Attempt == (app.ID{}) {
		a, err = e.adopt(ctx, n, seen)
	}
	if app.CodeOf(err) == app.NotFound { // money that nothing here asked for is told by Reconcile
		return "nothing of ours", nil
	}
	if err != nil {
		return "", err
	}
	if seen.Dispute != "" {
		if !a.Posted { // the notice of the payment is behind that of its dispute
			if _, err := e.Refresh(ctx, a); err != nil {
				return "", err
			}
		}
		return "dispute", e.dispute(ctx, a, seen)
	}
	return "applied", e.apply(ctx, a.ID, seen)
}

// concerns returns the attempt that a notice's object is of: in the account of the notice, and of its seller.
func (e *Engine) concerns(ctx context.Context, n store.Inbox, seen app.Seen) (a app.Attempt, err error) {
	err = e.house(ctx, func(tx *store.Tx) (err error) {
		switch {
		case seen.Dispute != "":
			a, err = tx.AttemptOf(ctx, n.Through, n.Account, seen.Payment)
		case seen.Attempt != (app.ID{}):
			a, err = tx.Attempt(ctx, seen.Attempt)
		default:
			a, err = tx.AttemptOf(ctx, n.Through, n.Account, seen.Reference)
		}
		return err
	})
	if err == nil && (a.Account != n.Account || a.Seller != n.Seller || a.Through != n.Through) {
		return a, app.Errorf(app.NotFound, "There is nothing at this address.")
	}
	return a, err
}

// dropMethod forgets a way to pay that the provider no longer has.
func (e *Engine) dropMethod(ctx context.Context, n store.Inbox) error {
	return e.house(ctx, func(tx *store.Tx) error {
		m, err := tx.MethodOf(ctx, n.Through, n.Account, n.Object)
		if app.CodeOf(err) == app.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		return tx.RemoveMethod(ctx, m, e.now())
	})
}

// dispute posts that a customer's bank took a payment back, with its fee, and that it came again where the seller won. Each happens once.
func (e *Engine) dispute(ctx context.Context, a app.Attempt, seen app.Seen) error {
	if seen.Dispute == app.DisputeOpen {
		return nil
	}
	return e.house(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockAccount(ctx, a.Seller, a.Customer, a.Amount.Currency); err != nil {
			return err
		}
		day, err := e.Day(ctx, tx, a.Seller, seen.At)
		if err != nil {
			return err
		}
		p := store.Payment{
			Customer: a.Customer, Seller: a.Seller, Kind: store.Chargeback, Through: a.Through, Reference: seen.Reference, Amount: seen.Amount, PaidOn: day,
			Note: clip(seen.Why),
		}
		known, err := tx.PaymentKnown(ctx, p)
		if err != nil {
			return err
		}
		if !known {
			if err := e.biller.ChargeBack(ctx, tx, p, seen.Fee); err != nil {
				return err
			}
		}
		if seen.Dispute != app.DisputeReturned {
			return nil
		}
		p.Kind, p.For = store.PaymentIn, a.Invoice
		if known, err = tx.PaymentKnown(ctx, p); err != nil || known {
			return err
		}
		return e.biller.Receive(ctx, tx, p)
	})
}
