package portal

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/tax"
)

var addExchange = verb{action: "exchange.add", permission: app.ManageBilling, confirmed: true}

// NewExchangeRate is how much one euro is of a currency on a day.
type NewExchangeRate struct {
	Currency string // ISO 4217: "CHF"
	Day      string // "2026-11-26"
	PerEuro  string // "0.9324"
	Source   string // where it is published: an address
}

// exchanged are the currencies whose rates in euros are needed, the euro's left out: where somebody sells in another currency than that of its state.
func (p *Portal) exchanged(ctx context.Context, tx *store.Tx) (all []string, err error) {
	states, err := tx.SellersStates(ctx)
	slices.Sort(states)
	for _, sold := range p.Currencies() {
		for _, state := range states {
			home := tax.NationalCurrency(state)
			if home == "" || home == sold {
				continue
			}
			for _, each := range []string{sold, home} {
				if each != app.Euro && !slices.Contains(all, each) {
					all = append(all, each)
				}
			}
		}
	}
	return all, err
}

// SoldIn is a currency whose rate is needed, with its newest one.
type SoldIn struct {
	Currency string
	Rate     app.ExchangeRate // the zero value where there is none
	Late     bool             // there is none, or none that still counts today: invoices with VAT wait
}

// ExchangeOverview is what is known of the euro's rates.
type ExchangeOverview struct {
	Shown  bool     // rates are needed here: somebody sells in another currency than that of its state
	Sold   []SoldIn // whose rates are needed, in the order of the settings
	Others []app.ExchangeRate
}

// ExchangeRates returns the newest exchange rate of each currency. Everybody who may see money may see them.
func (p *Portal) ExchangeRates(ctx context.Context, actor app.Actor) (o ExchangeOverview, err error) {
	var all []app.ExchangeRate
	var needed []string
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		if needed, err = p.exchanged(ctx, tx); err != nil || len(needed) == 0 {
			return err
		}
		all, err = tx.NewestExchangeRates(ctx)
		return err
	})
	if err != nil || len(needed) == 0 {
		return ExchangeOverview{}, err
	}
	o.Shown = true
	oldest := billing.DateIn(p.now(), time.UTC).AddDays(-app.ExchangeDays)
	for _, currency := range needed {
		sold := SoldIn{Currency: currency, Late: true}
		if at := slices.IndexFunc(all, func(r app.ExchangeRate) bool { return r.Currency == currency }); at >= 0 {
			sold.Rate, sold.Late = all[at], all[at].Day.Before(oldest)
			all = slices.Delete(all, at, at+1)
		}
		o.Sold = append(o.Sold, sold)
	}
	o.Others = all
	return o, nil
}

// AddExchangeRate adds how much one euro is of a currency on a day, which takes the place of what was known of that day; a document that was
// issued keeps the rate that stands on it. It is for the operator alone.
//
// Errors: Forbidden; Invalid at currency, day, per_euro and published.
func (p *Portal) AddExchangeRate(ctx context.Context, actor app.Actor, n NewExchangeRate) error {
	return p.do(ctx, actor, addExchange, func(tx *store.Tx) error {
		if !actor.Staff() {
			return app.Errorf(app.Forbidden, "Only the operator adds exchange rates.")
		}
		rate, err := n.rate(billing.DateIn(p.now(), time.UTC))
		if err != nil {
			return err
		}
		table, err := tx.ExchangeRates(ctx, rate.Day)
		if err != nil {
			return err
		}
		var before map[string]string
		if known := table.Rates[rate.Currency]; len(known) > 0 && known[0].Day == rate.Day {
			before = map[string]string{"per_euro": known[0].PerEuro.String(), "source": known[0].Source}
		}
		tx.Note("exchange rate of "+rate.Currency, before,
			map[string]string{"per_euro": rate.PerEuro.String(), "day": rate.Day.String(), "source": rate.Source})
		return tx.AddExchangeRate(ctx, rate, actor.Name, p.now())
	})
}

// rate checks what was typed.
func (n NewExchangeRate) rate(today billing.Date) (app.ExchangeRate, error) {
	f := fieldsOf{}
	r := app.ExchangeRate{Currency: strings.ToUpper(strings.TrimSpace(n.Currency)), Source: strings.TrimSpace(n.Source)}
	if _, err := billing.Decimals(r.Currency); err != nil {
		f.wrong("currency", "Please give the three letters of a currency, such as CHF.")
	} else if r.Currency == app.Euro {
		f.wrong("currency", "Rates are of one euro. Please choose another currency.")
	}
	var err error
	if r.PerEuro, err = billing.ParseDecimal(strings.ReplaceAll(strings.TrimSpace(n.PerEuro), ",", ".")); err != nil || !app.IsExchangeRate(r.PerEuro) {
		f.wrong("per_euro", "Please give how much one euro is, such as 0.9324, with up to six decimals.")
	}
	if r.Day, err = billing.ParseDate(strings.TrimSpace(n.Day)); err != nil {
		f.wrong("day", "Please give the day of the rate, such as 2026-11-26.")
	} else if today.Before(r.Day) {
		f.wrong("day", "A rate is of today or of an earlier day.")
	} else if r.Day.Before(today.AddMonths(-12)) {
		f.wrong("day", "This day is more than a year ago.")
	}
	if u, err := url.Parse(r.Source); err != nil || u.Scheme != "https" || u.Host == "" || len(r.Source) > 500 {
		f.wrong("published", "Please give the address where the rate is published, starting with https://.")
	}
	return r, invalidFields(f)
}
