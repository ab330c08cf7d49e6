package worker

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"allotment/app/provision"
	"allotment/app/store"
)

// stepWorker runs one step's job.
type stepWorker struct {
	river.WorkerDefaults[store.StepJob]
	engine *provision.Engine
}

// Work runs the step. An error means that the database did not answer; the job comes back.
func (w *stepWorker) Work(ctx context.Context, job *river.Job[store.StepJob]) error {
	return w.engine.Run(ctx, job)
}

// NextRetry: a database that did not answer is asked again soon.
func (w *stepWorker) NextRetry(*river.Job[store.StepJob]) time.Time {
	return time.Now().Add(2 * time.Second)
}
