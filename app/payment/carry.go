package payment

import (
	"context"
	"time"

	"allotment/app"
	"allotment/app/store"
)

// pauseAfter is how long a provider that does not answer is left alone.
const pauseAfter = 30 * time.Second

// Carry carries out an attempt that no person takes part in. It returns after how long the job has to come back; 0 means that nothing is left to
// do. It may be killed at any point and run again: the provider is asked whether it did it already.
//
// Errors: of the database only.
func (e *Engine) Carry(ctx context.Context, job store.PaymentJob) (again time.Duration, err error) {
	var a app.Attempt
	err = e.house(ctx, func(tx *store.Tx) (err error) {
		a, err = tx.Attempt(ctx, job.Attempt)
		return err
	})
	if app.CodeOf(err) == app.NotFound {
		return 0, nil
	}
	if err != nil || a.State != app.AttemptCreated || !e.On() {
		return 0, err
	}
	var seen app.Seen
	switch a.Kind {
	case app.AttemptCharge:
		seen, err = e.charge(ctx, a)
	case app.AttemptRefund:
		seen, err = e.refund(ctx, a)
	default:
		return 0, nil // a person's: nobody else carries it out
	}
	switch app.CodeOf(err) {
	case "":
	case app.NotFound:
		seen = app.Seen{State: app.AttemptFailed, Hard: true, Why: app.Words(forgotten(a))}
	case app.Permanent:
		seen = app.Seen{State: app.AttemptFailed, Hard: true, Why: app.Words(err)}
	case app.Retryable, app.Unknown:
		e.log.Warn("a payment provider does not answer: it is asked again", "attempt", a.ID, "error", err)
		return pauseAfter, nil
	default:
		return 0, err
	}
	return 0, e.apply(context.WithoutCancel(ctx), a.ID, seen)
}

var (
	errMethodForgotten  = app.Errorf(app.NotFound, "The payment provider does not know this way to pay any more.")
	errPaymentForgotten = app.Errorf(app.NotFound, "The payment provider does not know this payment any more.")
)

// forgotten says what a provider must have lost that does not know what an attempt names.
func forgotten(a app.Attempt) error {
	if a.Kind == app.AttemptRefund {
		return errPaymentForgotten
	}
	return errMethodForgotten
}

// charge collects what is still owed. What was paid otherwise meanwhile is not collected, unless it was asked for already.
func (e *Engine) charge(ctx context.Context, a app.Attempt) (app.Seen, error) {
	c := app.Collection{Attempt: a}
	err := e.house(ctx, func(tx *store.Tx) error {
		customer, err := tx.ProviderCustomer(ctx, a)
		if err != nil {
			return err
		}
		issued, _, err := tx.Invoice(ctx, a.Invoice)
		if err != nil {
			return err
		}
		open, err := tx.OpenAmount(ctx, a.Invoice)
		if err != nil {
			return err
		}
		c.Customer, c.Subject, c.Find = customer.Reference, issued.Document.Number, open.Minor < a.Amount.Minor
		method, err := tx.Method(ctx, a.Method)
		switch app.CodeOf(err) {
		case "":
			c.Method, c.Kind = method.Reference, method.Kind
		case app.NotFound: // it was removed meanwhile
			c.Find = true
		default:
			return err
		}
		return nil
	})
	if err != nil {
		return app.Seen{}, err
	}
	seen, err := e.provider.Charge(ctx, c)
	if c.Find && app.CodeOf(err) == app.NotFound {
		return app.Seen{State: app.AttemptCanceled}, nil
	}
	return seen, err
}

// refund sends money back the way it came.
func (e *Engine) refund(ctx context.Context, a app.Attempt) (app.Seen, error) {
	r := app.Repayment{Attempt: a}
	err := e.house(ctx, func(tx *store.Tx) error {
		paid, err := tx.Attempt(ctx, a.Of)
		r.Payment = paid.Reference
		return err
	})
	if err != nil {
		return app.Seen{}, err
	}
	return e.provider.Refund(ctx, r)
}
