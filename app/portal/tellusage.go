package portal

import (
	"context"
	"fmt"
	"slices"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/cycle"
)

// usageAhead is what a subscription pays for use from a day on, and did not before.
type usageAhead struct {
	store.Remeasured
	Prices []cycle.UsagePrice // that are other than those that were agreed
	Told   []usageTold        // what of them the customer itself pays
}

// usageTold is one price that changes for a customer.
type usageTold struct {
	meter         billing.Meter
	before, after string // of one unit, net
}

// TellUsage tells subscribers of prices of use that changed, as many days ahead as their seller wants, and adds them to what was agreed from then on.
// The addition and the mail are one transaction, so that each is told once. It is the engine's own chore, and returns how many were told.
func (p *Portal) TellUsage(ctx context.Context) (told int, err error) {
	return tellAll(ctx, p, announcement[store.Remeasured, usageAhead]{
		find: func(tx *store.Tx, after app.ID) ([]store.Remeasured, error) {
			return tx.Remeasured(ctx, after, repricedAtOnce)
		},
		id: func(s store.Remeasured) app.ID { return s.ID },
		ahead: func(tx *store.Tx, lists *askedLists, s store.Remeasured) (usageAhead, bool, error) {
			c, err := p.usageAhead(ctx, tx, lists, s)
			return c, len(c.Prices) > 0, err
		},
		tell: p.tellUsage,
	})
}

// usageAhead compares what was agreed with what the lists ask on the day that can be announced. Where only resellers pay differently, the longest
// announcement on the way counts.
func (p *Portal) usageAhead(ctx context.Context, tx *store.Tx, lists *askedLists, s store.Remeasured) (c usageAhead, err error) {
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		return c, fmt.Errorf("the time zone %q: %w", s.Zone, err)
	}
	ahead, err := lists.daysOf(ctx, tx, s.Seller)
	if err != nil {
		return c, err
	}
	for range 2 {
		from := billing.DateIn(p.now(), zone).AddDays(ahead)
		asked, err := tx.UsagePrices(ctx, app.Organization{ID: s.Customer, Kind: s.Kind}, s.App, noon(from))
		if err != nil {
			return c, err
		}
		c = differences(s, asked, from)
		longest := ahead
		for _, price := range c.Prices {
			for _, leg := range price.Legs {
				if parent, err := app.ParseID(leg.Parent); err == nil {
					days, err := lists.daysOf(ctx, tx, parent)
					if err != nil {
						return c, err
					}
					longest = max(longest, days)
				}
			}
		}
		if longest == ahead || len(c.Told) > 0 {
			return c, nil
		}
		ahead = longest
	}
	return c, nil
}

// differences are the prices of use that differ from the last that was agreed of each meter.
func differences(s store.Remeasured, asked []store.UsageOffered, from billing.Date) usageAhead {
	c := usageAhead{Remeasured: s}
	for _, meter := range billing.Meters() {
		var last cycle.UsagePrice
		known := false
		for _, agreed := range s.Usage {
			if agreed.Meter == meter && !agreed.From.Before(last.From) {
				last, known = agreed, true
			}
		}
		next := cycle.UsagePrice{Meter: meter, Unit: meter.Unit(), From: from, Off: true}
		for _, a := range asked {
			if a.Plan == s.Plan && a.Meter == meter && a.Currency == s.Currency {
				next = a.From(from)
			}
		}
		if next.From.Before(last.From) {
			next.From = last.From // what was announced before for a later day comes first
		}
		same := next.Off == (last.Off || !known)
		if same && (next.Off || next.Price == last.Price && slices.Equal(next.Legs, last.Legs)) {
			continue
		}
		c.Prices = append(c.Prices, next)
		if !next.Off && (next.Price != last.Price || !known || last.Off) {
			c.Told = append(c.Told, usageTold{meter, last.Price.String(), next.Price.String()})
		}
	}
	return c
}

// tellUsage adds what changes and writes to those who pay, where it costs them anything else.
func (p *Portal) tellUsage(ctx context.Context, c usageAhead) (told bool, err error) {
	err = p.store.InTenant(ctx, app.System(c.Customer), func(tx *store.Tx) error {
		done, err := p.biller.AgreeUsage(ctx, tx, c.ID, c.Prices)
		if err != nil || !done {
			return err
		}
		told = true
		if len(c.Told) == 0 {
			return nil
		}
		return p.mailUsage(ctx, tx, c)
	})
	return told, err
}

func (p *Portal) mailUsage(ctx context.Context, tx *store.Tx, c usageAhead) error {
	service, err := tx.Service(ctx, c.Service)
	if err != nil {
		return err
	}
	people, err := tx.Payers(ctx, c.Customer)
	if err != nil {
		return err
	}
	for _, person := range people {
		for _, one := range c.Told {
			err := p.post(ctx, tx, app.Mail{
				Organization: c.Customer, To: person.Email, ToName: person.Name, Language: person.Language, Kind: app.MailPrice,
				Data: map[string]string{
					"service": service.Name, "meter": string(one.meter), "currency": c.Currency, "before": one.before, "after": one.after,
					"from": c.Prices[0].From.String(), "path": "/services/" + c.Service.String(),
				},
				Key: fmt.Sprintf("usage price %s/%s/%s/%s/%s", c.ID, one.meter, c.Prices[0].From, one.after, person.Email),
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
