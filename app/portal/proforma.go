package portal

import (
	"context"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing/invoice"
)

// Proforma draws what is invoiced next for a service, for its own organization or for its seller: all that will stand on that invoice. Of a
// service that has not begun, it is the first invoice as it will be if it begins today. It takes no number, is written down nowhere, and
// stands under the seller's brand, in the buyer's language.
//
// Errors: NotFound; Conflict where nothing is invoiced any more, and where it cannot be invoiced yet, with the reason.
func (p *Portal) Proforma(ctx context.Context, actor app.Actor, service app.ID) (app.File, error) {
	var seller app.ID
	var document invoice.Document
	err := p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		s, err := tx.Service(ctx, service)
		if err != nil {
			return err
		}
		agreement, err := tx.Agreement(ctx, service)
		if err != nil {
			return err
		}
		if seller = agreement.Seller; actor.Organization != s.Organization && actor.Organization != seller {
			return errNotHere
		}
		document, err = p.foreseen(ctx, tx, s, agreement)
		return err
	})
	if err != nil {
		return app.File{}, err
	}
	return p.drawProforma(ctx, seller, document)
}

// OrderProforma draws the first invoice of something that is about to be ordered, as the review of the order shows it.
//
// Errors: those of Preview; Conflict where it costs nothing, and where VAT is not known yet.
func (p *Portal) OrderProforma(ctx context.Context, actor app.Actor, r OrderRequest) (app.File, error) {
	preview, err := p.Preview(ctx, actor, r)
	if err != nil {
		return app.File{}, err
	}
	document := preview.First.Document
	if len(document.Lines) == 0 {
		return app.File{}, errNothingInvoiced
	}
	if !preview.First.Taxed {
		return app.File{}, errUntaxed
	}
	seller, err := app.ParseID(document.Seller.ID)
	if err != nil {
		return app.File{}, err
	}
	return p.drawProforma(ctx, seller, document)
}

var (
	errNothingInvoiced = app.Errorf(app.Conflict, "Nothing is invoiced for this.")
	errUntaxed         = app.Errorf(app.Conflict, "VAT is not known yet: please fill in the billing details first.")
)

// foreseen is the document that is issued next for a service.
func (p *Portal) foreseen(ctx context.Context, tx *store.Tx, s app.Service, a app.Agreement) (invoice.Document, error) {
	if a.Seller == (app.ID{}) || s.State == app.ServiceTerminated {
		return invoice.Document{}, errNothingInvoiced
	}
	if !a.Begun() {
		ordered, trial, err := tx.Ordered(ctx, s.ID)
		if err != nil {
			return invoice.Document{}, err
		}
		first, err := p.biller.First(ctx, tx, a.Seller, s.Organization, ordered, trial)
		if err == nil && !first.Taxed {
			err = errUntaxed
		}
		return first.Document, err
	}
	next, err := p.next(ctx, tx, s.ID)
	switch {
	case err != nil:
		return invoice.Document{}, err
	case next == nil:
		return invoice.Document{}, errNothingInvoiced
	case next.Trouble != nil:
		return invoice.Document{}, next.Trouble
	}
	return next.Document, nil
}

func (p *Portal) drawProforma(ctx context.Context, seller app.ID, d invoice.Document) (app.File, error) {
	for _, line := range d.Lines {
		if line.Tax.Hold != "" {
			return app.File{}, app.Errorf(app.Conflict, "This cannot be invoiced yet: %s.", line.Tax.Hold)
		}
	}
	d.Kind, d.Number, d.Payment.Reference = invoice.Proforma, "", ""
	return p.drawn(ctx, seller, d)
}
