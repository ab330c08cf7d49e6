package portal

import (
	"context"
	"slices"
	"unicode/utf8"

	"allotment/app"
	"allotment/app/planner"
	"allotment/app/store"
)

var (
	holdService    = verb{action: "service.hold", permission: app.ManageCustomers, confirmed: true}
	releaseService = verb{action: "service.release", permission: app.ManageCustomers}
)

// HoldService stops a customer's service for a reason that the customer reads. Nothing is removed.
//
// Errors: NotFound; Invalid at reason and kind; Conflict for one's own service.
func (p *Portal) HoldService(ctx context.Context, actor app.Actor, id app.ID, kind app.HoldKind, reason string) error {
	return p.do(ctx, actor, holdService, func(tx *store.Tx) error {
		service, err := p.customersService(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if kind != app.HoldAbuse && kind != app.HoldManual {
			return app.FieldError("kind", "Please say why it is to be stopped.")
		}
		if n := utf8.RuneCountInString(reason); n < 5 || n > 500 || !utf8.ValidString(reason) {
			return app.FieldError("reason", "Please give a reason of 5 to 500 characters: the customer reads it.")
		}
		tx.NoteIn(service.Organization, "service "+id.String(), nil, map[string]string{"hold": string(kind), "reason": reason})
		return p.putHold(ctx, tx, actor, service, kind, reason)
	})
}

// ReleaseService takes a hold off a customer's service, which runs again when no other is left. Releasing what does not hold is fine.
//
// Errors: NotFound; Conflict for the hold of billing, which a payment takes off.
func (p *Portal) ReleaseService(ctx context.Context, actor app.Actor, id app.ID, kind app.HoldKind) error {
	return p.do(ctx, actor, releaseService, func(tx *store.Tx) error {
		service, err := p.customersService(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		switch kind {
		case app.HoldBilling:
			return app.Errorf(app.Conflict, "This hold ends by itself when the invoices are paid.")
		case app.HoldEnded:
			return app.Errorf(app.Conflict, "The subscription has ended, so it cannot be released by hand.")
		}
		tx.NoteIn(service.Organization, "service "+id.String(), map[string]string{"hold": string(kind)}, nil)
		return p.releaseHold(ctx, tx, actor, service, kind)
	})
}

// customersService returns a service of an organization below the actor's own.
func (p *Portal) customersService(ctx context.Context, tx *store.Tx, actor app.Actor, id app.ID) (app.Service, error) {
	service, err := tx.Service(ctx, id)
	if err == nil && service.Organization == actor.Organization {
		err = app.Errorf(app.Conflict, "Your own service cannot be held, and not be released by yourself.")
	}
	return service, err
}

func (p *Portal) putHold(ctx context.Context, tx *store.Tx, actor app.Actor, s app.Service, kind app.HoldKind, reason string) error {
	if err := tx.LockService(ctx, s.ID); err != nil {
		return err
	}
	hold := app.Hold{ID: app.NewID(), Service: s.ID, Kind: kind, Reason: reason, PutBy: actor.Name, PutAt: p.now()}
	if _, err := tx.PutHold(ctx, s.Organization, hold); err != nil {
		return err
	}
	return p.align(ctx, tx, actor, s.ID)
}

func (p *Portal) releaseHold(ctx context.Context, tx *store.Tx, actor app.Actor, s app.Service, kind app.HoldKind) error {
	if err := tx.LockService(ctx, s.ID); err != nil {
		return err
	}
	if _, err := tx.ReleaseHold(ctx, s.ID, kind, actor.Name, p.now()); err != nil {
		return err
	}
	return p.align(ctx, tx, actor, s.ID)
}

// align starts what brings a service to where its holds want it. While something else is being done with it nothing starts: AlignHolds
// comes by again.
func (p *Portal) align(ctx context.Context, tx *store.Tx, actor app.Actor, id app.ID) error {
	service, err := tx.Service(ctx, id)
	if err != nil {
		return err
	}
	holds, err := tx.Holds(ctx, id)
	if err != nil {
		return err
	}
	last, err := tx.LastOperation(ctx, id)
	if err != nil || last.State == app.OperationRunning {
		return err
	}
	switch {
	case len(holds) > 0 && (service.State == app.ServiceActive || service.State == app.ServiceChanging): // a change that failed is left behind
		return p.power(ctx, tx, actor, service, app.OperationSuspend, app.ServiceSuspending, holds[0].Reason)
	case len(holds) == 0 && service.State == app.ServiceSuspended:
		return p.power(ctx, tx, actor, service, app.OperationResume, app.ServiceResuming, "Nothing holds it any more.")
	}
	return nil
}

// power starts the operation that stops a service or lets it run again.
func (p *Portal) power(ctx context.Context, tx *store.Tx, actor app.Actor, s app.Service, kind app.OperationKind, state app.ServiceState, why string) error {
	resources, err := tx.Resources(ctx, s.ID)
	if err != nil {
		return err
	}
	now := p.now()
	if err := tx.MoveService(ctx, s.ID, state, "", now); err != nil {
		return err
	}
	return p.start(ctx, tx, actor, planner.Operation(kind, s, resources, now), string(state), why)
}

// AlignHolds starts what holds want and could not start at once, because something else was being done. It is the engine's own chore.
func (p *Portal) AlignHolds(ctx context.Context) error {
	staff, err := p.engine(ctx)
	if err != nil || !staff.Staff() {
		return err
	}
	var behind []app.Service
	err = p.store.Read(ctx, staff, func(tx *store.Tx) error {
		behind, err = tx.Unaligned(ctx, 500)
		return err
	})
	for _, s := range behind {
		err := p.store.InTenant(ctx, app.System(s.Organization), func(tx *store.Tx) error {
			if err := tx.LockService(ctx, s.ID); err != nil {
				return err
			}
			return p.align(ctx, tx, app.System(s.Organization), s.ID)
		})
		if err != nil {
			return err
		}
	}
	return err
}

// unpaid returns what a service waits for that billing holds: what is past its day.
func (p *Portal) unpaid(ctx context.Context, tx *store.Tx, actor app.Actor, d ServiceDetail) ([]OpenDocument, error) {
	if actor.May(app.SeeBilling) != nil || !slices.ContainsFunc(d.Holds, func(h app.Hold) bool { return h.Kind == app.HoldBilling }) {
		return nil, nil
	}
	open, err := tx.OpenDocuments(ctx, d.Service.Organization)
	today := p.today()
	return slices.DeleteFunc(open, func(o OpenDocument) bool { return !o.Due.Before(today) }), err
}
