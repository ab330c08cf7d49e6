package biller

import (
	"context"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/ledger"
)

// bankName is how the seller's own bank is named in the books.
const bankName = "bank"

// PayOut posts that money went from a provider to the seller's bank, or, where it is negative, came back from there. The reference is the provider's
// of that line of the account: the same one twice is a Conflict.
func (b *Biller) PayOut(ctx context.Context, tx *store.Tx, seller app.ID, through, reference string, amount billing.Money, day billing.Date) error {
	if amount.IsZero() {
		return nil
	}
	entry, err := ledger.Payout(ledger.Payment{ID: through + " " + reference, Date: day, Seller: seller.String(), Through: through, Amount: amount}, bankName)
	if err != nil {
		return err
	}
	return tx.InsertEntries(ctx, seller, entry)
}

// KeepLater posts what a provider kept of a payment and did not say when the payment came in. Once for each payment: a second time is a Conflict.
func (b *Biller) KeepLater(ctx context.Context, tx *store.Tx, seller, customer, payment app.ID, through string, fee billing.Money, day billing.Date) error {
	p := store.Payment{Customer: customer, Seller: seller, Through: through, Amount: fee, PaidOn: day}
	entry, err := ledger.ProviderFee(inBooks(p, payment.String()+" later"))
	if err != nil {
		return err
	}
	return tx.InsertEntries(ctx, seller, entry)
}
