package portal

import (
	"context"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/catalog"
)

func (p *Portal) publishPrices(ctx context.Context, actor app.Actor) error {
	return p.do(ctx, actor, publishPrices, func(tx *store.Tx) error {
		if !actor.Staff() {
			return app.Errorf(app.Conflict, "Only the operator publishes the catalog's prices.")
		}
		today, err := p.sellersDay(ctx, tx, actor.Organization)
		if err != nil {
			return err
		}
		prices, err := catalogPrices(p.catalog, today)
		if err != nil {
			return err
		}
		tx.Note("catalog", nil, map[string]int{"prices": len(prices)})
		if err := tx.InsertPrices(ctx, actor.Organization, prices, p.now()); err != nil {
			return err
		}
		use, err := catalogUsage(p.catalog, today)
		if err != nil {
			return err
		}
		if err := tx.InsertUsagePrices(ctx, actor.Organization, use, p.now()); err != nil {
			return err
		}
		return p.layer(ctx, tx, actor.Organization, prices)
	})
}

// catalogUsage are the catalog's prices of use as they hold from a day on.
func catalogUsage(c *catalog.Catalog, from billing.Date) (prices []store.UsagePrice, err error) {
	for _, entry := range c.Apps() {
		for _, plan := range entry.Plans {
			for _, listed := range plan.Usage {
				price, err := listed.Unit()
				if err != nil {
					return nil, err
				}
				prices = append(prices, store.UsagePrice{
					ID: app.NewID(), Price: price, ValidFrom: from,
					UsageKey: store.UsageKey{App: entry.ID, Plan: plan.ID, Meter: listed.Meter, Currency: listed.Currency, Audience: store.Everybody},
				})
			}
		}
	}
	return prices, nil
}

// catalogPrices are the catalog's list prices as they hold from a day on.
func catalogPrices(c *catalog.Catalog, from billing.Date) ([]store.Price, error) {
	var prices []store.Price
	for _, entry := range c.Apps() {
		for _, plan := range entry.Plans {
			for _, listed := range plan.Prices {
				amount, err := listed.Recurring()
				if err != nil {
					return nil, err
				}
				setup, err := listed.Once()
				if err != nil {
					return nil, err
				}
				prices = append(prices, store.Price{
					ID: app.NewID(), Amount: amount, Setup: setup, ValidFrom: from,
					PriceKey: store.PriceKey{App: entry.ID, Plan: plan.ID, Currency: amount.Currency, Interval: listed.Interval, Audience: store.Everybody},
				})
			}
		}
	}
	return prices, nil
}

// usualZone is where days are counted for a seller that never said where it is.
const usualZone = "Europe/Amsterdam"

// sellersDay is today on a seller's calendar.
func (p *Portal) sellersDay(ctx context.Context, tx *store.Tx, seller app.ID) (billing.Date, error) {
	terms, err := tx.SellersTerms(ctx, []app.ID{seller})
	if err != nil {
		return billing.Date{}, err
	}
	name := terms[seller].Zone
	if name == "" {
		name = usualZone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return billing.Date{}, err
	}
	return billing.DateIn(p.now(), zone), nil
}

// layer makes the prices of resellers below a seller anew that lie as a margin on prices of the seller: each as a next version, from the same
// day on, and never below the operator's floor.
func (p *Portal) layer(ctx context.Context, tx *store.Tx, seller app.ID, prices []store.Price) error {
	for _, price := range prices {
		above, err := tx.LayeredOn(ctx, seller, price.PriceKey, price.ValidFrom)
		if err != nil {
			return err
		}
		for _, old := range above {
			next := old
			if next.ID = app.NewID(); next.ValidFrom.Before(price.ValidFrom) {
				next.ValidFrom = price.ValidFrom
			}
			asked, err := p.askedOf(ctx, tx, old.Seller, old.PriceKey, next.ValidFrom)
			if app.CodeOf(err) == app.NotFound { // nobody above sells it any more: what was asked stays, and is not offered
				continue
			}
			if err != nil {
				return err
			}
			if next.Amount, err = retail(*old.Margin, asked); err != nil {
				return err
			}
			if err := tx.InsertPrices(ctx, old.Seller, []store.Price{next}, p.now()); err != nil {
				return err
			}
		}
	}
	return nil
}

// retail is a margin on what a reseller pays, lifted to the operator's floor.
func retail(m billing.Margin, asked wholesale) (billing.Money, error) {
	amount, err := m.Retail(asked.Price.Amount)
	if err != nil || asked.Floor == nil {
		return amount, err
	}
	return billing.Larger(amount, *asked.Floor)
}

// wholesale is what a reseller pays for a plan, and below what it may not sell it.
type wholesale struct {
	store.Price
	Floor *billing.Money
}

// askedOf returns what a reseller is asked for a plan on a day, or NotFound where nobody above it sells the plan for the interval. The operator
// buys of nobody: NotFound, too.
func (p *Portal) askedOf(ctx context.Context, tx *store.Tx, reseller app.ID, key store.PriceKey, day billing.Date) (wholesale, error) {
	prices, err := tx.Prices(ctx, app.Organization{ID: reseller, Kind: app.Reseller}, key.App, noon(day))
	if err != nil {
		return wholesale{}, err
	}
	floors, err := tx.Floors(ctx, key.App)
	if err != nil {
		return wholesale{}, err
	}
	for _, price := range prices {
		if price.Plan != key.Plan || price.Currency != key.Currency || price.Interval != key.Interval || price.Seller == reseller {
			continue
		}
		asked := wholesale{Price: price.Price}
		for _, f := range floors {
			if f.Plan == key.Plan && f.Amount.Currency == key.Currency && f.Interval == key.Interval {
				asked.Floor = &f.Amount
			}
		}
		return asked, nil
	}
	return wholesale{}, app.Errorf(app.NotFound, "Your own seller does not sell this size for this interval.")
}

// noon is a moment of a day that is that day in every zone where sellers are.
func noon(day billing.Date) time.Time { return day.UTC().Add(12 * time.Hour) }
