package billing

import (
	"fmt"
	"math/big"
)

// Rounding is half up on the amount without its sign: 0.005 becomes 0.01 and -0.005 becomes -0.01 (commercial rounding, as tax
// offices expect it). A credit is therefore always the exact negative of the charge it takes back.

// Price returns unit x quantity as money, rounded once.
func Price(unit, quantity Decimal, currency string) (Money, error) {
	places, err := Decimals(currency)
	if err != nil {
		return Money{}, err
	}
	product := new(big.Rat).Mul(unit.rat(), quantity.rat())
	return rounded(product.Mul(product, new(big.Rat).SetInt(pow10(places))), currency)
}

// Percent returns rate percent of m, rounded once.
func (m Money) Percent(rate Decimal) (Money, error) {
	product := new(big.Rat).Mul(new(big.Rat).SetInt64(m.Minor), rate.rat())
	return rounded(product.Quo(product, big.NewRat(100, 1)), m.Currency)
}

// Exchange returns what m is in another currency, rounded once. The rate is how many units of m's currency one of the other costs; it must be more
// than nothing.
func (m Money) Exchange(rate Decimal, currency string) (Money, error) {
	from, err := Decimals(m.Currency)
	if err != nil {
		return Money{}, err
	}
	to, err := Decimals(currency)
	if err != nil {
		return Money{}, err
	}
	if rate.Sign() <= 0 {
		return Money{}, fmt.Errorf("%s %s is no price of one %s", rate, m.Currency, currency)
	}
	exact := new(big.Rat).SetFrac(big.NewInt(m.Minor), pow10(from))
	exact.Quo(exact, rate.rat())
	return rounded(exact.Mul(exact, new(big.Rat).SetInt(pow10(to))), currency)
}

// Share returns m x part / whole, rounded once. The whole must be more than nothing.
func (m Money) Share(part, whole int64) (Money, error) {
	if whole <= 0 {
		return Money{}, fmt.Errorf("cannot take %d parts of %d", part, whole)
	}
	share := new(big.Rat).SetFrac(big.NewInt(part), big.NewInt(whole))
	return rounded(share.Mul(share, new(big.Rat).SetInt64(m.Minor)), m.Currency)
}

// rounded makes money of an exact number of minor units.
func rounded(exact *big.Rat, currency string) (Money, error) {
	twice := new(big.Int).Lsh(exact.Denom(), 1)
	num := new(big.Int).Lsh(new(big.Int).Abs(exact.Num()), 1)
	quotient := num.Add(num, exact.Denom()).Quo(num, twice)
	if exact.Sign() < 0 {
		quotient.Neg(quotient)
	}
	if !quotient.IsInt64() {
		return Money{}, ErrOverflow
	}
	return Money{Minor: quotient.Int64(), Currency: currency}, nil
}
