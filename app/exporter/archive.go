package exporter

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"runtime"
	"strings"
	"unicode"

	"golang.org/x/sync/errgroup"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/invoice"
	"allotment/billing/pdf"
	"allotment/billing/ubl"
)

// Look is a seller's brand as its documents wear it.
func (x *Exporter) Look(ctx context.Context, seller app.ID) (pdf.Brand, string, error) {
	brand, err := x.brands.BrandOf(ctx, seller)
	if err != nil {
		return pdf.Brand{}, "", err
	}
	look := pdf.Brand{Colour: brand.Light}
	if brand.Logo != "" {
		if look.Logo, err = x.brands.Logo(ctx, brand.Logo); err != nil && app.CodeOf(err) != app.NotFound {
			return pdf.Brand{}, "", err
		}
	}
	return look, brand.Light + " " + brand.Logo, nil
}

// PDF draws a document.
func PDF(d invoice.Document, look pdf.Brand) ([]byte, error) {
	var b bytes.Buffer
	err := pdf.Write(&b, d, look)
	return b.Bytes(), err
}

// UBL writes a document as an e-invoice; nil for one in a currency that e-invoices cannot be in.
func UBL(d invoice.Document) ([]byte, error) {
	if places, err := billing.Decimals(d.Currency); err != nil || places > 2 {
		return nil, err
	}
	var b bytes.Buffer
	err := ubl.Write(&b, d)
	return b.Bytes(), err
}

// BaseName is what a document's files are called, without the end. Among those that an organization received, two sellers may use the same
// number, so the seller's name stands with it.
func BaseName(side app.ExportSide, number, seller string) string {
	name := number
	if side == app.Bought {
		name += " " + seller
	}
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || unicode.IsControl(r) {
			return '-'
		}
		return r
	}, name)
	runes := []rune(strings.Trim(name, " ."))
	return strings.Trim(string(runes[:min(len(runes), 80)]), " .")
}

// drawn is a document whose files are made.
type drawn struct {
	id       app.ID
	document invoice.Document
	pdf, ubl []byte
	err      error
}

// archive writes a zip of each document's PDF and UBL, a folder for each month. As many are drawn at once as there are processors; they are
// written in their order, and no more than a few wait.
func (r *run) archive() error {
	ctx, stop := context.WithCancel(r.ctx)
	defer stop()
	workers := runtime.GOMAXPROCS(0)
	slots := make(chan chan drawn, 2*workers)
	var all errgroup.Group
	all.Go(func() error {
		defer close(slots)
		return r.draw(ctx, workers, slots)
	})
	out, names := zip.NewWriter(r.w), map[string]bool{}
	failed := r.packAll(out, names, slots)
	stop()
	for range slots { // after a failure: let the others end
	}
	if err := all.Wait(); failed == nil {
		failed = err
	}
	if failed != nil {
		return failed
	}
	return out.Close()
}

func (r *run) packAll(out *zip.Writer, names map[string]bool, slots <-chan chan drawn) error {
	for slot := range slots {
		one := <-slot
		if one.err != nil {
			return one.err
		}
		if err := r.pack(out, names, one); err != nil {
			return err
		}
	}
	return nil
}

// draw makes the files of each document; the slots are in the documents' order.
func (r *run) draw(ctx context.Context, workers int, slots chan<- chan drawn) error {
	looks := map[app.ID]pdf.Brand{}
	var pool errgroup.Group
	pool.SetLimit(workers)
	defer func() { _ = pool.Wait() }() // nothing returns an error
	for one, err := range r.tx.EachInvoice(r.ctx, r.span()) {
		slot := make(chan drawn, 1)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case slots <- slot:
		}
		look, known := looks[one.Seller]
		if err == nil && !known {
			look, _, err = r.Look(r.ctx, one.Seller)
			looks[one.Seller] = look
		}
		if err != nil {
			slot <- drawn{err: err}
			return nil
		}
		pool.Go(func() error {
			slot <- drawOne(one, look)
			return nil
		})
	}
	return nil
}

func drawOne(one store.Issued, look pdf.Brand) drawn {
	d := drawn{id: one.ID, document: one.Document}
	if d.pdf, d.err = PDF(one.Document, look); d.err == nil {
		d.ubl, d.err = UBL(one.Document)
	}
	if d.err != nil {
		d.err = fmt.Errorf("document %s: %w", one.Document.Number, d.err)
	}
	return d
}

// pack puts one document's files into the archive. A PDF is compressed already.
func (r *run) pack(out *zip.Writer, names map[string]bool, one drawn) error {
	d := one.document
	base := fmt.Sprintf("%04d/%02d/%s", d.Issued.Year, d.Issued.Month, BaseName(r.e.Side, d.Number, d.Seller.Name))
	if names[base] {
		base += " " + one.id.String()
	}
	names[base] = true
	for _, file := range []struct {
		end    string
		method uint16
		data   []byte
	}{{".pdf", zip.Store, one.pdf}, {".xml", zip.Deflate, one.ubl}} {
		if file.data == nil {
			continue
		}
		f, err := out.CreateHeader(&zip.FileHeader{Name: base + file.end, Method: file.method, Modified: d.Issued.UTC()})
		if err != nil {
			return err
		}
		if _, err := f.Write(file.data); err != nil {
			return err
		}
	}
	return r.step()
}
