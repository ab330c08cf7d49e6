package portal

import (
	"context"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

func (page UsagePricePage) row(r UsagePriceRequest) (UsageRow, error) {
	if r.Audience != store.Resellers {
		r.Audience = store.Everybody
	}
	for _, row := range page.Rows {
		if row.Key.Plan == r.Plan && row.Key.Meter == r.Meter && row.Key.Audience == r.Audience {
			return row, nil
		}
	}
	return UsageRow{}, app.Errorf(app.NotFound, "There is no such app in the catalog.")
}

// usageLists is what lists say of the prices of use of an app, for a seller.
type usageLists struct {
	asked  []store.UsageOffered // what it pays itself
	own    []store.UsagePrice   // every version of its own list
	floors []store.UsageFloor
	counts map[store.UsageKey]int // of its subscribers
}

func (p *Portal) usageLists(ctx context.Context, tx *store.Tx, actor app.Actor, appID string) (l usageLists, err error) {
	if l.asked, err = tx.UsagePrices(ctx, app.Organization{ID: actor.Organization, Kind: actor.Kind}, appID, p.now()); err != nil {
		return l, err
	}
	if l.own, err = tx.UsageList(ctx, actor.Organization, appID); err != nil {
		return l, err
	}
	if l.floors, err = tx.UsageFloors(ctx, appID); err != nil {
		return l, err
	}
	l.counts, err = tx.UsageSubscribers(ctx, actor.Organization)
	return l, err
}

func (p *Portal) usagePage(ctx context.Context, tx *store.Tx, actor app.Actor, appID, currency string) (page UsagePricePage, err error) {
	entry, ok := p.catalog.App(appID)
	if !ok {
		return page, app.Errorf(app.NotFound, "There is no such app in the catalog.")
	}
	page.App, page.Currencies = entry, p.Currencies()
	if page.Currency, err = p.currency(currency); err != nil {
		return page, err
	}
	if page.Today, err = p.sellersDay(ctx, tx, actor.Organization); err != nil {
		return page, err
	}
	if page.Ahead, err = tx.AnnounceDays(ctx, actor.Organization); err != nil {
		return page, err
	}
	lists, err := p.usageLists(ctx, tx, actor, appID)
	if err != nil {
		return page, err
	}
	for _, plan := range entry.Plans {
		for _, meter := range billing.Meters() {
			for _, audience := range []store.Audience{store.Everybody, store.Resellers} {
				row := UsageRow{App: entry, Plan: plan, Key: store.UsageKey{App: appID, Plan: plan.ID, Meter: meter, Currency: page.Currency, Audience: audience}}
				if err := row.fill(lists, page.Today); err != nil {
					return page, err
				}
				page.Rows = append(page.Rows, row)
			}
		}
	}
	return page, nil
}

// fill puts together what lists say for a row.
func (row *UsageRow) fill(lists usageLists, today billing.Date) (err error) {
	row.Subscribers = lists.counts[row.Key]
	for i, a := range lists.asked {
		if a.Plan == row.Key.Plan && a.Meter == row.Key.Meter && a.Currency == row.Key.Currency {
			row.Asked = &lists.asked[i].Price
		}
	}
	for i, f := range lists.floors {
		if f.Plan == row.Key.Plan && f.Meter == row.Key.Meter && f.Currency == row.Key.Currency && !f.Floor.IsZero() {
			row.Floor = &lists.floors[i].Floor
		}
	}
	row.versions(lists.own, today)
	if row.Retail, err = row.retail(row.Own); err != nil || row.Retail == nil || row.Asked == nil {
		return err
	}
	row.Kept, row.Percent, err = billing.EarnedUnit(*row.Retail, *row.Asked)
	return err
}

// versions are those of its own list, which one of them holds today, and which begin later.
func (row *UsageRow) versions(own []store.UsagePrice, today billing.Date) {
	held := false
	for i, version := range own {
		if version.UsageKey != row.Key {
			continue
		}
		row.Versions = append(row.Versions, version)
		switch {
		case today.Before(version.ValidFrom):
			row.Coming = append(row.Coming, version)
		case !held:
			if held = true; !version.Withdrawn {
				row.Own = &own[i]
			}
		}
	}
}

// retail is what customers are asked where the list says a price; nil where they are asked nothing.
func (row UsageRow) retail(own *store.UsagePrice) (*billing.Decimal, error) {
	if own == nil || own.Withdrawn || own.Percent != nil && row.Asked == nil {
		if row.Key.Audience == store.Resellers {
			return nil, nil
		}
		return row.Asked, nil
	}
	price := own.Price
	if own.Percent != nil {
		var err error
		if price, err = billing.RoundUnit(*row.Asked, *own.Percent); err != nil {
			return nil, err
		}
	}
	if row.Floor != nil && row.Asked != nil && price.Cmp(*row.Floor) < 0 {
		price = *row.Floor
	}
	return &price, nil
}
