package portal

import (
	"context"
	"strings"
	"unicode/utf8"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

var notePayment = verb{action: "payment.note", permission: app.ManageBilling}

// PaymentNote is a payment that a person notes by hand.
type PaymentNote struct {
	Invoice   string // the number of the invoice that it is meant for
	Amount    string // as people write it: "12.10" or "12,10"
	PaidOn    string // YYYY-MM-DD; "" for today
	Reference string // the bank's, or the person's own: the same one twice is a Conflict
	Note      string
}

// PaymentNoted is what a noted payment does.
type PaymentNoted struct {
	Invoice  app.ID
	Number   string // of the invoice
	Customer string
	PaidOn   billing.Date
	Amount   billing.Money
	Before   billing.Money // left to pay of the invoice before it
	After    billing.Money // and afterwards
	Over     billing.Money // what it is more than that: it pays the customer's other open invoices, and what is left of it stays its credit
}

// PreviewPayment checks a note and says what it would do.
//
// Errors: Forbidden for those who do not sell; Invalid at invoice, amount, paid_on, reference or note.
func (p *Portal) PreviewPayment(ctx context.Context, actor app.Actor, n PaymentNote) (done PaymentNoted, err error) {
	if err := maySell(actor, app.ManageBilling); err != nil {
		return done, err
	}
	err = p.see(ctx, actor, app.ManageBilling, func(tx *store.Tx) error {
		done, _, err = p.checkNote(ctx, tx, actor, n)
		return err
	})
	return done, err
}

// NotePayment notes a bank transfer to the actor's organization. What is more than is owed stays the customer's credit.
//
// Errors: as PreviewPayment; Conflict for the same reference twice.
func (p *Portal) NotePayment(ctx context.Context, actor app.Actor, n PaymentNote) (done PaymentNoted, err error) {
	var received store.Payment
	err = p.do(ctx, actor, notePayment, func(tx *store.Tx) error {
		if err := sellsOnly(actor); err != nil {
			return err
		}
		if done, received, err = p.checkNote(ctx, tx, actor, n); err != nil {
			return err
		}
		tx.NoteIn(received.Customer, "invoice "+done.Number, nil, map[string]string{"amount": done.Amount.String(), "reference": received.Reference})
		return p.biller.Receive(ctx, tx, received)
	})
	if err == nil {
		p.afterPayment(ctx, actor.Organization, received.Customer, received.Amount)
	}
	return done, err
}

// checkNote reads a note, and says what is wrong at each of its fields.
func (p *Portal) checkNote(ctx context.Context, tx *store.Tx, actor app.Actor, n PaymentNote) (done PaymentNoted, in store.Payment, err error) {
	fields := map[string]string{}
	wrong := func(err error) bool {
		for field, words := range app.FieldsOf(err) {
			fields[field] = words
		}
		return err != nil
	}
	today, err := p.sellersDay(ctx, tx, actor.Organization)
	if err != nil {
		return done, in, err
	}
	claim, err := p.claimNumbered(ctx, tx, actor, n.Invoice)
	if wrong(err) && app.CodeOf(err) != app.Invalid {
		return done, in, err
	}
	if claim.Open.Currency == "" {
		claim.Open.Currency = p.cfg.Currency
	}
	amount, err := moneyField("amount", n.Amount, claim.Open.Currency)
	wrong(err)
	day, err := dayField("paid_on", n.PaidOn, today)
	wrong(err)
	reference, note := strings.TrimSpace(n.Reference), strings.TrimSpace(n.Note)
	if reference == "" || utf8.RuneCountInString(reference) > 100 {
		fields["reference"] = "Please give the bank's reference, so that nothing is noted twice."
	}
	if utf8.RuneCountInString(note) > 300 {
		fields["note"] = "Please use at most 300 characters."
	}
	done = PaymentNoted{Invoice: claim.Invoice, Number: claim.Number, Customer: claim.CustomerName, PaidOn: day, Amount: amount, Before: claim.Open,
		After: claim.Open, Over: billing.Zero(amount.Currency)}
	if done.After.Minor -= amount.Minor; done.After.Minor < 0 {
		done.Over.Minor, done.After.Minor = -done.After.Minor, 0
	}
	in = store.Payment{Customer: claim.Customer, Seller: actor.Organization, Through: ThroughBank, Reference: reference, Amount: amount, PaidOn: day, Note: note, For: claim.Invoice}
	return done, in, invalidFields(fields)
}

// dayField reads a day that is not in the future; "" is today.
func dayField(field, typed string, today billing.Date) (billing.Date, error) {
	if typed = strings.TrimSpace(typed); typed == "" {
		return today, nil
	}
	day, err := billing.ParseDate(typed)
	if err != nil || today.Before(day) {
		return day, app.FieldError(field, "Please give a day that is not in the future.")
	}
	return day, nil
}
