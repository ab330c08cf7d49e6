package portal

import (
	"context"
	"time"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/store"
	"allotment/billing"
)

// The verbs of billing as a whole.
var (
	startBilling = verb{action: "billing.run", permission: app.ManageBilling, confirmed: true}
	startLook    = verb{action: "billing.verify", permission: app.RunOperations}
	retryParked  = verb{action: "billing.retry", permission: app.ManageBilling}
)

// onlyStaff refuses everybody but the operator's staff: runs are over all sellers.
func onlyStaff(actor app.Actor) error {
	if actor.Organization != (app.ID{}) && !actor.Staff() {
		return app.Errorf(app.Forbidden, "Only the operator may see this.")
	}
	return nil
}

// StartBilling asks for a run: of what is due by a day, or where there is none by each seller's own; dry computes it and issues nothing.
func (p *Portal) StartBilling(ctx context.Context, actor app.Actor, asOf billing.Date, dry bool) (app.ID, error) {
	run := store.BillingRun{ID: app.NewID(), Kind: store.RunBills, AsOf: asOf, AskedBy: actor.Name, AskedAt: p.now()}
	if dry {
		run.Kind = store.RunDry
	}
	return run.ID, p.startRun(ctx, actor, startBilling, run)
}

// StartLook asks for a look at the books.
func (p *Portal) StartLook(ctx context.Context, actor app.Actor) (app.ID, error) {
	run := store.BillingRun{ID: app.NewID(), Kind: store.RunVerify, AskedBy: actor.Name, AskedAt: p.now()}
	return run.ID, p.startRun(ctx, actor, startLook, run)
}

// aYear is the furthest that a run may look ahead.
const aYear = 366

func (p *Portal) startRun(ctx context.Context, actor app.Actor, v verb, run store.BillingRun) error {
	return p.do(ctx, actor, v, func(tx *store.Tx) error {
		if err := onlyStaff(actor); err != nil {
			return err
		}
		today := billing.DateIn(p.now(), time.UTC)
		if !run.AsOf.IsZero() && today.DaysUntil(run.AsOf) > aYear {
			return app.FieldError("as_of", "Please choose a day within a year from now.")
		}
		if err := tx.InsertBillingRun(ctx, run, true); err != nil {
			return err
		}
		tx.Note("billing run "+run.ID.String(), nil, map[string]any{"kind": run.Kind, "as_of": run.AsOf})
		return nil
	})
}

// BillingRunPage is a page of runs, the newest first.
type BillingRunPage struct {
	Runs []store.BillingRun
	Next string
}

// BillingRuns returns a page of runs, those of one kind where one is given.
func (p *Portal) BillingRuns(ctx context.Context, actor app.Actor, kind store.RunKind, after string) (BillingRunPage, error) {
	var page BillingRunPage
	err := p.seeSales(ctx, actor, func(tx *store.Tx) error {
		if err := onlyStaff(actor); err != nil {
			return err
		}
		from, limit, err := pageOf(after, 25)
		if err != nil {
			return err
		}
		page.Runs, err = tx.BillingRuns(ctx, kind, from, limit+1)
		if len(page.Runs) > limit {
			page.Runs = page.Runs[:limit]
			page.Next = page.Runs[limit-1].ID.String()
		}
		return err
	})
	return page, err
}

// BillingRun returns one run.
func (p *Portal) BillingRun(ctx context.Context, actor app.Actor, id app.ID) (store.BillingRun, error) {
	var run store.BillingRun
	err := p.seeSales(ctx, actor, func(tx *store.Tx) (err error) {
		if err := onlyStaff(actor); err != nil {
			return err
		}
		run, err = tx.BillingRun(ctx, id)
		return err
	})
	return run, err
}

// ParkedPage is a page of subscriptions that could not be invoiced.
type ParkedPage struct {
	Subscriptions []store.ParkedSubscription
	Next          string
}

// Parked returns a page of the seller's subscriptions that could not be invoiced, and of its resellers that could not. One whose customer buys from
// somebody else by now is still its own, to be invoiced up to the move.
func (p *Portal) Parked(ctx context.Context, actor app.Actor, after string) (ParkedPage, error) {
	var page ParkedPage
	if err := maySell(actor, app.SeeBilling); err != nil {
		return page, err
	}
	from, limit, err := pageOf(after, 0)
	if err != nil {
		return page, err
	}
	err = p.everSold(ctx, func(tx *store.Tx) (err error) {
		page.Subscriptions, err = tx.Parked(ctx, actor.Organization, from, limit+1)
		return err
	})
	if len(page.Subscriptions) > limit {
		page.Subscriptions = page.Subscriptions[:limit]
		page.Next = page.Subscriptions[limit-1].ID.String()
	}
	return page, err
}

// everSold looks at what a seller sold, also to those who have moved away since and are no part of its tree any more. What fn asks for names the seller.
func (p *Portal) everSold(ctx context.Context, fn func(*store.Tx) error) error {
	engine, err := p.engine(ctx)
	if err != nil {
		return err
	}
	return p.store.Read(ctx, engine, fn)
}

// RetryParked invoices the account of a parked subscription, or a reseller, now, as the next run would. Where it still cannot be, it is a
// Conflict that says why.
func (p *Portal) RetryParked(ctx context.Context, actor app.Actor, id app.ID) error {
	var one store.ParkedSubscription
	known := p.allowed(actor, retryParked)
	if known == nil && actor.Kind != app.Customer { // before the transaction, which has a connection already
		known = p.everSold(ctx, func(all *store.Tx) (err error) {
			one, err = all.ParkedOne(ctx, actor.Organization, id)
			return err
		})
	}
	err := p.do(ctx, actor, retryParked, func(tx *store.Tx) error {
		if actor.Kind == app.Customer {
			return app.Errorf(app.Forbidden, "Only those who sell may see this.")
		}
		if known != nil {
			return known
		}
		gone, err := moved(ctx, tx, one.Customer)
		if err != nil {
			return err
		}
		target := "subscription " + id.String()
		if one.Wholesale {
			target = "organization " + one.Customer.String()
		}
		if gone { // the row stands in the seller's own audit log
			tx.Note(target, map[string]string{"parked": one.Reason}, nil)
			return nil
		}
		tx.NoteIn(one.Customer, target, map[string]string{"parked": one.Reason}, nil)
		return nil
	})
	if err != nil {
		return err
	}
	if one.Wholesale {
		why, err := p.biller.BillReseller(ctx, actor.Organization, one.Customer, one.Price.Currency)
		if err == nil && why != "" {
			err = app.Errorf(app.Conflict, "It still could not be invoiced. %s", why)
		}
		return err
	}
	parked, err := p.biller.BillSubscription(ctx, id)
	if err != nil {
		return err
	}
	return stillParked(parked, id)
}

func stillParked(parked []biller.Parked, subscription app.ID) error {
	for _, one := range parked {
		if one.Subscription == subscription {
			return app.Errorf(app.Conflict, "It still could not be invoiced. %s", one.Reason)
		}
	}
	return nil
}
