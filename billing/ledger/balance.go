package ledger

import (
	"cmp"
	"fmt"
	"slices"

	"allotment/billing"
)

// Balance is what an account holds in one currency.
type Balance struct {
	Account Account       `json:"account"`
	Amount  billing.Money `json:"amount"`
}

// Balances adds entries up by account and currency, in a fixed order. It is where every other figure comes from: nothing is kept twice.
func Balances(entries []Entry) ([]Balance, error) {
	type key struct {
		account  Account
		currency string
	}
	sums := map[key]billing.Money{}
	for _, entry := range entries {
		if err := entry.Check(); err != nil {
			return nil, err
		}
		for _, p := range entry.Postings {
			k := key{p.Account, p.Amount.Currency}
			sum, err := billing.Sum(k.currency, billing.Money{Minor: sums[k].Minor, Currency: k.currency}, p.Amount)
			if err != nil {
				return nil, err
			}
			sums[k] = sum
		}
	}
	var balances []Balance
	for k, sum := range sums {
		balances = append(balances, Balance{k.account, sum})
	}
	slices.SortFunc(balances, func(a, b Balance) int {
		return cmp.Or(cmp.Compare(a.Account.Owner, b.Account.Owner), cmp.Compare(a.Account.Kind, b.Account.Kind),
			cmp.Compare(a.Account.Party, b.Account.Party), cmp.Compare(a.Amount.Currency, b.Amount.Currency))
	})
	return balances, nil
}

// Of returns the balances of one kind in one owner's books, by party, as people count them: what is earned or owed is positive.
func Of(balances []Balance, owner string, kind Kind) []Balance {
	var found []Balance
	for _, b := range balances {
		if b.Account.Owner != owner || b.Account.Kind != kind {
			continue
		}
		switch kind {
		case Credit, Revenue, VAT, Payable:
			b.Amount.Minor = -b.Amount.Minor
		}
		found = append(found, b)
	}
	return found
}

// Total adds up what Of found in one currency.
func Total(balances []Balance, currency string) (billing.Money, error) {
	total := billing.Zero(currency)
	for _, b := range balances {
		if b.Amount.Currency != currency {
			continue
		}
		var err error
		if total, err = total.Add(b.Amount); err != nil {
			return billing.Money{}, err
		}
	}
	return total, nil
}

// Reconcile compares the books of parents with those of their resellers: what one has unbilled against another, the other has against it.
// It returns a sentence for each pair that differs. Balances must hold both books.
func Reconcile(balances []Balance) []string {
	type pair struct{ a, b, currency string }
	sums := map[pair]int64{}
	for _, b := range balances {
		if b.Account.Kind == Unbilled {
			sums[pair{min(b.Account.Owner, b.Account.Party), max(b.Account.Owner, b.Account.Party), b.Amount.Currency}] += b.Amount.Minor
		}
	}
	var off []string
	for p, sum := range sums {
		if sum != 0 {
			off = append(off, fmt.Sprintf("wholesale between %s and %s differs by %s", p.a, p.b, billing.Money{Minor: sum, Currency: p.currency}))
		}
	}
	slices.Sort(off)
	return off
}
