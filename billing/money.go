package billing

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Money is an exact amount: Minor is in the currency's smallest unit (cents of EUR, whole JPY), Currency a code of ISO 4217.
type Money struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"`
}

// ErrOverflow says that a result does not fit in 64 bits of minor units.
var ErrOverflow = errors.New("the amount is too large")

// Zero returns no money in currency.
func Zero(currency string) Money { return Money{Currency: currency} }

// IsZero reports whether the amount is nothing, in whatever currency.
func (m Money) IsZero() bool { return m.Minor == 0 }

// Add returns m + other. Amounts in different currencies are never added.
func (m Money) Add(other Money) (Money, error) {
	if m.Currency != other.Currency {
		return Money{}, fmt.Errorf("cannot add %s to %s", other.Currency, m.Currency)
	}
	sum := m.Minor + other.Minor
	if (other.Minor > 0 && sum < m.Minor) || (other.Minor < 0 && sum > m.Minor) {
		return Money{}, ErrOverflow
	}
	return Money{Minor: sum, Currency: m.Currency}, nil
}

// Mul returns m taken n times.
func (m Money) Mul(n int64) (Money, error) {
	if m.Minor == 0 || n == 0 {
		return Zero(m.Currency), nil
	}
	product := m.Minor * n
	if product/n != m.Minor || (m.Minor == math.MinInt64 && n == -1) {
		return Money{}, ErrOverflow
	}
	return Money{Minor: product, Currency: m.Currency}, nil
}

// ParseMoney reads an amount such as "12.50" or "-3". The point separates decimals, nothing separates thousands, and there are
// at most as many decimals as the currency has.
func ParseMoney(amount, currency string) (Money, error) {
	places, err := Decimals(currency)
	if err != nil {
		return Money{}, err
	}
	whole, fraction, dotted := strings.Cut(strings.TrimPrefix(amount, "-"), ".")
	if !digits(whole) || (dotted && !digits(fraction)) {
		return Money{}, fmt.Errorf("%q is not an amount; write it like 12.50", amount)
	}
	if len(fraction) > places {
		return Money{}, fmt.Errorf("%q has %d decimals, but %s has %d", amount, len(fraction), currency, places)
	}
	text := whole + fraction + strings.Repeat("0", places-len(fraction))
	if strings.HasPrefix(amount, "-") {
		text = "-" + text
	}
	minor, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return Money{}, ErrOverflow
	}
	return Money{Minor: minor, Currency: currency}, nil
}

// digits reports whether s is one or more of 0 to 9.
func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
