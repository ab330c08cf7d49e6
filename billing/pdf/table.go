package pdf

import (
	"allotment/billing/invoice"
	"allotment/billing/tax"
)

// column is one column of the table: where it starts, how wide it is, and how it is aligned.
type column struct {
	head  word
	x, w  float64
	align string
}

// columns add up to the width between the margins.
var columns = []column{
	{description, left, 76, "L"},
	{quantity, 96, 26, "R"},
	{price, 124, 26, "R"},
	{vat, 152, 12, "R"},
	{amount, 164, 28, "R"},
}

// lineHeight is the height of one line of text in the table, padding that above and below a row, carry that of the line which takes the sum
// of a page to the next.
const lineHeight, padding, carry = 4.6, 1.6, 6.0

// tableEnd is where the rows of a page end, and pageRoom what a page has for them.
const (
	tableEnd = bottom - carry
	pageRoom = tableEnd - top - 12 - carry
)

// written is one line of text in a row.
type written struct {
	text  string
	style string
	small bool
}

// table draws all lines. A row is kept in one piece when it fits on a page, and the last one together with the totals, and with how they are
// paid where a page holds it all, so that none of these stands alone; every page starts with the heads of the columns.
func (p *page) table() {
	p.heads()
	for i, line := range p.Lines {
		lines := p.rowText(line)
		need := float64(len(lines))*lineHeight + 2*padding
		end := tableEnd
		if i == len(p.Lines)-1 {
			need, end = need+p.totalsHeight(), bottom
			if all := need + p.remarksHeight(); all <= pageRoom {
				need = all
			}
		}
		if p.GetY()+need > end && need <= pageRoom {
			p.nextPage()
		}
		p.row(line, lines)
	}
}

// nextPage continues the table, and takes the sum so far along.
func (p *page) nextPage() {
	if !p.begun() {
		p.AddPage()
		p.heads()
		return
	}
	p.carryLine(carriedOver)
	p.AddPage()
	p.heads()
	p.carryLine(broughtOver)
}

// begun reports whether the amount of a line stands on the pages so far.
func (p *page) begun() bool { return p.drawn > 0 }

// carryLine says what the lines up to here add up to.
func (p *page) carryLine(label word) {
	y := p.GetY() + 1
	p.font("", 8)
	p.grey()
	p.text(columns[0].x, y, columns[0].w, "L", p.words[label])
	last := columns[len(columns)-1]
	p.font("", 8)
	p.figure(last.x, y, last.w, p.money(p.carried))
	p.SetY(y + carry - 1)
}

func (p *page) heads() {
	y := p.GetY()
	p.SetFillColor(p.rgb[0], p.rgb[1], p.rgb[2])
	p.Rect(left-2, y, right-left+4, 7, "F")
	p.SetTextColor(p.onBrand())
	p.font("B", 8.5)
	for _, c := range columns {
		p.text(c.x, y+1.2, c.w, c.align, p.words[c.head])
	}
	p.SetY(y + 7)
}

// onBrand is white on a dark brand and black on a light one.
func (p *page) onBrand() (r, g, b int) {
	if p.light() {
		return 20, 20, 20
	}
	return 255, 255, 255
}

// rowText returns what stands in the first column, broken into lines.
func (p *page) rowText(l invoice.Line) []written {
	var lines []written
	add := func(style string, size float64, text string) {
		if text = clean(text); text == "" {
			return
		}
		p.font(style, size)
		for _, part := range p.SplitText(text, columns[0].w) {
			lines = append(lines, written{part, style, size < 9})
		}
	}
	add("B", 9, l.Name)
	add("", 8, l.Description)
	if !l.Period.IsZero() {
		add("", 8, p.period(l.Period))
	}
	for _, d := range l.Discounts {
		add("", 8, p.words[discount]+", "+d.Reason+": –"+p.money(d.Amount))
	}
	return lines
}

// row draws a line of the document: the text line by line, going to the next page where one ends, and the numbers beside the first.
func (p *page) row(l invoice.Line, lines []written) {
	p.SetY(p.GetY() + padding)
	for i, line := range lines {
		if p.GetY()+lineHeight+padding > tableEnd {
			p.nextPage()
			p.SetY(p.GetY() + padding)
		}
		y := p.GetY()
		if i == 0 {
			p.numbers(l, y)
		}
		p.ink()
		p.font(line.style, 9)
		if line.small {
			p.font(line.style, 8)
			p.grey()
		}
		p.text(columns[0].x, y, columns[0].w, "L", line.text)
		p.SetY(y + lineHeight)
	}
	y := p.GetY() + padding
	p.SetDrawColor(220, 220, 220)
	p.Line(left-2, y, right+2, y)
	p.SetY(y)
}

func (p *page) numbers(l invoice.Line, y float64) {
	p.ink()
	rate := l.Tax.Rate.Format(p.Language) + "%"
	if l.Tax.Category == tax.OutOfScope {
		rate = "–"
	}
	for i, s := range []string{l.Quantity.Format(p.Language) + p.unit(l.Unit), p.price(l.Price), rate, p.money(l.Net)} {
		c := columns[i+1]
		p.font("", 9)
		p.figure(c.x, y, c.w, s)
	}
	p.drawn++
	if sum, err := p.carried.Add(l.Net); err == nil { // the totals were computed, so this does not overflow
		p.carried = sum
	}
}

// unit is the short word of a unit that a quantity needs to be understood.
func (p *page) unit(code string) string {
	switch code {
	case "HUR":
		return map[string]string{"en": " h", "nl": " uur", "de": " Std."}[tax.Language(p.Language)]
	case "E62":
		return " GiB"
	}
	return ""
}
