package portal

import (
	"context"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/invoice"
)

// InvoiceFilter selects a page of issued documents. The zero value is the first page of all.
type InvoiceFilter struct {
	Customer app.ID // only this one's, among those that were sold
	Text     string // part of the number, or of the customer's name
	State    app.InvoiceState
	Year     int
	After    string // InvoicePage.Next of the page before
	Limit    int    // 1 to 200; 0 means 50
}

// InvoicePage is one page of issued documents, newest first.
type InvoicePage struct {
	Invoices []store.Document
	Next     string // "" on the last page
	Years    []int  // in which there are any, newest first
	Customer string // the name of the filter's customer
}

// Invoices returns a page of what was invoiced to the actor's organization, credit notes included.
func (p *Portal) Invoices(ctx context.Context, actor app.Actor, f InvoiceFilter) (InvoicePage, error) {
	f.Customer = app.ID{}
	return p.invoicePage(ctx, actor, f, store.DocumentQuery{Buyer: actor.Organization})
}

// SoldInvoices returns a page of what the actor's organization invoiced to its customers.
//
// Errors: Forbidden for those who do not sell.
func (p *Portal) SoldInvoices(ctx context.Context, actor app.Actor, f InvoiceFilter) (InvoicePage, error) {
	if err := maySell(actor, app.SeeBilling); err != nil {
		return InvoicePage{}, err
	}
	return p.invoicePage(ctx, actor, f, store.DocumentQuery{Seller: actor.Organization, Buyer: f.Customer})
}

// maySell refuses who may not, and who has no customers at all.
func maySell(actor app.Actor, permission app.Permission) error {
	if err := actor.May(permission); err != nil {
		return err
	}
	return sellsOnly(actor)
}

// sellsOnly refuses those who sell nothing.
func sellsOnly(actor app.Actor) error {
	if actor.Kind == app.Customer {
		return app.Errorf(app.Forbidden, "This is for those who sell.")
	}
	return nil
}

func (p *Portal) invoicePage(ctx context.Context, actor app.Actor, f InvoiceFilter, q store.DocumentQuery) (page InvoicePage, err error) {
	if err := actor.May(app.SeeBilling); err != nil {
		return page, err
	}
	after, limit, err := pageOf(f.After, f.Limit)
	if err != nil {
		return page, err
	}
	q.Text, q.State, q.Year, q.Today, q.After, q.Limit = clip(strings.TrimSpace(f.Text)), f.State, f.Year, p.today(), after, limit+1
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		if f.Customer != (app.ID{}) {
			customer, err := tx.Organization(ctx, f.Customer)
			if err != nil && app.CodeOf(err) != app.NotFound {
				return err
			}
			page.Customer = customer.Name
		}
		first, last, err := tx.DocumentYears(ctx, q.Seller, q.Buyer)
		if err != nil {
			return err
		}
		for year := last; year >= first && year > 0; year-- {
			page.Years = append(page.Years, year)
		}
		if page.Invoices, err = tx.Documents(ctx, q); err != nil || f.Customer == (app.ID{}) || page.Customer != "" {
			return err
		}
		if len(page.Invoices) == 0 {
			return errNotHere
		}
		page.Customer = page.Invoices[0].BuyerName // it buys from somebody else by now
		return nil
	})
	if len(page.Invoices) > limit {
		page.Invoices = page.Invoices[:limit]
		page.Next = page.Invoices[limit-1].ID.String()
	}
	return page, err
}

func (p *Portal) today() billing.Date { return billing.DateIn(p.now(), time.UTC) }

// InvoiceDetail is all that the page of an issued document shows.
type InvoiceDetail struct {
	store.Document
	Frozen   invoice.Document // as it was issued
	Original app.ID           // of a credit note: the invoice that it corrects
	Notes    []store.Issued   // the credit notes that correct it
	Paid     []store.Settlement
	Back     []app.Attempt            // what of its money was sent back by the payment provider, or is to be, the newest first
	Left     map[string]billing.Money // for its seller: what is left of each line to take back, net, by the line's ID
	Credit   billing.Money            // for its seller: what the customer has with it
	Mails    []app.Posted             // for its seller: to whom it was sent
	Online   []app.Attempt            // for its seller: what paid it by the payment provider, the newest first
	Moved    bool                     // for its seller: the customer buys from somebody else by now
	Pay      PayState                 // for its buyer: how it can be paid
}

// Invoice returns a document that was issued to the actor's organization, or NotFound.
func (p *Portal) Invoice(ctx context.Context, actor app.Actor, id app.ID) (d InvoiceDetail, err error) {
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		if d, err = p.invoiceDetail(ctx, tx, id); err == nil && d.Buyer != actor.Organization {
			err = errNotHere
		}
		if err == nil && d.Frozen.Kind == invoice.Invoice {
			d.Pay, err = p.payState(ctx, tx, actor, id)
		}
		return err
	})
	return d, err
}

// SoldInvoice returns a document that the actor's organization issued, or NotFound.
//
// Errors: Forbidden for those who do not sell; NotFound.
func (p *Portal) SoldInvoice(ctx context.Context, actor app.Actor, id app.ID) (d InvoiceDetail, err error) {
	if err := maySell(actor, app.SeeBilling); err != nil {
		return d, err
	}
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		if d, err = p.invoiceDetail(ctx, tx, id); err == nil && d.Seller != actor.Organization {
			err = errNotHere
		}
		if err != nil {
			return err
		}
		return forSeller(ctx, tx, &d)
	})
	return d, err
}

// errNotHere is said of what exists for somebody else.
var errNotHere = app.Errorf(app.NotFound, "There is nothing at this address.")

func (p *Portal) invoiceDetail(ctx context.Context, tx *store.Tx, id app.ID) (d InvoiceDetail, err error) {
	if d.Document, err = tx.Document(ctx, id, p.today()); err != nil {
		return d, err
	}
	issued, notes, err := tx.Invoice(ctx, id)
	if err != nil {
		return d, err
	}
	d.Frozen, d.Original, d.Notes = issued.Document, issued.Corrects, notes
	if d.Paid, err = tx.Settlements(ctx, id); err != nil {
		return d, err
	}
	d.Back, err = tx.RefundsFor(ctx, id)
	return d, err
}

// forSeller adds what only the seller sees.
func forSeller(ctx context.Context, tx *store.Tx, d *InvoiceDetail) (err error) {
	if d.Credit, err = tx.Credit(ctx, d.Seller, d.Buyer, d.Gross.Currency); err != nil {
		return err
	}
	if d.Moved, err = moved(ctx, tx, d.Buyer); err != nil {
		return err
	}
	if d.Mails, err = tx.DocumentMails(ctx, d.Buyer, d.ID); err != nil || d.Kind != invoice.Invoice {
		return err
	}
	attempts, err := tx.AttemptsFor(ctx, d.ID)
	if err != nil {
		return err
	}
	for _, a := range attempts {
		if a.State == app.AttemptSucceeded {
			d.Online = append(d.Online, a)
		}
	}
	earlier := make([]invoice.Document, len(d.Notes))
	for i, note := range d.Notes {
		earlier[i] = note.Document
	}
	d.Left = map[string]billing.Money{}
	for _, line := range d.Frozen.Lines {
		if d.Left[line.ID], err = invoice.Left(d.Frozen, earlier, line.ID); err != nil {
			return err
		}
	}
	return nil
}

// IssuedInvoice is a line of a list of issued documents, CreditNote a note that corrects one, and Settlement a payment of one.
type (
	IssuedInvoice = store.Document
	CreditNote    = store.Issued
	Settlement    = store.Settlement
)
