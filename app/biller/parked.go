package biller

import (
	"context"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

// parkTrade notes why a reseller could not be invoiced, where its parent reads it.
func (b *Biller) parkTrade(ctx context.Context, operator app.ID, r Run, trade store.Trade, why string) error {
	return b.store.InTenant(ctx, app.SystemStaff(operator), func(tx *store.Tx) error {
		if err := tx.ParkTrade(ctx, trade, why); err != nil || r.ID == (app.ID{}) {
			return err
		}
		return tx.CountInRun(ctx, r.ID, store.Tally{Parked: 1, Totals: map[string]int64{}})
	})
}

// BillReseller asks a reseller at once for what was sold through it in the months that are over. Where it still cannot be asked, it returns why;
// it is noted as a run notes it.
func (b *Biller) BillReseller(ctx context.Context, parent, reseller app.ID, currency string) (why string, err error) {
	operator, err := b.store.Operator(ctx)
	if err != nil {
		return "", err
	}
	trade := store.Trade{Parent: parent, Reseller: reseller, Pending: billing.Zero(currency)}
	err = b.store.InTenant(ctx, app.SystemStaff(operator), func(tx *store.Tx) error {
		issued, err := b.billReseller(ctx, tx, trade)
		if err == nil && issued == nil { // nothing is pending any more
			err = tx.ParkTrade(ctx, trade, "")
		}
		return err
	})
	if app.CodeOf(err) == app.Conflict || app.CodeOf(err) == app.Invalid {
		return reason(err), b.parkTrade(ctx, operator, Run{}, trade, reason(err))
	}
	return "", err
}
