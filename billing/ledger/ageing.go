package ledger

import "allotment/billing"

// Ageing is what is open, by how long it has been due: not yet, up to 30, 60 and 90 days, and longer.
type Ageing [5]billing.Money

// Age sorts open claims in currency by their age today. A claim that is due today is not late.
func Age(open []Open, today billing.Date, currency string) (Ageing, error) {
	var ages Ageing
	for i := range ages {
		ages[i] = billing.Zero(currency)
	}
	for _, o := range open {
		if o.Amount.Currency != currency {
			continue
		}
		late, i := o.Due.DaysUntil(today), 0
		if late > 0 {
			i = min(1+(late-1)/30, len(ages)-1)
		}
		var err error
		if ages[i], err = ages[i].Add(o.Amount); err != nil {
			return Ageing{}, err
		}
	}
	return ages, nil
}
