package invoice

import (
	"fmt"
	"math/big"

	"allotment/billing"
)

// Verify proves the arithmetic of a calculated document by other means than Calculate: with exact fractions, from the texts of the
// numbers. The official rules of EN 16931 let VAT be 0.99 wrong and a line 0.02; this does not let a cent pass.
func Verify(d Document) error {
	places, err := billing.Decimals(d.Currency)
	if err != nil {
		return err
	}
	unit := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil))
	bases, net := map[string]*big.Rat{}, new(big.Rat)
	for _, line := range d.Lines {
		want := nearest(new(big.Rat).Mul(rat(line.Price.String()), rat(line.Quantity.String())), unit)
		for _, discount := range line.Discounts {
			want.Sub(want, rat(discount.Amount.Amount()))
		}
		if want.Cmp(rat(line.Net.Amount())) != 0 {
			return fmt.Errorf("line %s says %s, not %s", line.ID, line.Net, want.FloatString(places))
		}
		key := string(line.Tax.Category) + line.Tax.Rate.String()
		if bases[key] == nil {
			bases[key] = new(big.Rat)
		}
		bases[key].Add(bases[key], want)
		net.Add(net, want)
	}
	if err := d.verifyTotals(bases, net, unit); err != nil {
		return err
	}
	return d.verifyStated()
}

func (d Document) verifyTotals(bases map[string]*big.Rat, net, unit *big.Rat) error {
	total := new(big.Rat)
	for _, group := range d.Groups {
		key := string(group.Tax.Category) + group.Tax.Rate.String()
		base, known := bases[key]
		if !known || base.Cmp(rat(group.Base.Amount())) != 0 {
			return fmt.Errorf("the group %s is not the sum of its lines", key)
		}
		delete(bases, key)
		if group.Rounding != 0 && (d.Kind != CreditNote || group.Rounding < -1 || group.Rounding > 1) {
			return fmt.Errorf("the group %s is rounded by %d", key, group.Rounding)
		}
		exact := nearest(new(big.Rat).Mul(base, new(big.Rat).Quo(rat(group.Tax.Rate.String()), big.NewRat(100, 1))), unit)
		exact.Add(exact, new(big.Rat).Mul(unit, big.NewRat(group.Rounding, 1)))
		if exact.Cmp(rat(group.VAT.Amount())) != 0 {
			return fmt.Errorf("the VAT of the group %s is %s, not %s", key, group.VAT, exact.FloatString(3))
		}
		total.Add(total, exact)
	}
	gross := new(big.Rat).Add(net, total)
	payable := new(big.Rat).Sub(gross, rat(d.Prepaid.Amount()))
	if len(bases) > 0 || net.Cmp(rat(d.Net.Amount())) != 0 || total.Cmp(rat(d.VAT.Amount())) != 0 ||
		gross.Cmp(rat(d.Gross.Amount())) != 0 || payable.Cmp(rat(d.Payable.Amount())) != 0 {
		return fmt.Errorf("the totals %s + %s = %s, to pay %s, are not the sums", d.Net, d.VAT, d.Gross, d.Payable)
	}
	return nil
}

// rat reads a number that was written by Money or Decimal.
func rat(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return new(big.Rat)
	}
	return r
}

// nearest returns the multiple of unit that is nearest to a number that is not negative; half goes up.
func nearest(r, unit *big.Rat) *big.Rat {
	units := new(big.Rat).Quo(r, unit)
	units.Add(units, big.NewRat(1, 2))
	whole := new(big.Int).Quo(units.Num(), units.Denom())
	return new(big.Rat).Mul(new(big.Rat).SetInt(whole), unit)
}
