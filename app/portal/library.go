package portal

import (
	"context"
	"io"
	"time"

	"allotment/app"
	"allotment/app/exporter"
	"allotment/app/store"
	"allotment/billing"
)

// The looks at an organization's documents as folders: a year, a month, a file for each.

// Shelf names the folders of one side.
type Shelf struct {
	Side  app.ExportSide
	Month billing.Date // its first day
}

func (s Shelf) span(actor app.Actor) store.Span {
	return store.Span{Organization: actor.Organization, Side: s.Side, Days: billing.Period{Start: s.Month, End: s.Month.AddMonths(1)}}
}

// Volume is a document on a shelf.
type Volume struct {
	ID    app.ID
	Name  string    // of its files, without the end; no two on a shelf have the same
	At    time.Time // when it was issued; it never changes
	Wears string    // the brand that its PDF wears: another one makes another file
}

// ShelfSheets are the sheets of a month that stand beside its documents.
func ShelfSheets(side app.ExportSide) []app.ExportKind {
	if side == app.Bought {
		return []app.ExportKind{app.ExportInvoices, app.ExportLines, app.ExportPayments}
	}
	return []app.ExportKind{app.ExportInvoices, app.ExportLines, app.ExportPayments, app.ExportLedger, app.ExportVAT}
}

// Shelves returns the first days of the months in which the actor's organization has documents of a side, in their order.
func (p *Portal) Shelves(ctx context.Context, actor app.Actor, side app.ExportSide) (months []billing.Date, err error) {
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		if err := sideOf(actor, side); err != nil {
			return err
		}
		months, err = tx.DocumentMonths(ctx, actor.Organization, side)
		return err
	})
	return months, err
}

// Volumes returns the documents of a month.
func (p *Portal) Volumes(ctx context.Context, actor app.Actor, shelf Shelf) ([]Volume, error) {
	var names []store.DocumentName
	err := p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) (err error) {
		if err := sideOf(actor, shelf.Side); err != nil {
			return err
		}
		names, err = tx.DocumentNames(ctx, shelf.span(actor))
		return err
	})
	if err != nil {
		return nil, err
	}
	all, seen, looks := make([]Volume, 0, len(names)), map[string]bool{}, map[app.ID]string{}
	for _, n := range names {
		name := exporter.BaseName(shelf.Side, n.Number, n.Name)
		if seen[name] {
			name += " " + n.ID.String()
		}
		seen[name] = true
		if _, known := looks[n.Seller]; !known {
			if _, looks[n.Seller], err = p.exporter.Look(ctx, n.Seller); err != nil {
				return nil, err
			}
		}
		all = append(all, Volume{ID: n.ID, Name: name, At: n.At, Wears: looks[n.Seller]})
	}
	return all, nil
}

// DocumentFiles returns a document as PDF or UBL. Only those of the actor's own organization, as seller or buyer.
//
// Errors: NotFound, also for an e-invoice where the document can have none.
func (p *Portal) DocumentFiles(ctx context.Context, actor app.Actor, id app.ID, asPDF bool) (data []byte, err error) {
	var issued store.Issued
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		issued, _, err = tx.Invoice(ctx, id)
		if err == nil && issued.Seller != actor.Organization && issued.Buyer != actor.Organization {
			return app.Errorf(app.NotFound, "There is nothing at this address.")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if asPDF {
		look, _, err := p.exporter.Look(ctx, issued.Seller)
		if err != nil {
			return nil, err
		}
		return exporter.PDF(issued.Document, look)
	}
	if data, err = exporter.UBL(issued.Document); err == nil && data == nil {
		return nil, app.Errorf(app.NotFound, "There is nothing at this address.")
	}
	return data, err
}

// ShelfSheet writes a sheet of a month, in a snapshot of the books.
func (p *Portal) ShelfSheet(ctx context.Context, actor app.Actor, shelf Shelf, kind app.ExportKind, w io.Writer) error {
	if err := actor.May(app.SeeBilling); err != nil {
		return err
	}
	if err := sideOf(actor, shelf.Side); err != nil {
		return err
	}
	if !kind.Of(shelf.Side) {
		return app.Errorf(app.NotFound, "There is nothing at this address.")
	}
	e := app.Export{ID: app.NewID(), Organization: actor.Organization, Side: shelf.Side, Kind: kind, First: shelf.Month, Last: shelf.Month.AddMonths(1).AddDays(-1)}
	return p.store.Snapshot(ctx, actor, func(tx *store.Tx) error {
		_, err := p.exporter.Write(ctx, tx, e, w, func(_, _ int64) error { return nil })
		return err
	})
}
