package invoice_test

import (
	"math/big"
	"strconv"
	"testing"

	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
)

// TestVATOfEachRateIsOfItsSum: in currencies of no, two and three decimals and amounts beyond 32 bits, the base of each rate is the sum of its lines,
// its VAT is rounded once from that sum, half up, and the totals are exact sums (EN 16931, BR-S-08, BR-CO-10, BR-CO-14, BR-CO-15).
func TestVATOfEachRateIsOfItsSum(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for range 2000 {
		currency := []string{"JPY", "EUR", "KWD"}[dice.IntN(3)]
		bases, net := map[billing.Decimal]int64{}, int64(0)
		d := draft(currency)
		for n := range 1 + dice.IntN(12) {
			price, err := billing.NewDecimal(dice.Int64N(1<<[]int{10, 24, 40}[dice.IntN(3)]), dice.IntN(7))
			if err != nil {
				t.Fatal(err)
			}
			line := usage(strconv.Itoa(n+1), strconv.Itoa(1+dice.IntN(800)), price.String())
			line.Tax.Rate = billing.Int([]int64{0, 9, 21}[dice.IntN(3)])
			if line.Tax.Rate.IsZero() {
				line.Tax.Category = "Z"
			}
			amount, err := billing.Price(line.Price, line.Quantity, currency)
			if err != nil {
				t.Fatal(err)
			}
			bases[line.Tax.Rate] += amount.Minor
			net += amount.Minor
			d.Lines = append(d.Lines, line)
		}
		d, err := invoice.Calculate(d)
		if err != nil || len(d.Groups) != len(bases) {
			t.Fatalf("%d groups of %d rates, %v", len(d.Groups), len(bases), err)
		}
		vat := int64(0)
		for _, group := range d.Groups {
			rate, _ := new(big.Rat).SetString(group.Tax.Rate.String())
			exact := rate.Mul(rate, big.NewRat(bases[group.Tax.Rate], 100))
			exact.Add(exact, big.NewRat(1, 2))
			want := new(big.Int).Div(exact.Num(), exact.Denom()).Int64()
			if group.Base.Minor != bases[group.Tax.Rate] || group.VAT.Minor != want {
				t.Fatalf("%s%% of %d is %s of %s, want %d", group.Tax.Rate, bases[group.Tax.Rate], group.VAT, group.Base, want)
			}
			vat += want
		}
		if d.Net.Minor != net || d.VAT.Minor != vat || d.Gross.Minor != net+vat {
			t.Fatalf("%s + %s = %s, want %d + %d", d.Net, d.VAT, d.Gross, net, vat)
		}
		if err := invoice.Verify(d); err != nil {
			t.Fatal(err)
		}
	}
}
