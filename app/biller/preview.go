package biller

import (
	"context"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/cycle"
	"allotment/billing/invoice"
)

// Preview returns the next invoice of the account that a subscription belongs to, exactly as a run on the day that it is due will issue it,
// without its number; false where nothing will be due.
func (b *Biller) Preview(ctx context.Context, tx *store.Tx, id app.ID) (invoice.Document, bool, error) {
	a, err := tx.AccountOf(ctx, id)
	if err != nil {
		return invoice.Document{}, false, err
	}
	var due billing.Date
	for _, s := range a.Subscriptions {
		if on := s.DueNext(nil); !on.IsZero() && (due.IsZero() || on.Before(due)) {
			due = on
		}
	}
	if due.IsZero() {
		return invoice.Document{}, false, nil
	}
	all, err := tx.SellersTerms(ctx, []app.ID{a.Seller})
	if err != nil {
		return invoice.Document{}, false, err
	}
	if err := b.exchange(ctx, tx, all, a); err != nil {
		return invoice.Document{}, false, err
	}
	terms, ok := all[a.Seller]
	if !ok {
		return invoice.Document{}, false, app.Errorf(app.Conflict, "Your provider has not said yet how it sells, so this cannot be invoiced yet.")
	}
	day, err := b.today(terms)
	if err != nil {
		return invoice.Document{}, false, err
	}
	if due.Before(day) {
		due = day // it waits for the next run
	}
	var charges []cycle.Charge
	for _, s := range a.Subscriptions {
		charges = append(charges, s.Due(due)...)
	}
	document, err := b.document(a, terms, charges, due)
	if err != nil {
		return invoice.Document{}, false, notYet(err)
	}
	return document, true, nil
}
