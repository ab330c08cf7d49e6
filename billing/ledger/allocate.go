package ledger

import (
	"cmp"
	"fmt"
	"slices"

	"allotment/billing"
)

// Open is what is left to pay of an invoice.
type Open struct {
	Invoice string        `json:"invoice"`
	Due     billing.Date  `json:"due"`
	Amount  billing.Money `json:"amount"`
}

// Paid is what of a payment or credit goes to an invoice.
type Paid struct {
	Invoice string        `json:"invoice"`
	Amount  billing.Money `json:"amount"`
}

// Allocate spends available on open invoices in the same currency, the oldest due first, those of one day by their number. What is left
// stays the customer's credit. The caller holds the customer's lock from reading both until the rows are written.
func Allocate(available billing.Money, open []Open) (paid []Paid, left billing.Money, err error) {
	if available.Minor < 0 {
		return nil, billing.Money{}, fmt.Errorf("%s cannot be spent", available)
	}
	oldest := slices.Clone(open)
	slices.SortFunc(oldest, func(a, b Open) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Invoice, b.Invoice)) })
	left = available
	for _, o := range oldest {
		if o.Amount.Currency != left.Currency || o.Amount.Minor <= 0 || left.IsZero() {
			continue
		}
		part, err := billing.Smaller(o.Amount, left)
		if err != nil {
			return nil, billing.Money{}, err
		}
		paid = append(paid, Paid{o.Invoice, part})
		left.Minor -= part.Minor
	}
	return paid, left, nil
}

// AllocateTo spends available as the payer or the staff wish. A wish over what is open or available is refused, not cut.
func AllocateTo(available billing.Money, open []Open, wishes []Paid) (left billing.Money, err error) {
	rest := map[string]billing.Money{}
	for _, o := range open {
		rest[o.Invoice] = o.Amount
	}
	left = available
	for _, wish := range wishes {
		owed, known := rest[wish.Invoice]
		if !known || wish.Amount.Minor <= 0 || wish.Amount.Currency != owed.Currency || wish.Amount.Minor > owed.Minor {
			return billing.Money{}, fmt.Errorf("%s cannot be paid on %s, of which %s is open", wish.Amount, wish.Invoice, owed)
		}
		if left.Currency != wish.Amount.Currency || wish.Amount.Minor > left.Minor {
			return billing.Money{}, fmt.Errorf("%s cannot be paid on %s; only %s is available", wish.Amount, wish.Invoice, left)
		}
		rest[wish.Invoice] = billing.Money{Minor: owed.Minor - wish.Amount.Minor, Currency: owed.Currency}
		left.Minor -= wish.Amount.Minor
	}
	return left, nil
}
