package portal

import (
	"context"
	"slices"
	"time"

	"allotment/app"
	"allotment/app/planner"
	"allotment/app/store"
)

// Operation returns one operation with its steps, or NotFound. Raw errors are for the operator's staff only.
func (p *Portal) Operation(ctx context.Context, actor app.Actor, id app.ID) (app.Operation, error) {
	var operation app.Operation
	err := p.see(ctx, actor, app.SeeServices, func(tx *store.Tx) (err error) {
		operation, err = tx.Operation(ctx, id)
		return err
	})
	return *forReader(actor, &operation), err
}

// Operations returns a page of the operations that the actor may see with their raw errors, newest first.
func (p *Portal) Operations(ctx context.Context, actor app.Actor, f OperationFilter) (OperationPage, error) {
	return p.operationPage(ctx, actor, app.SeeOperations, f)
}

// History returns a page of the operations of the services that the actor may see, newest first, or NotFound for a service that it may not.
// Raw errors are for the operator's staff only.
func (p *Portal) History(ctx context.Context, actor app.Actor, f OperationFilter) (OperationPage, error) {
	page, err := p.operationPage(ctx, actor, app.SeeServices, f)
	for i := range page.Operations {
		forReader(actor, &page.Operations[i])
	}
	return page, err
}

func (p *Portal) operationPage(ctx context.Context, actor app.Actor, permission app.Permission, f OperationFilter) (OperationPage, error) {
	if err := actor.May(permission); err != nil {
		return OperationPage{}, err
	}
	before, limit, err := pageOf(f.After, f.Limit)
	if err != nil {
		return OperationPage{}, err
	}
	q := store.OperationQuery{Text: clip(f.Text), State: string(f.State), Kind: string(f.Kind), Only: f.Only, Before: before, Limit: limit + 1}
	var page OperationPage
	err = p.see(ctx, actor, permission, func(tx *store.Tx) (err error) {
		if f.Only != (app.ID{}) {
			if _, err := tx.Service(ctx, f.Only); err != nil {
				return err
			}
		}
		page.Operations, page.Counts, err = tx.Operations(ctx, q)
		return err
	})
	if len(page.Operations) > limit {
		page.Operations = page.Operations[:limit]
		page.Next = page.Operations[limit-1].ID.String()
	}
	return page, err
}

// RetryOperation takes a failed operation up again. What was made stays and is looked at anew; a guest whose own set-up failed is
// made afresh; where everything had been removed, it all begins again.
func (p *Portal) RetryOperation(ctx context.Context, actor app.Actor, id app.ID) (app.Operation, error) {
	var operation app.Operation
	err := p.do(ctx, actor, retryOperation, func(tx *store.Tx) error {
		o, err := tx.LockOperation(ctx, id)
		if err != nil {
			return err
		}
		tx.NoteIn(o.Organization, "service "+o.Service.String(), nil, map[string]string{"operation": o.ID.String()})
		last, err := tx.LastOperation(ctx, o.Service)
		if err != nil {
			return err
		}
		service, err := tx.Service(ctx, o.Service)
		if err != nil {
			return err
		}
		switch {
		case last.Kind == app.OperationUndo && last.State == app.OperationDone && service.State == app.ServiceFailed:
			operation, err = p.again(ctx, tx, actor, service, planner.Operation)
		case last.ID != o.ID || o.State != app.OperationFailed:
			return app.Errorf(app.Conflict, "There is nothing to try again here.")
		case o.Kind == app.OperationCreate && guestFailed(o):
			if err := p.stop(ctx, tx, &o, p.now()); err != nil {
				return err
			}
			operation, err = p.again(ctx, tx, actor, service, func(_ app.OperationKind, s app.Service, r []app.Resource, now time.Time) app.Operation {
				return planner.Recreate(s, r, now)
			})
		default:
			operation, err = o, p.requeue(ctx, tx, actor, &o, service)
		}
		return err
	})
	return *forReader(actor, &operation), err
}

// guestFailed reports whether the guest itself came up wrong, so that only a new one helps.
func guestFailed(o app.Operation) bool {
	return slices.ContainsFunc(o.Steps, func(s app.Step) bool {
		return s.State == app.StepFailed && (s.Action == app.ActionConfigure || s.Action == app.ActionCheck)
	})
}

// again starts a fresh create over the service's resources.
func (p *Portal) again(ctx context.Context, tx *store.Tx, actor app.Actor, s app.Service,
	plan func(app.OperationKind, app.Service, []app.Resource, time.Time) app.Operation,
) (app.Operation, error) {
	resources, err := tx.Resources(ctx, s.ID)
	if err != nil {
		return app.Operation{}, err
	}
	now := p.now()
	if err := tx.MoveService(ctx, s.ID, app.ServiceCreating, "", now); err != nil {
		return app.Operation{}, err
	}
	operation := plan(app.OperationCreate, s, resources, now)
	return operation, p.start(ctx, tx, actor, operation, "retried", "It is being tried again.")
}

// requeue lets an operation's failed steps run again.
func (p *Portal) requeue(ctx context.Context, tx *store.Tx, actor app.Actor, o *app.Operation, s app.Service) error {
	now := p.now()
	if err := tx.MoveOperation(ctx, o, app.OperationRunning, now); err != nil {
		return err
	}
	if o.Kind == app.OperationCreate {
		if err := tx.MoveService(ctx, s.ID, app.ServiceCreating, "", now); err != nil {
			return err
		}
	}
	var due []app.ID
	queue := func(step *app.Step) error {
		before := step.State
		step.State, step.Attempts, step.Message, step.StartedAt, step.EndedAt = app.StepQueued, 0, "", time.Time{}, time.Time{}
		due = append(due, step.ID)
		return tx.SaveStep(ctx, before, *step, 0)
	}
	for i := range o.Steps {
		if o.Steps[i].State == app.StepFailed {
			if err := queue(&o.Steps[i]); err != nil {
				return err
			}
		}
	}
	// Steps that ended well after the failure have let nothing follow: see what is due by now.
	for _, i := range planner.Next(*o) {
		if err := queue(&o.Steps[i]); err != nil {
			return err
		}
	}
	if err := tx.InsertEvent(ctx, o.Organization, p.event(actor, o.Service, o.ID, "retried", "It is being tried again.")); err != nil {
		return err
	}
	if err := tx.Notify(ctx, *o); err != nil {
		return err
	}
	return tx.EnqueueFor(ctx, o.Organization, time.Time{}, due...)
}

// CancelOperation stops a create that goes on or has failed, and removes what it made. It returns the operation that removes.
func (p *Portal) CancelOperation(ctx context.Context, actor app.Actor, id app.ID) (app.Operation, error) {
	var operation app.Operation
	err := p.do(ctx, actor, cancelOperation, func(tx *store.Tx) error {
		o, err := tx.LockOperation(ctx, id)
		if err != nil {
			return err
		}
		tx.NoteIn(o.Organization, "service "+o.Service.String(), nil, map[string]string{"operation": o.ID.String()})
		service, err := tx.Service(ctx, o.Service)
		if err != nil {
			return err
		}
		if service.State != app.ServiceCreating && service.State != app.ServiceFailed {
			return app.Errorf(app.Conflict, "There is nothing to cancel here any more.")
		}
		operation, err = p.terminate(ctx, tx, actor, service, "The order was cancelled.")
		return err
	})
	return *forReader(actor, &operation), err
}

// forReader leaves out what only the operator's staff may read.
func forReader(actor app.Actor, o *app.Operation) *app.Operation {
	if actor.May(app.SeeOperations) == nil && actor.Staff() {
		return o
	}
	for i := range o.Steps {
		o.Steps[i].RawError = ""
	}
	return o
}
