package portal

import (
	"context"
	"strings"
	"unicode/utf8"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/invoice"
)

var (
	creditInvoice = verb{action: "invoice.credit", permission: app.ManageBilling, confirmed: true}
	refundCredit  = verb{action: "invoice.refund", permission: app.ManageBilling, confirmed: true}
)

// errMeanwhile is said to the second of two who do the same at once.
var errMeanwhile = app.Errorf(app.Conflict, "Somebody else has credited or refunded this customer meanwhile. Please look at what is left, and decide anew.")

// CreditRequest is what a seller takes back of an invoice.
type CreditRequest struct {
	All     bool              // everything that is left
	Amounts map[string]string // otherwise: as typed, net, by the line's ID; "" for nothing
	Reason  string            // the customer reads it on the credit note
	Seen    int               // how many credit notes there were when the person decided
}

// PreviewCredit returns the credit note that CreditInvoice would issue, without its number.
//
// Errors: Forbidden for those who do not sell; NotFound; Invalid at reason, amounts or line-ID; Conflict where nothing is left.
func (p *Portal) PreviewCredit(ctx context.Context, actor app.Actor, id app.ID, r CreditRequest) (note invoice.Document, err error) {
	if err := maySell(actor, app.ManageBilling); err != nil {
		return note, err
	}
	err = p.see(ctx, actor, app.ManageBilling, func(tx *store.Tx) error {
		asks, err := p.creditAsks(ctx, tx, actor, id, r)
		if err != nil {
			return err
		}
		_, note, err = p.biller.DraftCredit(ctx, tx, id, asks, strings.TrimSpace(r.Reason))
		return err
	})
	return note, err
}

// CreditInvoice takes an invoice of the actor's organization back, in whole or in part, with a credit note, which is sent to those who pay.
// It returns the note's ID. Of two who do so at once, the second is told.
//
// Errors: as PreviewCredit; Conflict when there is another credit note since the person looked; Unconfirmed.
func (p *Portal) CreditInvoice(ctx context.Context, actor app.Actor, id app.ID, r CreditRequest) (note app.ID, err error) {
	if err := maySell(actor, app.ManageBilling); err != nil {
		return note, err
	}
	err = p.doInBooks(ctx, actor, creditInvoice, id, func(tx *store.Tx, noteIn noting) error {
		if err := lockCustomer(ctx, tx, actor, id); err != nil {
			return err
		}
		original, notes, err := tx.Invoice(ctx, id)
		if err != nil {
			return err
		}
		if len(notes) != r.Seen {
			return errMeanwhile
		}
		asks, err := p.creditAsks(ctx, tx, actor, id, r)
		if err != nil {
			return err
		}
		issue, err := p.biller.CreditInvoice(ctx, tx, id, asks, strings.TrimSpace(r.Reason))
		if err != nil {
			return err
		}
		note = issue.ID
		noteIn(original.Buyer, "invoice "+id.String(), nil, map[string]string{
			"number": original.Document.Number, "credit_note": issue.Document.Number, "amount": issue.Document.Gross.String(), "reason": issue.Document.Note,
		})
		_, err = p.announce(ctx, tx, issue.ID)
		return err
	})
	return note, err
}

// lockCustomer keeps everybody else away from what the invoice's customer owes and has, and refuses what the actor's organization did not sell.
func lockCustomer(ctx context.Context, tx *store.Tx, actor app.Actor, id app.ID) error {
	issued, _, err := tx.Invoice(ctx, id)
	if err != nil {
		return err
	}
	if issued.Seller != actor.Organization {
		return errNotHere
	}
	_, err = tx.LockAccount(ctx, issued.Seller, issued.Buyer, issued.Document.Currency)
	return err
}

// creditAsks reads what is to be taken back; none means everything.
func (p *Portal) creditAsks(ctx context.Context, tx *store.Tx, actor app.Actor, id app.ID, r CreditRequest) ([]invoice.Ask, error) {
	d, err := p.invoiceDetail(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if d.Seller != actor.Organization {
		return nil, errNotHere
	}
	if d.Kind != invoice.Invoice {
		return nil, app.Errorf(app.Conflict, "Only an invoice can be credited.")
	}
	if err := forSeller(ctx, tx, &d); err != nil {
		return nil, err
	}
	fields := map[string]string{}
	if problem := reasonProblem(r.Reason); problem != "" {
		fields["reason"] = problem
	}
	var asks []invoice.Ask
	for _, line := range d.Frozen.Lines {
		typed := strings.TrimSpace(r.Amounts[line.ID])
		if r.All || typed == "" {
			continue
		}
		amount, err := parseAmount(typed, d.Gross.Currency)
		switch {
		case err != nil || amount.Minor < 0:
			fields["line-"+line.ID] = "Please write an amount like 12.50."
		case amount.Minor > d.Left[line.ID].Minor:
			fields["line-"+line.ID] = "So much is not left of this line."
		case amount.Minor > 0:
			asks = append(asks, invoice.Ask{Line: line.ID, Net: amount})
		}
	}
	if !r.All && len(asks) == 0 && len(fields) == 0 {
		fields["amounts"] = "Please write beside a line how much of it you take back."
	}
	return asks, invalidFields(fields)
}

// reasonProblem says what is wrong with a reason, "" for nothing.
func reasonProblem(reason string) string {
	if n := utf8.RuneCountInString(strings.TrimSpace(reason)); n < 3 || n > 300 {
		return "Please give a reason of 3 to 300 characters."
	}
	return ""
}

// parseAmount reads an amount as people of Europe type it: with a point or a comma before the cents.
func parseAmount(typed, currency string) (billing.Money, error) {
	return billing.ParseMoney(strings.Replace(typed, ",", ".", 1), currency)
}

// The ways in which money is paid back by hand.
const (
	RefundByBank = "bank"
	RefundByHand = "other"
)

// RefundRequest is money that a seller pays back of a customer's credit.
type RefundRequest struct {
	Amount    string // as typed
	How       string // bank or other
	Reference string // of the transfer, as the bank shows it: the same one is noted once
	Reason    string
	Seen      int64 // what the customer's credit was when the person decided, in minor units
}

// Refund is what PreviewRefund says of a request: how much leaves, and what the customer's credit is then.
type Refund struct {
	Amount, Before, After billing.Money
}

// PreviewRefund checks a refund and says what it would do.
//
// Errors: Forbidden for those who do not sell; NotFound; Invalid at amount, how, reference or reason.
func (p *Portal) PreviewRefund(ctx context.Context, actor app.Actor, id app.ID, r RefundRequest) (out Refund, err error) {
	if err := maySell(actor, app.ManageBilling); err != nil {
		return out, err
	}
	err = p.see(ctx, actor, app.ManageBilling, func(tx *store.Tx) error {
		out, _, err = checkRefund(ctx, tx, actor, id, r)
		return err
	})
	return out, err
}

// RefundCredit notes that the actor's organization paid a customer's credit back: of that customer who has the invoice. Money is moved by the
// seller's own bank. Of two who do so at once, the second is told.
//
// Errors: as PreviewRefund; Conflict when the credit is another one since the person looked, or the transfer was noted before; Unconfirmed.
func (p *Portal) RefundCredit(ctx context.Context, actor app.Actor, id app.ID, r RefundRequest) error {
	if err := maySell(actor, app.ManageBilling); err != nil {
		return err
	}
	return p.doInBooks(ctx, actor, refundCredit, id, func(tx *store.Tx, noteIn noting) error {
		if err := lockCustomer(ctx, tx, actor, id); err != nil {
			return err
		}
		refund, issued, err := checkRefund(ctx, tx, actor, id, r)
		if err != nil {
			return err
		}
		if refund.Before.Minor != r.Seen {
			return errMeanwhile
		}
		noteIn(issued.Buyer, "invoice "+id.String(), map[string]string{"credit": refund.Before.String()}, map[string]string{
			"number": issued.Document.Number, "amount": refund.Amount.String(), "credit": refund.After.String(), "how": r.How,
			"reference": strings.TrimSpace(r.Reference), "reason": strings.TrimSpace(r.Reason),
		})
		return p.biller.Refund(ctx, tx, store.Payment{
			Customer: issued.Buyer, Seller: issued.Seller, Through: r.How, Reference: strings.TrimSpace(r.Reference), Amount: refund.Amount,
			PaidOn: p.today(), Note: strings.TrimSpace(r.Reason),
		})
	})
}

func checkRefund(ctx context.Context, tx *store.Tx, actor app.Actor, id app.ID, r RefundRequest) (Refund, store.Issued, error) {
	issued, _, err := tx.Invoice(ctx, id)
	if err == nil && issued.Seller != actor.Organization {
		err = errNotHere
	}
	if err != nil {
		return Refund{}, issued, err
	}
	var out Refund
	if out.Before, err = tx.Credit(ctx, issued.Seller, issued.Buyer, issued.Document.Currency); err != nil {
		return out, issued, err
	}
	fields := map[string]string{}
	out.Amount, err = parseAmount(strings.TrimSpace(r.Amount), issued.Document.Currency)
	switch {
	case err != nil || out.Amount.Minor <= 0:
		fields["amount"] = "Please write an amount like 12.50."
	case out.Amount.Minor > out.Before.Minor:
		fields["amount"] = "The customer has less credit than this. What was invoiced is taken back by a credit note first."
	}
	if r.How != RefundByBank && r.How != RefundByHand {
		fields["how"] = "Please choose how it is paid back."
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(r.Reference)); n < 1 || n > 140 {
		fields["reference"] = "Please give the reference of the payment, in at most 140 characters."
	}
	if problem := reasonProblem(r.Reason); problem != "" {
		fields["reason"] = problem
	}
	out.After = billing.Money{Minor: out.Before.Minor - out.Amount.Minor, Currency: out.Before.Currency}
	return out, issued, invalidFields(fields)
}
