package views_test

import (
	"testing"
	"time"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/billing/invoice"
	"allotment/billing/ledger"
	"allotment/billing/tax"
	"allotment/views"
)

func on(text string) billing.Date {
	d, _ := billing.ParseDate(text) // written here, so it is one
	return d
}

// demoOverview is an organization with four services, an open invoice that is late, and credit.
func demoOverview() portal.BillingOverview {
	o := portal.BillingOverview{Monthly: []billing.Money{euro(6450)}, Owed: []billing.Money{euro(7805)}, Overdue: []billing.Money{euro(3025)}, Credit: []billing.Money{euro(1250)},
		EverBilled: true, OpenCount: 12, Open: []portal.OpenDocument{
			{ID: id(800), Number: "DEMO-2026-00041", Issued: on("2026-02-03"), Due: on("2026-02-17"), Gross: euro(3025), Left: euro(3025)},
			{ID: id(801), Number: "DEMO-2026-00057", Issued: on("2026-03-03"), Due: on("2026-03-17"), Gross: euro(7805), Left: euro(4780)}}}
	names := []string{"Project office", "Webmail of the garden club", "Files", "Chat"}
	for i, name := range names {
		o.Running = append(o.Running, portal.Running{ID: id(810 + i), Service: id(820 + i), Name: name, App: "redmine", Plan: "Redmine, small", Price: euro(int64(950 + 400*i)),
			Interval: billing.Month, Next: on("2026-04-03"), State: app.ServiceActive})
	}
	o.Running[1].Interval, o.Running[1].Price = billing.Year, euro(9900)
	o.Running[2].Ends, o.Running[3].Next, o.Running[3].State = on("2026-06-30"), billing.Date{}, app.ServiceCreating
	for m := range 12 {
		month := on("2025-04-01").AddMonths(m)
		o.Months = append(o.Months, month)
		for i, name := range names {
			if m >= 3*i {
				o.Spent = append(o.Spent, portal.Spent{Month: month, Service: id(820 + i), Name: name, Net: euro(int64(950 + 400*i + 30*m))})
			}
		}
	}
	line := invoice.Line{ID: "1", Name: "Redmine, small", Description: "office.apps.localhost", Period: billing.Period{Start: on("2026-04-03"), End: on("2026-05-03")}, Net: euro(950)}
	o.Next = []portal.ComingInvoice{{On: on("2026-04-03"), Document: invoice.Document{Currency: "EUR", Lines: []invoice.Line{line}, Net: euro(950), VAT: euro(200), Gross: euro(1150),
		Groups: []invoice.Group{{Tax: tax.Decision{Category: tax.Standard, Rate: billing.Int(21), Country: "NL"}, Base: euro(950), VAT: euro(200)}}}}}
	return o
}

func demoDetails(check tax.Check, business bool) portal.BillingDetails {
	party := invoice.Party{ID: id(2).String(), Name: "Demo Garten", Street: "Beispielweg 1", PostCode: "10115", City: "Demostadt", Country: "DE", Email: "bills@demo.example", Phone: "+4930901820"}
	if business {
		party.VATID = "DE123456789"
	}
	return portal.BillingDetails{Organization: app.Organization{ID: id(2), Name: "Demo Organization"}, Saved: true, Complete: true, Foreign: true, Next: now.Add(time.Hour),
		Profile: portal.Profile{Party: party, Language: "de", CheckedAt: now.Add(-48 * time.Hour), Buyer: tax.Buyer{Country: "DE", Business: business, ID: party.VATID, Check: check},
			Evidence: []tax.Evidence{{Kind: "address", Country: "DE"}}},
		Checks: []app.VATCheck{
			{ID: "DE123456789", Result: app.VATValid, Name: "Demo Garten", Consultation: "WAPIAAAA00000001", AskedAt: now.Add(-48 * time.Hour)},
			{ID: "DE123456789", Result: app.VATUnanswered, Fault: "MS_MAX_CONCURRENT_REQ", AskedAt: now.Add(-49 * time.Hour)}}}
}

func demoTerms(saved bool) portal.SellingTerms {
	t := portal.SellingTerms{Saved: saved, Issued: 41, Parked: 2, Language: "nl"}
	t.Terms.Party = invoice.Party{Name: "Demo Hosting", Street: "Example Street 1", PostCode: "1234 AB", City: "Demo City", Country: "NL", VATID: "NL123456789B01", LegalID: "12345678"}
	t.Terms.Tax, t.Terms.Policy = tax.Seller{Country: "NL", OSS: true, Registered: []string{"DE"}, ExportAs: tax.OutOfScope}, tax.Policy{HoldUnchecked: true}
	t.Terms.Payment, t.Terms.Zone, t.Terms.Prefix, t.Terms.DueDays = invoice.Payment{IBAN: "NL91ABNA0417164300", Holder: "Demo Hosting"}, "Europe/Amsterdam", "DEMO-", 14
	t.Terms.Dunning = ledger.Policy{First: 3, Warn: 7, Hold: 7, Grace: 14, End: 30}
	return t
}

// billingPages are the pages of what people pay, and of how one sells.
func billingPages(t testing.TB) map[string]templ.Component {
	at := func(title, path string, actor app.Actor) views.Page {
		return views.Page{Title: title, Path: path, Actor: actor, Now: now}
	}
	overview, held, gap := demoOverview(), demoOverview(), demoOverview()
	held.Held, held.Next = []app.Service{service(0, app.ServiceSuspended)}, []portal.ComingInvoice{{On: on("2026-04-03"), Problem: "The VAT ID could not be checked yet."}}
	held.Running[0].Parked = "The VAT ID could not be checked yet."
	gap.Gap = portal.NoDetails
	details := func(d portal.BillingDetails) views.DetailsForm {
		return views.DetailsForm{EntryForm: views.EntryForm{Values: views.DetailsValues(d, "en")}, Base: views.BillingDetailsPath, Details: d}
	}
	wrong := details(demoDetails(tax.Invalid, true))
	wrong.Errors = map[string]string{"vat_id": "This does not look like a VAT ID of that country. Please compare it with your papers.", "street": "Please give the street and number, or the post box.", "country": "Please choose the country.", "outside_area": "The post code is of no part of its country without EU VAT. Please look at both again."}
	terms := views.TermsForm{EntryForm: views.EntryForm{Values: views.TermsValues(demoTerms(true), "en")}, Terms: demoTerms(true), Zones: []string{"Europe/Amsterdam"}, Saved: true}
	fresh := views.TermsForm{EntryForm: views.EntryForm{Values: views.TermsValues(demoTerms(false), "en"), Errors: map[string]string{"iban": "This is not an IBAN: a letter or digit is wrong or missing."}}, Terms: demoTerms(false)}
	fresh.Values["dunning_delete"] = "on"
	table := tax.Seed()
	rates := views.RateList{Table: table, EntryForm: views.EntryForm{Values: map[string]string{}}}
	moves := views.CreditList{Page: portal.CreditPage{Now: []billing.Money{euro(1250)}, Next: "next", Moves: []portal.CreditMove{
		{Entry: id(901), Kind: ledger.Allocated, On: on("2026-03-03"), Amount: euro(-3025), Left: euro(1250), Number: "DEMO-2026-00041"},
		{Entry: id(902), Kind: ledger.Received, On: on("2026-03-02"), Amount: euro(4275), Left: euro(4275)}}}}
	ordering := preview(t)
	ordering.Gap, ordering.Buyer.ID = portal.NoDetails, tenant().Organization
	return map[string]templ.Component{
		"billing":          views.Billing(at("Bills and payments", "/billing", tenant()), overview),
		"billing-held":     views.Billing(at("Bills and payments", "/billing", tenant()), held),
		"billing-gap":      views.Billing(at("Bills and payments", "/billing", tenant()), gap),
		"billing-none":     views.Billing(at("Bills and payments", "/billing", tenant()), portal.BillingOverview{Gap: portal.NoDetails}),
		"details":          views.BillingDetails(at("Billing details", views.BillingDetailsPath, tenant()), details(demoDetails(tax.Valid, true))),
		"details-wrong":    views.BillingDetails(at("Billing details", views.BillingDetailsPath, tenant()), wrong),
		"details-private":  views.BillingDetails(at("Billing details", views.BillingDetailsPath, tenant()), details(demoDetails(tax.Unchecked, false))),
		"details-new":      views.BillingDetails(at("Billing details", views.BillingDetailsPath, tenant()), details(portal.BillingDetails{Organization: app.Organization{Name: "Demo"}})),
		"details-customer": views.CustomerDetails(at("Billing details", "/customers/1/billing", reseller()), details(demoDetails(tax.Unchecked, true))),
		"credit":           views.Credit(at("Credit", views.CreditPath, tenant()), moves),
		"credit-none":      views.Credit(at("Credit", views.CreditPath, tenant()), views.CreditList{}),
		"terms":            views.Terms(at("Terms of sale", views.TermsPath, operator()), terms),
		"terms-new":        views.Terms(at("Terms of sale", views.TermsPath, reseller()), fresh),
		"rates":            views.VATRates(at("VAT rates", views.RatesPath, operator()), rates),
		"rates-none":       views.VATRates(at("VAT rates", views.RatesPath, reseller()), views.RateList{Text: "zzz", Table: tax.Seed()}),
		"review-gap":       views.Review(at("Review", "/catalog/redmine/review", tenant()), ordering),
	}
}
