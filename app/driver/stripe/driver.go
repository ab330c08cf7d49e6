// Package stripe speaks with Stripe: hosted pages on which people pay or save a way to pay, payments without them, refunds, and what Stripe tells by
// itself. Sellers below the operator collect on accounts of their own, by direct charges (https://docs.stripe.com/connect/direct-charges).
package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/account"
	"github.com/stripe/stripe-go/v76/balancetransaction"
	"github.com/stripe/stripe-go/v76/checkout/session"
	"github.com/stripe/stripe-go/v76/customer"
	"github.com/stripe/stripe-go/v76/dispute"
	"github.com/stripe/stripe-go/v76/event"
	"github.com/stripe/stripe-go/v76/paymentintent"
	"github.com/stripe/stripe-go/v76/paymentmethod"
	"github.com/stripe/stripe-go/v76/refund"
	"github.com/stripe/stripe-go/v76/setupintent"

	"allotment/app"
)

// Config is how Stripe is reached.
type Config struct {
	URL           string        // "" for Stripe itself
	Key           string        // secret; a restricted one is enough
	Secret        string        // that signs the notices of the installation's own account
	ConnectSecret string        // that signs those of sellers' accounts; "" where there are none
	Timeout       time.Duration // of one call; 0 means 20 seconds
	Transport     http.RoundTripper
}

// Driver is Stripe. It never logs, and no error of its holds a key.
type Driver struct {
	secret, connectSecret string

	accounts  account.Client
	balances  balancetransaction.Client
	sessions  session.Client
	customers customer.Client
	disputes  dispute.Client
	events    event.Client
	intents   paymentintent.Client
	methods   paymentmethod.Client
	refunds   refund.Client
	setups    setupintent.Client
}

// New makes the driver.
func New(c Config) (*Driver, error) {
	if c.Key == "" || c.Secret == "" {
		return nil, errors.New("stripe: a secret key and the signing secret of the endpoint are needed")
	}
	if c.URL == "" {
		c.URL = stripe.APIURL
	}
	if c.Timeout == 0 {
		c.Timeout = 20 * time.Second
	}
	b := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL: stripe.String(strings.TrimSuffix(c.URL, "/")), HTTPClient: &http.Client{Timeout: c.Timeout, Transport: c.Transport},
		MaxNetworkRetries: stripe.Int64(0), // the engine tries again, under a key of its own
		EnableTelemetry:   stripe.Bool(false), LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
	})
	return &Driver{
		secret: c.Secret, connectSecret: c.ConnectSecret,
		accounts: account.Client{B: b, Key: c.Key}, balances: balancetransaction.Client{B: b, Key: c.Key}, sessions: session.Client{B: b, Key: c.Key},
		customers: customer.Client{B: b, Key: c.Key}, disputes: dispute.Client{B: b, Key: c.Key}, events: event.Client{B: b, Key: c.Key},
		intents: paymentintent.Client{B: b, Key: c.Key}, methods: paymentmethod.Client{B: b, Key: c.Key}, refunds: refund.Client{B: b, Key: c.Key},
		setups: setupintent.Client{B: b, Key: c.Key},
	}, nil
}

// params are what every call carries. key is that under which it happens once; "" for a look.
func params(ctx context.Context, account, key string, expand ...string) stripe.Params {
	p := stripe.Params{Context: ctx}
	if account != "" {
		p.SetStripeAccount(account)
	}
	if key != "" {
		p.SetIdempotencyKey("allotment/" + key)
	}
	for _, name := range expand {
		p.AddExpand(name)
	}
	return p
}

func listParams(ctx context.Context, account string, expand ...string) stripe.ListParams {
	p := stripe.ListParams{Context: ctx, Limit: stripe.Int64(100)}
	if account != "" {
		p.SetStripeAccount(account)
	}
	for _, name := range expand {
		p.AddExpand(name)
	}
	return p
}

// The names under which our own IDs stand in the metadata of Stripe's objects.
const (
	metaAttempt = "allotment_attempt"
	metaKind    = "allotment_kind"
	metaInvoice = "allotment_invoice"
)

func metadata(a app.Attempt) map[string]string {
	m := map[string]string{metaAttempt: a.ID.String(), metaKind: string(a.Kind)}
	if a.Invoice != (app.ID{}) {
		m[metaInvoice] = a.Invoice.String()
	}
	return m
}

// attemptOf reads our ID from an object; the zero ID where there is none.
func attemptOf(m map[string]string) app.ID {
	id, err := app.ParseID(m[metaAttempt])
	if err != nil {
		return app.ID{}
	}
	return id
}

// classify says what an error means for whoever asked. Stripe's own words on an error may quote what was sent, so only its codes are kept.
func classify(err error) error {
	var e *stripe.Error
	if err == nil {
		return nil
	}
	if !errors.As(err, &e) { // the answer was lost
		return app.Because(app.Unknown, err, "The payment provider does not answer.")
	}
	why := string(e.Code)
	if why == "" {
		why = string(e.Type)
	}
	cause := fmt.Errorf("stripe: %d %s %s (request %s)", e.HTTPStatusCode, e.Type, why, e.RequestID)
	switch {
	case e.HTTPStatusCode == http.StatusNotFound, e.Code == stripe.ErrorCodeResourceMissing:
		return app.Because(app.NotFound, cause, "There is nothing at this address.")
	case e.HTTPStatusCode == http.StatusConflict, e.HTTPStatusCode == http.StatusTooManyRequests, e.HTTPStatusCode == http.StatusUnauthorized:
		return app.Because(app.Retryable, cause, "The payment provider does not take this now.")
	case e.HTTPStatusCode >= http.StatusInternalServerError:
		return app.Because(app.Unknown, cause, "The payment provider does not answer.")
	}
	return app.Because(app.Permanent, cause, "%s", why)
}
