// Package pdf draws invoices, credit notes and proformas on A4, in Dutch, English or German, under the seller's brand. The same document
// always gives the same bytes. It does not claim PDF/A. Lengths are millimetres in floats, as the library wants them; no amount is.
package pdf

import (
	"bytes"
	_ "embed" // the fonts
	"errors"
	"fmt"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"allotment/billing"
	"allotment/billing/invoice"
	"allotment/billing/tax"
)

//go:embed font/LiberationSans-Regular.ttf
var regular []byte

//go:embed font/LiberationSans-Bold.ttf
var bold []byte

// The page: A4 with its margins, and where the body ends and the footer begins.
const (
	width, height = 210.0, 297.0
	left, right   = 18.0, 192.0
	top           = 16.0
	bottom        = 262.0
	footer        = 268.0
	family        = "Liberation Sans"
	pages         = "{pages}" // stands for the number of pages until it is known
)

// Brand is how a seller looks.
type Brand struct {
	Colour string // #rrggbb of bars and titles; "" is dark grey
	Logo   []byte // PNG or JPEG, drawn within 60 x 18 mm; none shows the seller's name
}

// Attachment is a file that travels inside the PDF, such as the e-invoice of the same document.
type Attachment struct {
	Name string
	Data []byte
}

// page draws one document.
type page struct {
	*fpdf.Fpdf
	invoice.Document
	brand   Brand
	rgb     [3]int
	words   map[word]string
	carried billing.Money // net of the lines that are drawn
	drawn   int           // how many of them are
}

// Write draws a calculated document, with files attached to it. One without a number is marked as a draft.
func Write(w io.Writer, d invoice.Document, brand Brand, attached ...Attachment) error {
	if d.Net.Currency == "" || len(d.Lines) == 0 {
		return errors.New("only a calculated document can be drawn")
	}
	rgb, err := colour(brand.Colour)
	if err != nil {
		return err
	}
	p := &page{Fpdf: fpdf.New("P", "mm", "A4", ""), Document: d, brand: brand, rgb: rgb, words: wordsIn(d.Language), carried: billing.Zero(d.Currency)}
	if err := p.setUp(); err != nil {
		return err
	}
	p.attach(attached)
	p.AddPage()
	p.letterhead()
	p.table()
	p.totals()
	p.remarks()
	if p.Err() {
		return fmt.Errorf("draw %s: %w", d.Number, p.Error())
	}
	return p.Output(w)
}

// setUp makes everything that does not depend on the content, so that no clock and no map order gets into the file.
func (p *page) setUp() error {
	made := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	if !p.Issued.IsZero() {
		made = p.Issued.UTC()
	}
	p.SetCreationDate(made)
	p.SetModificationDate(made)
	p.SetCatalogSort(true)
	p.AddUTF8FontFromBytes(family, "", regular)
	p.AddUTF8FontFromBytes(family, "B", bold)
	p.SetMargins(left, top, width-right)
	p.SetCellMargin(0)
	p.SetAutoPageBreak(false, 0)
	p.AliasNbPages(pages)
	p.SetTitle(clean(p.title()+" "+p.Number), true)
	p.SetAuthor(clean(p.Seller.Name), true)
	p.SetLang(tax.Language(p.Language))
	p.SetHeaderFunc(p.bar)
	p.SetFooterFunc(p.foot)
	if len(p.brand.Logo) == 0 {
		return nil
	}
	logo, err := normal(p.brand.Logo)
	if err != nil {
		return err
	}
	p.RegisterImageOptionsReader("logo", fpdf.ImageOptions{ImageType: "PNG"}, bytes.NewReader(logo))
	return nil
}

func (p *page) attach(files []Attachment) {
	var all []fpdf.Attachment
	for _, f := range files {
		all = append(all, fpdf.Attachment{Content: f.Data, Filename: f.Name})
	}
	if len(all) > 0 {
		p.SetAttachments(all)
	}
}

// colour reads #rrggbb.
func colour(s string) ([3]int, error) {
	var rgb [3]int
	if s == "" {
		return [3]int{51, 51, 51}, nil
	}
	if n, err := fmt.Sscanf(s, "#%02x%02x%02x", &rgb[0], &rgb[1], &rgb[2]); err != nil || n != 3 || len(s) != len("#rrggbb") {
		return rgb, fmt.Errorf("%q is not a colour; write it like #1a73e8", s)
	}
	return rgb, nil
}

// title is what the document is.
func (p *page) title() string {
	switch {
	case p.Kind == invoice.CreditNote:
		return p.words[creditTitle]
	case p.Kind == invoice.Proforma:
		return p.words[proformaTitle]
	case p.Number == "":
		return p.words[draftTitle]
	}
	return p.words[invoiceTitle]
}

func (p *page) money(m billing.Money) string { return m.Format(p.Language) }

// price writes a unit price as money, or with all its decimals when it has more than the currency.
func (p *page) price(d billing.Decimal) string {
	if m, err := billing.ParseMoney(d.String(), p.Currency); err == nil {
		return p.money(m)
	}
	return d.Format(p.Language)
}
