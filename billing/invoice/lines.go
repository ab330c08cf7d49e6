package invoice

import (
	"errors"

	"allotment/billing"
	"allotment/billing/tax"
)

// Item is what a line sells.
type Item struct {
	Source, Name, Description string
	Tax                       tax.Decision
}

// PeriodLine charges price, which is for the whole period, for the days of period alone.
func PeriodLine(id string, item Item, price billing.Money, period, whole billing.Period) (Line, error) {
	amount, err := billing.Prorate(price, period, whole)
	if err != nil {
		return Line{}, err
	}
	line, err := once(id, item, amount)
	line.Period, line.Whole = period, whole
	return line, err
}

// SetupLine charges a fee once.
func SetupLine(id string, item Item, fee billing.Money) (Line, error) { return once(id, item, fee) }

// UsageLine charges a quantity that was used in period, in units of UN/ECE Recommendation 20, at a price per unit that may be a
// fraction of a cent.
func UsageLine(id string, item Item, unit string, quantity, price billing.Decimal, period billing.Period) Line {
	return Line{ID: id, Source: item.Source, Name: item.Name, Description: item.Description, Tax: item.Tax, Unit: unit,
		Quantity: quantity, Price: price, Period: period, Whole: period}
}

func once(id string, item Item, amount billing.Money) (Line, error) {
	price, err := amount.Decimal()
	return UsageLine(id, item, "C62", billing.Int(1), price, billing.Period{}), err
}

// TopUp returns the line that lifts lines to a minimum, and false when they reach it already.
func TopUp(id string, item Item, lines []Line, minimum billing.Money, period billing.Period) (Line, bool, error) {
	nets, err := nets(lines, minimum.Currency)
	if err != nil {
		return Line{}, false, err
	}
	sum, err := billing.Sum(minimum.Currency, nets...)
	if err != nil {
		return Line{}, false, err
	}
	missing, err := minimum.Sub(sum)
	if err != nil || missing.Minor <= 0 {
		return Line{}, false, err
	}
	line, err := once(id, item, missing)
	line.Period, line.Whole = period, period
	return line, true, err
}

// Coupon takes a percentage or a fixed amount off. Exactly one of both is set.
type Coupon struct {
	Code    string          `json:"code"`
	Percent billing.Decimal `json:"percent"`
	Amount  billing.Money   `json:"amount"`
}

// Apply returns lines with the coupon's discount. An amount is spread by largest remainder over what the lines cost after earlier
// discounts, and takes no line below nothing. The reason is what the document says, in its language.
func (c Coupon) Apply(lines []Line, currency, reason string) ([]Line, error) {
	if c.Percent.IsZero() == c.Amount.IsZero() || c.Percent.Sign() < 0 || c.Percent.Cmp(billing.Int(100)) > 0 || c.Amount.Minor < 0 {
		return nil, errors.New("a coupon takes off either up to 100 percent or an amount")
	}
	costs, err := nets(lines, currency)
	if err != nil {
		return nil, err
	}
	off, err := c.discounts(costs, currency)
	if err != nil {
		return nil, err
	}
	discounted := make([]Line, len(lines))
	for i, line := range lines {
		discounted[i] = line
		if off[i].Minor > 0 {
			discounted[i].Discounts = append(line.Discounts[:len(line.Discounts):len(line.Discounts)], Discount{reason, off[i]})
		}
	}
	return discounted, nil
}

func (c Coupon) discounts(costs []billing.Money, currency string) ([]billing.Money, error) {
	off, weights := make([]billing.Money, len(costs)), make([]int64, len(costs))
	for i, cost := range costs {
		weights[i] = cost.Minor
		var err error
		if off[i], err = cost.Percent(c.Percent); err != nil {
			return nil, err
		}
	}
	sum, err := billing.Sum(currency, costs...)
	if err != nil || c.Amount.IsZero() || sum.IsZero() {
		return off, err
	}
	whole, err := billing.Smaller(c.Amount, sum)
	if err != nil {
		return nil, err
	}
	return whole.Split(weights)
}

// nets returns what lines cost so far.
func nets(lines []Line, currency string) ([]billing.Money, error) {
	d := Document{Currency: currency, Lines: append([]Line(nil), lines...)}
	if err := lineAmounts(&d); err != nil {
		return nil, err
	}
	amounts := make([]billing.Money, len(d.Lines))
	for i, line := range d.Lines {
		amounts[i] = line.Net
	}
	return amounts, nil
}
