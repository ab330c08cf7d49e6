package provision

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"allotment/app"
	"allotment/app/planner"
	"allotment/app/store"
)

// result is what a call observed.
type result struct {
	externalID string
	observed   []byte // JSON; nil leaves what was known
}

// settle stores the result of a call, what follows from it, and the end of the job, in one transaction. When another job has
// taken the step meanwhile, this one says nothing.
func (e *Engine) settle(ctx context.Context, job *river.Job[store.StepJob], w *work, done result, callErr *app.Error) error {
	return e.store.InTenant(ctx, app.System(job.Args.Organization), func(tx *store.Tx) error {
		o, err := tx.LockOperation(ctx, w.operation.ID)
		if err != nil {
			return err
		}
		owner, err := tx.StepJobID(ctx, w.step.ID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(o.Steps, func(s app.Step) bool { return s.ID == w.step.ID })
		step := &o.Steps[i]
		if owner != job.ID || step.State != app.StepRunning || step.Attempts != w.step.Attempts {
			return tx.CompleteJob(ctx, job)
		}
		if callErr == nil {
			err = e.succeed(ctx, tx, &o, step, w, done)
		} else {
			err = e.stumble(ctx, tx, &o, step, w, callErr)
		}
		if err != nil {
			return err
		}
		if err := tx.Notify(ctx, o); err != nil {
			return err
		}
		return tx.CompleteJob(ctx, job)
	})
}

// succeed marks the step as done and queues what waited for it; after the last one the operation is done.
func (e *Engine) succeed(ctx context.Context, tx *store.Tx, o *app.Operation, step *app.Step, w *work, done result) error {
	now := e.now()
	step.State, step.EndedAt, step.Message, step.RawError = app.StepDone, now, "", ""
	if err := tx.SaveStep(ctx, app.StepRunning, *step, 0); err != nil {
		return err
	}
	if err := e.saveResource(ctx, tx, w, done, now); err != nil {
		return err
	}
	if o.State != app.OperationRunning {
		return nil // it was cancelled or has failed: nothing follows
	}
	var due []app.ID
	for _, i := range planner.Next(*o) {
		o.Steps[i].State = app.StepQueued
		if err := tx.SaveStep(ctx, app.StepPending, o.Steps[i], 0); err != nil {
			return err
		}
		due = append(due, o.Steps[i].ID)
	}
	if err := tx.Enqueue(ctx, time.Time{}, due...); err != nil {
		return err
	}
	if slices.ContainsFunc(o.Steps, func(s app.Step) bool { return !s.State.Ended() }) {
		return nil
	}
	return e.complete(ctx, tx, o, w.service, now)
}

func (e *Engine) saveResource(ctx context.Context, tx *store.Tx, w *work, done result, now time.Time) error {
	r := w.resource
	switch w.step.Action {
	case app.ActionEnsure, app.ActionSeal:
		r.State = app.ResourcePresent
	case app.ActionRemove:
		r.State, r.ExternalID, r.Observed = app.ResourceRemoved, "", nil
		return tx.SaveResource(ctx, r, now)
	default:
		return nil
	}
	if done.externalID != "" {
		r.ExternalID = done.externalID
	}
	if done.observed != nil {
		r.Observed = done.observed
	}
	return tx.SaveResource(ctx, r, now)
}

// stumble decides what an error means: wait and try again, or give up.
func (e *Engine) stumble(ctx context.Context, tx *store.Tx, o *app.Operation, step *app.Step, w *work, callErr *app.Error) error {
	now := e.now()
	step.Message, step.RawError = callErr.Message, raw(callErr)
	if o.State == app.OperationCancelled {
		step.State, step.EndedAt = app.StepCancelled, now
		return tx.SaveStep(ctx, app.StepRunning, *step, 0)
	}
	if callErr.Code == app.Retryable || callErr.Code == app.Unknown {
		step.UnderWay = step.RawError == ""
		step.State, step.NextAt = app.StepWaiting, now.Add(e.pause(step.Attempts, callErr))
		if err := tx.SaveStep(ctx, app.StepRunning, *step, 0); err != nil {
			return err
		}
		return tx.Enqueue(ctx, step.NextAt, step.ID)
	}
	step.State, step.EndedAt = app.StepFailed, now
	if err := tx.SaveStep(ctx, app.StepRunning, *step, 0); err != nil {
		return err
	}
	if o.State != app.OperationRunning {
		return nil
	}
	return e.fail(ctx, tx, o, step, w.service, callErr, now)
}

// pause is how long a step waits before its next try: half a second, doubled each time, up to the longest. What is only under way
// is looked at every two seconds.
func (e *Engine) pause(attempts int, cause *app.Error) time.Duration {
	pause := 500 * time.Millisecond
	for range min(attempts-1, 10) {
		pause *= 2
	}
	if raw(cause) == "" {
		return min(pause, 2*time.Second)
	}
	return min(pause, e.cfg.BackoffMax)
}

// raw is the cause behind the words, for the operator; "" where the words are all there is.
func raw(err *app.Error) string {
	text := err.Err.Error()
	if text == err.Message {
		return ""
	}
	text = strings.TrimPrefix(text, err.Message+": ") // the words stand beside it
	if len(text) > 4000 {
		text = text[:4000] + " …"
	}
	return text
}
