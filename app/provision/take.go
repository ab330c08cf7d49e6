package provision

import (
	"context"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"allotment/app"
	"allotment/app/store"
	"allotment/catalog"
)

// work is one step with all that its call needs to know.
type work struct {
	step      app.Step
	operation app.Operation
	service   app.Service
	resource  app.Resource
	siblings  []app.Resource // all of the service's resources, this one included
	entry     *catalog.App
	plan      *catalog.Plan
}

func (w *work) sibling(kind app.Kind) (app.Resource, bool) {
	i := slices.IndexFunc(w.siblings, func(r app.Resource) bool { return r.Kind == kind })
	if i < 0 {
		return app.Resource{}, false
	}
	return w.siblings[i], true
}

// take marks the step as running for this job, or ends the job and returns nil where there is nothing to do: another job has the
// step, it is done, or it is no longer wanted.
func (e *Engine) take(ctx context.Context, job *river.Job[store.StepJob]) (*work, error) {
	var taken *work
	err := e.store.InTenant(ctx, app.System(job.Args.Organization), func(tx *store.Tx) error {
		id, err := tx.StepOwner(ctx, job.Args.Step)
		if app.CodeOf(err) == app.NotFound {
			return tx.CompleteJob(ctx, job)
		}
		if err != nil {
			return err
		}
		w, late, err := e.look(ctx, tx, job, id)
		if err != nil {
			return err
		}
		if late {
			return tx.CompleteJob(ctx, job)
		}
		busy, err := tx.BusyElsewhere(ctx, w.service.ID, w.operation.ID)
		if err != nil {
			return err
		}
		if busy {
			return e.postpone(ctx, tx, job, w)
		}
		taken = w
		return e.begin(ctx, tx, job, w)
	})
	return taken, err
}

// look loads the step's surroundings under the operation's lock and says whether this job comes too late.
func (e *Engine) look(ctx context.Context, tx *store.Tx, job *river.Job[store.StepJob], operation app.ID) (*work, bool, error) {
	o, err := tx.LockOperation(ctx, operation)
	if err != nil {
		return nil, false, err
	}
	w := &work{operation: o, step: o.Steps[slices.IndexFunc(o.Steps, func(s app.Step) bool { return s.ID == job.Args.Step })]}
	owner, err := tx.StepJobID(ctx, w.step.ID)
	if err != nil {
		return nil, false, err
	}
	own := owner == job.ID || slices.Contains(job.Args.Instead, owner)
	if late, err := e.late(ctx, tx, w, own); late || err != nil {
		return nil, true, err
	}
	if w.service, err = tx.Service(ctx, o.Service); err != nil {
		return nil, false, err
	}
	if w.siblings, err = tx.Resources(ctx, o.Service); err != nil {
		return nil, false, err
	}
	w.resource = w.siblings[slices.IndexFunc(w.siblings, func(r app.Resource) bool { return r.Resource == w.step.Resource })]
	if entry, ok := e.catalog.App(w.service.App); ok {
		w.entry, w.plan = entry, entry.Plan(w.service.Plan)
	}
	return w, false, nil
}

func (e *Engine) late(ctx context.Context, tx *store.Tx, w *work, own bool) (bool, error) {
	switch w.step.State {
	case app.StepQueued:
		return false, nil
	case app.StepWaiting:
		return w.step.NextAt.After(e.now().Add(time.Second)), nil
	case app.StepRunning:
		if own && w.operation.State == app.OperationCancelled {
			// Its worker was killed and nobody wants it any more: what it may have made is removed by the newer operation.
			before := w.step.State
			w.step.State, w.step.EndedAt = app.StepCancelled, e.now()
			return true, tx.SaveStep(ctx, before, w.step, 0)
		}
		return !own, nil
	}
	return true, nil
}

// begin marks the step as running and its resource as possibly changed.
func (e *Engine) begin(ctx context.Context, tx *store.Tx, job *river.Job[store.StepJob], w *work) error {
	before := w.step.State
	w.step.State, w.step.NextAt = app.StepRunning, time.Time{}
	w.step.Attempts++
	if w.step.StartedAt.IsZero() {
		w.step.StartedAt = e.now()
	}
	if err := tx.SaveStep(ctx, before, w.step, job.ID); err != nil {
		return err
	}
	if next, ok := beginState(w.step.Action); ok {
		if err := w.resource.State.To(next); err != nil {
			return err
		}
		saved := w.resource
		saved.State = next
		if err := tx.SaveResource(ctx, saved, e.now()); err != nil {
			return err
		}
	}
	return tx.Notify(ctx, w.operation)
}

func beginState(a app.Action) (app.ResourceState, bool) {
	switch a {
	case app.ActionEnsure:
		return app.ResourceMaking, true
	case app.ActionRemove:
		return app.ResourceRemoving, true
	}
	return "", false
}

// postpone lets the step wait until a step of another operation on the same service has ended.
func (e *Engine) postpone(ctx context.Context, tx *store.Tx, job *river.Job[store.StepJob], w *work) error {
	before := w.step.State
	if before == app.StepQueued { // a step waits only after it has run; this one simply stays in the queue
		at := e.now().Add(500 * time.Millisecond)
		if err := tx.Enqueue(ctx, at, w.step.ID); err != nil {
			return err
		}
		return tx.CompleteJob(ctx, job)
	}
	w.step.NextAt = e.now().Add(500 * time.Millisecond)
	w.step.State = app.StepWaiting
	if err := tx.SaveStep(ctx, before, w.step, 0); err != nil {
		return err
	}
	if err := tx.Enqueue(ctx, w.step.NextAt, w.step.ID); err != nil {
		return err
	}
	return tx.CompleteJob(ctx, job)
}
