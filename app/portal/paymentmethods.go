package portal

import (
	"cmp"
	"context"

	"allotment/app"
	"allotment/app/payment"
	"allotment/app/store"
)

var (
	addMethod      = verb{action: "method.add", permission: app.ManageBilling}
	standardMethod = verb{action: "method.standard", permission: app.ManageBilling}
	removeMethod   = verb{action: "method.remove", permission: app.ManageBilling, confirmed: true}
)

// MethodsPage is how an organization pays its seller.
type MethodsPage struct {
	Seller  string
	Online  bool // its seller takes payments online
	Methods []app.Method
}

// Methods returns how the actor's organization pays its seller.
func (p *Portal) Methods(ctx context.Context, actor app.Actor) (page MethodsPage, err error) {
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		seller, err := tx.Seller(ctx)
		if app.CodeOf(err) == app.NotFound { // the operator buys from nobody
			return nil
		}
		if err != nil {
			return err
		}
		page.Seller = seller.Name
		if page.Online, err = p.paysOnline(ctx, tx, seller.ID); err != nil {
			return err
		}
		page.Methods, err = tx.Methods(ctx, seller.ID, actor.Organization)
		return err
	})
	return page, err
}

// paysOnline reports whether a seller takes payments online.
func (p *Portal) paysOnline(ctx context.Context, tx *store.Tx, seller app.ID) (bool, error) {
	_, err := p.payments.AccountOf(ctx, tx, seller)
	if app.CodeOf(err) == app.Conflict {
		return false, nil
	}
	return err == nil, err
}

// AddMethod begins to save a way to pay, and returns the address of the provider's page for it. Places are where that page leads afterwards; "{attempt}" in
// them becomes the attempt's ID.
//
// Errors: Conflict where the seller takes no payments online, or the provider does not answer.
func (p *Portal) AddMethod(ctx context.Context, actor app.Actor, to payment.Places) (string, error) {
	a := app.Attempt{Kind: app.AttemptSetup}
	err := p.do(ctx, actor, addMethod, func(tx *store.Tx) error {
		seller, err := tx.Seller(ctx)
		if app.CodeOf(err) == app.NotFound {
			return app.Errorf(app.Conflict, "The operator buys from nobody.")
		}
		if err != nil {
			return err
		}
		buyer, err := tx.Organization(ctx, actor.Organization)
		if err != nil {
			return err
		}
		a.Amount.Currency = cmp.Or(buyer.Currency, p.cfg.Currency)
		if a, err = p.newAttempt(ctx, tx, a, actor.Organization, seller.ID); err != nil {
			return err
		}
		tx.Note("payment attempt "+a.ID.String(), nil, nil)
		return tx.InsertAttempt(ctx, a)
	})
	if err != nil {
		return "", err
	}
	return p.payments.Open(ctx, a, actor.Language, "", placesFor(to, a.ID))
}

// newAttempt fills in whose attempt it is and on which account.
func (p *Portal) newAttempt(ctx context.Context, tx *store.Tx, a app.Attempt, customer, seller app.ID) (app.Attempt, error) {
	account, err := p.payments.AccountOf(ctx, tx, seller)
	a.ID, a.Customer, a.Seller, a.Account, a.Through = app.NewID(), customer, seller, account, payment.Stripe
	a.State, a.CreatedAt = app.AttemptCreated, p.now()
	return a, err
}

// SetStandardMethod makes a saved way to pay the one by which invoices are collected.
func (p *Portal) SetStandardMethod(ctx context.Context, actor app.Actor, id app.ID) error {
	return p.do(ctx, actor, standardMethod, func(tx *store.Tx) error {
		m, err := p.ownMethod(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		tx.Note("payment method "+id.String(), nil, map[string]string{"kind": m.Kind, "last4": m.Last4})
		return tx.SetStandard(ctx, m)
	})
}

// RemoveMethod forgets a saved way to pay, here and at the provider.
func (p *Portal) RemoveMethod(ctx context.Context, actor app.Actor, id app.ID) error {
	var m app.Method
	account := ""
	err := p.do(ctx, actor, removeMethod, func(tx *store.Tx) (err error) {
		if m, err = p.ownMethod(ctx, tx, actor, id); err != nil {
			return err
		}
		if account, err = p.payments.AccountOf(ctx, tx, m.Seller); app.CodeOf(err) != app.Conflict && err != nil {
			return err
		}
		tx.Note("payment method "+id.String(), map[string]string{"kind": m.Kind, "last4": m.Last4}, nil)
		return tx.RemoveMethod(ctx, m, p.now())
	})
	if err != nil || !p.payments.On() {
		return err
	}
	if err := p.payments.Forget(context.WithoutCancel(ctx), account, m); err != nil { // nothing here uses it any more
		p.log.Warn("a way to pay was removed here and stays at the provider", "method", id, "error", err)
	}
	return nil
}

// ownMethod returns a saved way to pay of the actor's own organization.
func (p *Portal) ownMethod(ctx context.Context, tx *store.Tx, actor app.Actor, id app.ID) (app.Method, error) {
	m, err := tx.Method(ctx, id)
	if err == nil && m.Customer != actor.Organization {
		err = errNotHere
	}
	return m, err
}
