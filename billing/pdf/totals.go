package pdf

import (
	"fmt"

	"allotment/billing/invoice"
	"allotment/billing/tax"
)

// sumLeft is where the block of totals starts.
const sumLeft = 104.0

// totals draws the sums; the block is never divided between two pages.
func (p *page) totals() {
	rows := [][2]string{{p.words[subtotal], p.money(p.Net)}}
	for _, g := range p.Groups {
		if g.Tax.Category == tax.Standard {
			rows = append(rows, [2]string{fmt.Sprintf(p.words[vatOf], g.Tax.Rate.Format(p.Language), p.money(g.Base)), p.money(g.VAT)})
		}
	}
	if !p.Prepaid.IsZero() {
		rows = append(rows, [2]string{p.words[total], p.money(p.Gross)}, [2]string{p.words[paid], "–" + p.money(p.Prepaid)})
	}
	p.room(float64(len(rows))*5.4 + 18)
	p.SetY(p.GetY() + 4)
	for _, row := range rows {
		y := p.GetY()
		p.font("", 9)
		p.grey()
		p.text(sumLeft, y, 58, "L", row[0])
		p.ink()
		p.font("", 9)
		p.figure(sumLeft+58, y, right-sumLeft-58, row[1])
		p.SetY(y + 5.4)
	}
	last := p.words[payable]
	if p.Kind == invoice.CreditNote {
		last = p.words[credited]
	}
	y := p.GetY() + 1
	p.SetFillColor(p.rgb[0], p.rgb[1], p.rgb[2])
	p.Rect(sumLeft-2, y, right-sumLeft+4, 9, "F")
	p.SetTextColor(p.onBrand())
	p.font("B", 11)
	p.text(sumLeft, y+2.2, 50, "L", last)
	p.figure(sumLeft+40, y+2.2, right-sumLeft-40, p.money(p.Payable))
	p.SetY(y + 14)
}

// room starts a new page when less than need is left.
func (p *page) room(need float64) {
	if p.GetY()+need > bottom {
		p.AddPage()
	}
}

// remarks are the sentences below the sums: why there is no VAT, how to pay, and what the seller adds.
func (p *page) remarks() {
	for _, text := range p.sentences() {
		p.font("", 9)
		p.ink()
		for _, line := range p.SplitText(clean(text), right-left) {
			p.room(lineHeight)
			p.text(left, p.GetY(), right-left, "L", line)
			p.SetY(p.GetY() + lineHeight)
		}
		p.SetY(p.GetY() + 1.5)
	}
}

func (p *page) sentences() []string {
	var list []string
	for _, g := range p.Groups {
		if text := g.Tax.Wording(p.Seller.Country, p.Language); text != "" {
			list = append(list, text)
		}
	}
	pay := p.Payment
	if p.Kind == invoice.Invoice && p.Number != "" && p.Payable.Minor > 0 {
		switch {
		case pay.Mandate != "":
			list = append(list, fmt.Sprintf(p.words[collected], pay.Debited, pay.Mandate))
		case pay.IBAN != "" && !p.Due.IsZero():
			list = append(list, fmt.Sprintf(p.words[payTo], pay.IBAN, pay.Holder, p.date(p.Due)))
		}
		if pay.Reference != "" {
			list = append(list, fmt.Sprintf(p.words[payReference], pay.Reference))
		}
	}
	for _, text := range []string{pay.Terms, p.Note} {
		if text != "" {
			list = append(list, text)
		}
	}
	return list
}
