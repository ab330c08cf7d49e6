package portal

import (
	"context"
	"slices"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

// Gap is what is missing before something that costs money can be invoiced.
type Gap string

// The gaps.
const (
	NoGap     Gap = ""
	NoDetails Gap = "details" // the buyer's name and address
	NoTerms   Gap = "terms"   // the seller has not said how it sells
)

// BillingDetailsMissing reports what is missing before the actor's own organization (the zero ID) or one below it can be invoiced.
func (p *Portal) BillingDetailsMissing(ctx context.Context, actor app.Actor, buyer app.ID) (gap Gap, err error) {
	err = p.see(ctx, actor, buyingPermission(actor, ofOwn(actor, buyer), app.SeeCatalog), func(tx *store.Tx) error {
		gap, err = gapOf(ctx, tx, ofOwn(actor, buyer))
		return err
	})
	return gap, err
}

// gapOf is what keeps a buyer from being invoiced.
func gapOf(ctx context.Context, tx *store.Tx, buyer app.ID) (Gap, error) {
	b, err := tx.Billable(ctx, buyer)
	return gapIn(b), err
}

func gapIn(b store.Billable) Gap {
	switch {
	case b.Seller == (app.ID{}): // the operator pays nobody
		return NoGap
	case !b.Sells:
		return NoTerms
	case !b.Party.Addressed():
		return NoDetails
	}
	return NoGap
}

// costs reports whether any of the prices is more than nothing.
func costs(prices ...billing.Money) bool {
	return slices.ContainsFunc(prices, func(price billing.Money) bool { return !price.IsZero() })
}

// mayBuy refuses what a buyer orders for itself at a price while it could not be invoiced: people then fill in what is missing at once, and not
// after weeks, when nobody knows why no invoice came. What a seller orders for its customer goes ahead: its subscription waits, with the reason,
// until the details are there. What costs nothing asks for nothing. Whoever's services stand still for what is not paid orders none beside them.
//
// Errors: Invalid at details; Conflict where the seller is the reason, or what is not paid.
func mayBuy(ctx context.Context, tx *store.Tx, actor app.Actor, buyer app.ID, prices ...billing.Money) error {
	if !costs(prices...) || buyer != actor.Organization {
		return nil
	}
	b, err := tx.Billable(ctx, buyer)
	gap := gapIn(b)
	switch {
	case err != nil:
		return err
	case b.Stopped:
		return app.Errorf(app.Conflict, "Something is not paid, and therefore services stand still. Please pay it first, under Bills and payments; nothing was ordered.")
	case gap == NoDetails:
		return app.FieldError("details", "Please fill in your billing details first: an invoice needs your name and address.")
	case gap == NoTerms:
		return app.Errorf(app.Conflict, "Your provider cannot sell yet: it has not said how it invoices. Please tell it; nothing was ordered.")
	}
	return nil
}
