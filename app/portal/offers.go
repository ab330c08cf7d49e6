package portal

import (
	"cmp"
	"context"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/cycle"
	"allotment/catalog"
)

// Offers returns what the actor's organization may order, with its prices.
func (p *Portal) Offers(ctx context.Context, actor app.Actor) ([]Offer, error) {
	return p.OffersFor(ctx, actor, actor.Organization)
}

// OffersFor returns what a customer below the actor's organization may order, with the prices that its own seller asks.
func (p *Portal) OffersFor(ctx context.Context, actor app.Actor, buyer app.ID) ([]Offer, error) {
	prices, use, vat, err := p.prices(ctx, actor, buyer, "")
	if err != nil {
		return nil, err
	}
	var offers []Offer
	for _, entry := range p.catalog.Apps() {
		if offer := p.offer(entry, prices, use); len(offer.Plans) > 0 {
			offer.Tax = vat
			offers = append(offers, offer)
		}
	}
	return offers, nil
}

// Offer returns one app with its prices, or NotFound when it is not offered.
func (p *Portal) Offer(ctx context.Context, actor app.Actor, appID string) (Offer, error) {
	return p.OfferFor(ctx, actor, actor.Organization, appID)
}

// OfferFor is Offer for a customer below the actor's organization.
func (p *Portal) OfferFor(ctx context.Context, actor app.Actor, buyer app.ID, appID string) (Offer, error) {
	if err := actor.May(buyingPermission(actor, buyer, app.SeeCatalog)); err != nil {
		return Offer{}, err
	}
	entry, ok := p.catalog.App(appID)
	if !ok {
		return Offer{}, app.Errorf(app.NotFound, "There is no such app in the catalog.")
	}
	prices, use, vat, err := p.prices(ctx, actor, buyer, appID)
	if err != nil {
		return Offer{}, err
	}
	offer := p.offer(entry, prices, use)
	offer.Tax = vat
	if len(offer.Plans) == 0 {
		return Offer{}, app.Errorf(app.NotFound, "There is no such app in the catalog.")
	}
	return offer, nil
}

func (p *Portal) prices(ctx context.Context, actor app.Actor, buyer app.ID, appID string) (prices []store.Offered, use []store.UsageOffered, vat biller.Tax, err error) {
	err = p.see(ctx, actor, buyingPermission(actor, buyer, app.SeeCatalog), func(tx *store.Tx) error {
		who, err := buyerOf(ctx, tx, actor, buyer)
		if err != nil {
			return err
		}
		if prices, use, err = tx.Asked(ctx, who, appID, p.now()); err != nil {
			return err
		}
		seller, err := tx.SellerOf(ctx, who.ID)
		if err == nil && seller != (app.ID{}) {
			vat, err = p.biller.Tax(ctx, tx, seller, who.ID)
		}
		return err
	})
	return prices, use, vat, err
}

// offer is offerIn the currency in which the buyer is asked.
func (p *Portal) offer(entry *catalog.App, prices []store.Offered, use []store.UsageOffered) Offer {
	if len(prices) == 0 {
		return Offer{App: entry}
	}
	return p.offerIn(cmp.Or(prices[0].Buys, p.cfg.Currency), entry, prices, use)
}

// offerIn puts a seller's prices in a currency to an app's plans; a plan without a price is not offered, nor is a price below the operator's floor.
func (p *Portal) offerIn(currency string, entry *catalog.App, prices []store.Offered, use []store.UsageOffered) Offer {
	offer := Offer{App: entry}
	if !p.site().Offers(entry) {
		return offer
	}
	for _, plan := range entry.Plans {
		var each []PlanOffer
		for _, interval := range billing.Intervals() {
			for _, price := range prices {
				if price.App == entry.ID && price.Plan == plan.ID && price.Currency == currency && price.Interval == interval && !price.BelowFloor() {
					each = append(each, planOffer(plan, price, use))
				}
			}
		}
		if len(each) > 0 {
			first := each[0]
			first.Intervals = each
			offer.Plans = append(offer.Plans, first)
		}
	}
	return offer
}

func planOffer(plan catalog.Plan, price store.Offered, use []store.UsageOffered) PlanOffer {
	var measured []store.UsageOffered
	for _, u := range use {
		if u.App == price.App && u.Plan == price.Plan && u.Currency == price.Currency {
			measured = append(measured, u)
		}
	}
	return PlanOffer{
		Plan: plan, PriceID: price.ID, Price: price.Amount, Setup: price.Setup, Interval: price.Interval, Trial: price.Trial, Term: price.Term,
		Usage: measured, list: price.Seller, legs: price.Legs, floor: price.Floor,
	}
}

// usageFrom are the prices of use of an offer, as a subscription keeps them from a day on.
func usageFrom(o PlanOffer, day billing.Date) (all []cycle.UsagePrice) {
	for _, u := range o.Usage {
		all = append(all, u.From(day))
	}
	return all
}

// PublishPrices makes the catalog's list prices the operator's own, each as a new version where it has changed. Only staff may.
func (p *Portal) PublishPrices(ctx context.Context, actor app.Actor) error {
	return p.publishPrices(ctx, actor)
}

// PublishPricesOfOperator is PublishPrices for the one who sits at the server: 'allotment admin publish-prices'.
func (p *Portal) PublishPricesOfOperator(ctx context.Context) error {
	var operator app.Organization
	err := p.store.Bootstrap(ctx, app.NewID(), func(tx *store.Tx) (err error) {
		operator, err = tx.OperatorOrganization(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return p.publishPrices(ctx, app.SystemStaff(operator.ID))
}
