package portal

import (
	"context"
	"errors"
	"strings"

	"allotment/app"
	"allotment/app/payment"
	"allotment/app/store"
	"allotment/billing"
)

// PaymentFilter selects a page of a seller's payments, or, with Attempts, of its attempts to collect them.
type PaymentFilter struct {
	Text     string
	Kind     store.PaymentKind  // "" for all
	Attempts []app.AttemptState // lists attempts in these states instead of payments
	Unpaid   bool               // of attempts: only the newest of each invoice that is still open
	After    string             // the key of the page before
	Limit    int
}

// Through what money moves.
const (
	ThroughStripe = payment.Stripe
	ThroughBank   = "bank"
)

// PaymentLine is money that moved, as its seller's list shows it.
type PaymentLine = store.PaymentLine

// PaymentsPage is such a page.
type PaymentsPage struct {
	Payments []PaymentLine
	Attempts []app.Attempt
	Next     string // the key of the next page; "" for the last
	Lines    bool   // bank lines wait to be settled
	Refunds  bool   // refunds that were made at the provider wait to be settled
	Online   bool   // there is a payment provider to compare with
}

// Payments returns a page of what the actor's organization was paid, or of what failed or is on its way.
func (p *Portal) Payments(ctx context.Context, actor app.Actor, f PaymentFilter) (page PaymentsPage, err error) {
	if err := maySell(actor, app.SeeBilling); err != nil {
		return page, err
	}
	before, limit, err := pageOf(f.After, f.Limit)
	if err != nil {
		return page, err
	}
	text := clip(strings.TrimSpace(f.Text))
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) (err error) {
		if f.Attempts != nil {
			page.Attempts, err = tx.SellerAttempts(ctx, store.AttemptQuery{Seller: actor.Organization, Text: text, States: f.Attempts, Unpaid: f.Unpaid, Before: before, Limit: limit + 1})
		} else {
			page.Payments, err = tx.SellerPayments(ctx, store.PaymentQuery{Seller: actor.Organization, Text: text, Kind: f.Kind, Before: before, Limit: limit + 1})
		}
		if err != nil {
			return err
		}
		lines, err := tx.OpenBankLines(ctx, actor.Organization, app.ID{}, 1)
		page.Lines = len(lines) > 0
		if err != nil {
			return err
		}
		refunds, err := tx.UnbookedRefunds(ctx, actor.Organization, 1)
		page.Refunds, page.Online = len(refunds) > 0, p.payments.On()
		return err
	})
	if len(page.Payments) > limit {
		page.Payments = page.Payments[:limit]
		page.Next = page.Payments[limit-1].ID.String()
	}
	if len(page.Attempts) > limit {
		page.Attempts = page.Attempts[:limit]
		page.Next = page.Attempts[limit-1].ID.String()
	}
	return page, err
}

// claimNumbered returns an invoice of the actor's organization by its number.
func (p *Portal) claimNumbered(ctx context.Context, tx *store.Tx, actor app.Actor, number string) (store.Claim, error) {
	claims, err := tx.ClaimsNumbered(ctx, actor.Organization, []string{compactNumber(number)})
	if err == nil && len(claims) != 1 {
		err = app.FieldError("invoice", "You have no invoice with this number.")
	}
	if err != nil {
		return store.Claim{}, err
	}
	return claims[0], nil
}

func compactNumber(number string) string {
	return strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(strings.TrimSpace(number)))
}

// moneyField reads an amount as people write it, with a point or a comma.
func moneyField(field, typed, currency string) (billing.Money, error) {
	m, err := billing.ParseMoney(strings.ReplaceAll(strings.TrimSpace(typed), ",", "."), currency)
	if err != nil || m.Minor <= 0 {
		return m, app.FieldError(field, "Please give an amount of more than nothing, like 12.50.")
	}
	return m, nil
}

// atField puts an error's words at a form's field.
func atField(field string, err error) error {
	if app.CodeOf(err) != app.Invalid {
		return err
	}
	at := &app.Error{Code: app.Invalid, Message: app.Words(err), Format: app.Words(err), Err: err}
	if said := (*app.Error)(nil); errors.As(err, &said) {
		at.Format, at.Args = said.Format, said.Args
	}
	at.Fields = map[string]string{field: at.Message}
	return at
}
