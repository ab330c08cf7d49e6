package views_test

import (
	"testing"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/billing"
	"allotment/views"
)

// currencyPages are the pages that say in which currency something is asked, of an installation that sells in three.
func currencyPages(t testing.TB) map[string]templ.Component {
	at := func(title, path string, actor app.Actor) views.Page {
		return views.Page{Title: title, Path: path, Actor: actor, Now: now}
	}
	several := []string{"EUR", "CHF", "SEK"}
	listed := listInFrancs(t)
	form := views.PriceForm{Page: listed.Page, Row: listed.Page.Rows[0],
		Request: portal.PriceRequest{App: "redmine", Plan: "small", Interval: billing.Month, Currency: "CHF", Way: portal.PriceAmount, Amount: "19.50", Audience: portal.Everybody}}
	use := usageRows(metered(redmine(t)))
	use.Currency, use.Currencies = "CHF", several
	for i := range use.Rows {
		use.Rows[i].Key.Currency = "CHF"
	}
	coupon := views.CouponForm{Request: portal.CouponRequest{Kind: "amount", Off: "5", Currency: "CHF"}, Currencies: several, Choices: offers(t)}
	added := views.NewCustomerForm{Language: "de", Currency: "CHF", Currencies: several}
	wrong := views.NewCustomerForm{Language: "de", Currencies: several, Errors: map[string]string{"currency": "Please choose one of the currencies."}}
	customer := portal.OrganizationDetail{Organization: organization(7, "Demo Garden Club", "garden", app.OrganizationActive),
		Seller: organization(6, "Demo Reselling", "reselling", app.OrganizationActive), Owners: []store.Owner{{Email: "gardener@demo.example", Name: "Demo Gardener"}}}
	customer.Organization.Currency = "CHF"
	late := views.ActionForm{Action: "currency", Values: map[string]string{"currency": "SEK"}, Currencies: several,
		Problem: "What this organization has ordered keeps its currency, so it cannot be changed any more."}
	return map[string]templ.Component{
		"prices-currencies":       views.Prices(at("Prices", views.PricesPath, reseller()), listed),
		"price-currencies":        views.EditPrice(at("Price", views.PricesPath+"/edit", operator()), form),
		"usage-currencies":        views.UsagePrices(at("Prices of use", views.UsagePricesPath, reseller()), use),
		"coupon-currencies":       views.NewCoupon(at("Coupon", views.CouponsPath+"/new", reseller()), coupon),
		"customer-new-currencies": views.NewCustomer(at("Add a customer", "/customers/new", reseller()), added),
		"customer-new-unsold":     views.NewCustomer(at("Add a customer", "/customers/new", reseller()), wrong),
		"customer-currencies":     views.Customer(at("Demo Garden Club", "/customers/1", reseller()), customer, views.ActionForm{Currencies: several}),
		"customer-currency-late":  views.Customer(at("Demo Garden Club", "/customers/1", reseller()), customer, late),
	}
}

// listInFrancs is a page of the price list in the second of three currencies.
func listInFrancs(t testing.TB) views.PriceList {
	offer := priced(redmine(t))
	list := views.PriceList{Filter: portal.PriceFilter{Currency: "CHF", Text: "red"},
		Page: portal.PricePage{Ahead: 30, Today: date("2026-03-03"), Next: "wiki", Currency: "CHF", Currencies: []string{"EUR", "CHF", "SEK"}}}
	for _, plan := range offer.Plans {
		for _, interval := range plan.Intervals {
			asked, retail := interval.Price, interval.Price
			asked.Currency, retail.Currency, retail.Minor = "CHF", "CHF", interval.Price.Minor*5/4
			row := portal.PriceRow{App: offer.App, Plan: plan.Plan, Asked: &asked, Retail: &retail, Percent: billing.Int(20),
				Kept: billing.Money{Minor: retail.Minor - asked.Minor, Currency: "CHF"},
				Own:  &portal.ListedPrice{ValidFrom: date("2026-01-01"), Amount: retail, Setup: billing.Zero("CHF")}}
			row.Key = store.PriceKey{App: offer.App.ID, Plan: plan.Plan.ID, Currency: "CHF", Interval: interval.Interval, Audience: portal.Everybody}
			list.Page.Rows = append(list.Page.Rows, row)
		}
	}
	return list
}
