// Package exporter writes the books of an organization into files. All that one file holds is read in one snapshot, a chunk at a time, so that
// its sums agree with the ledger of that moment and what is held does not grow with the books.
package exporter

import (
	"context"
	"fmt"
	"io"
	"iter"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing/export"
	"allotment/billing/invoice"
	"allotment/billing/ledger"
	"allotment/billing/tax"
)

// Brands tells how a seller looks: *store.Store.
type Brands interface {
	BrandOf(ctx context.Context, organization app.ID) (app.Brand, error)
	Logo(ctx context.Context, version string) ([]byte, error)
}

// Exporter writes files.
type Exporter struct {
	brands  Brands
	now     func() time.Time
	version string // of this program, for files that name it
}

// New makes an exporter.
func New(brands Brands, version string, now func() time.Time) *Exporter {
	return &Exporter{brands: brands, version: version, now: now}
}

// Progress is told after each document, entry or payment how many are written, of how many. An error ends the export.
type Progress func(done, total int64) error

// run is the writing of one file.
type run struct {
	*Exporter
	ctx      context.Context
	tx       *store.Tx
	e        app.Export
	w        io.Writer
	total    int64
	done     int64
	progress Progress
}

// Write writes the file of an export to w, in the snapshot tx of whose books it is. It returns what a debit file collects. What it wrote is of no
// use after an error.
func (x *Exporter) Write(ctx context.Context, tx *store.Tx, e app.Export, w io.Writer, progress Progress) ([]store.Debit, error) {
	r := &run{Exporter: x, ctx: ctx, tx: tx, e: e, w: w, progress: progress}
	documents, entries, payments, err := tx.CountSpan(ctx, r.span())
	if err != nil {
		return nil, err
	}
	switch e.Kind {
	case app.ExportPayments:
		r.total = payments
	case app.ExportLedger, app.ExportXAF:
		r.total = entries
	default:
		r.total = documents
	}
	if e.Kind == app.ExportDebits {
		return r.debits()
	}
	return nil, r.write()
}

func (r *run) write() error {
	switch r.e.Kind {
	case app.ExportInvoices:
		return export.Invoices(r.w, r.documents())
	case app.ExportLines:
		return export.Lines(r.w, r.documents())
	case app.ExportNinja:
		return export.InvoiceNinja(r.w, r.documents())
	case app.ExportPayments:
		return export.Payments(r.w, r.payments())
	case app.ExportLedger:
		return export.Ledger(r.w, r.entries(true))
	case app.ExportDocuments:
		return r.archive()
	case app.ExportVAT, app.ExportOSS:
		return r.vat()
	case app.ExportDATEV:
		return r.datev()
	case app.ExportXAF:
		return r.xaf()
	}
	return fmt.Errorf("nobody knows how to export %q", r.e.Kind)
}

func (r *run) span() store.Span {
	return store.Span{Organization: r.e.Organization, Side: r.e.Side, Days: r.e.Days()}
}

// step says that one more is written.
func (r *run) step() error {
	r.done++
	if err := r.ctx.Err(); err != nil {
		return err
	}
	return r.progress(r.done, max(r.total, r.done))
}

// counted passes rows on and counts each.
func counted[From, To any](r *run, rows iter.Seq2[From, error], turn func(From) (To, error)) export.All[To] {
	return func(yield func(To, error) bool) {
		var none To
		for row, err := range rows {
			if err != nil {
				yield(none, err)
				return
			}
			to, err := turn(row)
			if err == nil {
				err = r.step()
			}
			if !yield(to, err) || err != nil {
				return
			}
		}
	}
}

func (r *run) documents() export.All[invoice.Document] {
	return counted(r, r.tx.EachInvoice(r.ctx, r.span()), func(i store.Issued) (invoice.Document, error) { return i.Document, nil })
}

// entries are those of the books; count says whether reading them is progress.
func (r *run) entries(count bool) export.All[ledger.Entry] {
	all := r.tx.EachEntry(r.ctx, r.span())
	if !count {
		return export.All[ledger.Entry](all)
	}
	return counted(r, all, func(e ledger.Entry) (ledger.Entry, error) { return e, nil })
}

func (r *run) payments() export.All[export.Payment] {
	return counted(r, r.tx.EachPayment(r.ctx, r.span()), func(p store.NamedPayment) (export.Payment, error) {
		if p.Kind != store.PaymentIn {
			p.Amount.Minor = -p.Amount.Minor
		}
		return export.Payment{Kind: string(p.Kind), Reference: p.Reference, SellerName: p.SellerName, CustomerName: p.CustomerName, Note: p.Note,
			Payment: ledger.Payment{ID: p.ID.String(), Date: p.PaidOn, Seller: p.Seller.String(), Customer: p.Customer.String(), Through: p.Through, Amount: p.Amount}}, nil
	})
}

// linesAtOnce is how many lines of a VAT report are held before they are added up.
const linesAtOnce = 10_000

// vat writes the totals by scheme, country and rate; for the one-stop shop its own only.
func (r *run) vat() error {
	var lines []tax.Line
	for d, err := range r.documents() {
		if err != nil {
			return err
		}
		lines = append(lines, VATLines(d)...)
		if len(lines) > linesAtOnce {
			totals, err := tax.Report(lines)
			if err != nil {
				return err
			}
			lines = lines[:0]
			for _, t := range totals {
				lines = append(lines, tax.Line{Decision: tax.Decision{Scheme: t.Scheme, Category: t.Category, Country: t.Country, Rate: t.Rate}, Net: t.Net, VAT: t.VAT})
			}
		}
	}
	totals, err := tax.Report(lines)
	if err != nil {
		return err
	}
	var kept []tax.Total
	for _, t := range totals {
		if r.e.Kind == app.ExportVAT || t.Scheme == tax.OSS {
			kept = append(kept, t)
		}
	}
	return export.VAT(r.w, kept)
}

// VATLines are the groups of a document as a report counts them.
func VATLines(d invoice.Document) (lines []tax.Line) {
	for _, g := range d.Groups {
		if d.Kind == invoice.CreditNote {
			g.Base.Minor, g.VAT.Minor = -g.Base.Minor, -g.VAT.Minor
		}
		lines = append(lines, tax.Line{Decision: g.Tax, Buyer: d.Buyer.Country, BuyerID: d.Buyer.VATID, Net: g.Base, VAT: g.VAT})
	}
	return lines
}
