package api

import (
	"context"
	"mime"

	"github.com/danielgtaylor/huma/v2"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/billing/invoice"
)

// Issued is an issued document as a list shows it.
type Issued struct {
	ID       app.ID           `json:"id" format:"uuid"`
	Kind     string           `json:"kind" enum:"invoice,credit note"`
	Number   string           `json:"number" example:"2026-00001"`
	Seller   app.ID           `json:"seller" format:"uuid"`
	Buyer    app.ID           `json:"buyer" format:"uuid"`
	From     string           `json:"from" doc:"The seller's name, as it stands on the document."`
	To       string           `json:"to" doc:"The buyer's name, as it stands on the document."`
	IssuedOn string           `json:"issued_on" format:"date"`
	DueOn    string           `json:"due_on,omitempty" format:"date" doc:"Absent of a credit note."`
	Gross    billing.Money    `json:"gross" doc:"With VAT."`
	Paid     billing.Money    `json:"paid" doc:"With money or with credit."`
	Credited billing.Money    `json:"credited" doc:"What credit notes took back."`
	State    app.InvoiceState `json:"state" enum:"open,part,overdue,paid,credited,note"`
}

type issuedInFull struct {
	Issued
	TaxPoint  string        `json:"tax_point" format:"date" doc:"When VAT falls due."`
	Net       billing.Money `json:"net"`
	VAT       billing.Money `json:"vat"`
	Payable   billing.Money `json:"payable" doc:"What the document asks for."`
	Reference string        `json:"reference,omitempty" doc:"What a payment names."`
	Corrects  *app.ID       `json:"corrects,omitempty" format:"uuid" doc:"Of a credit note: the invoice."`
	Notes     []app.ID      `json:"credit_notes" nullable:"false" doc:"The credit notes that correct it."`
	Lines     []issuedLine  `json:"lines" nullable:"false"`
	Groups    []issuedVAT   `json:"vat_groups" nullable:"false" doc:"VAT by category and rate."`
	Stated    *statedVAT    `json:"stated_vat,omitempty" doc:"The VAT in the currency of the seller's state, where the document is in another."`
}

type statedVAT struct {
	VAT  billing.Money `json:"vat"`
	Rate string        `json:"rate" doc:"Units of the document's currency for one of this." example:"0.9345"`
	Day  string        `json:"day" format:"date" doc:"The rate's."`
}

type issuedLine struct {
	ID          string        `json:"id"`
	Name        string        `json:"name"`
	Description string        `json:"description,omitempty"`
	Unit        string        `json:"unit" doc:"Of UN/ECE Recommendation 20: C62, MON, ANN, HUR, …"`
	Quantity    string        `json:"quantity" example:"1"`
	Price       string        `json:"price" doc:"Of one unit, net." example:"10.00"`
	From        string        `json:"from,omitempty" format:"date" doc:"The first day that it is for."`
	Until       string        `json:"until,omitempty" format:"date" doc:"The last one."`
	Category    string        `json:"category" doc:"Of VAT, by EN 16931: S, AE, E, G, O."`
	Rate        string        `json:"rate" doc:"Per cent." example:"21"`
	Net         billing.Money `json:"net" doc:"After discounts."`
}

type issuedVAT struct {
	Category string        `json:"category"`
	Rate     string        `json:"rate" doc:"Per cent." example:"21"`
	Base     billing.Money `json:"base"`
	VAT      billing.Money `json:"vat"`
}

// Sold says on which side of a document the organization stands.
type Sold struct {
	Sold bool `query:"sold" doc:"What the organization issued, rather than what it received. For those who sell."`
}

type invoicesInput struct {
	Paging
	Sold
	State string `query:"state" enum:"open,part,overdue,paid,credited,note" doc:"Only those in this state."`
	Year  int    `query:"year" minimum:"2000" maximum:"9999" doc:"Only those that were issued in it."`
}

type invoiceInput struct {
	ByID
	Sold
}

func (a *API) addInvoices() {
	const tag = "Invoices"
	add(a, line{id: "listInvoices", method: get, path: "/invoices", tag: tag, permission: app.SeeBilling, summary: "Invoices and credit notes"}, a.invoices)
	add(a, line{id: "getInvoice", method: get, path: "/invoices/{id}", tag: tag, permission: app.SeeBilling, summary: "One document as it was issued"}, a.invoice)
	add(a, line{id: "getInvoicePDF", method: get, path: "/invoices/{id}/pdf", tag: tag, permission: app.SeeBilling, summary: "The document as a PDF",
		description: "Its e-invoice is attached to it.", files: []string{"application/pdf"}}, a.invoiceFile(portal.InvoicePDF))
	add(a, line{id: "getInvoiceUBL", method: get, path: "/invoices/{id}/ubl", tag: tag, permission: app.SeeBilling, summary: "The document as an e-invoice",
		description: "UBL 2.1 by EN 16931. The answer is 409 where the format cannot express the currency.", files: []string{"application/xml"}}, a.invoiceFile(portal.InvoiceUBL))
}

func (a *API) invoices(ctx context.Context, actor app.Actor, in *invoicesInput) (*list[Issued], error) {
	read := a.portal.Invoices
	if in.Sold.Sold {
		read = a.portal.SoldInvoices
	}
	page, err := read(ctx, actor, portal.InvoiceFilter{State: app.InvoiceState(in.State), Year: in.Year, After: in.After, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	return listOf(ctx, page.Invoices, page.Next, issuedOf), nil
}

func (a *API) invoice(ctx context.Context, actor app.Actor, in *invoiceInput) (*one[issuedInFull], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	read := a.portal.Invoice
	if in.Sold.Sold {
		read = a.portal.SoldInvoice
	}
	d, err := read(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return &one[issuedInFull]{inFull(d)}, nil
}

func (a *API) invoiceFile(format portal.InvoiceFormat) func(context.Context, app.Actor, *invoiceInput) (*huma.StreamResponse, error) {
	return func(ctx context.Context, actor app.Actor, in *invoiceInput) (*huma.StreamResponse, error) {
		id, err := in.id()
		if err != nil {
			return nil, err
		}
		draw := a.portal.InvoiceFile
		if in.Sold.Sold {
			draw = a.portal.SoldInvoiceFile
		}
		file, err := draw(ctx, actor, id, format)
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(c huma.Context) {
			c.SetHeader("Content-Type", file.Type)
			c.SetHeader("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}))
			if _, err := c.BodyWriter().Write(file.Data); err != nil {
				a.log.Debug("a file was not fetched to its end", "invoice", id, "error", err)
			}
		}}, nil
	}
}

func issuedOf(d portal.IssuedInvoice) Issued {
	return Issued{ID: d.ID, Kind: string(d.Kind), Number: d.Number, Seller: d.Seller, Buyer: d.Buyer, From: d.SellerName, To: d.BuyerName, IssuedOn: d.Issued.String(),
		DueOn: dayOf(d.Due), Gross: d.Gross, Paid: d.Paid, Credited: d.Credited, State: d.State}
}

func inFull(d portal.InvoiceDetail) issuedInFull {
	f := d.Frozen
	out := issuedInFull{Issued: issuedOf(d.Document), TaxPoint: f.TaxPoint.String(), Net: f.Net, VAT: f.VAT, Payable: f.Payable, Reference: f.Payment.Reference,
		Notes: []app.ID{}, Lines: []issuedLine{}, Groups: []issuedVAT{}}
	if d.Original != (app.ID{}) {
		out.Corrects = &d.Original
	}
	if f.Stated != nil {
		out.Stated = &statedVAT{VAT: f.Stated.VAT, Rate: f.Stated.Rate.String(), Day: f.Stated.Day.String()}
	}
	for _, note := range d.Notes {
		out.Notes = append(out.Notes, note.ID)
	}
	for _, l := range f.Lines {
		out.Lines = append(out.Lines, lineOf(l))
	}
	for _, g := range f.Groups {
		out.Groups = append(out.Groups, issuedVAT{Category: string(g.Tax.Category), Rate: g.Tax.Rate.String(), Base: g.Base, VAT: g.VAT})
	}
	return out
}

func lineOf(l invoice.Line) issuedLine {
	out := issuedLine{ID: l.ID, Name: l.Name, Description: l.Description, Unit: l.Unit, Quantity: l.Quantity.String(), Price: l.Price.String(),
		Category: string(l.Tax.Category), Rate: l.Tax.Rate.String(), Net: l.Net}
	if !l.Period.IsZero() {
		out.From, out.Until = l.Period.Start.String(), l.Period.Last().String()
	}
	return out
}

// dayOf is a day that may be missing.
func dayOf(d billing.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}
