package billing

import (
	"errors"
	"math/big"
	"sort"
)

// Split divides m by weights so that the parts add up to m exactly (largest remainder): each part is its share rounded toward
// zero, and the units that are left go one each to the largest remainders, of equal ones to the first. Weights may not be
// negative, and one must be more than nothing.
func (m Money) Split(weights []int64) ([]Money, error) {
	total := new(big.Int)
	for _, weight := range weights {
		if weight < 0 {
			return nil, errors.New("a share cannot be negative")
		}
		total.Add(total, big.NewInt(weight))
	}
	if total.Sign() == 0 {
		return nil, errors.New("there is nobody to share with")
	}
	parts, remainders := m.shares(weights, total)
	left := m.Minor
	order := make([]int, len(parts))
	for i, part := range parts {
		left -= part.Minor
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return remainders[order[i]].CmpAbs(remainders[order[j]]) > 0 })
	for i := 0; left != 0; i++ {
		step := int64(1)
		if left < 0 {
			step = -1
		}
		parts[order[i]].Minor += step
		left -= step
	}
	return parts, nil
}

// shares returns each part rounded toward zero, and what its rounding left.
func (m Money) shares(weights []int64, total *big.Int) ([]Money, []*big.Int) {
	parts, remainders := make([]Money, len(weights)), make([]*big.Int, len(weights))
	for i, weight := range weights {
		product := new(big.Int).Mul(big.NewInt(m.Minor), big.NewInt(weight))
		quotient, remainder := product.QuoRem(product, total, new(big.Int))
		parts[i], remainders[i] = Money{quotient.Int64(), m.Currency}, remainder
	}
	return parts, remainders
}
