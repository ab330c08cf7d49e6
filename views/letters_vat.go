package views

import (
	"context"

	"allotment/views/words"
)

// vatIDLetter says that a VAT ID is valid no more, and what that means for invoices.
func vatIDLetter(ctx context.Context, d map[string]string) letter {
	if d["side"] == "seller" {
		return letter{
			subject: words.T(ctx, "The VAT ID of %s is not valid", d["customer"]),
			lines: []string{
				words.T(ctx, "The tax authorities do not know the VAT ID %s of %s.", d["vat_id"], d["customer"]),
				words.T(ctx, "New invoices to this customer carry VAT until it has a valid one. Invoices that were issued stay as they are."),
			},
			button: words.T(ctx, "See the billing details"),
		}
	}
	return letter{
		subject: words.T(ctx, "Your VAT ID is not valid"),
		lines: []string{
			words.T(ctx, "The tax authorities do not know the VAT ID %s any more.", d["vat_id"]),
			words.T(ctx, "Please look whether it is still right, and correct it. Until then your new invoices carry VAT."),
		},
		button: words.T(ctx, "See the billing details"),
	}
}
