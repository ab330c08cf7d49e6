package payment

import (
	"context"

	"allotment/app"
	"allotment/app/store"
)

// Places are where the provider's page sends the browser back to.
type Places struct{ Done, Back string }

// Open opens the provider's page of a setup or checkout that was noted, and returns its address.
func (e *Engine) Open(ctx context.Context, a app.Attempt, language, subject string, to Places) (string, error) {
	page := app.PayPage{Attempt: a, Subject: subject, Language: language, Done: to.Done, Back: to.Back}
	err := e.house(ctx, func(tx *store.Tx) (err error) {
		page.Customer, err = tx.ProviderCustomer(ctx, a)
		return err
	})
	if err != nil {
		return "", err
	}
	opened, err := e.provider.Open(ctx, page)
	if err != nil {
		return "", e.sorry(ctx, a, err)
	}
	err = e.house(ctx, func(tx *store.Tx) error {
		now, err := tx.LockAttempt(ctx, a.ID)
		if err != nil {
			return err
		}
		now.Page = opened.Page
		if err := tx.SaveAttempt(ctx, now, e.now()); err != nil {
			return err
		}
		if before := page.Customer.Reference; before != "" && before != opened.Customer { // the provider has forgotten it, and knows it anew
			return tx.ReplaceProviderCustomer(ctx, a, before, opened.Customer)
		}
		return tx.SaveProviderCustomer(ctx, a, opened.Customer)
	})
	return opened.URL, err
}

// sorry turns a provider's error into words, and gives the attempt up that will never be.
func (e *Engine) sorry(ctx context.Context, a app.Attempt, why error) error {
	switch app.CodeOf(why) {
	case app.Permanent, app.NotFound:
		e.log.Warn("the payment provider refuses a page", "attempt", a.ID, "error", why)
		if err := e.apply(ctx, a.ID, app.Seen{State: app.AttemptFailed, Hard: true, Why: app.Words(why)}); err != nil {
			return err
		}
		return app.Because(app.Conflict, why, "The payment provider refuses this. Please tell your seller.")
	case app.Retryable, app.Unknown:
		return app.Because(app.Conflict, why, "The payment provider does not answer now. Please try again in a minute.")
	}
	return why
}

// Reopen returns the address of the page of a checkout that a person has not finished, or "" when it is of no use any more. What became of it
// meanwhile is applied.
func (e *Engine) Reopen(ctx context.Context, a app.Attempt) (string, error) {
	if a.Page == "" {
		return "", nil
	}
	seen, err := e.Refresh(ctx, a)
	if err != nil {
		return "", e.sorry(ctx, a, err)
	}
	return seen.URL, nil
}

// Forget makes a saved way to pay useless at the provider.
func (e *Engine) Forget(ctx context.Context, account string, m app.Method) error {
	if err := e.provider.Forget(ctx, account, m.Reference); err != nil {
		return app.Because(app.Conflict, err, "The payment provider does not answer now. Please try again in a minute.")
	}
	return nil
}

// CheckAccount fails, with words for the seller, where nothing can be collected on an account.
func (e *Engine) CheckAccount(ctx context.Context, account string) error {
	if !e.On() {
		return errOff
	}
	return e.source.Account(ctx, account)
}
