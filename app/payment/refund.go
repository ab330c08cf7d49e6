package payment

import (
	"context"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

// BeginRefund notes that some of a customer's credit goes back the way it came, of the payment of an attempt, and has it carried out once the
// transaction commits. The credit leaves the books now, so that nothing else spends it, and comes back if the provider refuses.
//
// Errors: Invalid at amount for more than there is credit, or than is left of the payment; Conflict for an attempt that was not paid.
func (e *Engine) BeginRefund(ctx context.Context, tx *store.Tx, of app.ID, amount billing.Money, note string) (app.Attempt, error) {
	paid, err := tx.Attempt(ctx, of)
	if err != nil {
		return app.Attempt{}, err
	}
	if paid.State != app.AttemptSucceeded || paid.Kind != app.AttemptCharge && paid.Kind != app.AttemptCheckout {
		return app.Attempt{}, app.Errorf(app.Conflict, "Nothing was paid by this, so nothing can go back.")
	}
	if _, err := tx.LockAccount(ctx, paid.Seller, paid.Customer, paid.Amount.Currency); err != nil {
		return app.Attempt{}, err
	}
	given, err := tx.Given(ctx, paid)
	if err != nil {
		return app.Attempt{}, err
	}
	if amount.Currency != paid.Amount.Currency || amount.Minor <= 0 {
		return app.Attempt{}, app.FieldError("amount", "Please give an amount of more than nothing.")
	}
	if amount.Minor > paid.Amount.Minor-given.Minor {
		return app.Attempt{}, app.FieldError("amount", "Less than this is left of the payment.")
	}
	a := app.Attempt{
		ID: app.NewID(), Customer: paid.Customer, Seller: paid.Seller, Account: paid.Account, Through: paid.Through, Kind: app.AttemptRefund, Of: paid.ID,
		Amount: amount, State: app.AttemptCreated, Posted: true, CreatedAt: e.now(),
	}
	p, err := e.refundPayment(ctx, tx, a)
	if err != nil {
		return a, err
	}
	p.Note = note
	if err := e.biller.Refund(ctx, tx, p); err != nil {
		return a, err
	}
	if err := tx.InsertAttempt(ctx, a); err != nil {
		return a, err
	}
	return a, tx.EnqueuePayment(ctx, a)
}

// adopt makes an attempt of a refund that nothing here asked for: somebody sent the money back at the provider itself. NotFound where its payment is
// none of ours.
func (e *Engine) adopt(ctx context.Context, n store.Inbox, seen app.Seen) (a app.Attempt, err error) {
	err = e.house(ctx, func(tx *store.Tx) error {
		paid, err := tx.AttemptOf(ctx, n.Through, n.Account, seen.Payment)
		if err == nil && (paid.Seller != n.Seller || paid.State != app.AttemptSucceeded) {
			err = app.Errorf(app.NotFound, "There is nothing at this address.")
		}
		if err != nil {
			return err
		}
		if _, err := tx.LockAccount(ctx, paid.Seller, paid.Customer, paid.Amount.Currency); err != nil {
			return err
		}
		if a, err = tx.AttemptOf(ctx, n.Through, n.Account, seen.Reference); app.CodeOf(err) != app.NotFound {
			return err
		}
		a = app.Attempt{
			ID: app.NewID(), Customer: paid.Customer, Seller: paid.Seller, Account: paid.Account, Through: paid.Through, Kind: app.AttemptRefund, Of: paid.ID,
			Amount: seen.Amount, State: app.AttemptProcessing, CreatedAt: e.now(), ChangedAt: e.now(),
		}
		if err := tx.InsertAttempt(ctx, a); err != nil {
			return err
		}
		a.Reference = seen.Reference
		return tx.SaveAttempt(ctx, a, e.now())
	})
	return a, err
}

// bookAdopted takes the money of a refund that was not begun here out of the customer's credit, and reports whether there was enough of it: where
// there is not, a person decides, see SettleRefund.
func (e *Engine) bookAdopted(ctx context.Context, tx *store.Tx, a app.Attempt) (booked bool, err error) {
	if _, err := tx.LockAccount(ctx, a.Seller, a.Customer, a.Amount.Currency); err != nil {
		return false, err
	}
	credit, err := tx.Credit(ctx, a.Seller, a.Customer, a.Amount.Currency)
	if err != nil || credit.Minor < a.Amount.Minor {
		return false, err
	}
	p, err := e.refundPayment(ctx, tx, a)
	if err != nil {
		return false, err
	}
	return true, e.biller.Refund(ctx, tx, p)
}

// SettleRefund books a refund that was not begun here although no credit covers it: the invoices that were paid last are open again. It returns the
// refund.
//
// Errors: NotFound for none of the seller's; Conflict where it is booked already, or is not there for certain.
func (e *Engine) SettleRefund(ctx context.Context, tx *store.Tx, seller, id app.ID) (app.Attempt, error) {
	a, err := tx.Attempt(ctx, id)
	if err == nil && (a.Seller != seller || a.Kind != app.AttemptRefund) {
		err = app.Errorf(app.NotFound, "There is nothing at this address.")
	}
	if err != nil {
		return a, err
	}
	if _, err := tx.LockAccount(ctx, a.Seller, a.Customer, a.Amount.Currency); err != nil {
		return a, err
	}
	if a, err = tx.LockAttempt(ctx, id); err != nil {
		return a, err
	}
	if a.Posted || a.State != app.AttemptSucceeded {
		return a, app.Errorf(app.Conflict, "This refund is booked already, or is still on its way.")
	}
	p, err := e.refundPayment(ctx, tx, a)
	if err != nil {
		return a, err
	}
	if err := e.biller.RefundPaid(ctx, tx, p); err != nil {
		return a, err
	}
	a.Posted = true
	return a, tx.SaveAttempt(ctx, a, e.now())
}

func (e *Engine) refundPayment(ctx context.Context, tx *store.Tx, a app.Attempt) (store.Payment, error) {
	day, err := e.Day(ctx, tx, a.Seller, e.now())
	return store.Payment{
		Customer: a.Customer, Seller: a.Seller, Kind: store.PaymentBack, Through: a.Through, Reference: a.ID.String(), Amount: a.Amount, PaidOn: day,
	}, err
}

// takeRefundBack gives the customer the credit again that the provider could not send back.
func (e *Engine) takeRefundBack(ctx context.Context, tx *store.Tx, a app.Attempt) error {
	p, err := e.refundPayment(ctx, tx, a)
	if err != nil {
		return err
	}
	p.Kind, p.Reference, p.Note = store.PaymentIn, a.ID.String()+" refused", a.Why
	return e.biller.Receive(ctx, tx, p)
}
