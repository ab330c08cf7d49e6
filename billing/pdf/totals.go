package pdf

import (
	"fmt"

	"allotment/billing/invoice"
	"allotment/billing/tax"
)

// sumLeft is where the block of totals starts.
const sumLeft = 104.0

// sumHeight and noteHeight are how much room a row of the totals needs, and what stands small below it.
const sumHeight, noteHeight = 5.4, 4.4

// sum is a row of the totals. One with a note is no part of what adds up to the last.
type sum struct{ label, amount, note string }

// sums are the rows above what is to be paid.
func (p *page) sums() []sum {
	rows := []sum{{label: p.words[subtotal], amount: p.money(p.Net)}}
	for _, g := range p.Groups {
		if g.Tax.Category == tax.Standard {
			rows = append(rows, sum{label: fmt.Sprintf(p.words[vatOf], g.Tax.Rate.Format(p.Language), p.money(g.Base)), amount: p.money(g.VAT)})
		}
	}
	if s := p.Stated; s != nil {
		in := s.VAT.Currency
		rows = append(rows, sum{fmt.Sprintf(p.words[vatIn], in), p.money(s.VAT), fmt.Sprintf(p.words[statedAt], in, s.Rate.Format(p.Language), p.Currency, p.date(s.Day))})
	}
	if !p.Prepaid.IsZero() {
		rows = append(rows, sum{label: p.words[total], amount: p.money(p.Gross)}, sum{label: p.words[paid], amount: "–" + p.money(p.Prepaid)})
	}
	return rows
}

// totalsHeight is how much room the block of totals needs.
func (p *page) totalsHeight() float64 {
	height := 18.0
	for _, row := range p.sums() {
		height += sumHeight
		if row.note != "" {
			height += noteHeight
		}
	}
	return height
}

// totals draws the sums; the block is never divided between two pages.
func (p *page) totals() {
	p.room(p.totalsHeight())
	p.SetY(p.GetY() + 4)
	for _, row := range p.sums() {
		p.sum(row)
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

func (p *page) sum(row sum) {
	y := p.GetY()
	p.font("", 9)
	p.grey()
	p.text(sumLeft, y, 58, "L", row.label)
	if row.note == "" {
		p.ink()
	}
	p.font("", 9)
	p.figure(sumLeft+58, y, right-sumLeft-58, row.amount)
	p.SetY(y + sumHeight)
	if row.note == "" {
		return
	}
	p.font("", 7.5)
	p.text(sumLeft, y+noteHeight, right-sumLeft, "L", row.note)
	p.SetY(y + sumHeight + noteHeight)
}

// room starts a new page when less than need is left.
func (p *page) room(need float64) {
	if p.GetY()+need > bottom {
		p.AddPage()
	}
}

// remarks are the sentences below the sums: why there is no VAT, how to pay, and what the seller adds. The code for banking apps stands beside
// them. A sentence is kept in one piece when it fits on a page.
func (p *page) remarks() {
	w := right - left
	if code := p.paymentCode(); code != nil {
		p.room(codeSide + 8)
		y := p.GetY()
		p.drawCode(code, right-codeSide, y)
		p.SetY(y)
		w -= codeSide + 8
	}
	codeEnd, codePage := p.GetY()+codeSide+8, p.PageNo()
	for _, text := range p.sentences() {
		p.font("", 9)
		p.ink()
		lines := p.SplitText(clean(text), w)
		if need := float64(len(lines)) * lineHeight; need < bottom-top {
			p.room(need)
		}
		for _, line := range lines {
			p.room(lineHeight)
			p.text(left, p.GetY(), w, "L", line)
			p.SetY(p.GetY() + lineHeight)
		}
		p.SetY(p.GetY() + 1.5)
		if w < right-left && (p.PageNo() > codePage || p.GetY() > codeEnd) {
			w = right - left
		}
	}
}

// remarksHeight is how much room they need.
func (p *page) remarksHeight() float64 {
	w, code := right-left, 0.0
	if p.paymentCode() != nil {
		code = codeSide + 8
		w -= code
	}
	text := 0.0
	p.font("", 9)
	for _, s := range p.sentences() {
		text += float64(len(p.SplitText(clean(s), w)))*lineHeight + 1.5
	}
	return max(text, code)
}

func (p *page) sentences() []string {
	var list []string
	for _, g := range p.Groups {
		if text := g.Tax.Wording(p.Seller.Country, p.Language); text != "" {
			list = append(list, text)
		}
	}
	if p.Kind == invoice.Proforma || p.Number == "" {
		list = append(list, p.words[noTaxDocument])
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
