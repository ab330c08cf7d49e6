package portal

import (
	"context"
	"fmt"
	"slices"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

// TellPrices tells subscribers of prices that changed, as many days ahead as their seller wants: the first period that begins after that is
// charged at the price that its list says for its first day. The announcement and the mail are one transaction, so that each is told once. It is
// the engine's own chore, and returns how many were told.
func (p *Portal) TellPrices(ctx context.Context) (told int, err error) {
	return tellAll(ctx, p, announcement[store.Repriced, priceChange]{
		find: func(tx *store.Tx, after app.ID) ([]store.Repriced, error) {
			return tx.Repriced(ctx, after, repricedAtOnce)
		},
		id: func(s store.Repriced) app.ID { return s.ID },
		ahead: func(tx *store.Tx, lists *askedLists, s store.Repriced) (priceChange, bool, error) {
			return p.priceAhead(ctx, tx, lists, s)
		},
		tell: p.tellPrice,
	})
}

// askedLists remembers what was asked of the lists in one round.
type askedLists struct {
	asked map[string][]store.Offered
	days  map[app.ID]int
}

// priceChange is a subscription that pays another price from a day on.
type priceChange struct {
	store.Repriced
	From billing.Date
	To   store.Offered
}

// priceAhead finds the first period that can be announced, and whether it costs anything else than the subscription pays now, to its seller or
// between resellers. Where only resellers pay differently, the longest announcement on the way counts.
func (p *Portal) priceAhead(ctx context.Context, tx *store.Tx, lists *askedLists, s store.Repriced) (priceChange, bool, error) {
	if s.Waits {
		return priceChange{}, false, nil
	}
	ahead, err := lists.daysOf(ctx, tx, s.Seller)
	if err != nil {
		return priceChange{}, false, err
	}
	change, found, err := p.priceIn(ctx, tx, lists, s, ahead)
	if err != nil || !found || slices.EqualFunc(s.Legs, change.To.Legs, samePay) {
		return change, found && change.To.Amount != s.Price, err
	}
	for _, leg := range change.To.Legs {
		days, err := lists.daysOf(ctx, tx, leg.Parent)
		if err != nil {
			return priceChange{}, false, err
		}
		ahead = max(ahead, days)
	}
	change, found, err = p.priceIn(ctx, tx, lists, s, ahead)
	return change, found && (change.To.Amount != s.Price || !slices.EqualFunc(s.Legs, change.To.Legs, samePay)), err
}

// samePay reports whether a reseller pays the same by two legs.
func samePay(a, b store.Leg) bool { return a.Reseller == b.Reseller && a.Price == b.Price }

// priceIn is what the first period that begins so many days from now, or later, costs; false where nobody sells it then.
func (p *Portal) priceIn(ctx context.Context, tx *store.Tx, lists *askedLists, s store.Repriced, days int) (priceChange, bool, error) {
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		return priceChange{}, false, fmt.Errorf("the time zone %q: %w", s.Zone, err)
	}
	n := s.Next
	for earliest := billing.DateIn(p.now(), zone).AddDays(days); billing.PeriodAt(s.Anchor, s.Interval, n).Start.Before(earliest); {
		n++
	}
	from := billing.PeriodAt(s.Anchor, s.Interval, n).Start
	key := fmt.Sprint(s.Seller, s.Kind, s.App, from)
	prices, known := lists.asked[key]
	if !known {
		if prices, err = tx.Prices(ctx, app.Organization{ID: s.Customer, Kind: s.Kind}, s.App, noon(from)); err != nil {
			return priceChange{}, false, err
		}
		lists.asked[key] = prices
	}
	for _, price := range prices {
		if price.Plan == s.Plan && price.Currency == s.Currency && price.Interval == s.Interval && !price.BelowFloor() {
			return priceChange{Repriced: s, From: from, To: price}, true, nil
		}
	}
	return priceChange{}, false, nil
}

func (l *askedLists) daysOf(ctx context.Context, tx *store.Tx, seller app.ID) (int, error) {
	days, known := l.days[seller]
	if known {
		return days, nil
	}
	days, err := tx.AnnounceDays(ctx, seller)
	l.days[seller] = days
	return days, err
}

// tellPrice announces one change and writes to those who pay, where their own price changes.
func (p *Portal) tellPrice(ctx context.Context, c priceChange) (told bool, err error) {
	err = p.store.InTenant(ctx, app.System(c.Customer), func(tx *store.Tx) error {
		done, err := p.biller.Reprice(ctx, tx, c.ID, c.Plan, c.To, c.From)
		if err != nil || !done {
			return err
		}
		told = true
		if c.To.Amount == c.Price {
			return nil
		}
		return p.mailPrice(ctx, tx, c)
	})
	return told, err
}

// mailPrice says what changes, from when on, and that one may leave. The subscription and the price name the mail, so that it leaves once.
func (p *Portal) mailPrice(ctx context.Context, tx *store.Tx, c priceChange) error {
	service, err := tx.Service(ctx, c.Service)
	if err != nil {
		return err
	}
	people, err := tx.Payers(ctx, c.Customer)
	if err != nil {
		return err
	}
	for _, person := range people {
		err := p.post(ctx, tx, app.Mail{
			Organization: c.Customer, To: person.Email, ToName: person.Name, Language: person.Language, Kind: app.MailPrice,
			Data: map[string]string{
				"service": service.Name, "before": c.Price.Format(person.Language), "after": c.To.Amount.Format(person.Language), "interval": string(c.Interval),
				"from": c.From.String(), "path": "/services/" + c.Service.String(),
			},
			Key: fmt.Sprintf("price %s/%s/%s", c.ID, c.To.ID, person.Email),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
