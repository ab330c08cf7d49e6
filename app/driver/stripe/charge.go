package stripe

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/stripe/stripe-go/v76"

	"allotment/app"
)

// withCharge are the parts of a PaymentIntent that say what Stripe kept.
const withCharge = "latest_charge.balance_transaction"

// Charge collects with nobody there (https://docs.stripe.com/payments/save-and-reuse). A PaymentIntent of this attempt is looked for first: an idempotency
// key counts for a day only.
func (d *Driver) Charge(ctx context.Context, c app.Collection) (app.Seen, error) {
	a := c.Attempt
	found, err := d.findIntent(ctx, c)
	if err != nil {
		return app.Seen{}, err
	}
	if found != nil {
		return d.ofIntent(ctx, a.Account, found)
	}
	if c.Find {
		return app.Seen{}, app.Errorf(app.NotFound, "There is nothing at this address.")
	}
	made, err := d.intents.New(&stripe.PaymentIntentParams{
		Params: params(ctx, a.Account, a.Key(), withCharge), Amount: stripe.Int64(a.Amount.Minor), Currency: stripe.String(code(a.Amount.Currency)),
		Customer: stripe.String(c.Customer), PaymentMethod: stripe.String(c.Method), PaymentMethodTypes: stripe.StringSlice([]string{c.Kind}),
		Confirm: stripe.Bool(true), OffSession: stripe.Bool(true), Description: stripe.String(c.Subject), Metadata: metadata(a),
	})
	var refused *stripe.Error
	if errors.As(err, &refused) && refused.PaymentIntent != nil { // the bank said no: that is an answer
		return d.ofIntent(ctx, a.Account, refused.PaymentIntent)
	}
	if err != nil {
		return app.Seen{}, classify(err)
	}
	return d.ofIntent(ctx, a.Account, made)
}

// findIntent returns the PaymentIntent of a charge, or nil. The list by customer is complete at once, as the search is not.
func (d *Driver) findIntent(ctx context.Context, c app.Collection) (*stripe.PaymentIntent, error) {
	if c.Customer == "" {
		return nil, nil
	}
	list := d.intents.List(&stripe.PaymentIntentListParams{
		ListParams: listParams(ctx, c.Attempt.Account, "data."+withCharge), Customer: stripe.String(c.Customer),
		CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: c.Attempt.CreatedAt.Unix() - 3600},
	})
	for list.Next() {
		if intent := list.PaymentIntent(); attemptOf(intent.Metadata) == c.Attempt.ID {
			return intent, nil
		}
	}
	if err := classify(list.Err()); err != nil && app.CodeOf(err) != app.NotFound { // a customer who is not there any more has none
		return nil, err
	}
	return nil, nil //nolint:nilnil // there is none, and that is no error
}

// hardDeclines will be the same each time (https://docs.stripe.com/declines/codes).
var hardDeclines = []stripe.DeclineCode{
	stripe.DeclineCodeLostCard, stripe.DeclineCodeStolenCard, stripe.DeclineCodePickupCard, stripe.DeclineCodeFraudulent, stripe.DeclineCodeExpiredCard,
	stripe.DeclineCodeInvalidAccount, stripe.DeclineCodeCardNotSupported, stripe.DeclineCodeTransactionNotAllowed, stripe.DeclineCodeDoNotTryAgain,
	stripe.DeclineCodeRestrictedCard, stripe.DeclineCodeRevocationOfAllAuthorizations, stripe.DeclineCodeRevocationOfAuthorization,
	stripe.DeclineCodeStopPaymentOrder, stripe.DeclineCodeIncorrectNumber, stripe.DeclineCodeCurrencyNotSupported, stripe.DeclineCodeMerchantBlacklist,
}

// hardCodes are those that stand without a decline code.
var hardCodes = []stripe.ErrorCode{
	stripe.ErrorCodeExpiredCard, stripe.ErrorCodeAmountTooSmall, stripe.ErrorCodeAmountTooLarge, "payment_method_not_available", "debit_not_authorized",
	"bank_account_unusable", "account_closed", "payment_intent_mandate_invalid",
}

// ofIntent is what a PaymentIntent says of its attempt.
func (d *Driver) ofIntent(ctx context.Context, account string, i *stripe.PaymentIntent) (app.Seen, error) {
	seen := app.Seen{
		Reference: i.ID, Attempt: attemptOf(i.Metadata), Amount: money(i.AmountReceived, i.Currency), At: when(i.Created),
	}
	if i.Customer != nil {
		seen.Customer = i.Customer.ID
	}
	switch i.Status {
	case stripe.PaymentIntentStatusSucceeded:
		seen.State = app.AttemptSucceeded
		return d.paid(ctx, account, i, seen)
	case stripe.PaymentIntentStatusProcessing:
		seen.State = app.AttemptProcessing
	case stripe.PaymentIntentStatusRequiresAction, stripe.PaymentIntentStatusRequiresConfirmation:
		seen.State = app.AttemptRequiresAction
	case stripe.PaymentIntentStatusCanceled:
		seen.State = app.AttemptCanceled
	case stripe.PaymentIntentStatusRequiresPaymentMethod:
		return d.refused(ctx, account, i, seen)
	}
	return seen, nil
}

// refused says why a payment did not succeed. On a page that is still open the person can try again: that is no end.
func (d *Driver) refused(ctx context.Context, account string, i *stripe.PaymentIntent, seen app.Seen) (app.Seen, error) {
	if i.LastPaymentError == nil {
		return seen, nil
	}
	code, decline := i.LastPaymentError.Code, i.LastPaymentError.DeclineCode
	seen.Why = why(i.LastPaymentError)
	if i.Metadata[metaKind] == string(app.AttemptCheckout) {
		open, err := d.pageOpen(ctx, account, i.ID)
		if err != nil || open {
			return seen, err
		}
		seen.State = app.AttemptFailed
		return seen, nil
	}
	if code == stripe.ErrorCodeAuthenticationRequired || decline == stripe.DeclineCodeAuthenticationRequired {
		seen.State = app.AttemptRequiresAction
		return seen, nil
	}
	seen.State, seen.Hard = app.AttemptFailed, slices.Contains(hardDeclines, decline) || slices.Contains(hardCodes, code)
	return seen, nil
}

// why is Stripe's most precise word for what was wrong.
func why(e *stripe.Error) string {
	if e.DeclineCode != "" {
		return string(e.DeclineCode)
	}
	return string(e.Code)
}

// pageOpen reports whether the page of a payment can still be used.
func (d *Driver) pageOpen(ctx context.Context, account, intent string) (bool, error) {
	list := d.sessions.List(&stripe.CheckoutSessionListParams{ListParams: listParams(ctx, account), PaymentIntent: stripe.String(intent)})
	for list.Next() {
		if list.CheckoutSession().Status == stripe.CheckoutSessionStatusOpen {
			return true, nil
		}
	}
	return false, classify(list.Err())
}

// paid adds what Stripe kept, and the way to pay that was saved by paying.
func (d *Driver) paid(ctx context.Context, account string, i *stripe.PaymentIntent, seen app.Seen) (app.Seen, error) {
	if i.LatestCharge == nil {
		return seen, nil
	}
	if b := i.LatestCharge.BalanceTransaction; b != nil && b.Currency != "" {
		seen.Fee, seen.At = money(b.Fee, b.Currency), when(b.Created)
	}
	seen.Place = placeOf(i.LatestCharge.PaymentMethodDetails)
	if i.SetupFutureUsage != stripe.PaymentIntentSetupFutureUsageOffSession {
		return seen, nil
	}
	saved := ""
	if i.PaymentMethod != nil {
		saved = i.PaymentMethod.ID
	}
	if details := i.LatestCharge.PaymentMethodDetails; details != nil {
		switch {
		case details.IDEAL != nil && details.IDEAL.GeneratedSEPADebit != nil:
			saved = details.IDEAL.GeneratedSEPADebit.ID
		case details.Bancontact != nil && details.Bancontact.GeneratedSEPADebit != nil:
			saved = details.Bancontact.GeneratedSEPADebit.ID
		case details.IDEAL != nil, details.Bancontact != nil:
			saved = "" // the debit is made a moment later; what is single-use is not kept
		}
	}
	if saved == "" {
		return seen, nil
	}
	var err error
	seen.Saved, _, err = d.method(ctx, account, saved)
	return seen, err
}

// placeOf is where the card was issued, or the bank account is, that paid. Of iDEAL and Bancontact the bank's BIC tells (ISO 9362).
func placeOf(details *stripe.ChargePaymentMethodDetails) app.Place {
	switch {
	case details == nil:
	case details.Card != nil:
		return place("card", details.Card.Country)
	case details.SEPADebit != nil:
		return place("bank", details.SEPADebit.Country)
	case details.IDEAL != nil:
		return place("bank", bicCountry(details.IDEAL.BIC))
	case details.Bancontact != nil:
		return place("bank", bicCountry(details.Bancontact.BIC))
	}
	return app.Place{}
}

func place(kind, country string) app.Place {
	if len(country) != 2 {
		return app.Place{}
	}
	return app.Place{Kind: kind, Country: strings.ToUpper(country)}
}

func bicCountry(bic string) string {
	if len(bic) != 8 && len(bic) != 11 {
		return ""
	}
	return bic[4:6]
}

func code(currency string) string { return strings.ToLower(currency) }
