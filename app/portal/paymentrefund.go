package portal

import (
	"context"
	"strings"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

var refundPayment = verb{action: "payment.refund", permission: app.ManageBilling, confirmed: true}

// ProviderPayment is a payment that came by the provider, and what of it can go back the same way.
type ProviderPayment struct {
	app.Attempt
	Given   billing.Money // went back already, or is on its way
	Credit  billing.Money // of the customer: only that goes back
	Left    billing.Money // the most that can go back now
	Refunds []app.Attempt // the newest first
}

// ProviderPayment returns a payment of a customer's to the actor's organization that came by the provider.
//
// Errors: Forbidden for those who do not sell; NotFound, also for what was not paid.
func (p *Portal) ProviderPayment(ctx context.Context, actor app.Actor, attempt app.ID) (paid ProviderPayment, err error) {
	if err := maySell(actor, app.SeeBilling); err != nil {
		return paid, err
	}
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		paid, err = providerPayment(ctx, tx, actor, attempt)
		return err
	})
	return paid, err
}

func providerPayment(ctx context.Context, tx *store.Tx, actor app.Actor, id app.ID) (paid ProviderPayment, err error) {
	if paid.Attempt, err = tx.Attempt(ctx, id); err != nil {
		return paid, err
	}
	a := &paid.Attempt
	if a.Seller != actor.Organization || a.State != app.AttemptSucceeded || a.Kind != app.AttemptCharge && a.Kind != app.AttemptCheckout {
		return ProviderPayment{}, errNotHere
	}
	issued, _, err := tx.Invoice(ctx, a.Invoice)
	if err != nil {
		return paid, err
	}
	a.Number, a.CustomerName = issued.Document.Number, issued.Document.Buyer.Name
	if paid.Refunds, err = tx.RefundsOf(ctx, *a); err != nil {
		return paid, err
	}
	if paid.Given, err = tx.Given(ctx, *a); err != nil {
		return paid, err
	}
	paid.Credit, err = tx.Credit(ctx, a.Seller, a.Customer, a.Amount.Currency)
	paid.Left = billing.Money{Minor: max(0, min(a.Amount.Minor-paid.Given.Minor, paid.Credit.Minor)), Currency: a.Amount.Currency}
	return paid, err
}

// ProviderRefund sends money back the way it came.
type ProviderRefund struct {
	Attempt app.ID // by which it came
	Amount  string // as people write it
	Reason  string
	Seen    int64 // ProviderPayment.Left when the person decided, in minor units
}

// PreviewProviderRefund checks a refund, and returns the payment with how much would go back.
//
// Errors: as ProviderPayment; Invalid at amount and reason.
func (p *Portal) PreviewProviderRefund(ctx context.Context, actor app.Actor, r ProviderRefund) (paid ProviderPayment, amount billing.Money, err error) {
	if err := maySell(actor, app.ManageBilling); err != nil {
		return paid, amount, err
	}
	err = p.see(ctx, actor, app.ManageBilling, func(tx *store.Tx) error {
		if paid, err = providerPayment(ctx, tx, actor, r.Attempt); err != nil {
			return err
		}
		amount, err = r.check(paid)
		return err
	})
	return paid, amount, err
}

// check reads the amount and the reason.
func (r ProviderRefund) check(paid ProviderPayment) (billing.Money, error) {
	fields := map[string]string{}
	amount, err := moneyField("amount", r.Amount, paid.Amount.Currency)
	switch {
	case err != nil:
		fields["amount"] = app.FieldsOf(err)["amount"]
	case amount.Minor > paid.Left.Minor:
		fields["amount"] = "This is more than can go back now."
	}
	if problem := reasonProblem(r.Reason); problem != "" {
		fields["reason"] = problem
	}
	return amount, invalidFields(fields)
}

// RefundThroughProvider sends some of a customer's credit back by the payment provider. A worker carries it out; if the provider refuses, it is credit
// again. Of two who do so at once, the second is told.
//
// Errors: as PreviewProviderRefund; Conflict when something else can go back since the person looked; Unconfirmed.
func (p *Portal) RefundThroughProvider(ctx context.Context, actor app.Actor, r ProviderRefund) error {
	return p.do(ctx, actor, refundPayment, func(tx *store.Tx) error {
		if err := sellsOnly(actor); err != nil {
			return err
		}
		paid, err := providerPayment(ctx, tx, actor, r.Attempt)
		if err != nil {
			return err
		}
		if _, err := tx.LockAccount(ctx, paid.Seller, paid.Customer, paid.Amount.Currency); err != nil {
			return err
		}
		if paid, err = providerPayment(ctx, tx, actor, r.Attempt); err != nil { // as it is now that nobody else can change it
			return err
		}
		if paid.Left.Minor != r.Seen {
			return errMeanwhile
		}
		amount, err := r.check(paid)
		if err != nil {
			return err
		}
		reason := strings.TrimSpace(r.Reason)
		a, err := p.payments.BeginRefund(ctx, tx, paid.ID, amount, reason)
		tx.NoteIn(paid.Customer, "payment attempt "+a.ID.String(), nil, map[string]string{"amount": amount.String(), "reason": reason})
		return err
	})
}
