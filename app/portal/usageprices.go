package portal

import (
	"context"
	"strings"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/catalog"
)

// The verbs of prices of use.
var (
	setUsagePrice = verb{action: "prices.usage", permission: app.ManageBilling, confirmed: true}
	setUsageFloor = verb{action: "prices.usage_floor", permission: app.ManageBilling, confirmed: true}
)

// UsageRow is one price of use of a seller's list with all that its editor shows.
type UsageRow struct {
	App         *catalog.App
	Plan        catalog.Plan
	Key         store.UsageKey
	Asked       *billing.Decimal // what the seller pays itself; nil for the operator, and where nobody above asks for it
	Floor       *billing.Decimal
	Own         *store.UsagePrice // what its list says today; nil where it says nothing
	Retail      *billing.Decimal  // what its customers are asked today; nil where it costs nothing
	Kept        billing.Decimal
	Percent     billing.Decimal
	Versions    []store.UsagePrice // of its own list, the last to begin first
	Coming      []store.UsagePrice // those that begin later
	Subscribers int
}

// UsagePriceRequest is what the form of a price of use sends, as it was typed. An invalid one comes back as app.Invalid with the fields that are
// wrong: amount, margin, from.
type UsagePriceRequest struct {
	App, Plan string
	Meter     billing.Meter
	Audience  store.Audience
	Way       PriceWay // an amount, a percentage on what the seller pays, or withdrawn
	Amount    string   // net, of one unit, for PriceAmount
	Margin    string   // a percentage, for PricePercent
	From      string   // the first day, 2026-03-01; "" for today
}

// UsagePricePage is what an app costs by use, by size and meter.
type UsagePricePage struct {
	App   *catalog.App
	Rows  []UsageRow
	Ahead int // days that subscribers are told ahead
	Today billing.Date
}

// UsagePriceChange is what a new price of use does, before it is set and after.
type UsagePriceChange struct {
	UsageRow    // as it was before
	Price       store.UsagePrice
	KeptThen    billing.Decimal
	PercentThen billing.Decimal
	WholeMonth  billing.Money // that it comes to in a month of 31 days in which a service runs all the time; zero where nobody can say
	Ahead       int
	Earliest    billing.Date // those who have subscribed pay it from this day on
}

// UsagePrices returns what the actor's organization asks its buyers for the use of an app, beside what it pays itself.
func (p *Portal) UsagePrices(ctx context.Context, actor app.Actor, appID string) (page UsagePricePage, err error) {
	err = p.see(ctx, actor, app.SeeCustomers, func(tx *store.Tx) error {
		if actor.Kind == app.Customer {
			return app.Errorf(app.Conflict, "Only the operator and resellers have prices.")
		}
		page, err = p.usagePage(ctx, tx, actor, appID)
		return err
	})
	return page, err
}

// UsagePrice returns one of them, or NotFound.
func (p *Portal) UsagePrice(ctx context.Context, actor app.Actor, r UsagePriceRequest) (row UsageRow, page UsagePricePage, err error) {
	if page, err = p.UsagePrices(ctx, actor, r.App); err != nil {
		return row, page, err
	}
	row, err = page.row(r)
	return row, page, err
}

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

func (p *Portal) usagePage(ctx context.Context, tx *store.Tx, actor app.Actor, appID string) (page UsagePricePage, err error) {
	entry, ok := p.catalog.App(appID)
	if !ok {
		return page, app.Errorf(app.NotFound, "There is no such app in the catalog.")
	}
	page.App = entry
	if page.Today, err = p.sellersDay(ctx, tx, actor.Organization); err != nil {
		return page, err
	}
	if page.Ahead, err = tx.AnnounceDays(ctx, actor.Organization); err != nil {
		return page, err
	}
	asked, err := tx.UsagePrices(ctx, app.Organization{ID: actor.Organization, Kind: actor.Kind}, appID, p.now())
	if err != nil {
		return page, err
	}
	own, err := tx.UsageList(ctx, actor.Organization, appID)
	if err != nil {
		return page, err
	}
	floors, err := tx.UsageFloors(ctx, appID)
	if err != nil {
		return page, err
	}
	counts, err := tx.UsageSubscribers(ctx, actor.Organization)
	if err != nil {
		return page, err
	}
	for _, plan := range entry.Plans {
		for _, meter := range billing.Meters() {
			for _, audience := range []store.Audience{store.Everybody, store.Resellers} {
				row := UsageRow{App: entry, Plan: plan, Key: store.UsageKey{App: appID, Plan: plan.ID, Meter: meter, Currency: p.cfg.Currency, Audience: audience}}
				row.Subscribers = counts[row.Key]
				if err := row.fill(asked, own, floors, page.Today); err != nil {
					return page, err
				}
				page.Rows = append(page.Rows, row)
			}
		}
	}
	return page, nil
}

// fill puts together what lists say for a row.
func (row *UsageRow) fill(asked []store.UsageOffered, own []store.UsagePrice, floors []store.UsageFloor, today billing.Date) (err error) {
	for i, a := range asked {
		if a.Plan == row.Key.Plan && a.Meter == row.Key.Meter && a.Currency == row.Key.Currency {
			row.Asked = &asked[i].Price
		}
	}
	for i, f := range floors {
		if f.Plan == row.Key.Plan && f.Meter == row.Key.Meter && f.Currency == row.Key.Currency && !f.Floor.IsZero() {
			row.Floor = &floors[i].Floor
		}
	}
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
	if row.Retail, err = row.retail(row.Own); err != nil || row.Retail == nil || row.Asked == nil {
		return err
	}
	row.Kept, row.Percent, err = billing.EarnedUnit(*row.Retail, *row.Asked)
	return err
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

// PreviewUsagePrice says what a price of use would do, or what is wrong with it by field.
func (p *Portal) PreviewUsagePrice(ctx context.Context, actor app.Actor, r UsagePriceRequest) (c UsagePriceChange, err error) {
	err = p.see(ctx, actor, app.ManageBilling, func(tx *store.Tx) error {
		c, err = p.usageChange(ctx, tx, actor, r)
		return err
	})
	return c, err
}

// SetUsagePrice adds a version to the seller's list: new orders pay it from its first day on. Those who have subscribed are told ahead by the hourly
// round. Prices of resellers below that lie on this one follow it.
func (p *Portal) SetUsagePrice(ctx context.Context, actor app.Actor, r UsagePriceRequest) (c UsagePriceChange, err error) {
	err = p.do(ctx, actor, setUsagePrice, func(tx *store.Tx) error {
		if c, err = p.usageChange(ctx, tx, actor, r); err != nil {
			return err
		}
		tx.Note("price "+r.App+"/"+r.Plan, nil, map[string]string{
			"meter": string(r.Meter), "price": c.Price.Price.String(), "from": c.Price.ValidFrom.String(), "way": string(r.Way),
		})
		return tx.InsertUsagePrices(ctx, actor.Organization, []store.UsagePrice{c.Price}, p.now())
	})
	return c, err
}

func (p *Portal) usageChange(ctx context.Context, tx *store.Tx, actor app.Actor, r UsagePriceRequest) (c UsagePriceChange, err error) {
	if err := p.sells(actor, r.App, r.Plan, billing.Month); err != nil {
		return c, err
	}
	page, err := p.usagePage(ctx, tx, actor, r.App)
	if err != nil {
		return c, err
	}
	if c.UsageRow, err = page.row(r); err != nil {
		return c, err
	}
	if c.Price, err = p.checkUsagePrice(r, c.UsageRow, page.Today); err != nil {
		return c, err
	}
	c.Price.Seller, c.Ahead = actor.Organization, page.Ahead
	if c.Earliest = page.Today.AddDays(c.Ahead); c.Earliest.Before(c.Price.ValidFrom) {
		c.Earliest = c.Price.ValidFrom
	}
	then, err := c.retail(&c.Price)
	if err != nil || then == nil || c.Price.Withdrawn {
		return c, err
	}
	if c.Asked != nil {
		if c.KeptThen, c.PercentThen, err = billing.EarnedUnit(*then, *c.Asked); err != nil {
			return c, err
		}
	}
	c.WholeMonth, err = billing.Price(*then, r.Meter.WholeMonth(c.Plan.DiskGiB), p.cfg.Currency)
	return c, err
}

// checkUsagePrice reads a request; all that is wrong is said at once.
func (p *Portal) checkUsagePrice(r UsagePriceRequest, row UsageRow, today billing.Date) (store.UsagePrice, error) {
	fields := map[string]string{}
	price := store.UsagePrice{UsageKey: row.Key, ID: app.NewID(), ValidFrom: today, Withdrawn: r.Way == PriceWithdraw}
	if r.From != "" {
		day, err := billing.ParseDate(strings.TrimSpace(r.From))
		switch {
		case err != nil:
			fields["from"] = "Please type a day, like 2026-03-01."
		case day.Before(today):
			fields["from"] = "A price cannot begin in the past. Today is the earliest."
		case today.AddMonths(24).Before(day):
			fields["from"] = "Please choose a day within two years."
		}
		price.ValidFrom = day
	}
	switch {
	case price.Withdrawn:
	case r.Way == PriceAmount:
		var err error
		if price.Price, err = billing.UnitPrice(typedNumber(r.Amount)); err != nil {
			fields["amount"] = "Please type an amount with at most six decimals, like 0.012."
		}
	case row.Asked == nil || r.Way != PricePercent:
		fields["amount"] = "You pay nobody for this, so there is nothing to put a margin on. Please type an amount."
	default:
		margin, message := typedMargin(PricePercent, r.Margin, p.cfg.Currency)
		if message != "" {
			fields["margin"] = message
			break
		}
		var err error
		if price.Percent, price.Price = &margin.Percent, *row.Asked; err == nil {
			price.Price, err = billing.RoundUnit(*row.Asked, margin.Percent)
		}
		if err != nil {
			fields["margin"] = "This amount is too large."
		}
	}
	if row.Floor != nil && row.Asked != nil && !price.Withdrawn && len(fields) == 0 && price.Price.Cmp(*row.Floor) < 0 {
		fields[map[bool]string{true: "amount", false: "margin"}[r.Way == PriceAmount]] = "This is below the least that the operator allows."
	}
	return price, invalidFields(fields)
}

// SetUsageFloor sets below what no reseller may ask for a unit; "0" lifts it. Only staff may.
func (p *Portal) SetUsageFloor(ctx context.Context, actor app.Actor, r UsagePriceRequest) error {
	return p.do(ctx, actor, setUsageFloor, func(tx *store.Tx) error {
		if !actor.Staff() {
			return app.Errorf(app.Conflict, "Only the operator sets the least that resellers may ask.")
		}
		if err := p.sells(actor, r.App, r.Plan, billing.Month); err != nil {
			return err
		}
		if !r.Meter.Known() {
			return app.Errorf(app.NotFound, "There is no such app in the catalog.")
		}
		floor, err := billing.UnitPrice(typedNumber(r.Amount))
		if err != nil {
			return app.FieldError("floor", "Please type an amount with at most six decimals, like 0.012.")
		}
		tx.Note("floor "+r.App+"/"+r.Plan, nil, map[string]string{"meter": string(r.Meter), "floor": floor.String()})
		return tx.InsertUsageFloor(ctx, actor.Organization, store.UsageFloor{App: r.App, Plan: r.Plan, Meter: r.Meter, Currency: p.cfg.Currency, Floor: floor}, p.now())
	})
}
