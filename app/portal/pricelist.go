package portal

import (
	"context"
	"strings"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/catalog"
)

// appsAtOnce is how many apps a page of the price list has.
const appsAtOnce = 5

// PriceRow is one price of a seller's list with all that its editor shows.
type PriceRow struct {
	App         *catalog.App
	Plan        catalog.Plan
	Key         store.PriceKey
	Asked       *billing.Money // what the seller pays itself; nil for the operator, and where nobody above sells it
	Above       *store.Price   // the price that it is asked by, with its set-up fee and terms; nil with Asked
	Floor       *billing.Money
	Own         *store.Price   // what its list says today; nil where it says nothing
	Retail      *billing.Money // what its customers are asked today; nil where it is not sold
	Kept        billing.Money
	Percent     billing.Decimal
	Versions    []store.Price // of its own list, the last to begin first
	Coming      []store.Price // those that begin later
	Subscribers int
}

// PriceFilter selects a page of the price list.
type PriceFilter struct {
	Currency string // "" for the installation's own
	Text     string // part of an app's name or ID
	After    string // PricePage.Next of the page before
}

// PricePage is the price list of some apps, by app and size.
type PricePage struct {
	Rows  []PriceRow
	Next  string // "" on the last page
	Ahead int    // days that subscribers are told ahead
	Today billing.Date

	Currency   string   // of all rows
	Currencies []string // in which may be sold: a list for each
}

// PriceList returns a page of what the actor's organization asks its buyers, beside what it pays itself.
func (p *Portal) PriceList(ctx context.Context, actor app.Actor, f PriceFilter) (PricePage, error) {
	var page PricePage
	err := p.see(ctx, actor, app.SeeCustomers, func(tx *store.Tx) error {
		if actor.Kind == app.Customer {
			return app.Errorf(app.Conflict, "Only the operator and resellers have prices.")
		}
		currency, err := p.currency(f.Currency)
		if err != nil {
			return err
		}
		sight, err := p.look(ctx, tx, actor)
		if err != nil {
			return err
		}
		page.Currency, page.Currencies = currency, p.Currencies()
		page.Ahead, page.Today = sight.ahead, sight.today
		n := 0
		for _, entry := range p.catalog.Apps() {
			if entry.ID <= f.After || !named(entry, f.Text) {
				continue
			}
			if n++; n > appsAtOnce {
				page.Next = page.Rows[len(page.Rows)-1].App.ID
				return nil
			}
			rows, err := sight.rows(entry, currency)
			if err != nil {
				return err
			}
			page.Rows = append(page.Rows, rows...)
		}
		return nil
	})
	return page, err
}

func named(entry *catalog.App, text string) bool {
	text = strings.ToLower(strings.TrimSpace(text))
	return strings.Contains(strings.ToLower(entry.Name+" "+entry.ID), text)
}

// sight is all that rows of a price list are made of.
type sight struct {
	operator bool
	today    billing.Date
	ahead    int
	asked    []store.Offered
	own      []store.Price
	floors   []store.Floor
	counts   map[store.PriceKey]int
}

func (p *Portal) look(ctx context.Context, tx *store.Tx, actor app.Actor) (s sight, err error) {
	s.operator = actor.Kind == app.Operator
	if s.today, err = p.sellersDay(ctx, tx, actor.Organization); err != nil {
		return s, err
	}
	if s.ahead, err = tx.AnnounceDays(ctx, actor.Organization); err != nil {
		return s, err
	}
	if s.asked, err = tx.Prices(ctx, app.Organization{ID: actor.Organization, Kind: actor.Kind}, "", p.now()); err != nil {
		return s, err
	}
	if s.own, err = tx.PriceList(ctx, actor.Organization, ""); err != nil {
		return s, err
	}
	if s.floors, err = tx.Floors(ctx, ""); err != nil {
		return s, err
	}
	s.counts, err = tx.Subscribers(ctx, actor.Organization)
	return s, err
}

// rows are an app's prices: every interval for everybody, and what a list says for resellers.
func (s sight) rows(entry *catalog.App, currency string) (rows []PriceRow, err error) {
	for _, plan := range entry.Plans {
		for _, interval := range billing.Intervals() {
			for _, audience := range []store.Audience{store.Everybody, store.Resellers} {
				row := PriceRow{App: entry, Plan: plan, Key: store.PriceKey{App: entry.ID, Plan: plan.ID, Currency: currency, Interval: interval, Audience: audience}}
				if err := s.fill(&row); err != nil {
					return nil, err
				}
				if audience == store.Everybody && (s.operator || row.Asked != nil) || len(row.Versions) > 0 {
					rows = append(rows, row)
				}
			}
		}
	}
	return rows, nil
}

func (s sight) fill(row *PriceRow) (err error) {
	for i, price := range s.asked {
		if !s.operator && price.App == row.Key.App && price.Plan == row.Key.Plan && price.Currency == row.Key.Currency && price.Interval == row.Key.Interval {
			row.Asked, row.Above = &s.asked[i].Amount, &s.asked[i].Price
		}
	}
	for i, f := range s.floors {
		if f.App == row.Key.App && f.Plan == row.Key.Plan && f.Amount.Currency == row.Key.Currency && f.Interval == row.Key.Interval && !f.Amount.IsZero() {
			row.Floor = &s.floors[i].Amount
		}
	}
	held := false
	for i, version := range s.own {
		if version.PriceKey != row.Key {
			continue
		}
		row.Versions = append(row.Versions, version)
		switch {
		case s.today.Before(version.ValidFrom):
			row.Coming = append(row.Coming, version)
		case !held:
			if held = true; !version.Withdrawn {
				row.Own, row.Retail = &s.own[i], &s.own[i].Amount
			}
		}
	}
	if row.Subscribers = s.counts[row.Key]; row.Retail == nil && row.Key.Audience == store.Everybody {
		row.Retail = row.Asked
	}
	if row.Retail != nil && row.Asked != nil {
		row.Kept, row.Percent, err = billing.Earned(*row.Retail, *row.Asked)
	}
	return err
}

// Price returns one row of the price list, or NotFound.
func (p *Portal) Price(ctx context.Context, actor app.Actor, r PriceRequest) (row PriceRow, page PricePage, err error) {
	err = p.see(ctx, actor, app.SeeCustomers, func(tx *store.Tx) error {
		if err := p.priced(actor, &r); err != nil {
			return err
		}
		s, err := p.look(ctx, tx, actor)
		if err != nil {
			return err
		}
		if r.Audience != store.Resellers {
			r.Audience = store.Everybody
		}
		entry, _ := p.catalog.App(r.App)
		row = PriceRow{App: entry, Plan: *entry.Plan(r.Plan), Key: store.PriceKey{App: r.App, Plan: r.Plan, Currency: r.Currency, Interval: r.Interval, Audience: r.Audience}}
		page.Ahead, page.Today = s.ahead, s.today
		return s.fill(&row)
	})
	return row, page, err
}
