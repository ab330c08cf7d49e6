package portal

import (
	"context"
	"io"

	"allotment/app"
	"allotment/app/exporter"
	"allotment/app/store"
)

// ExportHere writes an export of a seller's books to w, for whoever runs the program on the server itself. The seller is named by its short name.
// What a debit file collects is kept, as if it had been made on the page. progress is told how far it is.
func (p *Portal) ExportHere(ctx context.Context, seller string, r ExportRequest, w io.Writer, progress func(done, total int64)) (app.Export, error) {
	operator, err := p.store.Operator(ctx)
	if err != nil {
		return app.Export{}, err
	}
	var o app.Organization
	staff := app.SystemStaff(operator)
	err = p.store.Read(ctx, staff, func(tx *store.Tx) (err error) {
		o, err = tx.OrganizationBySlug(ctx, seller)
		return err
	})
	if err != nil {
		return app.Export{}, err
	}
	engine := app.System(o.ID)
	r.Side = app.Sold
	e := r.export(engine, p.now())
	if e.Kind == app.ExportDATEV {
		if err := p.numberDebtors(ctx, engine, e); err != nil {
			return e, err
		}
	}
	var taken []store.Debit
	out := &counter{Writer: w}
	err = p.store.Snapshot(ctx, engine, func(tx *store.Tx) (err error) {
		if err := p.exporter.Check(ctx, tx, e); err != nil {
			return err
		}
		taken, err = p.exporter.Write(ctx, tx, e, out, func(done, total int64) error {
			e.Done, e.Total = done, total
			progress(done, total)
			return nil
		})
		return err
	})
	if e.Size = out.written; err != nil || len(taken) == 0 {
		return e, err
	}
	e.State, e.EndedAt, e.Language = app.ExportExpired, p.now(), "en"
	return e, p.store.Write(ctx, engine, startDebits.action, p.now(), func(tx *store.Tx) error {
		tx.Note("export "+e.ID.String(), nil, exportNote(e))
		if err := tx.InsertExport(ctx, e); err != nil {
			return err
		}
		if err := tx.SaveExport(ctx, e); err != nil {
			return err
		}
		return tx.InsertDebits(ctx, e, taken, e.EndedAt)
	})
}

// numberDebtors gives customers their account numbers, where the settings are right.
func (p *Portal) numberDebtors(ctx context.Context, engine app.Actor, e app.Export) error {
	return p.store.InTenant(ctx, engine, func(tx *store.Tx) error {
		if err := p.exporter.Check(ctx, tx, e); err != nil {
			return err
		}
		settings, err := exporter.DATEVOf(e)
		if err != nil {
			return err
		}
		return tx.NumberDebtors(ctx, e.Days(), exporter.FirstDebtor(settings.Length))
	})
}
