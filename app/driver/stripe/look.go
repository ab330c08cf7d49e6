package stripe

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"

	"allotment/app"
	"allotment/billing"
)

// Look returns what an object says now. Which kind it is, its ID tells. A kind that is not known here is NotFound.
func (d *Driver) Look(ctx context.Context, account, reference string) (app.Seen, error) {
	kind, _, _ := strings.Cut(reference, "_")
	switch kind {
	case "cs":
		return d.page(ctx, account, reference)
	case "pi":
		intent, err := d.intents.Get(reference, &stripe.PaymentIntentParams{Params: params(ctx, account, "", withCharge)})
		if err != nil {
			return app.Seen{}, classify(err)
		}
		return d.ofIntent(ctx, account, intent)
	case "seti":
		setup, err := d.setups.Get(reference, &stripe.SetupIntentParams{Params: params(ctx, account, "", "latest_attempt")})
		if err != nil {
			return app.Seen{}, classify(err)
		}
		return d.ofSetup(ctx, account, setup)
	case "re", "pyr":
		back, err := d.refunds.Get(reference, &stripe.RefundParams{Params: params(ctx, account, "")})
		if err != nil {
			return app.Seen{}, classify(err)
		}
		return ofRefund(back), nil
	case "dp", "du":
		contested, err := d.disputes.Get(reference, &stripe.DisputeParams{Params: params(ctx, account, "")})
		if err != nil {
			return app.Seen{}, classify(err)
		}
		return ofDispute(contested), nil
	}
	return app.Seen{}, app.Errorf(app.NotFound, "There is nothing at this address.")
}

// ofSetup is what a SetupIntent says: what was saved, where it succeeded.
func (d *Driver) ofSetup(ctx context.Context, account string, s *stripe.SetupIntent) (app.Seen, error) {
	seen := app.Seen{Reference: s.ID, Attempt: attemptOf(s.Metadata), At: when(s.Created)}
	if s.Customer != nil {
		seen.Customer = s.Customer.ID
	}
	switch s.Status {
	case stripe.SetupIntentStatusSucceeded:
		seen.State = app.AttemptSucceeded
	case stripe.SetupIntentStatusProcessing:
		seen.State = app.AttemptProcessing
		return seen, nil
	case stripe.SetupIntentStatusCanceled:
		seen.State = app.AttemptCanceled
		return seen, nil
	default:
		return seen, nil // the person is at it
	}
	saved := ""
	if s.PaymentMethod != nil {
		saved = s.PaymentMethod.ID
	}
	if attempt := s.LatestAttempt; attempt != nil && attempt.PaymentMethodDetails != nil {
		switch details := attempt.PaymentMethodDetails; {
		case details.IDEAL != nil && details.IDEAL.GeneratedSEPADebit != nil:
			saved = details.IDEAL.GeneratedSEPADebit.ID
		case details.Bancontact != nil && details.Bancontact.GeneratedSEPADebit != nil:
			saved = details.Bancontact.GeneratedSEPADebit.ID
		}
	}
	if saved == "" {
		return seen, fmt.Errorf("the setup %s succeeded and saved nothing", s.ID)
	}
	var err error
	seen.Saved, seen.Place, err = d.method(ctx, account, saved)
	return seen, err
}

// method is what tells a way to pay from others, and no more, and where it is.
func (d *Driver) method(ctx context.Context, account, id string) (*app.Method, app.Place, error) {
	m, err := d.methods.Get(id, &stripe.PaymentMethodParams{Params: params(ctx, account, "")})
	if err != nil {
		return nil, app.Place{}, classify(err)
	}
	out, at := &app.Method{Reference: m.ID, Kind: string(m.Type)}, app.Place{}
	switch {
	case m.Card != nil:
		out.Brand, out.Last4, out.Expires = string(m.Card.Brand), m.Card.Last4, fmt.Sprintf("%04d-%02d", m.Card.ExpYear, m.Card.ExpMonth)
		at = place("card", m.Card.Country)
	case m.SEPADebit != nil:
		out.Brand, out.Last4 = m.SEPADebit.BankCode, m.SEPADebit.Last4
		at = place("bank", m.SEPADebit.Country)
	}
	return out, at, nil
}

// Forget detaches a way to pay from its customer, after which Stripe lets nobody use it.
func (d *Driver) Forget(ctx context.Context, account, method string) error {
	_, err := d.methods.Detach(method, &stripe.PaymentMethodDetachParams{Params: params(ctx, account, "")})
	if err = classify(err); app.CodeOf(err) == app.NotFound || app.CodeOf(err) == app.Permanent { // it is attached to nobody
		return nil
	}
	return err
}

func money(minor int64, currency stripe.Currency) billing.Money {
	return billing.Money{Minor: minor, Currency: strings.ToUpper(string(currency))}
}

func when(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0)
}
