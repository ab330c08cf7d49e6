package portal

import (
	"context"

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
	Currency  string // "" for the installation's own
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

	Currency   string   // of all rows
	Currencies []string // in which may be sold: a list for each
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
func (p *Portal) UsagePrices(ctx context.Context, actor app.Actor, appID, currency string) (page UsagePricePage, err error) {
	err = p.see(ctx, actor, app.SeeCustomers, func(tx *store.Tx) error {
		if actor.Kind == app.Customer {
			return app.Errorf(app.Conflict, "Only the operator and resellers have prices.")
		}
		page, err = p.usagePage(ctx, tx, actor, appID, currency)
		return err
	})
	return page, err
}

// UsagePrice returns one of them, or NotFound.
func (p *Portal) UsagePrice(ctx context.Context, actor app.Actor, r UsagePriceRequest) (row UsageRow, page UsagePricePage, err error) {
	if page, err = p.UsagePrices(ctx, actor, r.App, r.Currency); err != nil {
		return row, page, err
	}
	row, err = page.row(r)
	return row, page, err
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
		currency, err := p.currency(r.Currency)
		if err != nil {
			return err
		}
		floor, err := billing.UnitPrice(typedNumber(r.Amount))
		if err != nil {
			return app.FieldError("floor", "Please type an amount with at most six decimals, like 0.012.")
		}
		tx.Note("floor "+r.App+"/"+r.Plan, nil, map[string]string{"meter": string(r.Meter), "floor": floor.String()})
		return tx.InsertUsageFloor(ctx, actor.Organization, store.UsageFloor{App: r.App, Plan: r.Plan, Meter: r.Meter, Currency: currency, Floor: floor}, p.now())
	})
}
