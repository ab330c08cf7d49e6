// Package providertest is the conformance suite of payment providers: what the engine relies on, whoever moves the money. Every provider and every
// pretend one passes it.
package providertest

import (
	"testing"
	"time"

	"allotment/app"
	"allotment/app/payment"
	"allotment/billing"
)

// How is what a person does on a provider's page, and what becomes of it.
type How string

// The ways.
const (
	Card        How = "a card that pays"
	CardFails   How = "a card that can be saved, and is refused when it is charged"
	CardAsks    How = "a card whose bank asks each time"
	Debit       How = "a direct debit that arrives"
	DebitBounce How = "a direct debit that fails on its way"
	Bank        How = "a bank that pays once, and makes a direct debit for later"
)

// Harness is a provider with what stands behind it. Each test has one of its own.
type Harness struct {
	Provider payment.Provider
	Source   payment.Source
	Account  string                                   // on which is collected; "" for the installation's own
	Other    string                                   // an account of another seller's
	Complete func(page string, how How) bool          // a person on a page; false where it is not done with
	Lose     func(test string)                        // the next thing that is asked for is done, and the answer is lost: "charge" or "refund"
	Later    func()                                   // as much time passes as direct debits need
	Now      func() time.Time                         // the provider's clock
	Moved    func() (charged, refunded, disputed int) // how many payments, refunds and disputes there are on the account
	Contest  func(payment string)                     // the customer's bank takes a payment back
}

// world is a harness with a customer.
type world struct {
	*testing.T
	Harness
	customer app.ProviderCustomer
}

func (w *world) attempt(kind app.AttemptKind, minor int64) app.Attempt {
	a := app.Attempt{
		ID: app.NewID(), Customer: w.customer.Organization, Seller: app.NewID(), Account: w.Account, Through: payment.Stripe, Kind: kind,
		Amount: billing.Money{Minor: minor, Currency: "EUR"}, State: app.AttemptCreated, CreatedAt: w.Now(),
	}
	if kind == app.AttemptCharge || kind == app.AttemptCheckout {
		a.Invoice = app.NewID()
	}
	if kind == app.AttemptCharge {
		a.Nth = 1
	}
	return a
}

// page is a page for an attempt.
func (w *world) page(a app.Attempt) app.PayPage {
	return app.PayPage{Attempt: a, Customer: w.customer, Subject: "Invoice 1", Language: "nl", Done: "https://portal.example.test/done", Back: "https://portal.example.test/"}
}

// open opens a page, and remembers the customer.
func (w *world) open(a app.Attempt) app.PageOpened {
	w.Helper()
	opened, err := w.Provider.Open(w.Context(), w.page(a))
	if err != nil || opened.Page == "" || opened.URL == "" || opened.Customer == "" {
		w.Fatalf("a page: %+v (%v)", opened, err)
	}
	w.customer.Reference = opened.Customer
	return opened
}

// saved saves a way to pay, and returns it.
func (w *world) saved(how How) app.Method {
	w.Helper()
	opened := w.open(w.attempt(app.AttemptSetup, 0))
	if !w.Complete(opened.Page, how) {
		w.Fatalf("%s cannot be saved", how)
	}
	seen, err := w.Provider.Look(w.Context(), w.Account, opened.Page)
	if err != nil || seen.State != app.AttemptSucceeded || seen.Saved == nil || seen.Saved.Reference == "" || seen.Customer != opened.Customer {
		w.Fatalf("%s: %+v (%v)", how, seen, err)
	}
	return *seen.Saved
}

// collection asks for money by a saved way to pay.
func (w *world) collection(m app.Method, minor int64) app.Collection {
	return app.Collection{Attempt: w.attempt(app.AttemptCharge, minor), Customer: w.customer.Reference, Method: m.Reference, Kind: m.Kind, Subject: "1"}
}

// charge collects, and wants a state.
func (w *world) charge(c app.Collection, want app.AttemptState) app.Seen {
	w.Helper()
	seen, err := w.Provider.Charge(w.Context(), c)
	if err != nil || seen.State != want || seen.Reference == "" || seen.Attempt != c.Attempt.ID {
		w.Fatalf("a charge is %+v (%v), want %s", seen, err, want)
	}
	return seen
}

// wantMoved wants so many payments and refunds on the account.
func (w *world) wantMoved(charged, refunded int) {
	w.Helper()
	if c, r, _ := w.Moved(); c != charged || r != refunded {
		w.Errorf("%d payments and %d refunds, want %d and %d", c, r, charged, refunded)
	}
}

// wantCode wants an error of one of the codes.
func (w *world) wantCode(what string, err error, want ...app.Code) {
	w.Helper()
	for _, code := range want {
		if app.CodeOf(err) == code {
			return
		}
	}
	w.Errorf("%s: %v, want %v", what, err, want)
}
