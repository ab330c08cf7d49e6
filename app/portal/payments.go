package portal

import (
	"context"
	"fmt"
	"time"

	"allotment/app"
	"allotment/app/payment"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/ledger"
)

// OnlinePayments is a payment provider: how money is moved, and what is told of it.
type OnlinePayments interface {
	payment.Provider
	payment.Source
}

// collector makes the engine of payments. Without a provider it is there, and off.
func (p *Portal) collector() *payment.Engine {
	c := payment.Config{Store: p.store, Biller: p.biller, Desk: desk{p}, Log: p.log, Now: func() time.Time { return p.now() }}
	if p.cfg.Payments != nil {
		c.Provider, c.Source = p.cfg.Payments, p.cfg.Payments
	}
	return payment.New(c)
}

// Collector is the engine of payments, for its chores and workers.
func (p *Portal) Collector() *payment.Engine { return p.payments }

// desk is what the engine of payments asks of the portal.
type desk struct{ *Portal }

// Tell writes to those who pay that a payment did not succeed, or that they must confirm it at their bank. It leaves once for each.
func (d desk) Tell(ctx context.Context, tx *store.Tx, a app.Attempt) error {
	people, err := tx.Payers(ctx, a.Customer)
	if err != nil {
		return err
	}
	issued, _, err := tx.Invoice(ctx, a.Invoice)
	if err != nil {
		return err
	}
	for _, person := range people {
		err := d.post(ctx, tx, app.Mail{
			Organization: a.Customer, To: person.Email, ToName: person.Name, Language: person.Language, Kind: app.MailPayment,
			Data: map[string]string{
				"state": string(a.State), "amount": a.Amount.Format(person.Language), "invoice": issued.Document.Number,
				"path": "/billing/pay/" + a.Invoice.String(),
			},
			Key: fmt.Sprintf("payment %s/%s/%s", a.ID, a.State, person.Email),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Settle runs dunning for one account at once: what is paid for runs again.
func (d desk) Settle(ctx context.Context, seller, customer app.ID, currency string) error {
	return d.settleAccount(ctx, seller, customer, currency)
}

// settleAccount lets dunning look at one account, so that a payment takes a hold off at once.
func (p *Portal) settleAccount(ctx context.Context, seller, customer app.ID, currency string) error {
	var dunned store.Dunned
	err := p.store.InTenant(ctx, app.System(customer), func(tx *store.Tx) (err error) {
		dunned, err = tx.DunnedAccount(ctx, seller, customer, currency)
		return err
	})
	if app.CodeOf(err) == app.NotFound { // its seller has no terms, so nobody is reminded
		return nil
	}
	if err != nil || dunned.State.Stage == ledger.Clear {
		return err
	}
	_, err = p.dun(ctx, dunned)
	return err
}

// afterPayment is settleAccount for a verb that has committed: that it fails is no loss, dunning looks again within the hour.
func (p *Portal) afterPayment(ctx context.Context, seller, customer app.ID, amount billing.Money) {
	if err := p.settleAccount(context.WithoutCancel(ctx), seller, customer, amount.Currency); err != nil {
		p.log.Warn("a payment came in, and what follows has to wait for dunning", "customer", customer, "error", err)
	}
}
