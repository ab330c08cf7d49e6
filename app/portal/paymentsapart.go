package portal

import (
	"context"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/payment"
	"allotment/app/store"
	"allotment/billing"
)

var (
	settleRefund = verb{action: "payment.settle", permission: app.ManageBilling, confirmed: true}
	bookMoved    = verb{action: "payment.book", permission: app.ManageBilling}
	moveAside    = verb{action: "payment.aside", permission: app.ManageBilling}

	comparePayments = verb{action: "payment.compare", permission: app.ManageBilling}
)

// ApartFilter selects a page of what did not agree.
type ApartFilter struct {
	Settled bool   // what agrees by now, instead of what does not
	Text    string // part of the customer's name or of the provider's ID
	After   string // ApartPage.Next of the page before
}

// ApartPage is what a seller's account at the payment provider and its books do not agree about.
type ApartPage struct {
	payment.Off
	Compared time.Time // until when everything was compared; the zero time where nothing was
	Next     string    // "" on the last page
	Online   bool      // there is an account to compare with
}

// PaymentsApart returns a page of what the actor's organization has to settle between its account at the payment provider and its books, as it was found
// by the last comparison. The refunds stand on the first page of what is not settled.
//
// Errors: Forbidden for those who do not sell.
func (p *Portal) PaymentsApart(ctx context.Context, actor app.Actor, f ApartFilter) (page ApartPage, err error) {
	if err := maySell(actor, app.SeeBilling); err != nil {
		return page, err
	}
	after, limit, err := pageOf(f.After, 0)
	if err != nil {
		return page, err
	}
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) (err error) {
		page.Online, err = p.paysOnline(ctx, tx, actor.Organization)
		return err
	})
	if err != nil {
		return page, err
	}
	q := store.DifferenceQuery{Seller: actor.Organization, Settled: f.Settled, Text: clip(strings.TrimSpace(f.Text)), After: after, Limit: limit + 1}
	refunds := 0
	if !f.Settled && q.Text == "" && f.After == "" {
		refunds = mostUnbooked
	}
	page.Off, page.Compared, err = p.payments.Page(ctx, q, refunds)
	if len(page.Moved) > limit {
		page.Moved = page.Moved[:limit]
		page.Next = page.Moved[limit-1].ID.String()
	}
	return page, err
}

// mostUnbooked is how many refunds a page shows: the oldest are settled first.
const mostUnbooked = 50

// ComparePayments compares the whole account at the payment provider with the books of the actor's organization now, instead of within the hour.
//
// Errors: Forbidden for those who do not sell; Conflict where it takes no payments online, or the provider does not answer.
func (p *Portal) ComparePayments(ctx context.Context, actor app.Actor) error {
	if err := maySell(actor, app.ManageBilling); err != nil {
		return err
	}
	err := p.do(ctx, actor, comparePayments, func(tx *store.Tx) error {
		if _, err := p.payments.AccountOf(ctx, tx, actor.Organization); err != nil {
			return err
		}
		tx.Note("organization "+actor.Organization.String(), nil, nil)
		return nil
	})
	if err != nil {
		return err
	}
	return p.payments.ReconcileSeller(ctx, actor.Organization)
}

// SettleRefund books a refund that was made at the provider itself and that no credit covers: what it paid is owed again. Of two who do so at once, the
// second is told.
//
// Errors: Forbidden for those who do not sell; NotFound; Conflict where it is booked already; Unconfirmed.
func (p *Portal) SettleRefund(ctx context.Context, actor app.Actor, id app.ID) error {
	if err := maySell(actor, app.ManageBilling); err != nil {
		return err
	}
	return p.do(ctx, actor, settleRefund, func(tx *store.Tx) error {
		a, err := p.payments.SettleRefund(ctx, tx, actor.Organization, id)
		if err == nil {
			tx.NoteIn(a.Customer, "payment attempt "+a.ID.String(), nil, map[string]string{"amount": a.Amount.String(), "reference": a.Reference})
		}
		return err
	})
}

// BookMoved books money that came in at the provider, and that nothing here asked for, for the customer of an invoice.
//
// Errors: Forbidden for those who do not sell; NotFound for what is not off; Conflict for what is no payment, or was booked meanwhile; Invalid at invoice.
func (p *Portal) BookMoved(ctx context.Context, actor app.Actor, source, number string) error {
	if err := maySell(actor, app.ManageBilling); err != nil {
		return err
	}
	if err := p.allowed(actor, bookMoved); err != nil {
		return err
	}
	m, err := p.payments.MovedOf(ctx, actor.Organization, source)
	if err != nil {
		return err
	}
	var claim store.Claim
	err = p.do(ctx, actor, bookMoved, func(tx *store.Tx) (err error) {
		if m.Here || m.Theirs <= 0 || m.Payment != "" {
			return app.Errorf(app.Conflict, "Only a payment that came in can be booked for an invoice.")
		}
		if claim, err = p.claimNumbered(ctx, tx, actor, number); err != nil {
			return err
		}
		if claim.Open.Currency != m.Currency {
			return app.FieldError("invoice", "This invoice is in another currency.")
		}
		day, err := p.payments.Day(ctx, tx, actor.Organization, m.At)
		if err != nil {
			return err
		}
		tx.NoteIn(claim.Customer, "invoice "+claim.Number, nil, map[string]string{"amount": m.TheirAmount().String(), "reference": m.Source})
		return p.biller.Receive(ctx, tx, store.Payment{
			Customer: claim.Customer, Seller: actor.Organization, Through: m.Through, Reference: m.Source, Amount: m.TheirAmount(), PaidOn: day, For: claim.Invoice,
			Fee: billing.Money{Minor: m.TheirFee, Currency: m.Currency},
		})
	})
	if err == nil {
		p.payments.Recompare(ctx, actor.Organization, source)
		p.afterPayment(ctx, actor.Organization, claim.Customer, claim.Open)
	}
	return err
}

// SetMovedAside says that what moved at the provider is no customer's, and why.
//
// Errors: Forbidden for those who do not sell; NotFound for what is not off; Conflict for what the books have as well; Invalid at reason.
func (p *Portal) SetMovedAside(ctx context.Context, actor app.Actor, source, reason string) error {
	if err := maySell(actor, app.ManageBilling); err != nil {
		return err
	}
	if err := p.allowed(actor, moveAside); err != nil {
		return err
	}
	m, err := p.payments.MovedOf(ctx, actor.Organization, source)
	if err != nil {
		return err
	}
	err = p.do(ctx, actor, moveAside, func(tx *store.Tx) error {
		if m.Here {
			return app.Errorf(app.Conflict, "The books have a part of this: it cannot be set aside.")
		}
		if problem := reasonProblem(reason); problem != "" {
			return app.FieldError("reason", problem)
		}
		reason = strings.TrimSpace(reason)
		tx.Note("organization "+actor.Organization.String(), nil, map[string]string{"amount": m.TheirAmount().String(), "reference": m.Source, "reason": reason})
		known, err := tx.SetProviderLinesAside(ctx, actor.Organization, m.Through, m.Source, reason, p.now())
		if err == nil && !known {
			err = errNotHere
		}
		return err
	})
	if err == nil {
		p.payments.Recompare(ctx, actor.Organization, source)
	}
	return err
}
