package portal

import (
	"context"
	"strings"

	"allotment/app"
	"allotment/app/payment"
	"allotment/app/store"
	"allotment/billing"
)

var payInvoice = verb{action: "invoice.pay", permission: app.ManageBilling}

// PayState is how an invoice can be paid, and what came of attempts to.
type PayState struct {
	Invoice  app.ID
	Number   string
	Open     billing.Money // nothing where it is paid
	Due      billing.Date
	Online   bool        // it can be paid on the provider's page
	Standard *app.Method // by which it will be collected; nil for none
	Last     app.Attempt // the newest attempt; the zero Attempt for none
	Returned bool        // it was paid online, and that money went back: it is not collected by itself any more
	Bank     BankDetails
}

// BankDetails are how an invoice is paid by bank. Without an IBAN it cannot be.
type BankDetails struct{ IBAN, BIC, Holder, Reference string }

// PayStateOf returns how an invoice of the actor's own organization can be paid.
//
// Errors: NotFound for one that is not its own, or no invoice.
func (p *Portal) PayStateOf(ctx context.Context, actor app.Actor, invoice app.ID) (s PayState, err error) {
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		s, err = p.payState(ctx, tx, actor, invoice)
		return err
	})
	return s, err
}

func (p *Portal) payState(ctx context.Context, tx *store.Tx, actor app.Actor, id app.ID) (PayState, error) {
	issued, _, err := tx.Invoice(ctx, id)
	if err == nil && issued.Buyer != actor.Organization {
		err = errNotHere
	}
	if err != nil {
		return PayState{}, err
	}
	d := issued.Document
	s := PayState{
		Invoice: id, Number: d.Number, Due: d.Due,
		Bank: BankDetails{IBAN: d.Payment.IBAN, BIC: d.Payment.BIC, Holder: d.Payment.Holder, Reference: d.Payment.Reference},
	}
	if s.Open, err = tx.OpenAmount(ctx, id); err != nil {
		return s, err
	}
	if s.Online, err = p.paysOnline(ctx, tx, issued.Seller); err != nil {
		return s, err
	}
	methods, err := tx.Methods(ctx, issued.Seller, issued.Buyer)
	if err != nil {
		return s, err
	}
	if len(methods) > 0 && methods[0].Standard {
		s.Standard = &methods[0]
	}
	if s.Open.Minor > 0 {
		if s.Returned, err = tx.PaidThere(ctx, id); err != nil {
			return s, err
		}
	}
	attempts, err := tx.AttemptsFor(ctx, id)
	if len(attempts) > 0 {
		s.Last = attempts[0]
	}
	return s, err
}

// PayInvoice begins to pay an invoice now, and returns the address of the provider's page for it. A page that is still open is opened again, so that
// nothing is paid twice. With keep, the way to pay is saved for the next time.
//
// Errors: NotFound; Conflict where it is paid, is being collected, cannot be paid online, or the provider does not answer.
func (p *Portal) PayInvoice(ctx context.Context, actor app.Actor, invoice app.ID, keep bool, to payment.Places) (string, error) {
	if err := p.allowed(actor, payInvoice); err != nil {
		return "", err
	}
	page, err := p.openPage(ctx, actor, invoice)
	if err != nil || page != "" {
		return page, err
	}
	a := app.Attempt{Kind: app.AttemptCheckout, Invoice: invoice, Keep: keep}
	number := ""
	err = p.do(ctx, actor, payInvoice, func(tx *store.Tx) error {
		issued, _, err := tx.Invoice(ctx, invoice)
		if err != nil {
			return err
		}
		if _, err := tx.LockAccount(ctx, issued.Seller, issued.Buyer, issued.Document.Currency); err != nil {
			return err
		}
		s, err := p.payState(ctx, tx, actor, invoice)
		if err != nil {
			return err
		}
		if err := s.payable(); err != nil {
			return err
		}
		a.Amount, number = s.Open, s.Number
		if a, err = p.newAttempt(ctx, tx, a, issued.Buyer, issued.Seller); err != nil {
			return err
		}
		tx.Note("invoice "+s.Number, nil, map[string]string{"amount": s.Open.String()})
		return tx.InsertAttempt(ctx, a)
	})
	if err != nil {
		return "", err
	}
	return p.payments.Open(ctx, a, actor.Language, number, placesFor(to, a.ID))
}

// Collected reports whether what is open is collected on its due day, if the customer does nothing.
func (s PayState) Collected() bool {
	return s.Standard != nil && !s.Returned && s.Last.State != app.AttemptFailed && s.Last.State != app.AttemptRequiresAction
}

// payable refuses what needs no payment now.
func (s PayState) payable() error {
	switch {
	case s.Open.Minor <= 0:
		return app.Errorf(app.Conflict, "This invoice is paid already. Thank you.")
	case s.Last.State == app.AttemptProcessing, s.Last.State == app.AttemptCreated && s.Last.Kind == app.AttemptCharge:
		return app.Errorf(app.Conflict, "A payment of this invoice is on its way. Please wait until it has arrived.")
	}
	return nil
}

// openPage returns the address of a page on which the invoice can still be paid, "" for none.
func (p *Portal) openPage(ctx context.Context, actor app.Actor, invoice app.ID) (string, error) {
	var attempts []app.Attempt
	err := p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		if _, err := p.payState(ctx, tx, actor, invoice); err != nil {
			return err
		}
		all, err := tx.AttemptsFor(ctx, invoice)
		for _, a := range all {
			if a.Kind == app.AttemptCheckout && a.State == app.AttemptCreated && a.Page != "" {
				attempts = append(attempts, a)
			}
		}
		return err
	})
	if err != nil || !p.payments.On() {
		return "", err
	}
	for _, a := range attempts {
		page, err := p.payments.Reopen(ctx, a)
		if err != nil || page != "" {
			return page, err
		}
	}
	return "", nil
}

// LookAtPayment asks the provider how far an attempt of the actor's own organization is, and returns it: for the page to which people come back.
func (p *Portal) LookAtPayment(ctx context.Context, actor app.Actor, id app.ID) (a app.Attempt, err error) {
	look := func() error {
		return p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) (err error) {
			if a, err = tx.Attempt(ctx, id); err == nil && a.Customer != actor.Organization {
				a, err = app.Attempt{}, errNotHere
			}
			return err
		})
	}
	if err := look(); err != nil || !a.State.Open() || !p.payments.On() {
		return a, err
	}
	if _, err := p.payments.Refresh(ctx, a); err != nil { // the notice will come
		p.log.Warn("the payment provider was asked after a payment, and did not answer", "attempt", id, "error", err)
		return a, nil
	}
	return a, look()
}

// TakeNotice keeps what a payment provider tells, word for word, to be applied by a worker. Its signature is the permission.
func (p *Portal) TakeNotice(ctx context.Context, body []byte, signature string, connected bool) error {
	return p.payments.Take(ctx, body, signature, connected)
}

// placesFor puts an attempt's ID into where the provider's page leads.
func placesFor(to payment.Places, id app.ID) payment.Places {
	put := func(address string) string { return strings.ReplaceAll(address, "{attempt}", id.String()) }
	return payment.Places{Done: put(to.Done), Back: put(to.Back)}
}
