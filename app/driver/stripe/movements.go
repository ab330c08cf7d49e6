package stripe

import (
	"context"
	"slices"
	"time"

	"github.com/stripe/stripe-go/v76"

	"allotment/app"
)

// payouts are the lines of an account by which money goes to the seller's bank, or comes back from there.
var payouts = []stripe.BalanceTransactionType{
	stripe.BalanceTransactionTypePayout, stripe.BalanceTransactionTypePayoutCancel, stripe.BalanceTransactionTypePayoutFailure,
}

// Movements lists the balance transactions of an account, the oldest first, by the payments, refunds, disputes and payouts that they are of.
func (d *Driver) Movements(ctx context.Context, account string, since time.Time) ([]app.Movement, error) {
	ask := &stripe.BalanceTransactionListParams{ListParams: listParams(ctx, account, "data.source")}
	if !since.IsZero() {
		ask.CreatedRange = &stripe.RangeQueryParams{GreaterThanOrEqual: since.Unix()}
	}
	list := d.balances.List(ask)
	var all []app.Movement
	for list.Next() {
		all = append(all, movement(list.BalanceTransaction()))
	}
	slices.Reverse(all)
	return all, classify(list.Err())
}

func movement(b *stripe.BalanceTransaction) app.Movement {
	m := app.Movement{
		ID: b.ID, Reference: b.ID, Kind: string(b.Type), Amount: money(b.Amount, b.Currency), Fee: money(b.Fee, b.Currency), At: when(b.Created),
	}
	if slices.Contains(payouts, b.Type) {
		m.Kind = app.MovementPayout
	}
	source := b.Source
	if source == nil {
		return m
	}
	m.Reference = source.ID
	switch {
	case source.Charge != nil && source.Charge.PaymentIntent != nil:
		m.Reference = source.Charge.PaymentIntent.ID
	case source.Refund != nil && source.Refund.PaymentIntent != nil:
		m.Payment = source.Refund.PaymentIntent.ID
	case source.Dispute != nil && source.Dispute.PaymentIntent != nil:
		m.Payment = source.Dispute.PaymentIntent.ID
	}
	return m
}
