package invoice

import (
	"fmt"

	"allotment/billing"
)

// Change is a change of plan within a period that was invoiced: what is to be credited of the old line, if anything, and what is
// charged for the rest of its period.
type Change struct {
	Credit Ask  `json:"credit"`
	Charge Line `json:"charge"`
}

// ChangePlan moves a subscription to another item on day. It credits the unused days of the line as it was invoiced, after discounts
// and whatever prices are today, but no more than earlier credits left of it; and it charges the same days of the new price, which
// is for the line's whole period: both have the same denominator.
func ChangePlan(original Document, earlier []Document, id string, day billing.Date, to Item, price billing.Money) (Change, error) {
	left, err := Left(original, earlier, id)
	if err != nil {
		return Change{}, err
	}
	var line Line
	for _, l := range original.Lines {
		if l.ID == id {
			line = l
		}
	}
	rest := line.Period.From(day)
	if rest.IsZero() {
		return Change{}, fmt.Errorf("line %s pays for no day from %s on", id, day)
	}
	unused, err := billing.Unused(line.Net, line.Period, day)
	if err != nil {
		return Change{}, err
	}
	if unused, err = billing.Smaller(unused, left); err != nil {
		return Change{}, err
	}
	charge, err := PeriodLine("1", to, price, rest, line.Whole)
	return Change{Ask{id, unused, rest}, charge}, err
}
