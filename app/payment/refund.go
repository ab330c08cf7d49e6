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

func (e *Engine) refundPayment(ctx context.Context, tx *store.Tx, a app.Attempt) (store.Payment, error) {
	day, err := e.day(ctx, tx, a.Seller, e.now())
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
