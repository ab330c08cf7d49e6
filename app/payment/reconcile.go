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
	lineOverlap = 24 * time.Hour // lines of an account may come late by so much
	settleFor   = time.Hour      // what is younger may still be on its way into the books
	apartAtOnce = 500            // differences that are looked at in one go
)

// Off is what a seller's account at its provider and the seller's books do not agree about.
type Off struct {
	Seller   app.ID
	Moved    []store.Moved           // what one has and the other does not, or has otherwise
	Refunds  []app.Attempt           // sent back at the provider itself, and covered by no credit: a person decides
	Balances []store.ProviderBalance // that differ although nothing else does
}

// Fine reports whether there is nothing to settle.
func (o Off) Fine() bool { return len(o.Moved)+len(o.Refunds)+len(o.Balances) == 0 }

// Reconcile fetches the lines of each seller's account at the provider, posts what went to the sellers' banks, books what the books have missed, and
// returns what is off after that. An account that cannot be read is an error, and keeps no other from being looked at.
func (e *Engine) Reconcile(ctx context.Context) (off []Off, err error) {
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
		failed = append(failed, e.fetchLines(ctx, seller, account), e.mend(ctx, seller, account))
		one, err := e.Off(ctx, seller)
		if failed = append(failed, err); !one.Fine() {
			off = append(off, one)
		}
	}
	return off, errors.Join(failed...)
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
func (e *Engine) mend(ctx context.Context, seller app.ID, account string) error {
	var apart []store.Moved
	var refunds []app.Attempt
	err := e.house(ctx, func(tx *store.Tx) (err error) {
		if apart, err = tx.MovedApart(ctx, seller, Stripe, e.now().Add(time.Minute), apartAtOnce); err != nil {
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

// Off returns what the lines that were fetched and the books do not agree about now. It asks no provider.
func (e *Engine) Off(ctx context.Context, seller app.ID) (Off, error) {
	off := Off{Seller: seller}
	err := e.house(ctx, func(tx *store.Tx) (err error) {
		if off.Refunds, err = tx.UnbookedRefunds(ctx, seller, apartAtOnce); err != nil {
			return err
		}
		apart, err := tx.MovedApart(ctx, seller, Stripe, e.now().Add(-settleFor), apartAtOnce)
		if err != nil {
			return err
		}
		for _, m := range apart {
			if !unbooked(off.Refunds, m) {
				off.Moved = append(off.Moved, m)
			}
		}
		all, err := tx.ProviderBalances(ctx, seller, Stripe)
		if err != nil || !off.Fine() {
			return err
		}
		return e.addBalances(ctx, tx, &off, all)
	})
	return off, err
}

// addBalances adds what differs, unless something is on its way between both.
func (e *Engine) addBalances(ctx context.Context, tx *store.Tx, off *Off, all []store.ProviderBalance) error {
	young, err := tx.MovedApart(ctx, off.Seller, Stripe, e.now().Add(time.Minute), 1)
	if err != nil || len(young) > 0 {
		return err
	}
	under, err := tx.MoneyUnderWay(ctx, off.Seller, Stripe)
	if err != nil || under {
		return err
	}
	for _, b := range all {
		if b.Theirs != b.Ours {
			off.Balances = append(off.Balances, b)
		}
	}
	return nil
}

// unbooked reports whether a difference is that of a refund that a person has to settle.
func unbooked(refunds []app.Attempt, m store.Moved) bool {
	for _, a := range refunds {
		if a.Reference == m.Source {
			return true
		}
	}
	return false
}
