package views_test

import (
	"maps"
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
	abroad := bound
	abroad.First.Document = withoutVAT(bound.First.Document)
	all := sellersPricePages(t, offer, coupon)
	maps.Copy(all, map[string]templ.Component{
		"app-consumer":    views.App(tenantAt("Redmine", "/catalog/redmine"), consumer),
		"order-intervals": views.Order(tenantAt("Order", "/catalog/redmine/order"), form),
		"review-bound":    views.Review(tenantAt("Review", "/catalog/redmine/review"), bound),
		"review-untaxed":  views.Review(tenantAt("Review", "/catalog/redmine/review"), unknown),
		"review-abroad":   views.Review(tenantAt("Review", "/catalog/redmine/review"), abroad),
		"order-for-one":   views.OrderFor(views.Page{Title: "Order", Path: "/customers/1/order", Actor: reseller(), Now: now}, app.Organization{ID: id(9), Name: "Demo Customer"}, []portal.Offer{consumer, offer}),
	})
	return all
}

func sellersPricePages(t testing.TB, offer portal.Offer, coupon portal.Coupon) map[string]templ.Component {
	sellerAt := func(title, path string, actor app.Actor) views.Page {
		return views.Page{Title: title, Path: path, Actor: actor, Now: now}
	}
	list := views.PriceList{Page: portal.PricePage{Ahead: 30, Today: date("2026-03-03"), Next: "wiki"}}
	for i, each := range offer.Plans {
		for _, at := range each.Intervals {
			list.Page.Rows = append(list.Page.Rows, priceRowOf(offer, each, at, i))
		}
	}
	own := views.PriceList{Page: portal.PricePage{Ahead: 30, Today: list.Page.Today}, Ahead: "a month", Errors: map[string]string{"ahead": "Please type a number of days from 0 to 366."}}
	for _, row := range list.Page.Rows {
		row.Asked, row.Above = nil, nil
		own.Page.Rows = append(own.Page.Rows, row)
	}
	row := list.Page.Rows[0]
	request := portal.PriceRequest{App: "redmine", Plan: "small", Interval: billing.Month, Audience: portal.Everybody}
	form := views.PriceForm{Request: request, Row: row, Page: list.Page}
	form.Fill()
	wrong := form
	wrong.Request.Way, wrong.Request.Amount, wrong.Request.Setup, wrong.Request.Trial = portal.PriceAmount, "0.005", "-3", "soon"
	wrong.Errors = map[string]string{"amount": "This currency has two decimals at most. The smallest amount is 0.01.", "setup": "An amount cannot be negative.", "trial": "Please type a whole number from 0 to 366."}
	change := portal.PriceChange{Price: row.Versions[0], Before: row.Own, Asked: row.Asked, Above: row.Above, Kept: euro(340), Percent: billing.MustDecimal("35.8"), Subscribers: 12, Ahead: 30, Earliest: date("2026-04-02")}
	gone := change
	gone.Price.Withdrawn, gone.Subscribers = true, 1
	unsold := own.Page.Rows[0]
	unsold.Retail, unsold.Own, unsold.Versions, unsold.Coming = nil, nil, nil, nil
	never := views.PriceForm{Request: request, Row: unsold, Page: own.Page}
	never.Fill()
	open, ended, later := coupon, coupon, coupon
	ended.EndedAt, ended.Code, ended.Percent, ended.Amount, ended.Only, ended.Periods = now, "A-VERY-LONG-CODE-OF-32-CHARACTERS"[:32], billing.Decimal{}, euro(500), nil, 1
	later.From, later.Until, later.Code, later.Total = date("2026-09-01"), billing.Date{}, "AUTUMN", 0
	coupons := views.CouponList{Page: portal.CouponPage{Coupons: []portal.Coupon{open, ended, later}, Today: date("2026-03-03"), Next: "x"}}
	couponForm := views.CouponForm{Request: portal.CouponRequest{Code: "A B", Off: "120", Only: []string{"redmine/small"}}, Choices: offers(t),
		Errors: map[string]string{"code": "Please use 3 to 32 letters, digits and hyphens.", "off": "Please type a percentage over 0 and up to 100."}}
	return map[string]templ.Component{
		"prices":          views.Prices(sellerAt("Prices", "/sales/prices", reseller()), list),
		"prices-operator": views.Prices(sellerAt("Prices", "/sales/prices", operator()), own),
		"prices-none":     views.Prices(sellerAt("Prices", "/sales/prices", reseller()), views.PriceList{Filter: portal.PriceFilter{Text: "zzz"}}),
		"price-edit":      views.EditPrice(sellerAt("Price", "/sales/prices/edit", reseller()), form),
		"price-wrong":     views.EditPrice(sellerAt("Price", "/sales/prices/edit", operator()), wrong),
		"price-confirm":   views.ConfirmPrice(sellerAt("Price", "/sales/prices/confirm", reseller()), form, change),
		"price-never":     views.EditPrice(sellerAt("Price", "/sales/prices/edit", operator()), never),
		"price-withdraw":  views.ConfirmPrice(sellerAt("Price", "/sales/prices/confirm", operator()), never, gone),
		"coupons":         views.Coupons(sellerAt("Coupons", "/sales/coupons", reseller()), coupons),
		"coupons-none":    views.Coupons(sellerAt("Coupons", "/sales/coupons", reseller()), views.CouponList{}),
		"coupon-new":      views.NewCoupon(sellerAt("Coupon", "/sales/coupons/new", reseller()), couponForm),
	}
}

// priceRowOf is a price with a history; the first has one that is to come and lies below the floor.
func priceRowOf(offer portal.Offer, plan, at portal.PlanOffer, n int) portal.PriceRow {
	asked, floor := at.Price, euro(at.Price.Minor+100)
	version := func(id int, cents int64, from string, margin *billing.Margin) portal.ListedPrice {
		v := portal.ListedPrice{ValidFrom: date(from), Margin: margin, Amount: euro(cents), Setup: euro(500), Trial: 14, Term: billing.Term{Minimum: 12, Notice: 30}, CreatedAt: now.AddDate(0, 0, -id)}
		v.ID[0] = byte(id)
		return v
	}
	above := version(0, asked.Minor, "2025-01-01", nil)
	row := portal.PriceRow{App: offer.App, Plan: plan.Plan, Asked: &asked, Above: &above, Retail: &asked, Kept: euro(0), Subscribers: n * 7}
	row.Key.App, row.Key.Plan, row.Key.Currency, row.Key.Interval, row.Key.Audience = offer.App.ID, plan.Plan.ID, "EUR", at.Interval, portal.Everybody
	if at.Interval != billing.Month {
		return row
	}
	kept := asked.Minor / 5
	row.Versions = []portal.ListedPrice{
		version(1, asked.Minor+340, "2026-05-01", nil),
		version(2, asked.Minor+kept, "2025-10-01", &billing.Margin{Percent: billing.Int(20), Amount: euro(0)}),
		version(3, asked.Minor-100, "2025-01-01", nil),
	}
	row.Own, row.Coming, row.Floor, row.Subscribers = &row.Versions[1], row.Versions[:1], &floor, 12
	retail := row.Versions[1].Amount
	row.Retail, row.Kept, row.Percent = &retail, euro(kept), billing.Int(20)
	return row
}
