package invoice

import (
	"fmt"
	"slices"

	"allotment/billing"
	"allotment/billing/tax"
)

// Step is one part of the calculation: it changes what is its own and nothing else.
type Step struct {
	Name string
	Do   func(*Document) error
}

// Steps returns the calculation, in its order.
func Steps() []Step {
	return []Step{
		{"check the lines", checkLines},
		{"amounts of the lines", lineAmounts},
		{"groups by category and rate", groups},
		{"VAT, once per group", vat},
		{"totals", totals},
		{"VAT in the currency of the seller's state", stateVAT},
	}
}

// Calculate returns the document with everything computed. The argument is not changed, and calculating again changes nothing.
func Calculate(d Document) (Document, error) {
	d.Lines = slices.Clone(d.Lines)
	for _, step := range Steps() {
		if err := step.Do(&d); err != nil {
			return Document{}, fmt.Errorf("%s: %w", step.Name, err)
		}
	}
	return d, nil
}

// lineAmounts rounds each line, and takes its discounts off.
func lineAmounts(d *Document) error {
	for i := range d.Lines {
		line := &d.Lines[i]
		var err error
		if line.Gross, err = billing.Price(line.Price, line.Quantity, d.Currency); err != nil {
			return err
		}
		line.Net = line.Gross
		for _, discount := range line.Discounts {
			if line.Net, err = line.Net.Sub(discount.Amount); err != nil {
				return err
			}
		}
		if line.Net.Minor < 0 {
			return fmt.Errorf("the discounts of line %s are more than its price", line.ID)
		}
	}
	return nil
}

// sameGroup reports whether two decisions are taxed together.
func sameGroup(a, b tax.Decision) bool { return a.Category == b.Category && a.Rate == b.Rate }

func groups(d *Document) error {
	d.Groups = nil
	for _, line := range d.Lines {
		i := slices.IndexFunc(d.Groups, func(g Group) bool { return sameGroup(g.Tax, line.Tax) })
		if i < 0 {
			i = len(d.Groups)
			d.Groups = append(d.Groups, Group{Tax: line.Tax, Base: billing.Zero(d.Currency)})
		}
		var err error
		if d.Groups[i].Base, err = d.Groups[i].Base.Add(line.Net); err != nil {
			return err
		}
	}
	return nil
}

// vat rounds the VAT of each group. A credit note counts on from what earlier ones took back: its VAT is that of all so far, less
// that of all before. So many small credits never take back a cent more, or less, than the invoice charged.
func vat(d *Document) error {
	for i := range d.Groups {
		group := &d.Groups[i]
		before := billing.Zero(d.Currency)
		if j := slices.IndexFunc(d.CreditsOf, func(g Group) bool { return sameGroup(g.Tax, group.Tax) }); j >= 0 {
			before = d.CreditsOf[j].Base
		}
		alone, err := group.Base.Percent(group.Tax.Rate)
		if err != nil {
			return err
		}
		if group.VAT, err = vatBetween(before, group.Base, group.Tax.Rate); err != nil {
			return err
		}
		group.Rounding = group.VAT.Minor - alone.Minor
	}
	return nil
}

func vatBetween(before, base billing.Money, rate billing.Decimal) (billing.Money, error) {
	after, err := before.Add(base)
	if err != nil {
		return billing.Money{}, err
	}
	if after, err = after.Percent(rate); err != nil {
		return billing.Money{}, err
	}
	if before, err = before.Percent(rate); err != nil {
		return billing.Money{}, err
	}
	return after.Sub(before)
}

func totals(d *Document) error {
	d.Net, d.VAT = billing.Zero(d.Currency), billing.Zero(d.Currency)
	var err error
	for _, group := range d.Groups {
		if d.Net, err = d.Net.Add(group.Base); err != nil {
			return err
		}
		if d.VAT, err = d.VAT.Add(group.VAT); err != nil {
			return err
		}
	}
	if d.Gross, err = d.Net.Add(d.VAT); err != nil {
		return err
	}
	if d.Prepaid.Currency == "" {
		d.Prepaid = billing.Zero(d.Currency)
	}
	d.Payable, err = d.Gross.Sub(d.Prepaid)
	return err
}
