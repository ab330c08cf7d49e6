package billing

import (
	"errors"
	"math/big"
)

// Margin is what a reseller adds to what it pays itself. Exactly one of both is set; the other is zero.
type Margin struct {
	Percent Decimal `json:"percent"`
	Amount  Money   `json:"amount"`
}

// maxMargin bounds a percentage that somebody typed: ten times the price.
var maxMargin = Int(1000)

// Check fails in words for the seller where a margin takes something off, says nothing, or says two things.
func (m Margin) Check() error {
	switch {
	case m.Percent.Sign() < 0 || m.Amount.Minor < 0:
		return errors.New("a margin cannot be negative: you would pay more than you earn")
	case !m.Percent.IsZero() && !m.Amount.IsZero():
		return errors.New("a margin is a percentage or an amount, not both")
	case m.Percent.Cmp(maxMargin) > 0:
		return errors.New("a margin is at most 1000 percent")
	}
	return nil
}

// Retail returns what is asked for what costs wholesale. This is the one place where a margin is rounded: half up, to the currency's
// smallest unit, once for each price.
func (m Margin) Retail(wholesale Money) (Money, error) {
	if err := m.Check(); err != nil {
		return Money{}, err
	}
	if !m.Amount.IsZero() {
		return wholesale.Add(m.Amount)
	}
	added, err := wholesale.Percent(m.Percent)
	if err != nil {
		return Money{}, err
	}
	return wholesale.Add(added)
}

// Earned returns what a seller keeps of a price that costs it wholesale, and how much that is in percent of wholesale, to a tenth; the
// percentage is 0 where wholesale is nothing. Both are negative where it pays more than it asks.
func Earned(retail, wholesale Money) (Money, Decimal, error) {
	kept, err := retail.Sub(wholesale)
	if err != nil || wholesale.Minor <= 0 {
		return kept, Decimal{}, err
	}
	tenths, err := rounded(new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(kept.Minor), big.NewInt(1000)), big.NewInt(wholesale.Minor)), kept.Currency)
	if err != nil {
		return kept, Decimal{}, err
	}
	percent, err := NewDecimal(tenths.Minor, 1)
	return kept, percent, err
}

// Larger returns the greater of two amounts in the same currency: a price that is lifted to a floor.
func Larger(a, b Money) (Money, error) {
	smaller, err := Smaller(a, b)
	if err == nil && smaller == a {
		return b, nil
	}
	return a, err
}
