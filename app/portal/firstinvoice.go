package portal

import (
	"context"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/store"
	"allotment/billing/cycle"
	"allotment/catalog"
)

// firstInvoice computes what an order will be invoiced for first, with the coupon that it names. The operator's own services cost nothing.
func (p *Portal) firstInvoice(ctx context.Context, actor app.Actor, buyer app.ID, entry *catalog.App, plan PlanOffer, r OrderRequest) (first biller.First, coupon *store.Coupon, err error) {
	err = p.see(ctx, actor, buyingPermission(actor, buyer, app.OrderServices), func(tx *store.Tx) error {
		if coupon, err = p.couponFor(ctx, tx, buyer, plan, r); err != nil {
			return err
		}
		seller, err := tx.SellerOf(ctx, buyer)
		if err != nil || seller == (app.ID{}) {
			return err
		}
		bought := store.Subscribed{Term: plan.Term, Subscription: cycle.Subscription{
			ID: "preview", Name: soldAs(actor, entry, plan.Plan), Description: r.Host, Price: plan.Price, Setup: plan.Setup, Every: plan.Interval,
		}}
		if coupon != nil {
			discount := coupon.Discount()
			bought.Coupon = &discount
		}
		first, err = p.biller.First(ctx, tx, seller, buyer, bought, plan.Trial)
		return err
	})
	return first, coupon, err
}

// CheckCoupon says what a code takes off a size of an app, or what is wrong with it: Invalid at the field coupon.
func (p *Portal) CheckCoupon(ctx context.Context, actor app.Actor, r OrderRequest) (*store.Coupon, error) {
	if err := actor.May(app.OrderServices); err != nil {
		return nil, err
	}
	buyer := r.For
	if buyer == (app.ID{}) {
		buyer = actor.Organization
	}
	offer, err := p.OfferFor(ctx, actor, buyer, r.App)
	if err != nil {
		return nil, err
	}
	for _, plan := range offer.Plans {
		at, ok := plan.At(r.Interval)
		if plan.Plan.ID != r.Plan || !ok {
			continue
		}
		var coupon *store.Coupon
		err := p.see(ctx, actor, buyingPermission(actor, buyer, app.OrderServices), func(tx *store.Tx) (err error) {
			coupon, err = p.couponFor(ctx, tx, buyer, at, r)
			return err
		})
		return coupon, err
	}
	return nil, nil // the size is asked for first
}
