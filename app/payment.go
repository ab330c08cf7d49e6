package app

import (
	"fmt"
	"time"

	"allotment/billing"
)

// AttemptKind is what an attempt at a payment provider is for.
type AttemptKind string

// The kinds of attempts.
const (
	AttemptSetup    AttemptKind = "setup"    // a person saves a way to pay, on the provider's page
	AttemptCheckout AttemptKind = "checkout" // a person pays an invoice now, on the provider's page
	AttemptCharge   AttemptKind = "charge"   // an invoice is collected by a saved way to pay, with nobody there
	AttemptRefund   AttemptKind = "refund"   // money goes back the way it came
)

// AttemptState is how far an attempt is. The provider's word on money decides: see AttemptState.To.
type AttemptState string

// The states of an attempt.
const (
	AttemptCreated        AttemptState = "created"         // noted here; the provider may or may not know of it yet
	AttemptProcessing     AttemptState = "processing"      // on its way: a direct debit takes up to 14 business days
	AttemptRequiresAction AttemptState = "requires_action" // the person must confirm it at the bank
	AttemptSucceeded      AttemptState = "succeeded"
	AttemptFailed         AttemptState = "failed"
	AttemptCanceled       AttemptState = "canceled" // nobody paid while it could be paid
)

// AttemptStates lists every state.
func AttemptStates() []AttemptState {
	return []AttemptState{AttemptCreated, AttemptProcessing, AttemptRequiresAction, AttemptSucceeded, AttemptFailed, AttemptCanceled}
}

// attemptMoves: what was given up here may still have been paid there, so that only success is for good.
var attemptMoves = map[AttemptState][]AttemptState{
	AttemptCreated:        {AttemptProcessing, AttemptRequiresAction, AttemptSucceeded, AttemptFailed, AttemptCanceled},
	AttemptProcessing:     {AttemptRequiresAction, AttemptSucceeded, AttemptFailed, AttemptCanceled},
	AttemptRequiresAction: {AttemptProcessing, AttemptSucceeded, AttemptFailed, AttemptCanceled},
	AttemptFailed:         {AttemptProcessing, AttemptSucceeded},
	AttemptCanceled:       {AttemptProcessing, AttemptSucceeded},
	AttemptSucceeded:      {},
}

// To reports whether an attempt may go from s to next.
func (s AttemptState) To(next AttemptState) error { return move(attemptMoves, s, next) }

// Open reports whether something will still come of the attempt.
func (s AttemptState) Open() bool {
	return s == AttemptCreated || s == AttemptProcessing || s == AttemptRequiresAction
}

// Attempt is one try to move money, or to save a way to pay, at a payment provider.
type Attempt struct {
	ID           ID
	Customer     ID
	CustomerName string // for lists
	Seller       ID
	Account      string // of the seller at the provider; "" for the installation's own
	Through      string // the provider: "stripe"
	Kind         AttemptKind
	Invoice      ID     // what is paid; the zero ID for none
	Number       string // of that invoice, for lists
	Method       ID     // by which it is collected
	Of           ID     // of a refund: the attempt whose money goes back
	Nth          int    // of a charge: which one for its invoice, from 1
	Amount       billing.Money
	State        AttemptState
	Reference    string // the provider's ID of what moves the money
	Page         string // the provider's ID of the page, where a person pays there
	Note         string // of a refund: why it was sent back, as its seller wrote it; for lists
	Why          string // why it failed: a word of the provider's, "insufficient_funds"
	Hard         bool   // it will fail each time: the way to pay is of no use
	Keep         bool   // of a checkout: the way to pay is saved for the next time
	Posted       bool   // its money is in the books
	CreatedAt    time.Time
	ChangedAt    time.Time
}

// Key names what is asked of a provider, which does nothing twice under one key. Of a charge it is the invoice and the number of its attempt.
func (a Attempt) Key() string {
	if a.Kind == AttemptCharge {
		return fmt.Sprintf("charge/%s/%d", a.Invoice, a.Nth)
	}
	return string(a.Kind) + "/" + a.ID.String()
}

// Method is a saved way to pay. Nothing of it is kept but what tells it apart.
type Method struct {
	ID         ID
	Customer   ID
	Seller     ID
	SellerName string // for lists
	Through    string
	Reference  string // the provider's ID of it
	Kind       string // "card" or "sepa_debit"
	Brand      string // of a card: "visa"; of a direct debit, the bank's code
	Last4      string
	Expires    string // of a card: "2027-08"
	Standard   bool   // invoices are collected by it
	CreatedAt  time.Time
}

// ProviderCustomer is a customer as a seller's payment provider knows it.
type ProviderCustomer struct {
	Organization ID
	Name         string
	Email        string
	Reference    string // the provider's ID of it; "" before it has one
}

// PayPage is a page of the provider's on which a person saves a way to pay, or pays.
type PayPage struct {
	Attempt  Attempt
	Customer ProviderCustomer
	Subject  string // what is paid, as it stands there: "Invoice 2026-00012"
	Language string
	Done     string // where the browser goes then
	Back     string // where it goes if the person turns back
}

// PageOpened is such a page once it is there.
type PageOpened struct {
	Customer string // the provider's ID of the customer
	Page     string // its ID
	URL      string
}

// Collection asks a provider for money from a saved way to pay.
type Collection struct {
	Attempt  Attempt
	Customer string // the provider's IDs of both
	Method   string
	Kind     string // of the way to pay
	Subject  string // the invoice's number
	Find     bool   // only find what was asked for before
}

// Repayment asks a provider to send money back.
type Repayment struct {
	Attempt Attempt
	Payment string // the provider's ID of what it goes back from
}

// Seen is what a provider says of one of its objects now.
type Seen struct {
	Reference string        // the provider's ID of what moves the money, or of what is saved
	Payment   string        // of a refund or a dispute: the provider's ID of the payment
	Attempt   ID            // as the object itself names it; the zero ID where it names none
	State     AttemptState  // "" where the object is no attempt
	Amount    billing.Money // that moved or is to move
	Fee       billing.Money // that the provider kept; no currency where it is not known
	Why       string
	Hard      bool
	At        time.Time // when it succeeded
	Saved     *Method   // what a person saved, or what is saved by paying
	Place     Place     // of the card or bank account that paid or was saved; the zero Place where it is not told
	Customer  string    // the provider's ID of it
	Dispute   DisputeState
	URL       string // of a page that is still open
}

// Place is a country that a payment proves something about.
type Place struct {
	Kind    string // of the proof: "card", where it was issued, or "bank", where the account is
	Country string // ISO 3166-1, two letters
}

// DisputeState is what became of a payment that the customer's bank contests. "" is no dispute.
type DisputeState string

// The states of a dispute.
const (
	DisputeTaken    DisputeState = "taken"    // the money was taken back
	DisputeReturned DisputeState = "returned" // the seller won: it came again
	DisputeOpen     DisputeState = "open"     // nothing has moved
)

// Notice is what a provider tells by itself: that something happened to an object. What, is read from the object.
type Notice struct {
	ID      string // the provider's ID of it
	Kind    string // "payment_intent.succeeded"
	Object  string // the provider's ID of what it happened to
	Account string // whose account it happened in; "" for the installation's own
	Version string // of the provider's interface
	At      time.Time
	Body    []byte // as it came
}

// MovementPayout is the kind of what goes from an account at a provider to its seller's bank, or comes back from there.
const MovementPayout = "payout"

// Movement is one line of a seller's account at a provider.
type Movement struct {
	ID        string        // the provider's ID of the line
	Reference string        // of what moved the money: a payment, refund, dispute or payout; the line's own where nothing did
	Payment   string        // of a refund or dispute: the provider's ID of the payment
	Kind      string        // as the provider names it: "charge", "refund", "adjustment"; or MovementPayout
	Amount    billing.Money // negative where money left
	Fee       billing.Money // kept of it
	At        time.Time
}
