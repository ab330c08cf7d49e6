package billing

import (
	"fmt"
	"math"
)

// Neg returns -m.
func (m Money) Neg() (Money, error) {
	if m.Minor == math.MinInt64 {
		return Money{}, ErrOverflow
	}
	return Money{-m.Minor, m.Currency}, nil
}

// Sub returns m - other. Amounts in different currencies are never subtracted.
func (m Money) Sub(other Money) (Money, error) {
	minus, err := other.Neg()
	if err != nil {
		return Money{}, err
	}
	return m.Add(minus)
}

// Sum adds amounts, which must all be in currency; no amounts are zero.
func Sum(currency string, amounts ...Money) (Money, error) {
	total := Zero(currency)
	for _, amount := range amounts {
		var err error
		if total, err = total.Add(amount); err != nil {
			return Money{}, err
		}
	}
	return total, nil
}

// Smaller returns the lesser of two amounts in the same currency.
func Smaller(a, b Money) (Money, error) {
	if a.Currency != b.Currency {
		return Money{}, fmt.Errorf("cannot compare %s with %s", a.Currency, b.Currency)
	}
	if b.Minor < a.Minor {
		return b, nil
	}
	return a, nil
}
