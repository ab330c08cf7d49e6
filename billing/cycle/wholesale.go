package cycle

import (
	"cmp"
	"slices"
	"strconv"

	"allotment/billing"
	"allotment/billing/invoice"
	"allotment/billing/tax"
)

// Sold is what a reseller's customers were charged for under one name in a month, at the reseller's own price, net.
type Sold struct {
	Name   string // "" for what was taken back: changes and cancellations
	Count  int    // of charges
	Amount billing.Money
}

// Wholesale returns what a parent asks a reseller for a month: a charge for each name, one for what older months left over, and what comes
// off for changes and cancellations. All of it adds up to pending, the balance between the two books, which is more than nothing. Where more
// was taken back than any one name brought, one charge stands for everything.
func Wholesale(sold []Sold, pending billing.Money, month billing.Period, language string) (charges []Charge, off invoice.Discount) {
	words := wholesaleWords(language)
	off = invoice.Discount{Reason: words.back, Amount: billing.Zero(pending.Currency)}
	charge := func(name, description string, minor int64) Charge {
		return Charge{Kind: Period, Name: name, Description: description, Price: billing.Money{Minor: minor, Currency: pending.Currency}, Period: month, Whole: month}
	}
	rest, largest := pending.Minor, int64(0)
	for _, s := range sold {
		rest -= s.Amount.Minor
		if s.Name == "" || s.Amount.Minor <= 0 {
			off.Amount.Minor -= s.Amount.Minor
			continue
		}
		charges = append(charges, charge(s.Name, strconv.Itoa(s.Count)+" ×", s.Amount.Minor))
		largest = max(largest, s.Amount.Minor)
	}
	if rest > 0 {
		charges = append(charges, charge(words.earlier, "", rest))
		largest = max(largest, rest)
	} else {
		off.Amount.Minor -= rest
	}
	if off.Amount.Minor < 0 { // it brought more than was taken back
		charges = append(charges, charge(words.back, "", -off.Amount.Minor))
		off.Amount.Minor = 0
	}
	if off.Amount.Minor > largest {
		off.Amount.Minor = 0
		return []Charge{charge(words.all, "", pending.Minor)}, off
	}
	return charges, off
}

// TakeOff takes a discount off the largest line, and what is more than that line off the next: a charge has several lines where the VAT rate
// changes in its month. No line becomes less than nothing, as long as the discount is not more than all of them.
func TakeOff(lines []invoice.Line, off invoice.Discount) {
	order := make([]int, len(lines))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(lines[b].Net.Minor, lines[a].Net.Minor) })
	for _, i := range order {
		part := off
		part.Amount.Minor = min(off.Amount.Minor, lines[i].Net.Minor)
		if part.Amount.Minor <= 0 {
			return
		}
		lines[i].Discounts = append(lines[i].Discounts, part)
		off.Amount.Minor -= part.Amount.Minor
	}
}

type wholesaleText struct{ all, earlier, back string }

func wholesaleWords(language string) wholesaleText {
	switch tax.Language(language) {
	case "nl":
		return wholesaleText{"Inkoop van diensten", "Eerdere maanden", "Wijzigingen en opzeggingen"}
	case "de":
		return wholesaleText{"Einkauf von Diensten", "Frühere Monate", "Änderungen und Kündigungen"}
	}
	return wholesaleText{"Services bought wholesale", "Earlier months", "Changes and cancellations"}
}
