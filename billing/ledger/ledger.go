// Package ledger is the double-entry book of every seller: entries whose postings add up to nothing, and what can be read from them.
// It is pure and keeps nothing itself: entries are appended to a store and never changed; a mistake is corrected by another entry.
package ledger

import (
	"errors"
	"fmt"

	"allotment/billing"
)

// Kind is the kind of an account.
type Kind string

// The accounts. What a seller owns or spends has a positive balance, what it owes or earns a negative one.
const (
	Receivable Kind = "receivable" // what a customer owes on issued invoices
	Credit     Kind = "credit"     // what the seller owes a customer: overpayments and credit notes not yet used
	Revenue    Kind = "revenue"    // net sales
	VAT        Kind = "vat"        // owed to a state; the party is its code
	InputVAT   Kind = "input vat"  // paid on purchases, to be claimed back
	Cash       Kind = "cash"       // at a bank or a payment provider; the party is its name
	Fees       Kind = "fees"       // of payment providers
	BadDebt    Kind = "bad debt"   // given up
	Cost       Kind = "cost"       // wholesale, what the sale costs its seller
	Unbilled   Kind = "unbilled"   // wholesale that is sold and not invoiced yet: positive at the parent, negative at the reseller
	Payable    Kind = "payable"    // what a reseller owes its parent on issued invoices
)

// Account is one account in the books of Owner, an organization. Party is the customer, parent, state or bank, where there is one.
type Account struct {
	Owner string `json:"owner"`
	Kind  Kind   `json:"kind"`
	Party string `json:"party"`
}

// Posting adds Amount to an account: positive is a debit, negative a credit.
type Posting struct {
	Account Account       `json:"account"`
	Amount  billing.Money `json:"amount"`
}

// Entry is one event. Kind and Source (the ID of the document, payment or sale) occur once together: the store has a UNIQUE on them.
type Entry struct {
	Kind     EntryKind    `json:"kind"`
	Source   string       `json:"source"`
	Date     billing.Date `json:"date"`
	Note     string       `json:"note"`
	Postings []Posting    `json:"postings"`
}

// EntryKind is what happened.
type EntryKind string

// Check refuses an entry that does not add up to nothing, per owner and currency.
func (e Entry) Check() error {
	if e.Kind == "" || e.Source == "" || e.Date.IsZero() {
		return errors.New("an entry needs a kind, a source and a date")
	}
	if len(e.Postings) < 2 {
		return fmt.Errorf("the entry %s of %s has fewer than two postings", e.Kind, e.Source)
	}
	type book struct{ owner, currency string }
	sums := map[book]billing.Money{}
	for _, p := range e.Postings {
		if p.Account.Owner == "" || p.Account.Kind == "" {
			return fmt.Errorf("the entry %s of %s posts to no account", e.Kind, e.Source)
		}
		if _, err := billing.Decimals(p.Amount.Currency); err != nil {
			return err
		}
		key := book{p.Account.Owner, p.Amount.Currency}
		sum, err := billing.Sum(key.currency, billing.Money{Minor: sums[key].Minor, Currency: key.currency}, p.Amount)
		if err != nil {
			return err
		}
		sums[key] = sum
	}
	for key, sum := range sums {
		if !sum.IsZero() {
			return fmt.Errorf("the entry %s of %s is off by %s in the books of %s", e.Kind, e.Source, sum, key.owner)
		}
	}
	return nil
}
