package views_test

import (
	"testing"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/views"
)

// dunnedPages are what those see who do not pay, step by step, and what their seller sees.
func dunnedPages(t testing.TB) map[string]templ.Component {
	at := func(title, path string, actor app.Actor) views.Page {
		return views.Page{Title: title, Path: path, Actor: actor, Now: now}
	}
	offer := redmine(t)
	late := portal.OpenDocument{ID: id(800), Number: "DEMO-2026-00041", Issued: on("2026-02-03"), Due: on("2026-02-17"), Gross: euro(3025), Left: euro(3025)}
	older := portal.OpenDocument{ID: id(799), Number: "DEMO-2026-00012", Issued: on("2026-01-03"), Due: on("2026-01-17"), Gross: euro(123_456), Left: euro(120_000)}
	standing := func(reader app.Actor, state app.ServiceState, holds ...app.Hold) portal.ServiceDetail {
		d := detail(state, operation(0, "done", reader), nil)
		d.Service.Organization, d.Agreement = tenant().Organization, app.Agreement{ID: id(50), Seller: id(4), Zone: "Europe/Amsterdam", Anchor: on("2026-01-03"), NextOn: on("2026-04-03")}
		d.Holds, d.Unpaid = holds, []portal.OpenDocument{older, late}
		return d
	}
	unpaid := app.Hold{ID: id(1080), Kind: app.HoldBilling, Reason: "An invoice is not paid."}
	over := app.Hold{ID: id(1081), Kind: app.HoldEnded, Reason: "The subscription has ended."}
	ended, endedSold := standing(tenant(), app.ServiceSuspended, unpaid, over), standing(operator(), app.ServiceSuspended, unpaid, over)
	ended.Agreement.End, endedSold.Agreement.End = on("2026-03-01"), on("2026-03-01")
	reminded, grace, gone := demoOverview(), demoOverview(), demoOverview()
	reminded.Open = []portal.OpenDocument{late}
	reminded.OpenCount, reminded.Owed = 1, reminded.Overdue
	grace.Open, grace.OpenCount = []portal.OpenDocument{older, late}, 2
	grace.Owed, grace.Overdue = []billing.Money{euro(123_025)}, []billing.Money{euro(123_025)}
	grace.Held = []app.Service{service(0, app.ServiceSuspended), service(1, app.ServiceSuspended), service(2, app.ServiceSuspended)}
	gone.Open, gone.OpenCount, gone.Owed, gone.Overdue = grace.Open, 2, grace.Owed, grace.Overdue
	gone.Running, gone.Next, gone.Monthly = nil, nil, nil
	sold := invoiceDetail(t, true)
	sold.Notes, sold.Paid, sold.Document.Paid, sold.Document.Credited, sold.Left, sold.Credit = nil, nil, euro(0), euro(0), nil, euro(0)
	return map[string]templ.Component{
		"dunned-reminded":     views.Billing(at("Bills and payments", "/billing", tenant()), reminded),
		"dunned-grace":        views.Billing(at("Bills and payments", "/billing", tenant()), grace),
		"dunned-ended":        views.Billing(at("Bills and payments", "/billing", tenant()), gone),
		"service-unpaid":      views.Service(at("Project office", "/services/1", tenant()), standing(tenant(), app.ServiceSuspended, unpaid), &offer, views.TerminateForm{}),
		"service-unpaid-sold": views.Service(at("Project office", "/services/1", operator()), standing(operator(), app.ServiceSuspended, unpaid), &offer, views.TerminateForm{}),
		"service-over":        views.Service(at("Project office", "/services/1", tenant()), ended, &offer, views.TerminateForm{}),
		"service-over-sold":   views.Service(at("Project office", "/services/1", operator()), endedSold, &offer, views.TerminateForm{}),
		"invoice-overdue":     views.SoldInvoice(at("Invoice", views.SoldPath+"/1", operator()), sold, views.InvoiceForm{}),
	}
}
