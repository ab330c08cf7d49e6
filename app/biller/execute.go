package biller

import (
	"context"
	"fmt"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

// Record writes a run that begins now, so that people see it; Execute does it.
func (b *Biller) Record(ctx context.Context, kind store.RunKind, asOf billing.Date, by string) (app.ID, error) {
	operator, err := b.operator(ctx)
	if err != nil {
		return app.ID{}, err
	}
	run := store.BillingRun{ID: app.NewID(), Kind: kind, AsOf: asOf, AskedBy: by, AskedAt: b.now()}
	err = b.store.InTenant(ctx, app.SystemStaff(operator), func(tx *store.Tx) error { return tx.InsertBillingRun(ctx, run, false) })
	return run.ID, err
}

// scheduled is who asks for the runs of the schedule.
const scheduled = "the schedule"

// Scheduled does what is due, if anything is: each seller's customers on the seller's own day, and resellers when a month is over. It writes
// a run only where there is something to do, so it may be called as often as one likes.
func (b *Biller) Scheduled(ctx context.Context) error {
	operator, err := b.operator(ctx)
	if app.CodeOf(err) == app.NotFound {
		return nil // nobody has set this up yet
	}
	if err != nil {
		return err
	}
	idle, open := false, app.ID{}
	err = b.store.Read(ctx, app.SystemStaff(operator), func(tx *store.Tx) error {
		if open, err = openRun(ctx, tx); err != nil || open != (app.ID{}) {
			return err
		}
		due, err := b.due(ctx, tx, billing.Date{})
		if err != nil {
			return err
		}
		accounts, err := tx.CountDue(ctx, due)
		if err != nil {
			return err
		}
		trades, err := tx.Trades(ctx, monthOf(due.Day))
		idle = accounts == 0 && len(trades) == 0
		return err
	})
	if err != nil || idle {
		return err
	}
	if open == (app.ID{}) {
		if open, err = b.Record(ctx, store.RunBills, billing.Date{}, scheduled); err != nil {
			return err
		}
	}
	_, err = b.Execute(ctx, open, nil)
	return err
}

// openRun is the schedule's run that a worker left behind, or that another one does just now; the zero ID for none.
func openRun(ctx context.Context, tx *store.Tx) (app.ID, error) {
	runs, err := tx.BillingRuns(ctx, store.RunBills, app.ID{}, 10)
	for _, run := range runs {
		if run.AskedBy == scheduled && run.EndedAt.IsZero() {
			return run.ID, nil
		}
	}
	return app.ID{}, err
}

// Execute does a run that was written, or goes on with one whose worker was lost: what that one issued is counted and is not issued again. An
// error ends the run with its words, except where ctx ended: then somebody else goes on.
func (b *Biller) Execute(ctx context.Context, id app.ID, progress func(Summary)) (Outcome, error) {
	operator, err := b.operator(ctx)
	if err != nil {
		return Outcome{}, err
	}
	var run store.BillingRun
	err = b.store.Read(ctx, app.SystemStaff(operator), func(tx *store.Tx) (err error) {
		run, err = tx.BillingRun(ctx, id)
		return err
	})
	if err != nil || !run.EndedAt.IsZero() {
		return Outcome{}, err
	}
	var out Outcome
	if run.Kind == store.RunVerify {
		out.Off, err = b.verifyIn(ctx, operator, id, progress)
	} else {
		out.Summary, err = b.Bill(ctx, Run{AsOf: run.AsOf, DryRun: run.Kind == store.RunDry, ID: id, Progress: progress})
	}
	if ctx.Err() != nil {
		return out, fmt.Errorf("billing run %s: %w", id, ctx.Err())
	}
	failure := ""
	if err != nil {
		failure = err.Error()
		b.log.Error("a billing run broke off", "run", id, "error", err)
	}
	ended := b.store.InTenant(ctx, app.SystemStaff(operator), func(tx *store.Tx) error { return tx.EndBillingRun(ctx, id, out.Off, failure, b.now()) })
	if err == nil {
		err = ended
	}
	return out, err
}

// Outcome is what came of a run.
type Outcome struct {
	Summary
	Off []string // of a look at the books
}

// verifyIn looks at the books and counts the documents that it has looked at in the run's row.
func (b *Biller) verifyIn(ctx context.Context, operator, id app.ID, progress func(Summary)) ([]string, error) {
	const often = 2000
	var sum Summary
	count := func(done int) error {
		sum.Accounts += done
		if progress != nil {
			progress(sum)
		}
		return b.store.InTenant(ctx, app.SystemStaff(operator), func(tx *store.Tx) error { return tx.CountInRun(ctx, id, store.Tally{Accounts: done}) })
	}
	err := b.store.InTenant(ctx, app.SystemStaff(operator), func(tx *store.Tx) (err error) {
		if sum.Total, err = tx.CountDocuments(ctx); err != nil {
			return err
		}
		return tx.StartBillingRun(ctx, id, sum.Total, b.now())
	})
	if err != nil {
		return nil, err
	}
	waiting := 0
	off, err := b.verify(ctx, func() error {
		if waiting++; waiting < often {
			return nil
		}
		waiting = 0
		return count(often)
	})
	if err == nil {
		err = count(waiting)
	}
	return off, err
}

// BillSubscription invoices the account of a parked subscription at once, and tells why where it still cannot be.
func (b *Biller) BillSubscription(ctx context.Context, subscription app.ID) (parked []Parked, err error) {
	operator, err := b.operator(ctx)
	if err != nil {
		return nil, err
	}
	err = b.store.InBulk(ctx, app.SystemStaff(operator), func(tx *store.Tx) error {
		a, err := tx.BareAccountOf(ctx, subscription)
		if err != nil {
			return err
		}
		done, err := b.bill(ctx, tx, billing.Date{}, []store.Account{a})
		parked = done.parked
		return err
	})
	return parked, err
}
