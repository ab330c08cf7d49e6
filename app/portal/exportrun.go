package portal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"allotment/app"
	"allotment/app/exporter"
	"allotment/app/store"
)

const (
	exportBeat  = 250 * time.Millisecond // between two signs of progress
	exportTries = 10                     // how often an export is begun before it is given up: a worker that is killed again and again
	exportLong  = time.Minute            // after which the one who asked gets a mail
	strayFor    = time.Hour              // how long a file without an export is left alone
	staleAtOnce = 200
)

// errSuperseded ends an attempt that counts no more: the export was cancelled or deleted, or another attempt began.
var errSuperseded = errors.New("this attempt counts no more")

// MakeExport makes the file of an export. It is a worker's own: the job is the permission. It may be killed at any moment and be run again, also
// twice at once: the newest attempt ends the export, and there is one file or none. An error means that it should be run again.
func (p *Portal) MakeExport(ctx context.Context, job store.ExportJob) error {
	engine := app.System(job.Organization)
	e, err := p.beginExport(ctx, engine, job.Export)
	if errors.Is(err, errSuperseded) || app.CodeOf(err) == app.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	err = p.writeExport(ctx, engine, &e)
	if ctx.Err() != nil {
		return ctx.Err() // the worker stops: another one begins again
	}
	if err == nil || errors.Is(err, errSuperseded) {
		return nil
	}
	if errors.Is(err, fs.ErrNotExist) { // an older attempt that still lived dropped what this one wrote
		return err
	}
	p.log.Warn("an export failed", "export", e.ID, "kind", e.Kind, "error", err)
	return p.failExport(ctx, engine, e, err)
}

// beginExport begins an attempt.
func (p *Portal) beginExport(ctx context.Context, engine app.Actor, id app.ID) (e app.Export, err error) {
	err = p.store.InTenant(ctx, engine, func(tx *store.Tx) error {
		if e, err = tx.LockExport(ctx, id); err != nil {
			return err
		}
		if e.State.To(app.ExportRunning) != nil {
			return errSuperseded
		}
		if e.State == app.ExportQueued {
			e.StartedAt = p.now()
		}
		e.Attempt, e.Tries = e.Attempt+1, e.Tries+1
		e.State, e.Done, e.Total = app.ExportRunning, 0, 0
		if err := tx.SaveExport(ctx, e); err != nil {
			return err
		}
		if e.Kind != app.ExportDATEV {
			return nil
		}
		settings, err := exporter.DATEVOf(e)
		if err != nil {
			return err
		}
		return tx.NumberDebtors(ctx, e.Days(), exporter.FirstDebtor(settings.Length))
	})
	return e, err
}

func (p *Portal) writeExport(ctx context.Context, engine app.Actor, e *app.Export) error {
	if p.cfg.Exports.Files == nil {
		return app.Errorf(app.Permanent, "There is no place for files yet. Please ask your provider.")
	}
	if e.Tries > exportTries {
		return app.Errorf(app.Permanent, "It was begun many times and never came to its end.")
	}
	file, err := p.cfg.Exports.Files.Create(ctx, e.ID)
	if err != nil {
		return err
	}
	defer file.Abort()
	out := &counter{Writer: file}
	var taken []store.Debit
	beat := time.NewTicker(exportBeat)
	defer beat.Stop()
	err = p.store.Snapshot(ctx, engine, func(tx *store.Tx) (err error) {
		taken, err = p.exporter.Write(ctx, tx, *e, out, func(done, total int64) error {
			e.Done, e.Total = done, total
			select {
			case <-beat.C:
				return p.tellProgress(ctx, engine, *e)
			default:
				return nil
			}
		})
		return err
	})
	if err != nil {
		return err
	}
	e.Size = out.written
	return p.endExport(ctx, engine, *e, taken, file)
}

// counter counts what is written.
type counter struct {
	io.Writer
	written int64
}

func (c *counter) Write(data []byte) (int, error) {
	n, err := c.Writer.Write(data)
	c.written += int64(n)
	return n, err
}

func (p *Portal) tellProgress(ctx context.Context, engine app.Actor, e app.Export) error {
	return p.store.InTenant(ctx, engine, func(tx *store.Tx) error {
		counts, err := tx.SaveExportProgress(ctx, e)
		if err == nil && !counts {
			return errSuperseded
		}
		return err
	})
}

// endExport puts the file in its place and says so, under the lock of the export's row: no other attempt ends meanwhile.
func (p *Portal) endExport(ctx context.Context, engine app.Actor, e app.Export, taken []store.Debit, file app.FileWriter) error {
	return p.store.InTenant(ctx, engine, func(tx *store.Tx) error {
		now, err := p.lockAttempt(ctx, tx, e)
		if err != nil {
			return err
		}
		now.State, now.EndedAt, now.Done, now.Total, now.Size = app.ExportDone, p.now(), e.Done, max(e.Total, e.Done), e.Size
		now.ExpiresAt = now.EndedAt.Add(p.cfg.Exports.Keep)
		if err := tx.InsertDebits(ctx, now, taken, now.EndedAt); err != nil {
			return err
		}
		if err := tx.SaveExport(ctx, now); err != nil {
			return err
		}
		if err := p.tellOfExport(ctx, tx, now); err != nil {
			return err
		}
		return file.Commit()
	})
}

// lockAttempt locks the export of an attempt that still counts.
func (p *Portal) lockAttempt(ctx context.Context, tx *store.Tx, e app.Export) (app.Export, error) {
	now, err := tx.LockExport(ctx, e.ID)
	if app.CodeOf(err) == app.NotFound || err == nil && (now.Attempt != e.Attempt || now.State != app.ExportRunning) {
		return now, errSuperseded
	}
	return now, err
}

// failExport says why an export failed: to people what was written for them, the rest to the operator.
func (p *Portal) failExport(ctx context.Context, engine app.Actor, e app.Export, why error) error {
	err := p.store.InTenant(ctx, engine, func(tx *store.Tx) error {
		now, err := p.lockAttempt(ctx, tx, e)
		if err != nil {
			return err
		}
		now.State, now.EndedAt, now.Message, now.RawError = app.ExportFailed, p.now(), app.Words(why), why.Error()
		if err := tx.SaveExport(ctx, now); err != nil {
			return err
		}
		return p.tellOfExport(ctx, tx, now)
	})
	if errors.Is(err, errSuperseded) {
		return nil
	}
	return err
}

// tellOfExport writes to the person who asked for an export that took long. Its end names the mail, so that it leaves once.
func (p *Portal) tellOfExport(ctx context.Context, tx *store.Tx, e app.Export) error {
	if e.EndedAt.Sub(e.CreatedAt) < exportLong || e.StartedBy == (app.ID{}) {
		return nil
	}
	person, err := tx.PersonByID(ctx, e.StartedBy)
	if err != nil || person.Disabled {
		if app.CodeOf(err) == app.NotFound {
			return nil
		}
		return err
	}
	return p.post(ctx, tx, app.Mail{
		Organization: e.Organization, To: person.Email, ToName: person.Name, Language: e.Language, Kind: app.MailExport,
		Data: map[string]string{"state": string(e.State), "from": e.First.String(), "until": e.Last.String(), "path": "/exports/" + e.ID.String()},
		Key:  fmt.Sprintf("export %s/%d", e.ID, e.Attempt),
	})
}

// ExpireExports drops the files whose time is over, and those that belong to no export. It is the engine's own chore.
func (p *Portal) ExpireExports(ctx context.Context) error {
	if p.cfg.Exports.Files == nil {
		return nil
	}
	staff, err := p.engine(ctx)
	if err != nil || !staff.Staff() {
		return err
	}
	for {
		var stale []app.Export
		err := p.store.Read(ctx, staff, func(tx *store.Tx) (err error) {
			stale, err = tx.StaleExports(ctx, p.now(), staleAtOnce)
			return err
		})
		if err != nil {
			return err
		}
		for _, e := range stale {
			if err := p.expireExport(ctx, e); err != nil {
				return err
			}
		}
		if len(stale) < staleAtOnce {
			return p.dropStrays(ctx, staff)
		}
	}
}

func (p *Portal) expireExport(ctx context.Context, e app.Export) error {
	err := p.store.InTenant(ctx, app.System(e.Organization), func(tx *store.Tx) error {
		now, err := tx.LockExport(ctx, e.ID)
		if err != nil || now.State != app.ExportDone {
			return err
		}
		now.State = app.ExportExpired
		return tx.SaveExport(ctx, now)
	})
	if err != nil && app.CodeOf(err) != app.NotFound {
		return err
	}
	return p.cfg.Exports.Files.Remove(ctx, e.ID)
}

// dropStrays drops what no export knows: a deletion that was interrupted left it.
func (p *Portal) dropStrays(ctx context.Context, staff app.Actor) error {
	files, err := p.cfg.Exports.Files.List(ctx)
	if err != nil {
		return err
	}
	var old []app.ID
	for _, f := range files {
		if p.now().Sub(f.ChangedAt) > strayFor {
			old = append(old, f.ID)
		}
	}
	if len(old) == 0 {
		return nil
	}
	var living map[app.ID]bool
	err = p.store.Read(ctx, staff, func(tx *store.Tx) (err error) {
		living, err = tx.LivingExports(ctx, old)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range old {
		if living[id] {
			continue
		}
		if err := p.cfg.Exports.Files.Remove(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
