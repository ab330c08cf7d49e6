// Package payment collects invoices through payment providers. What is owed and what was paid stands in our own books; a provider moves the money.
// No provider is called inside a transaction, and everything here may be repeated: an attempt is noted first, carried out under a key that is its
// own, and what the provider says of it then is applied under a lock, once.
package payment

import (
	"context"
	"log/slog"
	"time"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/store"
	"allotment/billing"
)

// Provider moves money. An account is a seller's own at the provider; "" is the installation's.
//
// Its errors: Retryable when it did not happen, Unknown when it may have, Permanent when it never will (with the provider's word for why),
// NotFound for an object that is not there.
type Provider interface {
	// Open makes a page on which a person saves a way to pay, or pays. Asked again for the same attempt it opens the same page. A customer whom the
	// provider does not know any more is made anew.
	Open(ctx context.Context, p app.PayPage) (app.PageOpened, error)
	// Charge collects by a saved way to pay, at most once for an attempt: what was asked for before is found, and returned as it is now.
	// A refusal by the customer's bank is no error, but what is seen. With c.Find nothing is collected: what was not asked for is NotFound.
	Charge(ctx context.Context, c app.Collection) (app.Seen, error)
	// Refund sends money back, at most once for an attempt, like Charge.
	Refund(ctx context.Context, r app.Repayment) (app.Seen, error)
	// Look returns an object as it is now.
	Look(ctx context.Context, account, reference string) (app.Seen, error)
	// Forget makes a saved way to pay useless. One that is gone already is fine.
	Forget(ctx context.Context, account, method string) error
}

// Source tells what happened at a provider.
type Source interface {
	// Read checks that a notice comes from the provider, is not old, and is of the version that is spoken here. Forbidden: it does not or is;
	// Invalid: another version, or no notice at all. Connected is for the notices of other accounts than the installation's.
	Read(body []byte, signature string, connected bool, now time.Time) (app.Notice, error)
	// Recent lists what happened in an account since a time, the oldest first.
	Recent(ctx context.Context, account string, since time.Time) ([]app.Notice, error)
	// Movements lists what moved in an account since a time, the oldest first.
	Movements(ctx context.Context, account string, since time.Time) ([]app.Movement, error)
	// Account fails where the installation may not collect on an account: with a sentence for the seller.
	Account(ctx context.Context, account string) error
}

// Desk is what the engine asks of the portal: words to customers, and what follows from money.
type Desk interface {
	// Tell writes to those who pay that a payment did not succeed, or that they must confirm it.
	Tell(ctx context.Context, tx *store.Tx, a app.Attempt) error
	// Settle takes the holds off that a payment ends. It has transactions of its own.
	Settle(ctx context.Context, seller, customer app.ID, currency string) error
}

// Stripe is the one provider there is.
const Stripe = "stripe"

// Engine collects.
type Engine struct {
	store    *store.Store
	biller   *biller.Biller
	provider Provider
	source   Source
	desk     Desk
	log      *slog.Logger
	now      func() time.Time
}

// Config is what the engine is made of. Without a Provider nothing can be paid online.
type Config struct {
	Store    *store.Store
	Biller   *biller.Biller
	Provider Provider
	Source   Source
	Desk     Desk
	Log      *slog.Logger
	Now      func() time.Time
}

// New makes the engine.
func New(c Config) *Engine {
	return &Engine{store: c.Store, biller: c.Biller, provider: c.Provider, source: c.Source, desk: c.Desk, log: c.Log, now: c.Now}
}

// On reports whether there is a provider at all.
func (e *Engine) On() bool { return e.provider != nil }

var errOff = app.Errorf(app.Conflict, "This seller takes no payments online.")

// house runs fn in a transaction of the engine's own, over all tenants.
func (e *Engine) house(ctx context.Context, fn func(*store.Tx) error) error {
	operator, err := e.store.Operator(ctx)
	if err != nil {
		return err
	}
	return e.store.InTenant(ctx, app.SystemStaff(operator), fn)
}

// AccountOf returns on which account a seller collects. One that collects on none is a Conflict.
func (e *Engine) AccountOf(ctx context.Context, tx *store.Tx, seller app.ID) (string, error) {
	if !e.On() {
		return "", errOff
	}
	account, err := tx.PaymentAccount(ctx, seller, Stripe)
	if app.CodeOf(err) != app.NotFound {
		return account, err
	}
	operator, err := e.store.Operator(ctx)
	if err != nil {
		return "", err
	}
	if seller != operator {
		return "", errOff
	}
	return "", nil
}

// Day is the seller's day at a time; without terms of the seller's, that of UTC.
func (e *Engine) Day(ctx context.Context, tx *store.Tx, seller app.ID, at time.Time) (billing.Date, error) {
	if at.IsZero() {
		at = e.now()
	}
	terms, err := tx.SellersTerms(ctx, []app.ID{seller})
	if err != nil {
		return billing.Date{}, err
	}
	return dayIn(terms[seller].Zone, at), nil
}

func dayIn(zone string, at time.Time) billing.Date {
	place, err := time.LoadLocation(zone)
	if err != nil {
		place = time.UTC
	}
	return billing.DateIn(at, place)
}
