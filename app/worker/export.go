package worker

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"allotment/app/store"
)

// Exports makes the files of exports: *portal.Portal.
type Exports interface {
	// MakeExport makes one. It may be killed at any moment and be run again.
	MakeExport(ctx context.Context, job store.ExportJob) error
}

// exportWorker makes one export.
type exportWorker struct {
	river.WorkerDefaults[store.ExportJob]
	exports Exports
}

// Work makes the export. An error means that it should be begun again.
func (w *exportWorker) Work(ctx context.Context, job *river.Job[store.ExportJob]) error {
	return w.exports.MakeExport(ctx, job.Args)
}

// Timeout: a large export takes as long as it takes; who waits can cancel it.
func (w *exportWorker) Timeout(*river.Job[store.ExportJob]) time.Duration { return -1 }

// NextRetry: a database that did not answer is asked again soon.
func (w *exportWorker) NextRetry(*river.Job[store.ExportJob]) time.Time {
	return time.Now().Add(2 * time.Second)
}
