package pdf

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"allotment/billing/invoice"
	"allotment/billing/tax"
)

// ink and grey are the colours of text.
func (p *page) ink()  { p.SetTextColor(33, 33, 33) }
func (p *page) grey() { p.SetTextColor(110, 110, 110) }

func (p *page) font(style string, size float64) { p.SetFont(family, style, size) }

// titleColour is the brand's colour, where it can be read on paper.
func (p *page) titleColour() {
	if p.light() {
		p.ink()
		return
	}
	p.SetTextColor(p.rgb[0], p.rgb[1], p.rgb[2])
}

// light reports whether the brand's colour is a light one.
func (p *page) light() bool { return p.rgb[0]*299+p.rgb[1]*587+p.rgb[2]*114 > 150000 }

// smallest is the size below which nothing is printed: it could not be read.
const smallest = 6.0

// text writes one line from x, y. What does not fit into w is written smaller, and what is too long even so ends in dots.
// Align is L or R.
func (p *page) text(x, y, w float64, align, s string) {
	s = p.shrink(clean(s), w, smallest)
	for runes := []rune(s); p.GetStringWidth(s) > w && len(runes) > 1; {
		runes = runes[:len(runes)-1]
		s = string(runes) + "…"
	}
	p.put(x, y, w, align, s)
}

// figure writes a number so that its end is at x + w. No digit is ever left away: it is written smaller, and at last beyond its column.
func (p *page) figure(x, y, w float64, s string) {
	p.put(x, y, w, "R", p.shrink(clean(s), w, smallest/2))
}

// shrink makes the font smaller until s fits, but not below a size.
func (p *page) shrink(s string, w, least float64) string {
	for size, _ := p.GetFontSize(); p.GetStringWidth(s) > w && size > least; {
		size -= 0.5
		p.SetFontSize(size)
	}
	return s
}

func (p *page) put(x, y, w float64, align, s string) {
	p.SetXY(x, y)
	p.CellFormat(w, 4.6, s, "", 0, align, false, 0, "")
}

// clean replaces what the fonts cannot hold: control characters, and everything above the basic plane.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r) || r > 0xffff || r == unicode.ReplacementChar:
			return '?'
		}
		return r
	}, s)
}

// bar is the head of every page.
func (p *page) bar() {
	p.SetFillColor(p.rgb[0], p.rgb[1], p.rgb[2])
	p.Rect(0, 0, width, 5, "F")
	if p.PageNo() > 1 { // which document a loose sheet belongs to
		p.font("", 8)
		p.grey()
		p.text(left, 8.5, right-left, "L", strings.TrimSpace(p.title()+" "+p.Number))
	}
	p.SetY(top)
}

// foot is the foot of every page: who sells, in three columns, and the page's number.
func (p *page) foot() {
	s := p.Seller
	p.SetDrawColor(200, 200, 200)
	p.Line(left, footer-2, right, footer-2)
	p.font("", 7.5)
	p.grey()
	columns := [][]string{
		{s.Name, s.Street, s.PostCode + " " + s.City + ", " + p.country(s.Country)},
		{s.Email, s.Phone, labelled("IBAN", p.Payment.IBAN)},
		{labelled(p.words[vatID], string(s.VATID)), labelled(p.words[taxNumber], s.TaxNumber), labelled(p.register(s), s.LegalID)},
	}
	for i, column := range columns {
		y := footer
		for _, line := range column {
			if line != "" {
				p.text(left+float64(i)*60, y, 56, "L", line)
				y += 4
			}
		}
	}
	number := fmt.Sprintf(p.words[pageOf], p.PageNo())
	wide := p.GetStringWidth(strings.Replace(number, pages, "0", 1)) // how many there are is put in at the end
	p.text(right-wide, height-10, wide+10, "L", number)
}

// register is what the trade register of the seller's country is called.
func (p *page) register(s invoice.Party) string {
	if name := map[string]string{"NL": "KvK", "BE": "KBO", "AT": "FN"}[s.Country]; name != "" {
		return name
	}
	if tax.Language(p.Language) == "nl" {
		return "Handelsregister"
	}
	return p.words[register]
}

// country is what a country is called in the document's language; a code that is none stays as it is.
func (p *page) country(code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	return cmp.Or(display.Regions(language.Make(tax.Language(p.Language))).Name(region), code)
}

func labelled(label, value string) string {
	if value == "" {
		return ""
	}
	return label + " " + value
}

// letterhead is the top of the first page: brand, customer, and what the document is.
func (p *page) letterhead() {
	if len(p.brand.Logo) > 0 {
		p.logo()
	} else {
		p.font("B", 17)
		p.titleColour()
		p.text(left, top+4, 95, "L", p.Seller.Name)
	}
	p.font("B", 15)
	p.titleColour()
	p.text(right-75, top+4, 75, "R", p.title())
	p.ink()
	y := 50.0
	for i, line := range []string{p.Buyer.Name, p.Buyer.Contact, p.Buyer.Street, p.Buyer.PostCode + " " + p.Buyer.City, p.country(p.Buyer.Country)} {
		p.font(map[bool]string{true: "B"}[i == 0], 10)
		if strings.TrimSpace(line) != "" {
			p.text(left, y, 90, "L", line)
			y += 5
		}
	}
	p.SetY(max(y, p.facts()) + 8)
}

// facts lists number and dates beside the address, and returns where the list ends.
func (p *page) facts() float64 {
	y := 50.0
	reference := p.BuyerReference
	if reference == "" {
		reference = p.Order
	}
	dueDate := p.date(p.Due)
	if p.Kind == invoice.CreditNote {
		dueDate = ""
	}
	rows := [][2]string{{p.words[number], p.Number}, {p.words[issued], p.date(p.Issued)},
		{p.words[due], dueDate},
		{p.words[supplied], p.date(p.TaxPoint)},
		{p.words[yourVAT], string(p.Buyer.VATID)}, {p.words[yourReference], reference}}
	if p.Corrects != nil {
		rows = append(rows, [2]string{p.words[corrects], p.Corrects.Number + ", " + p.date(p.Corrects.Issued)})
	}
	for _, row := range rows {
		if row[1] == "" {
			continue
		}
		p.font("", 9)
		p.grey()
		p.text(118, y, 30, "L", row[0])
		p.ink()
		p.text(148, y, right-148, "R", row[1])
		y += 5
	}
	return y
}

// logo draws the image as large as 60 x 18 mm allow.
func (p *page) logo() {
	info := p.GetImageInfo("logo")
	if info == nil || info.Width() <= 0 || info.Height() <= 0 {
		return
	}
	w, h := 60.0, 60*info.Height()/info.Width()
	if h > 18 {
		w, h = 18*info.Width()/info.Height(), 18
	}
	p.Image("logo", left, top, w, h, false, "", 0, "")
}
