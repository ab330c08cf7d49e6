package views_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
	"allotment/billing/tax"
	"allotment/views"
)

func billingDay(y int, m time.Month, d int) billing.Date {
	return billing.Date{Year: y, Month: m, Day: d}
}

// issued is an invoice with two rates, a discount and a long line.
func issued(t testing.TB) invoice.Document {
	t.Helper()
	vat := func(percent int64) tax.Decision {
		return tax.Decision{Category: tax.Standard, Rate: billing.Int(percent), Country: "NL", Scheme: tax.Domestic}
	}
	whole := billing.Period{Start: billingDay(2026, 2, 1), End: billingDay(2026, 3, 1)}
	line := func(n int, name, about string, price int64, d tax.Decision) invoice.Line {
		l, err := invoice.PeriodLine(fmt.Sprint(n), invoice.Item{Source: "s", Name: name, Description: about, Tax: d}, euro(price), whole, whole)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	d := invoice.Document{
		Kind: invoice.Invoice, Number: "2026-00042", Issued: billingDay(2026, 2, 1), Due: billingDay(2026, 2, 15), TaxPoint: billingDay(2026, 2, 1), Currency: "EUR", Language: "en",
		Seller:  invoice.Party{Name: "Demo Hosting", Street: "Example Street 1", PostCode: "1234 AB", City: "Exampletown", Country: "NL", VATID: "NL123456789B01", LegalID: "12345678"},
		Buyer:   invoice.Party{Name: "Demo Organization of Gardeners", Street: "Garden Lane 22", PostCode: "4321 CD", City: "Greenville", Country: "NL", VATID: "NL999999999B99"},
		Payment: invoice.Payment{IBAN: "NL02ABNA0123456789", Holder: "Demo Hosting", Reference: "RF18539007547034"}, BuyerReference: "Desk 7",
		Lines: []invoice.Line{line(1, "Nextcloud, medium", "cloud.gardeners.example", 2450, vat(21)), line(2, "Redmine, small", "office.apps.example", 950, vat(21)),
			line(3, "Handbook of the garden", strings.Repeat("A long description of what is sold here. ", 3), 1200, vat(9))},
	}
	d.Lines[0].Discounts = []invoice.Discount{{Reason: "Coupon SPRING", Amount: euro(450)}}
	d, err := invoice.Calculate(d)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func invoiceList(base string) views.InvoiceList {
	list := views.InvoiceList{Base: base, Page: portal.InvoicePage{Next: "next", Years: []int{2026, 2025}}}
	for i, state := range app.InvoiceStates() {
		d := portal.IssuedInvoice{ID: id(700 + i), Seller: id(4), Buyer: id(2), SellerName: "Demo Hosting", BuyerName: "Demo Organization of Gardeners", Kind: invoice.Invoice,
			Number: fmt.Sprintf("2026-%05d", 47-i), Issued: billingDay(2026, 2, 20-i), Due: billingDay(2026, 3, 6-i), Gross: euro(5512 + int64(i)*123456), State: state}
		switch state {
		case app.InvoicePart:
			d.Paid = euro(2000)
		case app.InvoicePaid:
			d.Paid = d.Gross
		case app.InvoiceCredited:
			d.Paid, d.Credited = d.Gross, d.Gross
		case app.InvoiceNote:
			d.Kind, d.Number, d.Due = invoice.CreditNote, "C2026-00003", billing.Date{}
		}
		list.Page.Invoices = append(list.Page.Invoices, d)
	}
	return list
}

func invoiceDetail(t testing.TB, seller bool) portal.InvoiceDetail {
	t.Helper()
	frozen := issued(t)
	note, err := invoice.Credit(frozen, nil, []invoice.Ask{{Line: "2", Net: euro(400)}}, "It was down for ten days.")
	if err != nil {
		t.Fatal(err)
	}
	note.Number, note.Issued = "C2026-00003", billingDay(2026, 2, 20)
	d := portal.InvoiceDetail{
		Document: portal.IssuedInvoice{ID: id(701), Seller: id(4), Buyer: id(2), SellerName: "Demo Hosting", BuyerName: frozen.Buyer.Name, Kind: invoice.Invoice, Number: frozen.Number,
			Issued: frozen.Issued, Due: frozen.Due, Gross: frozen.Gross, Paid: euro(2484), Credited: note.Gross, State: app.InvoiceOverdue},
		Frozen: frozen, Notes: []portal.CreditNote{{ID: id(702), Document: note}},
		Paid: []portal.Settlement{{At: now.AddDate(0, 0, -12), Amount: note.Gross}, {At: now.AddDate(0, 0, -5), Amount: euro(3000)}, {At: now.AddDate(0, 0, -1), Amount: euro(-1000)}},
	}
	if seller {
		d.Left, d.Credit = map[string]billing.Money{"1": euro(2000), "2": euro(550), "3": euro(1200)}, euro(1250)
		d.Mails = []app.Posted{{To: "bills@gardeners.example", State: app.PostSent, SentAt: now.AddDate(0, -1, 0)}, {To: "owner.with.a.long.address@gardeners.example", State: app.PostFailed}}
	}
	return d
}

// invoicePages are the pages of issued documents.
func invoicePages(t testing.TB) map[string]templ.Component {
	page := func(title, path string, actor app.Actor) views.Page {
		return views.Page{Title: title, Path: path, Actor: actor, Now: now}
	}
	bought, sold := page("Invoices", views.InvoicesPath, tenant()), page("Invoices", views.SoldPath, operator())
	detail, own := page("Invoice", views.InvoicesPath+"/1", tenant()), page("Invoice", views.SoldPath+"/1", operator())
	form := func(action string, values map[string]string) views.InvoiceForm {
		return views.InvoiceForm{ActionForm: views.ActionForm{Action: action, Values: values}}
	}
	wrong := form("credit", map[string]string{"scope": "part", "line-1": "30", "reason": ""})
	wrong.Errors = map[string]string{"line-1": "So much is not left of this line.", "reason": "Please give a reason of 3 to 300 characters."}
	told := form("refund", map[string]string{"amount": "12.50", "reference": "2026-02-20/7", "reason": "They asked for it."})
	told.Problem = "Somebody else has credited or refunded this customer meanwhile. Please look at what is left, and decide anew."
	preview := form("credit", map[string]string{"scope": "part", "line-1": "20", "reason": "It was down for ten days.", "seen": "1"})
	note := invoiceDetail(t, true).Notes[0].Document
	preview.Note = &note
	refund := form("refund", map[string]string{"amount": "12.50", "how": "bank", "reference": "2026-02-20/7", "reason": "They asked for it.", "seen": "1250"})
	refund.Refund = &portal.Refund{Amount: euro(1250), Before: euro(1250), After: euro(0)}
	asNote := invoiceDetail(t, false)
	asNote.Document.Kind, asNote.Document.State, asNote.Number, asNote.Due, asNote.Original = invoice.CreditNote, app.InvoiceNote, note.Number, billing.Date{}, id(701)
	asNote.Frozen, asNote.Notes, asNote.Paid = note, nil, nil
	abroad := invoiceDetail(t, false)
	abroad.Frozen = billingtest.Invoice(t, billingtest.Dice(t), billingtest.StatedCases()[0], 1)
	abroad.Document.Gross, abroad.Document.Paid, abroad.Document.Credited = abroad.Frozen.Gross, billing.Zero(abroad.Frozen.Currency), billing.Zero(abroad.Frozen.Currency)
	abroad.Document.State, abroad.Paid, abroad.Notes, abroad.Back = app.InvoiceOpen, nil, nil, nil
	return map[string]templ.Component{
		"invoice-abroad":     views.Invoice(detail, abroad),
		"invoices":           views.Invoices(bought, invoiceList(views.InvoicesPath)),
		"invoices-empty":     views.Invoices(bought, views.InvoiceList{Base: views.InvoicesPath}),
		"invoices-none":      views.Invoices(bought, views.InvoiceList{Base: views.InvoicesPath, Filter: portal.InvoiceFilter{Text: "x"}, Page: portal.InvoicePage{Years: []int{2026}}}),
		"invoices-sold":      views.SoldInvoices(sold, invoiceList(views.SoldPath)),
		"invoice":            views.Invoice(detail, invoiceDetail(t, false)),
		"invoice-note":       views.Invoice(detail, asNote),
		"invoice-sold":       views.SoldInvoice(own, invoiceDetail(t, true), views.InvoiceForm{}),
		"invoice-credit":     views.SoldInvoice(own, invoiceDetail(t, true), wrong),
		"invoice-credit-see": views.SoldInvoice(own, invoiceDetail(t, true), preview),
		"invoice-refund":     views.SoldInvoice(own, invoiceDetail(t, true), told),
		"invoice-refund-see": views.SoldInvoice(own, invoiceDetail(t, true), refund),
	}
}
