package views_test

import (
	"testing"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/cycle"
	"allotment/billing/invoice"
	"allotment/billing/tax"
	"allotment/views"
)

// priced puts the prices of longer intervals to an offer.
func priced(offer portal.Offer) portal.Offer {
	for i := range offer.Plans {
		month := offer.Plans[i]
		quarter, year := month, month
		quarter.Interval, quarter.Price.Minor = billing.Quarter, month.Price.Minor*3-100
		year.Interval, year.Price.Minor, year.Trial = billing.Year, month.Price.Minor*11, 14
		offer.Plans[i].Intervals = []portal.PlanOffer{month, quarter, year}
	}
	return offer
}

func demoCoupon() portal.Coupon {
	return portal.Coupon{ID: id(40), Seller: id(6), Code: "SPRING-2026", Percent: billing.Int(20), Amount: billing.Zero("EUR"), Periods: 3,
		From: date("2026-03-01"), Until: date("2026-05-31"), Total: 100, PerCustomer: 1, Only: []string{"redmine", "peertube/large"}, Used: 37,
		CreatedAt: now.AddDate(0, -1, 0)}
}

func date(text string) billing.Date {
	d, err := billing.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

// firstOf is the first invoice of a year with a trial, set-up fee and coupon.
func firstOf(t testing.TB, offer portal.PlanOffer, coupon portal.Coupon) biller.First {
	t.Helper()
	c := billingtest.Cases()[0]
	discount := coupon.Discount()
	s := cycle.Subscription{ID: "preview", Name: "Redmine, Small", Price: offer.Price, Setup: euro(1500), Every: offer.Interval, Anchor: date("2026-03-17"), Coupon: &discount}
	d, err := cycle.Draft(cycle.Agreement{Seller: c.Seller, Buyer: c.Buyer, SellerTax: c.SellerTax, BuyerTax: c.BuyerTax, Currency: "EUR", Language: "en",
		DueDays: 14, Rates: tax.Seed()}, s.Due(s.Anchor), s.Anchor)
	if err != nil {
		t.Fatal(err)
	}
	return biller.First{Document: d, Taxed: true, Starts: s.Anchor, Next: date("2027-03-17"), Second: euro(8360), Ends: date("2027-03-17")}
}

// pricePages are the pages of prices: those of buyers and those of sellers.
func pricePages(t testing.TB) map[string]templ.Component {
	tenantAt := func(title, path string) views.Page {
		return views.Page{Title: title, Path: path, Actor: tenant(), Now: now}
	}
	offer := priced(redmine(t))
	consumer := offer
	consumer.Tax = biller.Tax{Known: true, Rate: billing.Int(21)}
	form := orderForm(t, map[string]string{"coupon": "We do not know this code. Please look for a typing mistake."})
	form.Offer, form.Interval, form.Coupon, form.Name, form.Host = consumer, billing.Year, "SPRNG", "Office", "office"
	year, _ := offer.Plans[0].At(billing.Year)
	year.Setup, year.Term = euro(1500), billing.Term{Minimum: 12, Notice: 30}
	bound := preview(t)
	coupon := demoCoupon()
	bound.Offer, bound.Plan, bound.Coupon, bound.First = consumer, year, &coupon, firstOf(t, year, coupon)
	bound.Request.Interval, bound.Request.Coupon = billing.Year, coupon.Code
	unknown := preview(t)
	unknown.First = firstOf(t, offer.Plans[0], coupon)
	unknown.First.Taxed, unknown.First.Document.Groups = false, []invoice.Group{}
	return map[string]templ.Component{
		"app-consumer":    views.App(tenantAt("Redmine", "/catalog/redmine"), consumer),
		"order-intervals": views.Order(tenantAt("Order", "/catalog/redmine/order"), form),
		"review-bound":    views.Review(tenantAt("Review", "/catalog/redmine/review"), bound),
		"review-untaxed":  views.Review(tenantAt("Review", "/catalog/redmine/review"), unknown),
		"order-for-one":   views.OrderFor(views.Page{Title: "Order", Path: "/customers/1/order", Actor: reseller(), Now: now}, app.Organization{ID: id(9), Name: "Demo Customer"}, []portal.Offer{consumer, offer}),
	}
}
