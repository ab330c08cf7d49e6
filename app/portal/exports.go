package portal

import (
	"context"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/bank"
)

// Files keeps what exports make, by their IDs.
type Files interface {
	// Create begins a file; what an earlier attempt left of it is dropped, and can be committed no more.
	Create(ctx context.Context, id app.ID) (app.FileWriter, error)
	// Open opens a file, or returns NotFound.
	Open(ctx context.Context, id app.ID) (app.FileReader, error)
	// Remove drops a file and what attempts left of it. One that is not there is fine.
	Remove(ctx context.Context, id app.ID) error
	// List returns all that there is, of attempts too.
	List(ctx context.Context) ([]app.StoredFile, error)
}

// ExportSite is where exports are kept, and for how long.
type ExportSite struct {
	Files Files         // nil: there is no place for any
	Keep  time.Duration // 0 means a week
}

// The verbs of exports. To have a bank collect money is to be confirmed.
var (
	startExport  = verb{action: "export.start", permission: app.SeeBilling}
	startDebits  = verb{action: "export.collect", permission: app.ManageBilling, confirmed: true}
	retryExport  = verb{action: "export.retry", permission: app.SeeBilling}
	cancelExport = verb{action: "export.cancel", permission: app.SeeBilling}
	deleteExport = verb{action: "export.delete", permission: app.SeeBilling}
	deleteDebits = verb{action: "export.release", permission: app.ManageBilling}
)

// maxExports is how many of an organization's exports may wait or be made at once.
const maxExports = 20

// ExportRequest is what the form of an export sends.
type ExportRequest struct {
	Side     app.ExportSide
	Kind     app.ExportKind
	First    string // a day as ISO 8601 writes it; both belong to the export
	Last     string
	Settings map[string]string
}

// exportSettings are what a kind asks for beside the days.
var exportSettings = map[app.ExportKind][]string{
	app.ExportDebits: {"collect", "creditor"},
	app.ExportDATEV:  {"advisor", "client", "digits", "year", "chart"},
}

// export is the request as it is kept.
func (r ExportRequest) export(actor app.Actor, now time.Time) app.Export {
	e := app.Export{ID: app.NewID(), Organization: actor.Organization, Side: r.Side, Kind: r.Kind, Settings: map[string]string{}, Language: actor.Language,
		State: app.ExportQueued, StartedBy: actor.User, StartedByName: actor.Name, CreatedAt: now}
	e.First, _ = billing.ParseDate(r.First) // what is no date stays none, and is refused by Check
	e.Last, _ = billing.ParseDate(r.Last)
	for _, name := range exportSettings[r.Kind] {
		e.Settings[name] = clip(strings.TrimSpace(r.Settings[name]))
	}
	if creditor, err := bank.ParseCreditorID(e.Settings["creditor"]); err == nil {
		e.Settings["creditor"] = creditor
	}
	return e
}

// sideOf refuses what only sellers have.
func sideOf(actor app.Actor, side app.ExportSide) error {
	if side != app.Bought && actor.Kind == app.Customer {
		return app.Errorf(app.Forbidden, "Only those who sell can export what they sold.")
	}
	return nil
}

func exportNote(e app.Export) map[string]string {
	return map[string]string{"kind": string(e.Kind), "side": string(e.Side), "from": e.First.String(), "until": e.Last.String()}
}

// StartExport has a file made of the books of the actor's organization, in the background.
//
// Errors: Invalid with the fields kind, from and those of the kind's settings; Conflict when there are too many at once, when there is no place
// for files, and when the seller has not said yet how it sells.
func (p *Portal) StartExport(ctx context.Context, actor app.Actor, r ExportRequest) (app.Export, error) {
	e, v := r.export(actor, p.now()), startExport
	if e.Kind == app.ExportDebits {
		v = startDebits
	}
	err := p.do(ctx, actor, v, func(tx *store.Tx) error {
		if err := sideOf(actor, e.Side); err != nil {
			return err
		}
		if p.cfg.Exports.Files == nil {
			return app.Errorf(app.Conflict, "There is no place for files yet. Please ask your provider.")
		}
		if err := p.exporter.Check(ctx, tx, e); err != nil {
			return err
		}
		n, err := tx.CountExports(ctx)
		if err != nil {
			return err
		}
		if n >= maxExports {
			return app.Errorf(app.Conflict, "There are %d exports under way already. Please wait until one has ended.", n)
		}
		tx.Note("export "+e.ID.String(), nil, exportNote(e))
		return tx.InsertExport(ctx, e)
	})
	if err != nil {
		return app.Export{}, err
	}
	return e, nil
}

// ExportPage is a page of exports, newest first.
type ExportPage struct {
	Exports []app.Export
	Next    string
}

// Exports returns a page of the organization's own exports of a side ("" for both). after is ExportPage.Next of the page before.
func (p *Portal) Exports(ctx context.Context, actor app.Actor, side app.ExportSide, after string, limit int) (ExportPage, error) {
	if err := actor.May(app.SeeBilling); err != nil {
		return ExportPage{}, err
	}
	before, limit, err := pageOf(after, limit)
	if err != nil {
		return ExportPage{}, err
	}
	var page ExportPage
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		if side == app.Sold {
			if err := sideOf(actor, side); err != nil {
				return err
			}
		}
		page.Exports, err = tx.Exports(ctx, side, before, limit+1)
		return err
	})
	if len(page.Exports) > limit {
		page.Exports = page.Exports[:limit]
		page.Next = page.Exports[limit-1].ID.String()
	}
	for i := range page.Exports {
		page.Exports[i] = shownExport(actor, page.Exports[i])
	}
	return page, err
}

// Export returns one of the organization's own exports, or NotFound.
func (p *Portal) Export(ctx context.Context, actor app.Actor, id app.ID) (e app.Export, err error) {
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		e, err = tx.OwnExport(ctx, id)
		return err
	})
	return shownExport(actor, e), err
}

// shownExport leaves out what is for the operator alone.
func shownExport(actor app.Actor, e app.Export) app.Export {
	if !actor.Staff() {
		e.RawError = ""
	}
	return e
}

// ExportFile opens the file of an export. The caller closes it.
//
// Errors: NotFound; Conflict while it is not made; Gone when it was dropped.
func (p *Portal) ExportFile(ctx context.Context, actor app.Actor, id app.ID) (app.Export, app.FileReader, error) {
	e, err := p.Export(ctx, actor, id)
	if err != nil {
		return e, nil, err
	}
	switch e.State {
	case app.ExportDone:
	case app.ExportExpired:
		return e, nil, app.Errorf(app.Gone, "This file was dropped. It can be made again.")
	default:
		return e, nil, app.Errorf(app.Conflict, "This file is not made yet.")
	}
	if p.cfg.Exports.Files == nil {
		return e, nil, app.Errorf(app.Gone, "This file was dropped. It can be made again.")
	}
	file, err := p.cfg.Exports.Files.Open(ctx, id)
	if app.CodeOf(err) == app.NotFound {
		return e, nil, app.Because(app.Gone, err, "This file was dropped. It can be made again.")
	}
	return e, file, err
}

// RetryExport has an export made once more that failed, was cancelled, or whose file was dropped.
//
// Errors: NotFound; Conflict when its state does not allow it, and for a file that a bank may have had.
func (p *Portal) RetryExport(ctx context.Context, actor app.Actor, id app.ID) (app.Export, error) {
	var e app.Export
	err := p.do(ctx, actor, retryExport, func(tx *store.Tx) (err error) {
		if e, err = tx.LockExport(ctx, id); err != nil {
			return err
		}
		if err := e.State.To(app.ExportQueued); err != nil {
			return err
		}
		if e.Kind == app.ExportDebits {
			if err := actor.May(app.ManageBilling); err != nil {
				return err
			}
			if e.State == app.ExportExpired {
				return app.Errorf(app.Conflict, "The bank may have this file already. Delete it here if it does not: then its invoices can be collected by a new one.")
			}
		}
		tx.Note("export "+id.String(), map[string]string{"state": string(e.State)}, exportNote(e))
		e.State, e.Tries, e.Done, e.Total, e.Size, e.Message, e.RawError = app.ExportQueued, 0, 0, 0, 0, "", ""
		e.StartedAt, e.EndedAt, e.ExpiresAt = time.Time{}, time.Time{}, time.Time{}
		if err := tx.SaveExport(ctx, e); err != nil {
			return err
		}
		return tx.EnqueueExport(ctx, e)
	})
	return shownExport(actor, e), err
}

// CancelExport stops an export that is not done yet. Its worker notices within a moment and drops what it wrote.
//
// Errors: NotFound; Conflict when it has ended.
func (p *Portal) CancelExport(ctx context.Context, actor app.Actor, id app.ID) (app.Export, error) {
	var e app.Export
	err := p.do(ctx, actor, cancelExport, func(tx *store.Tx) (err error) {
		if e, err = tx.LockExport(ctx, id); err != nil {
			return err
		}
		if err := e.State.To(app.ExportCancelled); err != nil {
			return err
		}
		tx.Note("export "+id.String(), map[string]string{"state": string(e.State)}, exportNote(e))
		e.State, e.EndedAt = app.ExportCancelled, p.now()
		return tx.SaveExport(ctx, e)
	})
	return shownExport(actor, e), err
}

// DeleteExport forgets an export and drops its file. The invoices that a debit file was to collect can be collected by another one then. No
// document and nothing in the books is deleted.
func (p *Portal) DeleteExport(ctx context.Context, actor app.Actor, id app.ID) error {
	if err := actor.May(app.SeeBilling); err != nil {
		return err
	}
	e, err := p.Export(ctx, actor, id)
	if err != nil {
		return err
	}
	v := deleteExport
	if e.Kind == app.ExportDebits {
		v = deleteDebits
	}
	err = p.do(ctx, actor, v, func(tx *store.Tx) (err error) {
		if e, err = tx.LockExport(ctx, id); err != nil {
			return err
		}
		tx.Note("export "+id.String(), exportNote(e), nil)
		return tx.DeleteExport(ctx, e)
	})
	if err != nil || p.cfg.Exports.Files == nil {
		return err
	}
	return p.cfg.Exports.Files.Remove(ctx, id)
}
