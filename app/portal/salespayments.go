package portal

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"allotment/app"
	"allotment/app/payment"
	"allotment/app/store"
	"allotment/billing"
)

var (
	notePayment     = verb{action: "payment.note", permission: app.ManageBilling}
	refundPayment   = verb{action: "payment.refund", permission: app.ManageBilling, confirmed: true}
	connectPayments = verb{action: "payment.connect", permission: app.ManageBilling, confirmed: true}
)

// sellsOnly refuses those who sell nothing.
func sellsOnly(actor app.Actor) error {
	if actor.Kind == app.Customer {
		return app.Errorf(app.Forbidden, "Only those who sell have this page.")
	}
	return nil
}

// PaymentFilter selects a page of a seller's payments, or, with Attempts, of its attempts to collect them.
type PaymentFilter struct {
	Text     string
	Kind     store.PaymentKind  // "" for all
	Attempts []app.AttemptState // lists attempts in these states instead of payments
	After    string             // the key of the page before
	Limit    int
}

// PaymentsPage is such a page.
type PaymentsPage struct {
	Payments []store.PaymentLine
	Attempts []app.Attempt
	Next     string // the key of the next page; "" for the last
	Lines    bool   // bank lines wait to be settled
}

// Payments returns a page of what the actor's organization was paid, or of what failed or is on its way.
func (p *Portal) Payments(ctx context.Context, actor app.Actor, f PaymentFilter) (page PaymentsPage, err error) {
	if err := actor.May(app.SeeBilling); err != nil {
		return page, err
	}
	if err := sellsOnly(actor); err != nil {
		return page, err
	}
	before, limit, err := pageOf(f.After, f.Limit)
	if err != nil {
		return page, err
	}
	text := clip(strings.TrimSpace(f.Text))
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) (err error) {
		if f.Attempts != nil {
			page.Attempts, err = tx.SellerAttempts(ctx, store.AttemptQuery{Seller: actor.Organization, Text: text, States: f.Attempts, Before: before, Limit: limit + 1})
		} else {
			page.Payments, err = tx.SellerPayments(ctx, store.PaymentQuery{Seller: actor.Organization, Text: text, Kind: f.Kind, Before: before, Limit: limit + 1})
		}
		if err != nil {
			return err
		}
		lines, err := tx.OpenBankLines(ctx, actor.Organization, app.ID{}, 1)
		page.Lines = len(lines) > 0
		return err
	})
	if len(page.Payments) > limit {
		page.Payments = page.Payments[:limit]
		page.Next = page.Payments[limit-1].ID.String()
	}
	if len(page.Attempts) > limit {
		page.Attempts = page.Attempts[:limit]
		page.Next = page.Attempts[limit-1].ID.String()
	}
	return page, err
}

// PaymentNote is a payment that a person notes by hand.
type PaymentNote struct {
	Invoice   string // the number of the invoice that it is meant for
	Amount    string // as people write it: "12.10" or "12,10"
	PaidOn    string // YYYY-MM-DD; "" for today
	Reference string // the bank's, or the person's own: the same one twice is a Conflict
	Note      string
}

// NotePayment notes a bank transfer to the actor's organization. What is more than is owed stays the customer's credit.
//
// Errors: Forbidden for those who do not sell; Invalid at the fields; Conflict for the same reference twice.
func (p *Portal) NotePayment(ctx context.Context, actor app.Actor, n PaymentNote) error {
	var claim store.Claim
	err := p.do(ctx, actor, notePayment, func(tx *store.Tx) (err error) {
		if err := sellsOnly(actor); err != nil {
			return err
		}
		if claim, err = p.claimNumbered(ctx, tx, actor, n.Invoice); err != nil {
			return err
		}
		amount, err := moneyField("amount", n.Amount, claim.Open.Currency)
		if err != nil {
			return err
		}
		day, err := p.sellersDay(ctx, tx, actor.Organization)
		if err != nil {
			return err
		}
		if n.PaidOn != "" {
			on, err := billing.ParseDate(n.PaidOn)
			if err != nil || day.Before(on) {
				return app.FieldError("paid_on", "Please give a day that is not in the future.")
			}
			day = on
		}
		reference := strings.TrimSpace(n.Reference)
		if reference == "" || len(reference) > 100 {
			return app.FieldError("reference", "Please give the bank's reference, so that nothing is noted twice.")
		}
		tx.NoteIn(claim.Customer, "invoice "+claim.Number, nil, map[string]string{"amount": amount.String(), "reference": reference})
		return p.biller.Receive(ctx, tx, store.Payment{
			Customer: claim.Customer, Seller: actor.Organization, Through: "bank", Reference: reference, Amount: amount, PaidOn: day, Note: clip(strings.TrimSpace(n.Note)),
			For: claim.Invoice,
		})
	})
	if err == nil {
		p.afterPayment(ctx, actor.Organization, claim.Customer, claim.Open)
	}
	return err
}

// claimNumbered returns an invoice of the actor's organization by its number.
func (p *Portal) claimNumbered(ctx context.Context, tx *store.Tx, actor app.Actor, number string) (store.Claim, error) {
	claims, err := tx.ClaimsNumbered(ctx, actor.Organization, []string{compactNumber(number)})
	if err == nil && len(claims) != 1 {
		err = app.FieldError("invoice", "You have no invoice with this number.")
	}
	if err != nil {
		return store.Claim{}, err
	}
	return claims[0], nil
}

func compactNumber(number string) string {
	return strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(strings.TrimSpace(number)))
}

// moneyField reads an amount as people write it, with a point or a comma.
func moneyField(field, typed, currency string) (billing.Money, error) {
	m, err := billing.ParseMoney(strings.ReplaceAll(strings.TrimSpace(typed), ",", "."), currency)
	if err != nil || m.Minor <= 0 {
		return m, app.FieldError(field, "Please give an amount of more than nothing, like 12.50.")
	}
	return m, nil
}

// ProviderRefund sends money back the way it came.
type ProviderRefund struct {
	Attempt app.ID // by which it came
	Amount  string // as people write it
	Reason  string
}

// RefundThroughProvider sends some of a customer's credit back by the payment provider. A worker carries it out; if the provider refuses, it is credit
// again. Two at once never send back more than there is.
//
// Errors: NotFound; Forbidden for those who do not sell; Invalid at amount and reason.
func (p *Portal) RefundThroughProvider(ctx context.Context, actor app.Actor, r ProviderRefund) error {
	return p.do(ctx, actor, refundPayment, func(tx *store.Tx) error {
		paid, err := tx.Attempt(ctx, r.Attempt)
		if err == nil && paid.Seller != actor.Organization {
			err = app.Errorf(app.NotFound, "There is nothing at this address.")
		}
		if err != nil {
			return err
		}
		amount, err := moneyField("amount", r.Amount, paid.Amount.Currency)
		if err != nil {
			return err
		}
		reason := strings.TrimSpace(r.Reason)
		if reason == "" || len(reason) > 500 {
			return app.FieldError("reason", "Please say why the money goes back.")
		}
		a, err := p.payments.BeginRefund(ctx, tx, paid.ID, amount, reason)
		tx.NoteIn(paid.Customer, "payment attempt "+a.ID.String(), nil, map[string]string{"amount": amount.String(), "reason": reason})
		return err
	})
}

// PaymentSettings is how a seller collects.
type PaymentSettings struct {
	Possible bool   // the installation has a payment provider
	Own      bool   // it is the installation's own account: the operator's
	Account  string // of a reseller at the provider; "" for none
}

// PaymentSettings returns how the actor's organization collects.
func (p *Portal) PaymentSettings(ctx context.Context, actor app.Actor) (s PaymentSettings, err error) {
	s.Possible, s.Own = p.payments.On(), actor.Kind == app.Operator
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		if err := sellsOnly(actor); err != nil {
			return err
		}
		s.Account, err = tx.PaymentAccount(ctx, actor.Organization, payment.Stripe)
		if app.CodeOf(err) == app.NotFound {
			err = nil
		}
		return err
	})
	return s, err
}

var accountFormat = regexp.MustCompile(`^acct_[A-Za-z0-9]{8,64}$`)

// ConnectPayments lets a reseller collect on an account of its own at the provider, which is connected with the installation; "" ends that. What its
// customers saved on another account is of no use then, and is forgotten.
//
// Errors: Forbidden for all but resellers; Invalid at account; Conflict when another seller has it.
func (p *Portal) ConnectPayments(ctx context.Context, actor app.Actor, account string) error {
	account = strings.TrimSpace(account)
	if err := p.allowed(actor, connectPayments); err != nil {
		return err
	}
	if actor.Kind != app.Reseller {
		return app.Errorf(app.Forbidden, "Only a reseller connects an account. The operator's is in the settings of the installation.")
	}
	if account != "" {
		if !accountFormat.MatchString(account) {
			return app.FieldError("account", "This is not an account of Stripe's: it begins with acct_.")
		}
		if err := p.payments.CheckAccount(ctx, account); err != nil {
			return atField("account", err)
		}
	}
	return p.do(ctx, actor, connectPayments, func(tx *store.Tx) error {
		before, err := tx.PaymentAccount(ctx, actor.Organization, payment.Stripe)
		if err != nil && app.CodeOf(err) != app.NotFound {
			return err
		}
		if before == account {
			return nil
		}
		tx.Note("organization "+actor.Organization.String(), map[string]string{"account": before}, map[string]string{"account": account})
		if err := tx.DropStandards(ctx, actor.Organization, payment.Stripe, p.now()); err != nil {
			return err
		}
		return tx.SavePaymentAccount(ctx, actor.Organization, payment.Stripe, account, p.now())
	})
}

// atField puts an error's words at a form's field.
func atField(field string, err error) error {
	if app.CodeOf(err) != app.Invalid {
		return err
	}
	return fmt.Errorf("%w", &app.Error{Code: app.Invalid, Message: app.Words(err), Format: app.Words(err), Fields: map[string]string{field: app.Words(err)}, Err: err})
}
