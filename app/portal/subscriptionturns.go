package portal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

// turnedAtOnce is how many subscriptions are looked for in one go. Each then has a transaction of its own.
const turnedAtOnce = 200

// TurnSubscriptions does what subscriptions have come to: a plan that was chosen for later begins, people are reminded of an end, a service whose
// subscription has ended is stopped, and removed when its data was kept for long enough. Each happens once, whoever runs this how often. One
// that cannot be turned stops no other. It is the engine's own chore, and returns how many it looked at.
func (p *Portal) TurnSubscriptions(ctx context.Context) (int, error) {
	staff, err := p.engine(ctx)
	if err != nil || !staff.Staff() {
		return 0, err
	}
	tomorrow := billing.DateIn(p.now(), time.UTC).AddDays(1) // somewhere it is tomorrow already: each seller's own day decides below
	later, err := p.turnEach(ctx, staff, p.beginLater, func(tx *store.Tx, after app.ID) ([]store.Turning, error) {
		return tx.LaterDue(ctx, tomorrow, after, turnedAtOnce)
	})
	ends, endErr := p.turnEach(ctx, staff, p.comeToEnd, func(tx *store.Tx, after app.ID) ([]store.Turning, error) {
		return tx.EndingBy(ctx, tomorrow.AddDays(endingToldAt), after, turnedAtOnce)
	})
	return later + ends, errors.Join(err, endErr)
}

func (p *Portal) turnEach(ctx context.Context, staff app.Actor, turn func(context.Context, *store.Tx, app.Actor, app.ID) error,
	find func(*store.Tx, app.ID) ([]store.Turning, error),
) (count int, errs error) {
	var after app.ID
	for {
		var due []store.Turning
		err := p.store.Read(ctx, staff, func(tx *store.Tx) (err error) {
			due, err = find(tx, after)
			return err
		})
		if err != nil || len(due) == 0 {
			return count, errors.Join(errs, err)
		}
		for _, one := range due {
			engine := app.System(one.Organization)
			err := p.store.InTenant(ctx, engine, func(tx *store.Tx) error { return turn(ctx, tx, engine, one.Service) })
			switch {
			case app.CodeOf(err) == app.Conflict: // something else is being done with it, or it was turned meanwhile: the next round comes by
				p.log.Info("a subscription waits for its turn", "service", one.Service, "error", err)
			case err != nil:
				errs = errors.Join(errs, fmt.Errorf("subscription of service %s: %w", one.Service, err))
			default:
				count++
			}
		}
		after = due[len(due)-1].Service
	}
}

// beginLater starts the operation that brings a service to the plan that was chosen for this day, and makes that plan the subscription's own once
// its first period was invoiced.
func (p *Portal) beginLater(ctx context.Context, tx *store.Tx, engine app.Actor, id app.ID) error {
	service, agreement, err := p.lockAgreement(ctx, tx, id)
	if err != nil || agreement.Later == nil || p.day(agreement).Before(agreement.Later.On) {
		return err
	}
	later := *agreement.Later
	if later.Plan != "" && later.Plan != service.Plan {
		if service.State != app.ServiceActive {
			return nil // held or being worked on: it changes when it runs
		}
		entry, ok := p.catalog.App(service.App)
		if !ok || entry.Plan(later.Plan) == nil {
			return app.Errorf(app.Conflict, "This app is no longer in the catalog.")
		}
		change, err := p.resizing(ctx, tx, service, PlanOffer{Plan: *entry.Plan(later.Plan)})
		if err != nil {
			return err
		}
		if _, err := p.startResize(ctx, tx, engine, service, later.Plan, change.Guest); err != nil {
			return err
		}
	}
	if err := p.biller.Settle(ctx, tx, agreement.ID); err != nil {
		return err
	}
	if after, err := tx.Agreement(ctx, id); err != nil || after.Later != nil {
		return err
	}
	return tx.NotePrice(ctx, agreement.ID, later.List, later.PriceID)
}

// comeToEnd reminds of an end, stops a service on it, and removes it when its data was kept for long enough.
func (p *Portal) comeToEnd(ctx context.Context, tx *store.Tx, engine app.Actor, id app.ID) error {
	service, agreement, err := p.lockAgreement(ctx, tx, id)
	if err != nil || agreement.End.IsZero() || service.State == app.ServiceTerminating || service.State == app.ServiceTerminated {
		return err
	}
	today, end := p.day(agreement), agreement.End
	kept := end.AddDays(endedKeptFor)
	until := func(string) map[string]string { return map[string]string{"until": kept.String()} }
	switch {
	case today.Before(end.AddDays(-endingToldAt)):
		return nil
	case today.Before(end):
		return p.tellPayers(ctx, tx, service, "ending", end, until)
	case today.Before(kept):
		if err := p.putHold(ctx, tx, engine, service, app.HoldEnded, "The subscription has ended."); err != nil {
			return err
		}
		return p.tellPayers(ctx, tx, service, "ended", end, until)
	}
	_, err = p.terminate(ctx, tx, engine, service, "Its subscription has ended, and its data was kept for long enough.")
	return err
}
