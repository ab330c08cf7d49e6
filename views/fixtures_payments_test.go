package views_test

import (
	"testing"
	"time"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/billing"
	"allotment/views"
)

// attempt is one at the payment provider, as a seller's list shows it.
func attempt(n int, kind app.AttemptKind, state app.AttemptState, why string, minor int64) app.Attempt {
	names := []string{"Demo Organization", "Riverside Demo Garden Society with a Long Name", "Demo School"}
	a := app.Attempt{ID: id(1000 + n), Customer: id(2), CustomerName: names[n%3], Seller: id(4), Through: portal.ThroughStripe, Kind: kind, State: state, Why: why,
		Amount: euro(minor), CreatedAt: now.Add(-time.Duration(n+1) * 29 * time.Hour), ChangedAt: now.Add(-time.Duration(n+1) * 28 * time.Hour)}
	if kind != app.AttemptRefund {
		a.Invoice, a.Number = id(700+n), "DEMO-2026-0004"+string(rune('1'+n))
	} else {
		a.Of = id(1000)
	}
	return a
}

func demoMethods() portal.MethodsPage {
	return portal.MethodsPage{Seller: "Demo Hosting", Online: true, Methods: []app.Method{
		{ID: id(1020), Kind: "sepa_debit", Last4: "4300", Standard: true}, {ID: id(1021), Kind: "card", Brand: "visa", Last4: "4242", Expires: "2027-08"}}}
}

// payState is an invoice to be paid, after an attempt.
func payState(online bool, last app.Attempt) portal.PayState {
	s := portal.PayState{Invoice: id(701), Number: "DEMO-2026-00042", Open: euro(3025), Due: on("2026-03-17"), Online: online, Last: last,
		Bank: portal.BankDetails{IBAN: "NL91ABNA0417164300", BIC: "ABNANL2A", Holder: "Demo Hosting", Reference: "RF18539007547034"}}
	if online {
		s.Standard = &demoMethods().Methods[0]
	}
	return s
}

// returned is an invoice whose payment went back.
func returned() portal.PayState {
	s := payState(true, attempt(0, app.AttemptCheckout, app.AttemptSucceeded, "", 3025))
	s.Returned = true
	return s
}

// demoPayments are what a seller was paid: by bank, online, and what went back.
func demoPayments() portal.PaymentsPage {
	line := func(n int, kind store.PaymentKind, through, reference string, minor int64) portal.PaymentLine {
		l := portal.PaymentLine{CustomerName: "Demo Organization"}
		l.ID, l.Customer, l.Kind, l.Through, l.Reference, l.Amount = id(1040+n), id(2), kind, through, reference, euro(minor)
		l.PaidOn = on("2026-03-03").AddDays(-2 * n)
		return l
	}
	page := portal.PaymentsPage{Next: "next", Lines: true, Payments: []portal.PaymentLine{
		line(0, store.PaymentIn, portal.ThroughBank, "2026-03-03/0042", 3025), line(1, store.PaymentIn, portal.ThroughStripe, "pi_3OabcdEFGHijklMN0pqrstuv", 14550),
		line(2, store.PaymentBack, portal.ThroughStripe, "0190a1b2-0000-7000-8000-000000000001", 2500), line(3, store.Chargeback, portal.ThroughStripe, "dp_1OabcdEFGHijklMN", 9990),
		line(4, store.PaymentBack, portal.ThroughBank, "2026-02-23/7", 1250)}}
	page.Payments[0].Note = "Two invoices in one"
	page.Payments[1].CustomerName, page.Payments[1].Attempt, page.Payments[1].Refundable = "Riverside Demo Garden Society with a Long Name", id(1000), euro(12050)
	page.Payments[2].Note = "It was down for ten days."
	return page
}

func demoBankLines() views.BankLineList {
	line := func(n int, party, text string, minor int64, match portal.MatchKind) portal.MatchedLine {
		l := portal.MatchedLine{Match: match}
		l.ID, l.Party, l.PartyIBAN, l.Remittance, l.Booked, l.Amount = id(1060+n), party, "DE02120300000000202051", text, on("2026-03-02"), euro(minor)
		if match != "" {
			l.Claim.Number = "DEMO-2026-00042"
		}
		return l
	}
	return views.BankLineList{Done: &portal.Imported{New: 3, Known: 11, Out: 4}, Page: portal.BankLinesPage{Next: "next", Lines: []portal.MatchedLine{
		line(0, "Demo Organization", "RF18539007547034", 3025, portal.MatchReference), line(1, "Riverside Demo Garden Society with a Long Name", "Invoice of February and a very long text behind it that goes on for a while", 14550, portal.MatchAccount),
		line(2, "Somebody Demo", "thank you", 990, "")}}, Errors: map[string]string{"invoice": "You have no invoice with this number."}, Line: id(1062), Typed: "DEMO-9"}
}

func providerPayment(given, credit int64) portal.ProviderPayment {
	paid := portal.ProviderPayment{Attempt: attempt(0, app.AttemptCheckout, app.AttemptSucceeded, "", 14550), Given: euro(given), Credit: euro(credit), Left: euro(min(14550-given, credit))}
	if given > 0 {
		paid.Refunds = []app.Attempt{attempt(1, app.AttemptRefund, app.AttemptCreated, "", given-1000), attempt(2, app.AttemptRefund, app.AttemptFailed, "expired_card", 500), attempt(3, app.AttemptRefund, app.AttemptSucceeded, "", 1000)}
		paid.Refunds[0].Note, paid.Refunds[1].Note = "It was down for ten days in February, and the customer could not reach its files.", "Paid twice"
	}
	return paid
}

// paymentPages are the pages of paying, and a seller's of being paid.
func paymentPages(t testing.TB) map[string]templ.Component {
	at := func(title, path string, actor app.Actor) views.Page {
		return views.Page{Title: title, Path: path, Actor: actor, Now: now}
	}
	methods, paying := at("Ways to pay", views.MethodsPath, tenant()), at("Invoice", views.PayPath(id(701)), tenant())
	selling := func(path string) views.Page { return at("Payments", path, operator()) }
	reselling := at("How you are paid", views.PaymentAccountPath, reseller())
	failed := views.SalesPaymentList{State: views.PaymentsFailed, Page: portal.PaymentsPage{Next: "next", Attempts: []app.Attempt{
		attempt(0, app.AttemptCharge, app.AttemptFailed, "insufficient_funds", 3025), attempt(1, app.AttemptCharge, app.AttemptRequiresAction, "authentication_required", 14550),
		attempt(2, app.AttemptCharge, app.AttemptFailed, "debit_not_authorized", 950), attempt(3, app.AttemptRefund, app.AttemptFailed, "some_new_word", 500)}}}
	open := views.SalesPaymentList{State: views.PaymentsOpen, Page: portal.PaymentsPage{Attempts: []app.Attempt{attempt(0, app.AttemptCharge, app.AttemptProcessing, "", 3025)}}}
	typed := map[string]string{"invoice": "DEMO-2026-00042", "amount": "40.00", "paid_on": "2026-03-03", "reference": "2026-03-03/0042", "note": "Two invoices in one"}
	note := views.PaymentNoteForm{EntryForm: views.EntryForm{Values: typed}}
	wrong, look := note, note
	wrong.Values = map[string]string{"invoice": "DEMO-9", "amount": "nothing", "paid_on": "2999-01-01"}
	wrong.Errors = map[string]string{"invoice": "You have no invoice with this number.", "amount": "Please give an amount of more than nothing, like 12.50.", "paid_on": "Please give a day that is not in the future.", "reference": "Please give the bank's reference, so that nothing is noted twice."}
	look.Look = &portal.PaymentNoted{Invoice: id(701), Number: "DEMO-2026-00042", Customer: "Demo Organization", PaidOn: on("2026-03-03"), Amount: euro(4000), Before: euro(3025), After: euro(0), Over: euro(975)}
	refund := views.ProviderRefundForm{EntryForm: views.EntryForm{Values: map[string]string{"amount": "25.00", "reason": "It was down for ten days.", "seen": "5000"}}}
	late, decided := refund, refund
	late.Problem, decided.Look = "Somebody else has credited or refunded this customer meanwhile. Please look at what is left, and decide anew.", euro(2500)
	account := func(s portal.PaymentSettings) views.PaymentAccountForm { return views.PaymentAccountForm{Settings: s} }
	connected := portal.PaymentSettings{Possible: true, Account: "acct_1OabcdEFGHijklMN", Saved: 12, IBAN: "NL91ABNA0417164300"}
	broken := connected
	broken.Problem = app.Errorf(app.Invalid, "This account cannot take payments yet. Please complete it at Stripe first.")
	refused := account(portal.PaymentSettings{Possible: true})
	refused.EntryForm = views.EntryForm{Values: map[string]string{"account": "1OabcdEFGHijklMN"}, Errors: map[string]string{"account": "This is not an account of Stripe's: it begins with acct_."}}
	sold := invoiceDetail(t, true)
	sold.Online = []app.Attempt{attempt(0, app.AttemptCheckout, app.AttemptSucceeded, "", 3000)}
	due := invoiceDetail(t, false)
	due.Pay = payState(true, app.Attempt{})
	suspended := detail(app.ServiceSuspended, operation(0, "done", tenant()), nil)
	suspended.Holds = []app.Hold{{ID: id(1080), Kind: app.HoldBilling, Reason: "An invoice is not paid."}}
	suspended.Unpaid = []portal.OpenDocument{{ID: id(800), Number: "DEMO-2026-00041", Due: on("2026-02-17"), Gross: euro(3025), Left: euro(3025)}}
	asked := suspended
	asked.Unpaid = nil
	planning := redmine(t)
	developer := tenant()
	developer.Role = app.RoleCustomerDeveloper
	found := demoLedger()
	found.Filter.Text, found.Page.Parties = "demo", []portal.Party{{ID: id(2), Name: "Demo Organization"}, {ID: id(8), Name: "Riverside Demo Garden Society"}}
	return map[string]templ.Component{
		"methods":                    views.Methods(methods, demoMethods(), ""),
		"methods-none":               views.Methods(methods, portal.MethodsPage{Seller: "Demo Hosting", Online: true}, "The payment provider does not answer now. Please try again in a minute."),
		"methods-offline":            views.Methods(methods, portal.MethodsPage{Seller: "Demo Hosting"}, ""),
		"pay-onward":                 views.PayOnward(methods),
		"pay":                        views.PayInvoice(paying, payState(true, app.Attempt{}), ""),
		"pay-bank":                   views.PayInvoice(paying, payState(false, app.Attempt{}), ""),
		"pay-failed":                 views.PayInvoice(paying, payState(true, attempt(0, app.AttemptCharge, app.AttemptFailed, "insufficient_funds", 3025)), "The payment provider does not answer now. Please try again in a minute."),
		"pay-confirm":                views.PayInvoice(paying, payState(true, attempt(0, app.AttemptCharge, app.AttemptRequiresAction, "", 3025)), ""),
		"pay-processing":             views.PayInvoice(paying, payState(true, attempt(0, app.AttemptCharge, app.AttemptProcessing, "", 3025)), ""),
		"pay-paid":                   views.PayInvoice(paying, portal.PayState{Invoice: id(701), Number: "DEMO-2026-00042", Open: billing.Zero("EUR")}, ""),
		"pay-returned":               views.PayInvoice(paying, returned(), ""),
		"invoice-pay":                views.Invoice(at("Invoice", views.InvoicesPath+"/1", tenant()), due),
		"sales-payments":             views.SalesPayments(selling(views.SalesPaymentsPath), views.SalesPaymentList{Page: demoPayments()}),
		"sales-payments-none":        views.SalesPayments(selling(views.SalesPaymentsPath), views.SalesPaymentList{}),
		"sales-payments-nothing":     views.SalesPayments(selling(views.SalesPaymentsPath), views.SalesPaymentList{Filter: portal.PaymentFilter{Text: "zzz"}}),
		"sales-payments-failed":      views.SalesPayments(selling(views.SalesPaymentsPath), failed),
		"sales-payments-failed-none": views.SalesPayments(selling(views.SalesPaymentsPath), views.SalesPaymentList{State: views.PaymentsFailed}),
		"sales-payments-open":        views.SalesPayments(selling(views.SalesPaymentsPath), open),
		"bank-import":                views.BankImport(selling(views.SalesPaymentsPath+"/import"), demoBankLines()),
		"bank-import-none":           views.BankImport(selling(views.SalesPaymentsPath+"/import"), views.BankLineList{Errors: map[string]string{"file": "This is not a bank statement in the format CAMT.053."}}),
		"payment-note":               views.PaymentNote(selling(views.PaymentNotePath), views.PaymentNoteForm{EntryForm: views.EntryForm{Values: map[string]string{"invoice": "DEMO-2026-00042", "amount": "30.25"}}}),
		"payment-note-wrong":         views.PaymentNote(selling(views.PaymentNotePath), wrong),
		"payment-note-look":          views.PaymentNote(selling(views.PaymentNotePath), look),
		"provider-payment":           views.ProviderPayment(selling(views.RefundPath(id(1000))), providerPayment(2500, 5000), refund),
		"provider-payment-look":      views.ProviderPayment(selling(views.RefundPath(id(1000))), providerPayment(0, 5000), decided),
		"provider-payment-late":      views.ProviderPayment(selling(views.RefundPath(id(1000))), providerPayment(2500, 2500), late),
		"provider-payment-sent":      views.ProviderPayment(selling(views.RefundPath(id(1000))), providerPayment(14550, 0), views.ProviderRefundForm{Sent: true}),
		"provider-payment-credit":    views.ProviderPayment(selling(views.RefundPath(id(1000))), providerPayment(0, 0), views.ProviderRefundForm{}),
		"payment-account":            views.PaymentAccount(selling(views.PaymentAccountPath), account(portal.PaymentSettings{Possible: true, Own: true, IBAN: "NL91ABNA0417164300"})),
		"payment-account-off":        views.PaymentAccount(selling(views.PaymentAccountPath), account(portal.PaymentSettings{Own: true})),
		"payment-account-ask":        views.PaymentAccount(reselling, account(portal.PaymentSettings{})),
		"payment-account-new":        views.PaymentAccount(reselling, refused),
		"payment-account-connected":  views.PaymentAccount(reselling, views.PaymentAccountForm{Settings: connected, Saved: "connected"}),
		"payment-account-broken":     views.PaymentAccount(reselling, account(broken)),
		"invoice-sold-paid":          views.SoldInvoice(at("Invoice", views.SoldPath+"/1", operator()), sold, views.InvoiceForm{Noted: true}),
		"service-held":               views.Service(at("Project office", "/services/1", tenant()), suspended, &planning, views.TerminateForm{}),
		"service-held-developer":     views.Service(at("Project office", "/services/1", developer), asked, &planning, views.TerminateForm{}),
		"ledger-found":               views.Ledger(selling("/sales/ledger"), found),
	}
}
