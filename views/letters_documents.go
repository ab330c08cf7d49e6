package views

import (
	"context"

	"allotment/billing"
	"allotment/billing/invoice"
	"allotment/views/words"
)

// invoiceLetter comes with an invoice or a credit note, which are attached.
func invoiceLetter(ctx context.Context, d map[string]string) letter {
	attached := words.T(ctx, "It is attached as a PDF, and as an XML file that bookkeeping programs read.")
	if invoice.Kind(d["kind"]) == invoice.CreditNote {
		return letter{subject: words.T(ctx, "Credit note %s from %s", d["number"], d["seller"]), lines: []string{
			words.T(ctx, "Here is the credit note %s over %s. It corrects the invoice %s.", d["number"], d["amount"], d["corrects"]), attached,
		}, button: words.T(ctx, "See the credit note")}
	}
	lines := []string{words.T(ctx, "Here is the invoice %s over %s.", d["number"], d["amount"])}
	if due, err := billing.ParseDate(d["due"]); err == nil {
		lines = []string{words.T(ctx, "Here is the invoice %s over %s. It is due on %s.", d["number"], d["amount"], words.Date(ctx, due.UTC()))}
	}
	return letter{subject: words.T(ctx, "Invoice %s from %s", d["number"], d["seller"]), lines: append(lines, attached), button: words.T(ctx, "See the invoice")}
}
