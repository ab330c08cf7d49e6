package cycle

import (
	"strconv"

	"allotment/billing"
	"allotment/billing/invoice"
	"allotment/billing/tax"
)

// usageLines returns the lines of a charge for what was used: one for each price and VAT rate, rounded once. Its period is from the first day
// of use to the last.
func (a Agreement) usageLines(c Charge, count int) ([]invoice.Line, error) {
	var lines []invoice.Line
	for _, used := range c.Used {
		for _, part := range a.usageParts(used.Uses) {
			decision, err := a.decide(part[0].Day)
			if err != nil {
				return nil, err
			}
			quantity, err := Used{Uses: part}.Quantity()
			if err != nil {
				return nil, err
			}
			item := invoice.Item{Source: c.Subscription, Name: c.Name + ": " + c.Meter.Name(tax.Language(a.Language)), Description: c.Description, Tax: decision}
			period := billing.Period{Start: part[0].Day, End: part[len(part)-1].Day.AddDays(1)}
			lines = append(lines, invoice.UsageLine(strconv.Itoa(count+len(lines)+1), item, used.Unit, quantity, used.Price, period))
		}
	}
	return lines, nil
}

// usageParts divides uses, the earliest first, where a VAT rate of the customer's country changes.
func (a Agreement) usageParts(uses []Use) [][]Use {
	decision, err := a.decide(uses[0].Day)
	if err != nil || decision.Country == "" {
		return [][]Use{uses}
	}
	var parts [][]Use
	for _, period := range a.Rates.Cut(decision.Country, billing.Period{Start: uses[0].Day, End: uses[len(uses)-1].Day.AddDays(1)}) {
		var part []Use
		for _, use := range uses {
			if period.Contains(use.Day) {
				part = append(part, use)
			}
		}
		if len(part) > 0 {
			parts = append(parts, part)
		}
	}
	return parts
}

// Wholesale returns what a reseller pays its parent for what a charge asks for, rounded once for each price; nothing where no price says so.
func (c Charge) Wholesale(reseller string) (billing.Money, error) {
	sum := billing.Zero(c.Price.Currency)
	for _, used := range c.Used {
		for _, leg := range used.Legs {
			if leg.Reseller != reseller {
				continue
			}
			quantity, err := used.Quantity()
			if err != nil {
				return sum, err
			}
			amount, err := billing.Price(leg.Price, quantity, sum.Currency)
			if err == nil {
				sum, err = sum.Add(amount)
			}
			if err != nil {
				return sum, err
			}
		}
	}
	return sum, nil
}
