package biller

import (
	"context"
	"fmt"

	"allotment/app"
	"allotment/app/store"
)

// Verify proves that ledger, charges and invoices agree, that numbers have no gap and that every document adds up to the cent. It returns a
// sentence for each thing that is off.
func (b *Biller) Verify(ctx context.Context) (off []string, err error) {
	return b.verify(ctx, func() error { return nil })
}

// verify calls looked after each document.
func (b *Biller) verify(ctx context.Context, looked func() error) (off []string, err error) {
	operator, err := b.operator(ctx)
	if err != nil {
		return nil, err
	}
	err = b.store.Read(ctx, app.SystemStaff(operator), func(tx *store.Tx) error {
		if off, err = tx.CheckBooks(ctx); err != nil {
			return err
		}
		return tx.EachDocument(ctx, func(f store.Frozen) error {
			d := f.Document
			if err := d.Ready(); err != nil {
				off = append(off, fmt.Sprintf("The document %s is wrong: %v.", f.Number, err))
			}
			if d.Number != f.Number || d.Net.Minor != f.Net || d.VAT.Minor != f.VAT || d.Gross.Minor != f.Gross {
				off = append(off, fmt.Sprintf("The document %s says something else than its row.", f.Number))
			}
			return looked()
		})
	})
	return off, err
}
