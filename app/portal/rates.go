package portal

import (
	"context"
	"net/url"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/tax"
)

var addRate = verb{action: "rates.add", permission: app.ManageBilling, confirmed: true}

// NewRate is a state's rate from a day on.
type NewRate struct {
	Country string
	Percent string // "22.5"
	From    string // "2027-01-01"
	Source  string // where it is published: an address
}

// VATRates returns the VAT rates of all member states, by country and date. Everybody who may see money may see them.
func (p *Portal) VATRates(ctx context.Context, actor app.Actor) (table tax.Table, err error) {
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		table, err = tx.VATRates(ctx)
		return err
	})
	return table, err
}

// AddVATRate adds a state's rate from today or a later day on: what a rate was in the past does not change, and no document that was issued
// does. A second one for the same day replaces the first. It is for the operator alone.
//
// Errors: Forbidden; Invalid at country, percent, valid_from and source.
func (p *Portal) AddVATRate(ctx context.Context, actor app.Actor, n NewRate) error {
	return p.do(ctx, actor, addRate, func(tx *store.Tx) error {
		if !actor.Staff() {
			return app.Errorf(app.Forbidden, "Only the operator changes VAT rates.")
		}
		rate, err := n.rate(billing.DateIn(p.now(), time.UTC))
		if err != nil {
			return err
		}
		table, err := tx.VATRates(ctx)
		if err != nil {
			return err
		}
		before, err := table.On(rate.Country, rate.From)
		if err != nil {
			return err
		}
		tx.Note("VAT of "+rate.Country, map[string]string{"percent": before.Percent.String()},
			map[string]string{"percent": rate.Percent.String(), "from": rate.From.String(), "source": rate.Source})
		return tx.AddVATRate(ctx, rate, actor.Name, p.now())
	})
}

// rate checks what was typed.
func (n NewRate) rate(today billing.Date) (tax.Rate, error) {
	f := fieldsOf{}
	r := tax.Rate{Country: strings.ToUpper(strings.TrimSpace(n.Country)), Source: strings.TrimSpace(n.Source)}
	if !tax.Member(r.Country) {
		f.wrong("country", "Please choose a member state.")
	}
	var err error
	r.Percent, err = billing.ParseDecimal(strings.ReplaceAll(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(n.Percent), "%")), ",", "."))
	if err != nil || r.Percent.Sign() < 0 || r.Percent.Cmp(billing.Int(50)) > 0 {
		f.wrong("percent", "Please give a percentage from 0 to 50, such as 21 or 22.5.")
	} else if _, fraction, dotted := strings.Cut(r.Percent.String(), "."); dotted && len(fraction) > 3 {
		f.wrong("percent", "Please give a percentage from 0 to 50, such as 21 or 22.5.")
	}
	if r.From, err = billing.ParseDate(strings.TrimSpace(n.From)); err != nil {
		f.wrong("valid_from", "Please give the first day, such as 2027-01-01.")
	} else if r.From.Before(today) {
		f.wrong("valid_from", "A rate begins today or later. What was charged in the past does not change.")
	} else if today.AddMonths(60).Before(r.From) {
		f.wrong("valid_from", "This day is more than five years ahead.")
	}
	if u, err := url.Parse(r.Source); err != nil || u.Scheme != "https" || u.Host == "" || len(r.Source) > 500 {
		f.wrong("source", "Please give the address where the rate is published, starting with https://.")
	}
	return r, invalidFields(f)
}
