package payment

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"allotment/app"
	"allotment/app/store"
)

const (
	lineOverlap = 24 * time.Hour      // lines of an account may come late by so much
	settleFor   = time.Hour           // what is younger may still be on its way into the books
	lookBack    = 30 * 24 * time.Hour // what happened before a comparison is compared once more for so long: much comes late
	wholeAfter  = 30 * 24 * time.Hour // everything is compared again after so long
	apartAtOnce = 500                 // differences that are looked at in one go
)

// Off is what a seller's account at its provider and the seller's books do not agree about.
type Off struct {
	Seller  app.ID
	Moved   []store.Difference // what one has and the other does not, or has otherwise; and balances that differ although nothing else does
	Refunds []app.Attempt      // sent back at the provider itself, and covered by no credit: a person decides
}

// Fine reports whether there is nothing to settle.
func (o Off) Fine() bool { return len(o.Moved)+len(o.Refunds) == 0 }

// Reconcile fetches the lines of each seller's account at the provider, posts what went to the sellers' banks, books what the books have missed, keeps
// what is off after that, and returns it. What happened more than 30 days before the last comparison was compared already and is left out, but once in
// 30 days. An account that cannot be read is an error, and keeps no other from being looked at.
func (e *Engine) Reconcile(ctx context.Context) ([]Off, error) { return e.reconcile(ctx, false) }

// ReconcileWhole is Reconcile over everything that ever happened.
func (e *Engine) ReconcileWhole(ctx context.Context) ([]Off, error) { return e.reconcile(ctx, true) }

func (e *Engine) reconcile(ctx context.Context, whole bool) (off []Off, err error) {
	if !e.On() {
		return nil, nil
	}
	accounts, err := e.accounts(ctx)
	if err != nil {
		return nil, missingIsFine(err)
	}
	var failed []error
	for _, account := range slices.Sorted(maps.Keys(accounts)) {
		seller := accounts[account]
		failed = append(failed, e.reconcileOne(ctx, seller, account, whole))
		one, err := e.Off(ctx, seller)
		if failed = append(failed, err); !one.Fine() {
			off = append(off, one)
		}
	}
	return off, errors.Join(failed...)
}

// ReconcileSeller is ReconcileWhole for one seller. Conflict where it takes no payments online, or the provider does not answer.
func (e *Engine) ReconcileSeller(ctx context.Context, seller app.ID) error {
	account := ""
	err := e.house(ctx, func(tx *store.Tx) (err error) {
		account, err = e.AccountOf(ctx, tx, seller)
		return err
	})
	if err != nil {
		return err
	}
	err = e.reconcileOne(ctx, seller, account, true)
	if code := app.CodeOf(err); code == app.Retryable || code == app.Unknown || code == app.Permanent {
		return app.Because(app.Conflict, err, "The payment provider does not answer now. Please try again in a minute.")
	}
	return err
}

func (e *Engine) reconcileOne(ctx context.Context, seller app.ID, account string, whole bool) error {
	now := e.now()
	q := store.CompareQuery{Seller: seller, Through: Stripe}
	var before time.Time
	err := e.house(ctx, func(tx *store.Tx) (err error) {
		var proven time.Time
		if proven, before, err = tx.Compared(ctx, seller, Stripe); err == nil && !whole && now.Sub(before) < wholeAfter {
			q.Since = proven.Add(-lookBack)
		}
		return err
	})
	if err != nil {
		return err
	}
	failed := errors.Join(e.fetchLines(ctx, seller, account), e.mend(ctx, q, account))
	err = e.house(ctx, func(tx *store.Tx) error {
		q.Before = now.Add(-settleFor)
		agrees, err := tx.KeepDifferences(ctx, q, now)
		if err != nil {
			return err
		}
		if agrees {
			err = e.compareBalances(ctx, tx, q, now)
		}
		if err != nil || failed != nil {
			return err
		}
		if q.Since.IsZero() {
			before = now
		}
		return tx.SaveCompared(ctx, seller, Stripe, q.Before, before)
	})
	return errors.Join(failed, err)
}

// fetchLines keeps the lines of an account that are new.
func (e *Engine) fetchLines(ctx context.Context, seller app.ID, account string) error {
	var newest time.Time
	err := e.house(ctx, func(tx *store.Tx) (err error) {
		newest, err = tx.NewestProviderLine(ctx, seller, Stripe, account)
		return err
	})
	if err != nil {
		return err
	}
	if !newest.IsZero() {
		newest = newest.Add(-lineOverlap)
	}
	lines, err := e.source.Movements(ctx, account, newest)
	if err != nil {
		return err
	}
	for len(lines) > 0 {
		n := min(len(lines), atOnce)
		if err := e.keepLines(ctx, seller, account, lines[:n]); err != nil {
			return err
		}
		lines = lines[n:]
	}
	return nil
}

// keepLines keeps lines, and posts those by which money went to the seller's bank, in one transaction.
func (e *Engine) keepLines(ctx context.Context, seller app.ID, account string, lines []app.Movement) error {
	return e.house(ctx, func(tx *store.Tx) error {
		for _, m := range lines {
			fresh, err := tx.InsertProviderLine(ctx, store.ProviderLine{Movement: m, Seller: seller, Through: Stripe, Account: account})
			if err != nil {
				return err
			}
			if !fresh || m.Kind != app.MovementPayout {
				continue
			}
			day, err := e.Day(ctx, tx, seller, m.At)
			if err != nil {
				return err
			}
			amount, err := m.Amount.Neg()
			if err != nil {
				return err
			}
			if err := e.biller.PayOut(ctx, tx, seller, Stripe, m.ID, amount, day); err != nil {
				return err
			}
		}
		return nil
	})
}

// mend books what can be booked without a person: payments, refunds and disputes of ours whose notices were lost for good, and fees that were told late.
func (e *Engine) mend(ctx context.Context, q store.CompareQuery, account string) error {
	q.Before, q.Limit = e.now().Add(time.Minute), apartAtOnce
	seller := q.Seller
	var apart []store.Moved
	var refunds []app.Attempt
	err := e.house(ctx, func(tx *store.Tx) (err error) {
		if apart, err = tx.MovedApart(ctx, q); err != nil {
			return err
		}
		refunds, err = tx.UnbookedRefunds(ctx, seller, apartAtOnce)
		return err
	})
	if err != nil {
		return err
	}
	var failed []error
	for _, a := range refunds {
		failed = append(failed, e.apply(ctx, a.ID, app.Seen{State: app.AttemptSucceeded}))
	}
	for _, m := range apart {
		switch {
		case m.There && !m.Here && m.Account == account:
			_, err = e.carryNotice(ctx, store.Inbox{Notice: app.Notice{Object: m.Source, Account: account}, Seller: seller, Through: Stripe})
		case m.LateFee().Minor > 0:
			err = e.keepLater(ctx, seller, m)
		default:
			continue
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// keepLater posts a fee that the provider told after the payment.
func (e *Engine) keepLater(ctx context.Context, seller app.ID, m store.Moved) error {
	err := e.house(ctx, func(tx *store.Tx) error {
		day, err := e.Day(ctx, tx, seller, m.At)
		if err != nil {
			return err
		}
		return e.biller.KeepLater(ctx, tx, seller, m.Customer, m.Booked, Stripe, m.LateFee(), day)
	})
	if app.CodeOf(err) == app.Conflict { // it told another one before: a person looks
		return nil
	}
	return err
}

// Off returns what the last comparison found and is not settled, the newest first. It asks no provider.
func (e *Engine) Off(ctx context.Context, seller app.ID) (Off, error) {
	off := Off{Seller: seller}
	err := e.house(ctx, func(tx *store.Tx) (err error) {
		if off.Refunds, err = tx.UnbookedRefunds(ctx, seller, apartAtOnce); err != nil {
			return err
		}
		off.Moved, err = tx.Differences(ctx, store.DifferenceQuery{Seller: seller, Through: Stripe, Limit: apartAtOnce})
		return err
	})
	return off, err
}

// compareBalances adds up both sides where everything is compared, or where they differed before: unless something else is off already, or on its way. What is
// compared agrees, also what is young.
func (e *Engine) compareBalances(ctx context.Context, tx *store.Tx, q store.CompareQuery, now time.Time) error {
	off, err := tx.Differences(ctx, store.DifferenceQuery{Seller: q.Seller, Through: Stripe, Limit: apartAtOnce})
	if err != nil {
		return err
	}
	known := slices.IndexFunc(off, store.Difference.Balance) >= 0
	if !known && !q.Since.IsZero() || slices.ContainsFunc(off, func(d store.Difference) bool { return !d.Balance() }) {
		return nil
	}
	refunds, err := tx.UnbookedRefunds(ctx, q.Seller, 1)
	if err != nil || len(refunds) > 0 {
		return err
	}
	if under, err := tx.MoneyUnderWay(ctx, q.Seller, Stripe); err != nil || under {
		return err
	}
	return tx.KeepBalances(ctx, q.Seller, Stripe, now)
}

// Page returns what a query selects of a seller's differences, with at most so many refunds that a person has to settle, and until when everything was
// compared. It asks no provider.
func (e *Engine) Page(ctx context.Context, q store.DifferenceQuery, refunds int) (off Off, compared time.Time, err error) {
	q.Through, off.Seller = Stripe, q.Seller
	err = e.house(ctx, func(tx *store.Tx) (err error) {
		if compared, _, err = tx.Compared(ctx, q.Seller, Stripe); err != nil {
			return err
		}
		if refunds > 0 {
			if off.Refunds, err = tx.UnbookedRefunds(ctx, q.Seller, refunds); err != nil {
				return err
			}
		}
		off.Moved, err = tx.Differences(ctx, q)
		return err
	})
	return off, compared, err
}

// MovedOf returns what is off now about one payment, refund or dispute of a seller's, by the provider's ID of it; NotFound where both agree, or where the
// provider knows nothing of it.
func (e *Engine) MovedOf(ctx context.Context, seller app.ID, source string) (m store.Moved, err error) {
	missing := app.Errorf(app.NotFound, "There is nothing at this address.")
	if source == "" {
		return m, missing
	}
	err = e.house(ctx, func(tx *store.Tx) error {
		apart, err := tx.MovedApart(ctx, e.only(seller, source))
		if err == nil && (len(apart) == 0 || !apart[0].There) {
			err = missing
		}
		if err == nil {
			m = apart[0]
		}
		return err
	})
	return m, err
}

// Recompare keeps what is off about one thing after something was done about it. That it fails is no loss: the next comparison finds the same.
func (e *Engine) Recompare(ctx context.Context, seller app.ID, source string) {
	err := e.house(ctx, func(tx *store.Tx) error {
		_, err := tx.KeepDifferences(ctx, e.only(seller, source), e.now())
		return err
	})
	if err != nil {
		e.log.Warn("what was settled with the payment provider shows as such after the next comparison only", "seller", seller, "error", err)
	}
}

func (e *Engine) only(seller app.ID, source string) store.CompareQuery {
	return store.CompareQuery{Seller: seller, Through: Stripe, Source: source, Before: e.now().Add(-settleFor), Limit: 1}
}
