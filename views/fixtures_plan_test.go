package views_test

import (
	"strings"
	"testing"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/billing/invoice"
	"allotment/billing/tax"
	"allotment/views"
)

// withoutVAT is a document as a business in another member state gets it.
func withoutVAT(d invoice.Document) invoice.Document {
	group := d.Groups[0]
	group.Tax, group.VAT = tax.Decision{Scheme: tax.ReverseCharge, Category: tax.Reverse}, euro(0)
	d.Groups, d.VAT, d.Gross, d.Payable = []invoice.Group{group}, euro(0), d.Net, d.Net
	return d
}

// TestForeseenSaysWhyWithoutVAT: what stands before a confirming button names the law that the invoice will name.
func TestForeseenSaysWhyWithoutVAT(t *testing.T) {
	t.Parallel()
	for locale, wanted := range map[string]string{"en": "Reverse charge", "nl": "Btw verlegd", "de": "Steuerschuldnerschaft des Leistungsempfängers"} {
		for _, name := range []string{"plan-abroad", "review-abroad"} {
			if !strings.Contains(render(t, name, locale), wanted) {
				t.Errorf("%s in %s does not say %q", name, locale, wanted)
			}
		}
		if strings.Contains(render(t, "plan-review", locale), wanted) {
			t.Errorf("plan-review in %s says %q where VAT is due", locale, wanted)
		}
	}
}

// planPages are the pages of a service's size, its end, and what holds it.
func planPages(t testing.TB) map[string]templ.Component {
	at := func(title, path string) views.Page {
		return views.Page{Title: title, Path: path, Actor: tenant(), Now: now}
	}
	offer := redmine(t)
	small, large := offer.Plans[0], offer.Plans[2]
	agreement := app.Agreement{ID: id(50), Seller: id(4), Zone: "Europe/Amsterdam", Anchor: date("2026-02-01"), NextOn: date("2026-04-01"),
		Term: billing.Term{Minimum: 6, Notice: 14}}
	s := portal.Subscribed{Service: service(0, app.ServiceActive), AppName: "Redmine", Agreement: agreement, Today: date("2026-03-17"),
		Subscription: app.Subscription{Price: small.Price, Interval: billing.Month}, Earliest: date("2026-08-01"), Bound: true}
	for i, plan := range offer.Plans {
		choice := portal.PlanChoice{PlanOffer: plan, Current: i == 0, Restart: i == 2, Difference: euro(plan.Price.Minor - small.Price.Minor)}
		if i == 1 {
			choice.Problem = app.Errorf(app.Conflict, "Its disk has %d GB, and this size has %d GB. A disk can grow, but it cannot shrink.", 40, 20)
		}
		s.Choices = append(s.Choices, choice)
	}
	draft := firstOf(t, large, demoCoupon()).Document
	note := draft
	note.Kind = invoice.CreditNote
	change := portal.PlanPreview{PlanChanged: portal.PlanChanged{Service: s.Service, Before: small.Price, After: large, When: portal.Now, On: s.Today,
		Documents: []invoice.Document{note, draft}}, Next: &portal.NextInvoice{Document: draft}}
	change.Resizing.Restart = true
	abroad := change
	abroad.Documents, abroad.Next = []invoice.Document{withoutVAT(draft)}, nil
	cancel := portal.CancelPreview{Cancelled: portal.Cancelled{Service: s.Service, When: portal.AtPeriodEnd, End: date("2026-08-01"), KeptUntil: date("2026-08-15")},
		Next: &portal.NextInvoice{Trouble: app.Errorf(app.Conflict, "Your provider has not said yet how it sells, so this cannot be invoiced yet.")}}
	gone := cancel
	gone.When, gone.Documents = portal.Now, []invoice.Document{note}
	running := detail(app.ServiceActive, operation(0, "done", tenant()), nil)
	running.Agreement, running.Next = agreement, &portal.NextInvoice{Document: draft}
	running.Agreement.Later = &app.LaterPlan{Plan: "large", Name: "Redmine, Large", Price: large.Price, On: date("2026-04-01")}
	ending := detail(app.ServiceActive, operation(0, "done", tenant()), nil)
	ending.Agreement = agreement
	ending.Agreement.End = date("2026-08-01")
	stay := portal.StayPreview{Service: ending.Service, Agreement: ending.Agreement, Subscription: s.Subscription, Next: &portal.NextInvoice{Document: draft}}
	keep := stay
	keep.Agreement = running.Agreement
	held := detail(app.ServiceSuspended, operation(0, "done", operator()), nil)
	held.Agreement = agreement
	held.Agreement.End = date("2026-03-01")
	held.Service.Organization = tenant().Organization
	held.Holds = []app.Hold{{Kind: app.HoldAbuse, Reason: "It sends unwanted mail."}, {Kind: app.HoldBilling, Reason: "An invoice is not paid."},
		{Kind: app.HoldEnded, Reason: "The subscription has ended."}}
	wrong := views.TerminateForm{Hold: views.HoldForm{Kind: app.HoldAbuse, Reason: "x", Errors: map[string]string{"reason": "Please give a reason of 5 to 500 characters: the customer reads it."}}}
	return map[string]templ.Component{
		"plan":                views.Plans(at("The size of Project office", "/services/1"), s, views.PlanForm{Plan: "large", When: portal.Now}),
		"plan-wrong":          views.Plans(at("The size of Project office", "/services/1"), s, views.PlanForm{When: portal.AtPeriodEnd, Problem: "The size can be changed while the service runs.", Errors: map[string]string{"plan": "Please choose one of the sizes."}}),
		"plan-review":         views.PlanReview(at("Please look at it once more", "/services/1"), change),
		"plan-abroad":         views.PlanReview(at("Please look at it once more", "/services/1"), abroad),
		"reactivate":          views.ReactivateReview(at("Go on with it", "/services/1"), stay),
		"keep":                views.KeepReview(at("Keep the size of now", "/services/1"), keep),
		"cancel":              views.Cancel(at("Cancel Project office", "/services/1"), s, views.CancelForm{}),
		"cancel-review":       views.CancelReview(at("Please look at it once more", "/services/1"), cancel, views.CancelForm{}),
		"cancel-now":          views.CancelReview(at("Please look at it once more", "/services/1"), gone, views.CancelForm{Confirm: "x", Errors: map[string]string{"confirm": "Please type the address exactly as it stands above."}}),
		"service-plan":        views.Service(at("Project office", "/services/1"), running, &offer, views.TerminateForm{}),
		"service-ends":        views.Service(at("Project office", "/services/1"), ending, &offer, views.TerminateForm{}),
		"service-held-seller": views.Service(views.Page{Title: "Project office", Path: "/services/1", Actor: operator(), Now: now}, held, &offer, wrong),
	}
}
