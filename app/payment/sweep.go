package payment

import (
	"context"
	"errors"
	"time"

	"allotment/app"
	"allotment/app/store"
)

const (
	quietFor  = 10 * time.Minute    // an attempt that nobody has heard of for so long is asked after
	personFor = 26 * time.Hour      // a page of the provider's is of use for a day
	overlap   = time.Hour           // what happened in the last moments may not be in a provider's list yet
	toldFor   = 30 * 24 * time.Hour // a provider lists what happened for so long
	keptFor   = 90 * 24 * time.Hour // notices that were applied
)

// Sweep asks the provider after everything of which something may still come, and takes what it tells in each account, so that nothing is lost
// with a notice or a worker.
func (e *Engine) Sweep(ctx context.Context) error {
	if !e.On() {
		return nil
	}
	return errors.Join(e.askAfter(ctx), e.fetchNotices(ctx), e.applyWaiting(ctx))
}

// askAfter looks at each attempt that has been quiet.
func (e *Engine) askAfter(ctx context.Context) error {
	var after app.ID
	var failed []error
	for {
		var waiting []app.Attempt
		err := e.house(ctx, func(tx *store.Tx) (err error) {
			waiting, err = tx.WaitingAttempts(ctx, e.now().Add(-quietFor), after, atOnce)
			return err
		})
		if app.CodeOf(err) == app.NotFound { // there is no operator yet
			return nil
		}
		if err != nil || len(waiting) == 0 {
			return errors.Join(append(failed, err)...)
		}
		for _, a := range waiting {
			after = a.ID
			if err := e.ask(ctx, a); err != nil {
				failed = append(failed, err)
			}
		}
	}
}

// ask brings one attempt up to date.
func (e *Engine) ask(ctx context.Context, a app.Attempt) error {
	if a.State == app.AttemptCreated && (a.Kind == app.AttemptCharge || a.Kind == app.AttemptRefund) {
		_, err := e.Carry(ctx, store.PaymentJob{Organization: a.Customer, Attempt: a.ID})
		return err
	}
	_, err := e.Refresh(ctx, a)
	return err
}

// Refresh asks the provider how far an attempt is, and applies it. It returns what was seen.
func (e *Engine) Refresh(ctx context.Context, a app.Attempt) (app.Seen, error) {
	at := a.Reference
	if a.Page != "" {
		at = a.Page
	}
	seen, err := app.Seen{}, error(nil)
	if at != "" {
		seen, err = e.provider.Look(ctx, a.Account, at)
	}
	switch {
	case app.CodeOf(err) == app.NotFound, at == "" && e.now().Sub(a.CreatedAt) > personFor:
		seen = app.Seen{State: app.AttemptCanceled}
	case err != nil:
		return seen, err
	}
	if a.Kind == app.AttemptCharge && seen.State == app.AttemptRequiresAction {
		paid, err := e.paid(ctx, a)
		if err != nil {
			return seen, err
		}
		if paid { // by another way: nobody has to confirm it any more
			seen.State = app.AttemptCanceled
		}
	}
	return seen, e.apply(ctx, a.ID, seen)
}

func (e *Engine) paid(ctx context.Context, a app.Attempt) (paid bool, err error) {
	err = e.house(ctx, func(tx *store.Tx) error {
		open, err := tx.OpenAmount(ctx, a.Invoice)
		paid = open.Minor <= 0
		return err
	})
	return paid, err
}

// fetchNotices takes what happened in each account since it was last asked: a notice that was lost on its way is found here.
func (e *Engine) fetchNotices(ctx context.Context) error {
	accounts, err := e.accounts(ctx)
	if err != nil {
		return missingIsFine(err)
	}
	failed := []error{e.house(ctx, func(tx *store.Tx) error { return tx.ForgetNotices(ctx, e.now().Add(-keptFor)) })}
	for account, seller := range accounts {
		failed = append(failed, e.fetchFrom(ctx, seller, account))
	}
	return errors.Join(failed...)
}

// accounts are those on which anybody collects, with their sellers.
func (e *Engine) accounts(ctx context.Context) (accounts map[string]app.ID, err error) {
	operator, err := e.store.Operator(ctx)
	if err != nil {
		return nil, err
	}
	err = e.house(ctx, func(tx *store.Tx) error {
		if accounts, err = tx.PaymentAccounts(ctx, Stripe); err == nil {
			accounts[""] = operator
		}
		return err
	})
	return accounts, err
}

func (e *Engine) fetchFrom(ctx context.Context, seller app.ID, account string) error {
	now, since := e.now(), time.Time{}
	err := e.house(ctx, func(tx *store.Tx) (err error) {
		since, err = tx.SweptAt(ctx, seller, Stripe, account)
		return err
	})
	if err != nil {
		return err
	}
	if since.IsZero() {
		since = now.Add(-toldFor)
	}
	notices, err := e.source.Recent(ctx, account, since.Add(-overlap))
	if err != nil {
		return err
	}
	for _, n := range notices {
		if err := e.keep(ctx, n); err != nil {
			return err
		}
	}
	return e.house(ctx, func(tx *store.Tx) error { return tx.SaveSwept(ctx, seller, Stripe, account, now) })
}

func missingIsFine(err error) error {
	if app.CodeOf(err) == app.NotFound {
		return nil
	}
	return err
}

// applyWaiting applies notices whose job was lost.
func (e *Engine) applyWaiting(ctx context.Context) error {
	var waiting []store.NoticeJob
	err := e.house(ctx, func(tx *store.Tx) (err error) {
		waiting, err = tx.WaitingNotices(ctx, e.now().Add(-quietFor), atOnce)
		return err
	})
	err = missingIsFine(err)
	for _, job := range waiting {
		err = errors.Join(err, e.Apply(ctx, job))
	}
	return err
}
