package views

import (
	"context"

	"allotment/app"
	"allotment/views/words"
)

// paymentLetter says that an invoice could not be collected, or must be confirmed at the bank.
func paymentLetter(ctx context.Context, d map[string]string) letter {
	button := words.T(ctx, "Pay the invoice")
	if app.AttemptState(d["state"]) == app.AttemptRequiresAction {
		return letter{subject: words.T(ctx, "Please confirm a payment"), button: button, lines: []string{
			words.T(ctx, "Your bank asks you to confirm the payment of %s for invoice %s.", d["amount"], d["invoice"]),
			words.T(ctx, "Nothing is wrong, and nobody was charged yet. Please pay it on the page below: your bank asks you there."),
		}}
	}
	return letter{subject: words.T(ctx, "A payment did not succeed"), button: button, lines: []string{
		words.T(ctx, "We could not collect %s for invoice %s.", d["amount"], d["invoice"]),
		words.T(ctx, "We may try again in a few days. You can also pay it now, or choose another way to pay."),
	}}
}
