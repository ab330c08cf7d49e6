package stripe

import (
	"context"

	"github.com/stripe/stripe-go/v76"

	"allotment/app"
	"allotment/billing"
)

// Refund sends money back the way it came. A refund of this attempt is looked for first.
func (d *Driver) Refund(ctx context.Context, r app.Repayment) (app.Seen, error) {
	a := r.Attempt
	list := d.refunds.List(&stripe.RefundListParams{ListParams: listParams(ctx, a.Account), PaymentIntent: stripe.String(r.Payment)})
	for list.Next() {
		if attemptOf(list.Refund().Metadata) == a.ID {
			return ofRefund(list.Refund()), nil
		}
	}
	if err := list.Err(); err != nil {
		return app.Seen{}, classify(err)
	}
	made, err := d.refunds.New(&stripe.RefundParams{
		Params: params(ctx, a.Account, a.Key()), PaymentIntent: stripe.String(r.Payment), Amount: stripe.Int64(a.Amount.Minor), Metadata: metadata(a),
	})
	if err != nil {
		return app.Seen{}, classify(err)
	}
	return ofRefund(made), nil
}

func ofRefund(r *stripe.Refund) app.Seen {
	seen := app.Seen{
		Reference: r.ID, Attempt: attemptOf(r.Metadata), Amount: money(r.Amount, r.Currency), At: when(r.Created), Why: string(r.FailureReason),
	}
	if r.PaymentIntent != nil {
		seen.Payment = r.PaymentIntent.ID
	}
	switch r.Status {
	case stripe.RefundStatusSucceeded:
		seen.State = app.AttemptSucceeded
	case stripe.RefundStatusFailed, stripe.RefundStatusCanceled:
		seen.State = app.AttemptFailed
	default:
		seen.State = app.AttemptProcessing
	}
	return seen
}

// ofDispute says whether the money of a contested payment is gone, with Stripe's fee for that, or came again. A warning moves nothing.
func ofDispute(d *stripe.Dispute) app.Seen {
	seen := app.Seen{Reference: d.ID, Amount: money(d.Amount, d.Currency), At: when(d.Created), Why: string(d.Reason), Dispute: app.DisputeTaken}
	if d.PaymentIntent != nil {
		seen.Payment = d.PaymentIntent.ID
	}
	fee := billing.Zero(seen.Amount.Currency)
	for _, b := range d.BalanceTransactions {
		if money(0, b.Currency).Currency == fee.Currency && b.Amount < 0 {
			fee.Minor += b.Fee
		}
	}
	seen.Fee = fee
	switch d.Status {
	case stripe.DisputeStatusWarningNeedsResponse, stripe.DisputeStatusWarningUnderReview, stripe.DisputeStatusWarningClosed:
		seen.Dispute = app.DisputeOpen
	case stripe.DisputeStatusWon:
		seen.Dispute = app.DisputeReturned
	}
	if len(d.BalanceTransactions) == 0 && d.Status != stripe.DisputeStatusLost {
		seen.Dispute = app.DisputeOpen // nothing has moved yet
	}
	return seen
}
