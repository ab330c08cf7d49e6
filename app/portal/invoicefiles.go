package portal

import (
	"bytes"
	"context"
	"strings"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/invoice"
	"allotment/billing/pdf"
	"allotment/billing/ubl"
)

// InvoiceFormat is how an issued document is downloaded.
type InvoiceFormat string

// The formats: a PDF with the e-invoice attached, and the e-invoice alone.
const (
	InvoicePDF InvoiceFormat = "pdf"
	InvoiceUBL InvoiceFormat = "ubl"
)

// InvoiceFile draws a document that was issued to the actor's organization.
//
// Errors: NotFound; Conflict where there is no e-invoice in the document's currency.
func (p *Portal) InvoiceFile(ctx context.Context, actor app.Actor, id app.ID, format InvoiceFormat) (app.File, error) {
	return p.invoiceFile(ctx, actor, id, format, func(i store.Issued) bool { return i.Buyer == actor.Organization })
}

// SoldInvoiceFile draws a document that the actor's organization issued.
//
// Errors: Forbidden for those who do not sell; NotFound; Conflict where there is no e-invoice in the document's currency.
func (p *Portal) SoldInvoiceFile(ctx context.Context, actor app.Actor, id app.ID, format InvoiceFormat) (app.File, error) {
	if err := maySell(actor, app.SeeBilling); err != nil {
		return app.File{}, err
	}
	return p.invoiceFile(ctx, actor, id, format, func(i store.Issued) bool { return i.Seller == actor.Organization })
}

func (p *Portal) invoiceFile(ctx context.Context, actor app.Actor, id app.ID, format InvoiceFormat, mine func(store.Issued) bool) (app.File, error) {
	var issued store.Issued
	err := p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) (err error) {
		if issued, _, err = tx.Invoice(ctx, id); err == nil && !mine(issued) {
			err = errNotHere
		}
		return err
	})
	if err != nil {
		return app.File{}, err
	}
	if format == InvoiceUBL {
		file, ok, err := eInvoice(issued.Document)
		if err == nil && !ok {
			err = app.Errorf(app.Conflict, "There are no e-invoices in %s.", issued.Document.Currency)
		}
		return file, err
	}
	return p.drawn(ctx, issued.Seller, issued.Document)
}

// eInvoice writes an issued document as UBL 2.1; false where the format cannot express its currency.
func eInvoice(d invoice.Document) (app.File, bool, error) {
	if places, err := billing.Decimals(d.Currency); err != nil || places > 2 {
		return app.File{}, false, err
	}
	var out bytes.Buffer
	err := ubl.Write(&out, d)
	return app.File{Name: fileName(d) + ".xml", Type: "application/xml", Data: out.Bytes()}, true, err
}

// drawn is a document as a PDF in its own language under its seller's brand. What was issued carries its e-invoice.
func (p *Portal) drawn(ctx context.Context, seller app.ID, d invoice.Document) (app.File, error) {
	brand, err := p.paper(ctx, seller)
	if err != nil {
		return app.File{}, err
	}
	var attached []pdf.Attachment
	if d.Kind != invoice.Proforma && d.Number != "" {
		file, ok, err := eInvoice(d)
		if err != nil {
			return app.File{}, err
		}
		if ok {
			attached = append(attached, pdf.Attachment{Name: file.Name, Data: file.Data})
		}
	}
	var out bytes.Buffer
	err = pdf.Write(&out, d, brand, attached...)
	return app.File{Name: fileName(d) + ".pdf", Type: "application/pdf", Data: out.Bytes()}, err
}

// paper is how a seller's documents look: its own brand, and nobody else's.
func (p *Portal) paper(ctx context.Context, seller app.ID) (pdf.Brand, error) {
	brand, err := p.brandOf(ctx, seller)
	if err != nil || brand.Organization != seller {
		return pdf.Brand{}, err
	}
	look := pdf.Brand{Colour: brand.Light}
	if brand.Logo != "" {
		look.Logo, err = p.store.Logo(ctx, brand.Logo)
	}
	return look, err
}

// fileName is a document's number as a file can be called on every system.
func fileName(d invoice.Document) string {
	if d.Kind == invoice.Proforma || d.Number == "" {
		return "proforma-" + d.Issued.String()
	}
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, d.Number)
}
