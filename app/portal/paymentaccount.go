package portal

import (
	"context"
	"regexp"
	"strings"

	"allotment/app"
	"allotment/app/payment"
	"allotment/app/store"
)

var connectPayments = verb{action: "payment.connect", permission: app.ManageBilling, confirmed: true}

// PaymentSettings is how a seller collects.
type PaymentSettings struct {
	Possible bool   // the installation has a payment provider
	Own      bool   // it is the installation's own account: the operator's
	Account  string // of a reseller at the provider; "" for none
	Problem  error  // why nothing can be collected on a reseller's account now, in words for people; nil where it can
	Saved    int    // ways to pay that customers have saved on it
	IBAN     string // of the terms of sale: to which customers transfer money; "" for none
}

// Collects reports whether customers can pay online.
func (s PaymentSettings) Collects() bool {
	return s.Possible && (s.Own || s.Account != "" && s.Problem == nil)
}

// PaymentSettings returns how the actor's organization collects. A reseller's account is looked at at the provider.
//
// Errors: Forbidden for those who do not sell.
func (p *Portal) PaymentSettings(ctx context.Context, actor app.Actor) (s PaymentSettings, err error) {
	if err := maySell(actor, app.SeeBilling); err != nil {
		return s, err
	}
	s.Possible, s.Own = p.payments.On(), actor.Kind == app.Operator
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		if s.Account, err = tx.PaymentAccount(ctx, actor.Organization, payment.Stripe); err != nil && app.CodeOf(err) != app.NotFound {
			return err
		}
		if s.Saved, err = tx.CountMethods(ctx, actor.Organization, payment.Stripe); err != nil {
			return err
		}
		terms, err := tx.SellersTerms(ctx, []app.ID{actor.Organization})
		s.IBAN = terms[actor.Organization].Payment.IBAN
		return err
	})
	if err == nil && s.Possible && s.Account != "" {
		s.Problem = p.payments.CheckAccount(ctx, s.Account)
	}
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
