package provision

import (
	"context"
	"time"

	"allotment/app"
	"allotment/app/planner"
	"allotment/app/store"
)

// ending is what the end of an operation means for its service.
type ending struct {
	state app.ServiceState // "" leaves it
	kind  string           // of the event
	words string
}

// endings is the one table of what each kind of operation ends in.
var endings = map[app.OperationKind]ending{
	app.OperationCreate:    {app.ServiceActive, "active", "It is ready."},
	app.OperationRepair:    {app.ServiceActive, "active", "It is repaired."},
	app.OperationChange:    {app.ServiceActive, "changed", "It has its new size."},
	app.OperationResume:    {app.ServiceActive, "active", "It runs again."},
	app.OperationSuspend:   {app.ServiceSuspended, "suspended", "It is stopped. Nothing was removed."},
	app.OperationUndo:      {"", "undone", "Everything that had been made was removed again."},
	app.OperationAccess:    {"", "access", "Those who may use it are known everywhere."},
	app.OperationTerminate: {app.ServiceTerminated, "terminated", "It is removed, with everything that belonged to it."},
}

// complete ends an operation whose steps are all done.
func (e *Engine) complete(ctx context.Context, tx *store.Tx, o *app.Operation, s app.Service, now time.Time) error {
	if err := tx.MoveOperation(ctx, o, app.OperationDone, now); err != nil {
		return err
	}
	if err := accessFollows(ctx, tx, o); err != nil {
		return err
	}
	end := endings[o.Kind]
	if end.state != "" {
		if err := tx.MoveService(ctx, s.ID, end.state, "", now); err != nil {
			return err
		}
	}
	if o.Kind == app.OperationChange {
		if err := tx.CountAsWanted(ctx, s.ID); err != nil {
			return err
		}
	}
	switch end.state {
	case "": // what a failed create had made is gone again
		if err := tx.Uncount(ctx, s.ID); err != nil {
			return err
		}
	case app.ServiceActive:
		if err := tx.StartSubscription(ctx, s.ID, now); err != nil {
			return err
		}
	case app.ServiceTerminated:
		if err := tx.EndSubscription(ctx, s.ID, now); err != nil {
			return err
		}
	}
	return tx.InsertEvent(ctx, s.Organization, event(o, app.ID{}, end.kind, end.words, now))
}

// fail ends an operation that cannot go on. Where there was no room, what it made is removed again by an operation of its own, so
// that nothing half-made stays; otherwise everything stays as it is for a retry or a cancellation.
func (e *Engine) fail(ctx context.Context, tx *store.Tx, o *app.Operation, step *app.Step, s app.Service, cause *app.Error, now time.Time) error {
	if err := tx.MoveOperation(ctx, o, app.OperationFailed, now); err != nil {
		return err
	}
	if err := tx.InsertEvent(ctx, s.Organization, event(o, step.ID, "failed", cause.Message, now)); err != nil {
		return err
	}
	if o.Kind != app.OperationCreate {
		return nil
	}
	if err := tx.MoveService(ctx, s.ID, app.ServiceFailed, cause.Message, now); err != nil {
		return err
	}
	if cause.Code != app.Full {
		return nil
	}
	resources, err := tx.Resources(ctx, s.ID)
	if err != nil {
		return err
	}
	undo := planner.Operation(app.OperationUndo, s, resources, now)
	if err := tx.InsertOperation(ctx, undo, "Allotment"); err != nil {
		return err
	}
	if err := tx.Notify(ctx, undo); err != nil {
		return err
	}
	return tx.Enqueue(ctx, time.Time{}, planner.Due(undo)...)
}

func event(o *app.Operation, step app.ID, kind, words string, now time.Time) app.Event {
	return app.Event{
		ID: app.NewID(), Service: o.Service, Operation: o.ID, Step: step, At: now, Actor: "Allotment", Kind: kind, Message: words,
	}
}
