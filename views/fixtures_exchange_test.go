package views_test

import (
	"testing"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/billing/tax"
	"allotment/views"
)

// exchangePages are the page of rates where several currencies are sold in: with rates, without any, with an error, and as a reseller sees it.
func exchangePages(testing.TB) map[string]templ.Component {
	rate := func(currency, day, per, by string) app.ExchangeRate {
		return app.ExchangeRate{Currency: currency, Day: on(day), PerEuro: billing.MustDecimal(per), Source: "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml", AddedBy: by}
	}
	known := portal.ExchangeOverview{Shown: true,
		Sold: []portal.SoldIn{
			{Currency: "CHF", Rate: rate("CHF", "2026-03-03", "0.9324", "Allotment")},
			{Currency: "USD", Rate: rate("USD", "2026-01-12", "1.157", "Olga Operator"), Late: true},
			{Currency: "GBP", Late: true}},
		Others: []app.ExchangeRate{rate("IDR", "2026-03-03", "19272.42", "Allotment"), rate("PLN", "2026-03-03", "4.2378", "Allotment")}}
	none := portal.ExchangeOverview{Shown: true, Sold: []portal.SoldIn{{Currency: "CHF", Late: true}}}
	page := func(actor app.Actor, x views.ExchangePanel) templ.Component {
		return views.VATRates(views.Page{Title: "VAT rates", Path: views.RatesPath, Actor: actor, Now: now}, views.RateList{Table: tax.Seed(), Exchange: x})
	}
	wrong := views.EntryForm{
		Values: map[string]string{"currency": "EUR", "per_euro": "0", "day": "2026-03-09", "published": "ecb"},
		Errors: map[string]string{
			"currency": "Rates are of one euro. Please choose another currency.", "per_euro": "Please give how much one euro is, such as 0.9324, with up to six decimals.",
			"day": "A rate is of today or of an earlier day.", "published": "Please give the address where the rate is published, starting with https://."}}
	return map[string]templ.Component{
		"exchange":        page(operator(), views.ExchangePanel{ExchangeOverview: known, Saved: true}),
		"exchange-none":   page(operator(), views.ExchangePanel{ExchangeOverview: none}),
		"exchange-wrong":  page(operator(), views.ExchangePanel{ExchangeOverview: known, EntryForm: wrong}),
		"exchange-seller": page(reseller(), views.ExchangePanel{ExchangeOverview: known}),
	}
}
