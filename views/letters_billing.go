package views

import (
	"context"

	"allotment/billing/ledger"
	"allotment/views/words"
)

// dunningLetter says what is unpaid and what comes next. "clear" comes after a hold: everything runs again.
func dunningLetter(ctx context.Context, d map[string]string) letter {
	amount, due := d["amount"], d["due"]
	open := words.T(ctx, "%s is open. The oldest invoice was to be paid by %s.", amount, due)
	paid := words.T(ctx, "If you have paid in the meantime, thank you: you need not do anything.")
	button := words.T(ctx, "See your services")
	switch ledger.Stage(d["stage"]) {
	case ledger.Reminded:
		return letter{subject: words.T(ctx, "A reminder: an invoice is open"), lines: []string{open, paid}, button: button}
	case ledger.Warned:
		return letter{subject: words.T(ctx, "Your services will be stopped"), lines: []string{
			open, words.T(ctx, "If it is not paid soon, your services will be stopped. Nothing is removed then, and they run again once it is paid."), paid,
		}, button: button}
	case ledger.Held:
		return letter{subject: words.T(ctx, "Your services are stopped"), lines: []string{
			open, words.T(ctx, "Your services are stopped until it is paid. Nothing was removed. They run again by themselves once it is paid."),
		}, button: button}
	case ledger.Grace:
		return letter{subject: words.T(ctx, "The last word before your services end"), lines: []string{
			open, words.T(ctx, "Your services stay stopped. If nothing is paid, they end and their data is removed. Please write to us if you cannot pay now."),
		}, button: button}
	}
	return letter{subject: words.T(ctx, "Your services run again"), lines: []string{words.T(ctx, "Everything is paid. Thank you. Your services are being started.")}, button: button}
}
