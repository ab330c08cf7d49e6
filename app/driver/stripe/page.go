package stripe

import (
	"context"
	"time"

	"github.com/stripe/stripe-go/v76"

	"allotment/app"
)

// pageFor is how long a page can be used: Stripe wants half an hour at least.
const pageFor = 40 * time.Minute

// Open makes a page of Stripe Checkout, and the customer where Stripe does not know it yet.
func (d *Driver) Open(ctx context.Context, p app.PayPage) (app.PageOpened, error) {
	opened, err := d.open(ctx, p, p.Attempt.Key())
	if p.Customer.Reference != "" && app.CodeOf(err) == app.NotFound { // the customer was deleted at Stripe: nothing else is named
		p.Customer.Reference = ""
		opened, err = d.open(ctx, p, p.Attempt.Key()+"/anew")
	}
	return opened, err
}

func (d *Driver) open(ctx context.Context, p app.PayPage, key string) (app.PageOpened, error) {
	known, err := d.customer(ctx, p)
	if err != nil {
		return app.PageOpened{}, err
	}
	a := p.Attempt
	ask := &stripe.CheckoutSessionParams{
		Params: params(ctx, a.Account, key), Customer: stripe.String(known), ClientReferenceID: stripe.String(a.ID.String()), Metadata: metadata(a),
		SuccessURL: stripe.String(p.Done), CancelURL: stripe.String(p.Back), Locale: stripe.String(locale(p.Language)),
		ExpiresAt: stripe.Int64(a.CreatedAt.Add(pageFor).Unix()), PaymentMethodTypes: stripe.StringSlice(kinds(a)),
	}
	switch a.Kind {
	case app.AttemptSetup:
		ask.Mode = stripe.String(string(stripe.CheckoutSessionModeSetup))
		ask.SetupIntentData = &stripe.CheckoutSessionSetupIntentDataParams{Metadata: metadata(a)}
	default:
		ask.Mode = stripe.String(string(stripe.CheckoutSessionModePayment))
		ask.LineItems = []*stripe.CheckoutSessionLineItemParams{{
			Quantity: stripe.Int64(1),
			PriceData: &stripe.CheckoutSessionLineItemPriceDataParams{
				Currency: stripe.String(code(a.Amount.Currency)), UnitAmount: stripe.Int64(a.Amount.Minor),
				ProductData: &stripe.CheckoutSessionLineItemPriceDataProductDataParams{Name: stripe.String(p.Subject)},
			},
		}}
		ask.PaymentIntentData = &stripe.CheckoutSessionPaymentIntentDataParams{Metadata: metadata(a), Description: stripe.String(p.Subject)}
		if a.Keep {
			ask.PaymentIntentData.SetupFutureUsage = stripe.String(string(stripe.PaymentIntentSetupFutureUsageOffSession))
		}
	}
	opened, err := d.sessions.New(ask)
	if err != nil {
		return app.PageOpened{}, classify(err)
	}
	return app.PageOpened{Customer: known, Page: opened.ID, URL: opened.URL}, nil
}

// customer returns Stripe's ID of the customer.
func (d *Driver) customer(ctx context.Context, p app.PayPage) (string, error) {
	if p.Customer.Reference != "" {
		return p.Customer.Reference, nil
	}
	ask := &stripe.CustomerParams{
		Params: params(ctx, p.Attempt.Account, "customer/"+p.Attempt.ID.String()), Name: stripe.String(p.Customer.Name),
		Metadata: map[string]string{"allotment_organization": p.Customer.Organization.String()},
	}
	if p.Customer.Email != "" {
		ask.Email = stripe.String(p.Customer.Email)
	}
	made, err := d.customers.New(ask)
	if err != nil {
		return "", classify(err)
	}
	return made.ID, nil
}

// kinds are the ways to pay that are offered. iDEAL and Bancontact pay once and save a SEPA direct debit; they and SEPA are for euros.
func kinds(a app.Attempt) []string {
	if a.Amount.Currency == "EUR" {
		return []string{"card", "ideal", "bancontact", "sepa_debit"}
	}
	return []string{"card"}
}

// locale is the page's language, as Stripe names it.
func locale(language string) string {
	switch language {
	case "nl", "de":
		return language
	}
	return "en"
}

// page is what a Checkout Session says of its attempt.
func (d *Driver) page(ctx context.Context, account, id string) (app.Seen, error) {
	s, err := d.sessions.Get(id, &stripe.CheckoutSessionParams{
		Params: params(ctx, account, "", "payment_intent.latest_charge.balance_transaction", "setup_intent.latest_attempt"),
	})
	if err != nil {
		return app.Seen{}, classify(err)
	}
	return d.ofSession(ctx, account, s)
}

func (d *Driver) ofSession(ctx context.Context, account string, s *stripe.CheckoutSession) (app.Seen, error) {
	seen := app.Seen{Attempt: attemptOf(s.Metadata)}
	switch {
	case s.Status == stripe.CheckoutSessionStatusOpen:
		seen.URL = s.URL
		if i := s.PaymentIntent; i != nil && i.LastPaymentError != nil { // the person can still try again there
			seen.Why = why(i.LastPaymentError)
		}
		return seen, nil
	case s.Status == stripe.CheckoutSessionStatusExpired:
		seen.State = app.AttemptCanceled
		return seen, nil
	case s.SetupIntent != nil:
		return d.ofSetup(ctx, account, s.SetupIntent)
	case s.PaymentIntent != nil:
		return d.ofIntent(ctx, account, s.PaymentIntent)
	}
	return seen, nil
}
