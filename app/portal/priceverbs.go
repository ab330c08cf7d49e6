package portal

import (
	"context"
	"strconv"
	"strings"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

// The verbs of prices.
var (
	setPrice    = verb{action: "prices.set", permission: app.ManageBilling, confirmed: true}
	setFloor    = verb{action: "prices.floor", permission: app.ManageBilling, confirmed: true}
	setAnnounce = verb{action: "prices.announce", permission: app.ManageBilling}
)

// PriceChange is what a new price does, before it is set and after.
type PriceChange struct {
	Price       store.Price
	Before      *store.Price   // what holds today; nil where the list has none
	Asked       *billing.Money // what the seller pays itself; nil for the operator
	Above       *store.Price   // the price that it is asked by, with its set-up fee; nil with Asked
	Floor       *billing.Money
	Kept        billing.Money // of the price
	Percent     billing.Decimal
	Subscribers int          // that pay by this list now
	Same        bool         // they pay the same as before: nobody is told
	Ahead       int          // days that they are told ahead
	Earliest    billing.Date // no period of theirs that begins before is charged at it
}

// PreviewPrice says what a price would do, or what is wrong with it by field.
func (p *Portal) PreviewPrice(ctx context.Context, actor app.Actor, r PriceRequest) (change PriceChange, err error) {
	err = p.see(ctx, actor, app.ManageBilling, func(tx *store.Tx) error {
		change, err = p.priceChange(ctx, tx, actor, r)
		return err
	})
	return change, err
}

// SetPrice adds a version to the seller's list: new orders pay it from its first day on. Those who have subscribed are told ahead by the hourly
// round. Prices of resellers below that lie on this one follow it.
func (p *Portal) SetPrice(ctx context.Context, actor app.Actor, r PriceRequest) (change PriceChange, err error) {
	err = p.do(ctx, actor, setPrice, func(tx *store.Tx) error {
		if change, err = p.priceChange(ctx, tx, actor, r); err != nil {
			return err
		}
		price := change.Price
		tx.Note("price "+r.App+"/"+r.Plan, nil, map[string]string{
			"interval": string(r.Interval), "amount": price.Amount.String(), "setup": price.Setup.String(), "from": price.ValidFrom.String(), "way": string(r.Way),
		})
		if err := tx.InsertPrices(ctx, actor.Organization, []store.Price{price}, p.now()); err != nil {
			return err
		}
		return p.layer(ctx, tx, actor.Organization, []store.Price{price})
	})
	return change, err
}

func (p *Portal) priceChange(ctx context.Context, tx *store.Tx, actor app.Actor, r PriceRequest) (c PriceChange, err error) {
	if err := p.priced(actor, &r); err != nil {
		return c, err
	}
	if r.Audience != store.Resellers {
		r.Audience = store.Everybody
	}
	today, err := p.sellersDay(ctx, tx, actor.Organization)
	if err != nil {
		return c, err
	}
	key := store.PriceKey{App: r.App, Plan: r.Plan, Currency: r.Currency, Interval: r.Interval, Audience: r.Audience}
	asked, err := p.ownAsked(ctx, tx, actor, key, today)
	if err != nil {
		return c, err
	}
	if c.Price, err = checkPrice(r, actor.Organization, asked, today); err != nil {
		return c, err
	}
	if asked != nil {
		c.Asked, c.Above, c.Floor = &asked.Amount, &asked.Price, asked.Floor
		if c.Kept, c.Percent, err = billing.Earned(c.Price.Amount, asked.Price.Amount); err != nil {
			return c, err
		}
	}
	if c.Ahead, err = tx.AnnounceDays(ctx, actor.Organization); err != nil {
		return c, err
	}
	if c.Earliest = today.AddDays(c.Ahead); c.Earliest.Before(c.Price.ValidFrom) {
		c.Earliest = c.Price.ValidFrom
	}
	counts, err := tx.Subscribers(ctx, actor.Organization)
	if err != nil {
		return c, err
	}
	c.Subscribers = counts[key]
	list, err := tx.PriceList(ctx, actor.Organization, r.App)
	for _, version := range list {
		if version.PriceKey == key && !today.Before(version.ValidFrom) && c.Before == nil && !version.Withdrawn {
			c.Before = &version
		}
	}
	c.Same = c.same()
	return c, err
}

// same reports whether those who have subscribed pay what they paid. Where nobody sells it any more, they keep their price.
func (c PriceChange) same() bool {
	after := &c.Price.Amount
	if c.Price.Withdrawn {
		after = c.Asked
	}
	if after == nil {
		return c.Price.Audience == store.Everybody
	}
	return c.Before != nil && c.Before.Amount == *after
}

// ownAsked is what a seller pays itself for a plan; nil for the operator. A reseller that cannot buy it cannot sell it: Conflict.
func (p *Portal) ownAsked(ctx context.Context, tx *store.Tx, actor app.Actor, key store.PriceKey, day billing.Date) (*wholesale, error) {
	if actor.Kind == app.Operator {
		return nil, nil
	}
	asked, err := p.askedOf(ctx, tx, actor.Organization, key, day)
	if app.CodeOf(err) == app.NotFound {
		return nil, app.Errorf(app.Conflict, "Your own seller does not sell this size for this interval.")
	}
	return &asked, err
}

// priced refuses what sells refuses, and a currency in which nothing is sold; it makes the request's currency whole.
func (p *Portal) priced(actor app.Actor, r *PriceRequest) (err error) {
	if err := p.sells(actor, r.App, r.Plan, r.Interval); err != nil {
		return err
	}
	r.Currency, err = p.currency(r.Currency)
	return err
}

// sells refuses those who sell nothing, and what the catalog does not have.
func (p *Portal) sells(actor app.Actor, appID, plan string, every billing.Interval) error {
	if actor.Kind == app.Customer {
		return app.Errorf(app.Conflict, "Only the operator and resellers have prices.")
	}
	entry, ok := p.catalog.App(appID)
	if !ok || entry.Plan(plan) == nil || every.Months() == 0 {
		return app.Errorf(app.NotFound, "There is no such app in the catalog.")
	}
	return nil
}

// SetFloor sets below what no reseller may ask for a plan; "0" lifts it. Only staff may.
func (p *Portal) SetFloor(ctx context.Context, actor app.Actor, r PriceRequest) error {
	return p.do(ctx, actor, setFloor, func(tx *store.Tx) error {
		if !actor.Staff() {
			return app.Errorf(app.Conflict, "Only the operator sets the least that resellers may ask.")
		}
		if err := p.priced(actor, &r); err != nil {
			return err
		}
		amount, message := typedAmount(r.Amount, r.Currency)
		if message != "" {
			return app.FieldError("floor", message)
		}
		tx.Note("floor "+r.App+"/"+r.Plan, nil, map[string]string{"interval": string(r.Interval), "floor": amount.String()})
		return tx.InsertFloor(ctx, actor.Organization, store.Floor{App: r.App, Plan: r.Plan, Interval: r.Interval, Amount: amount}, p.now())
	})
}

// SetAnnounceDays sets how many days ahead the seller's subscribers are told of a price: 0 to 366.
func (p *Portal) SetAnnounceDays(ctx context.Context, actor app.Actor, typed string) error {
	return p.do(ctx, actor, setAnnounce, func(tx *store.Tx) error {
		if actor.Kind == app.Customer {
			return app.Errorf(app.Conflict, "Only the operator and resellers have prices.")
		}
		days, err := strconv.Atoi(strings.TrimSpace(typed))
		if err != nil || days < 0 || days > 366 {
			return app.FieldError("ahead", "Please type a number of days from 0 to 366.")
		}
		tx.Note("prices", nil, map[string]int{"days": days})
		return tx.SetAnnounceDays(ctx, actor.Organization, days, p.now())
	})
}
