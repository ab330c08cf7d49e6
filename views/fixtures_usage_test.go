package views_test

import (
	"testing"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/cycle"
	"allotment/views"
)

func unit(text string) *billing.Decimal {
	d := billing.MustDecimal(text)
	return &d
}

// demoUse is a service that has run for most of a month.
func demoUse() portal.ServiceUsage {
	u := portal.ServiceUsage{Service: id(820), Cost: euro(942), Due: on("2026-04-03"), Days: billing.Period{Start: on("2026-02-15"), End: on("2026-03-18")}}
	hours := portal.MeterUse{Meter: billing.GuestHours, Price: billing.MustDecimal("0.0125"), Quantity: billing.MustDecimal("653.75"), Cost: euro(817), WholeMonth: euro(930),
		Coming: &cycle.UsagePrice{Meter: billing.GuestHours, Price: billing.MustDecimal("0.014"), From: on("2026-05-01")}}
	traffic := portal.MeterUse{Meter: billing.Traffic, Price: billing.MustDecimal("0.05"), Quantity: billing.MustDecimal("25.018233"), Cost: euro(125), WholeMonth: euro(0)}
	for n := range 31 {
		hours.Days = append(hours.Days, billing.Int(int64(24-(n%9)*(n%2))))
		traffic.Days = append(traffic.Days, billing.Int(int64(n*7%11)))
	}
	u.Meters = []portal.MeterUse{hours, traffic}
	return u
}

// used is what a seller asks for one unit.
func used(meter billing.Meter, price string) store.UsageOffered {
	u := store.UsageOffered{UsagePrice: store.UsagePrice{Price: billing.MustDecimal(price)}}
	u.Meter, u.Currency = meter, "EUR"
	return u
}

// metered puts prices of use to an offer.
func metered(offer portal.Offer) portal.Offer {
	var plans []portal.PlanOffer
	for _, plan := range offer.Plans {
		plan.Usage = nil
		for _, m := range []struct {
			meter billing.Meter
			price string
		}{{billing.GuestHours, "0.0125"}, {billing.DiskHours, "0.0001"}, {billing.Traffic, "0.05"}} {
			plan.Usage = append(plan.Usage, used(m.meter, m.price))
		}
		plan.Intervals = []portal.PlanOffer{plan}
		plans = append(plans, plan)
	}
	offer.Plans = plans
	return offer
}

func usageRows(offer portal.Offer) (page portal.UsagePricePage) {
	page = portal.UsagePricePage{App: offer.App, Ahead: 30, Today: on("2026-03-03")}
	for i, plan := range offer.Plans {
		for j, meter := range billing.Meters() {
			row := portal.UsageRow{App: offer.App, Plan: plan.Plan, Key: store.UsageKey{App: offer.App.ID, Plan: plan.Plan.ID, Meter: meter, Currency: "EUR", Audience: store.Everybody}, Subscribers: i * j}
			if j < 2 {
				row.Asked, row.Retail = unit("0.012"), unit("0.012")
			}
			page.Rows = append(page.Rows, row)
		}
	}
	version := func(n int, price, from string, percent *billing.Decimal) store.UsagePrice {
		v := store.UsagePrice{UsageKey: page.Rows[0].Key, Price: billing.MustDecimal(price), Percent: percent, ValidFrom: on(from), CreatedAt: now.AddDate(0, -n, 0)}
		v.ID[0] = byte(n)
		return v
	}
	first := &page.Rows[0]
	first.Versions = []store.UsagePrice{version(1, "0.018", "2026-05-01", nil), version(2, "0.015", "2025-10-01", unit("25")), version(3, "0.01", "2025-01-01", nil)}
	first.Own, first.Coming, first.Floor, first.Subscribers = &first.Versions[1], first.Versions[:1], unit("0.0135"), 12
	first.Retail, first.Kept, first.Percent = unit("0.015"), billing.MustDecimal("0.003"), billing.Int(25)
	return page
}

// usagePages are the pages on which use is shown and priced.
func usagePages(t testing.TB) map[string]templ.Component {
	at := func(title, path string, actor app.Actor) views.Page {
		return views.Page{Title: title, Path: path, Actor: actor, Now: now}
	}
	offer := metered(redmine(t))
	form := orderForm(t, nil)
	form.Offer = offer
	review := preview(t)
	review.Offer, review.Plan = offer, offer.Plans[0]
	used := detail(app.ServiceActive, operation(1, "done", tenant()), nil)
	used.Usage = demoUse()
	idle := used
	idle.Usage = portal.ServiceUsage{Service: id(820), Cost: euro(0), Days: used.Usage.Days, Meters: []portal.MeterUse{{Meter: billing.DiskHours, Off: true, Cost: euro(0), WholeMonth: euro(0)}}}
	overview := demoOverview()
	overview.Used = []portal.ServiceUse{{Name: "Project office", Usage: demoUse()}}
	page := usageRows(offer)
	request := portal.UsagePriceRequest{App: "redmine", Plan: "small", Meter: billing.GuestHours, Audience: store.Everybody}
	edit := views.UsageForm{Request: request, Row: page.Rows[0], Page: page}
	edit.Fill()
	wrong := edit
	wrong.Row = page.Rows[2]
	wrong.Request.Way, wrong.Request.Amount, wrong.Request.From = portal.PriceAmount, "0.0000001", "soon"
	wrong.Errors = map[string]string{"amount": "Please type an amount with at most six decimals, like 0.012.", "from": "Please type a day, like 2026-03-01."}
	change := portal.UsagePriceChange{UsageRow: page.Rows[0], Price: page.Rows[0].Versions[0], KeptThen: billing.MustDecimal("0.006"), PercentThen: billing.Int(50),
		WholeMonth: euro(1339), Ahead: 30, Earliest: on("2026-05-01")}
	return map[string]templ.Component{
		"usage-app":             views.App(at("Redmine", "/catalog/redmine", tenant()), offer),
		"usage-order":           views.Order(at("Order", "/catalog/redmine/order", tenant()), form),
		"usage-review":          views.Review(at("Review", "/catalog/redmine/review", tenant()), review),
		"usage-service":         views.Service(at("Project office", "/services/1", tenant()), used, &offer, views.TerminateForm{}),
		"usage-service-idle":    views.Service(at("Project office", "/services/1", tenant()), idle, &offer, views.TerminateForm{}),
		"usage-billing":         views.Billing(at("Bills and payments", "/billing", tenant()), overview),
		"usage-prices":          views.UsagePrices(at("Prices of use", views.UsagePricesPath, reseller()), page),
		"usage-prices-operator": views.UsagePrices(at("Prices of use", views.UsagePricesPath, operator()), page),
		"usage-edit":            views.EditUsagePrice(at("Price", views.UsagePricesPath+"/edit", reseller()), edit),
		"usage-edit-wrong":      views.EditUsagePrice(at("Price", views.UsagePricesPath+"/edit", operator()), wrong),
		"usage-confirm":         views.ConfirmUsagePrice(at("Price", views.UsagePricesPath+"/confirm", reseller()), request, change),
	}
}
