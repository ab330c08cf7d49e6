package worker

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"allotment/app/outbox"
	"allotment/app/store"
)

// mailWorker sends one mail.
type mailWorker struct {
	river.WorkerDefaults[store.MailJob]
	outbox *outbox.Outbox
}

// Work makes one attempt. An error means that the database did not answer; the job comes back.
func (w *mailWorker) Work(ctx context.Context, job *river.Job[store.MailJob]) error {
	again, err := w.outbox.Deliver(ctx, job.Args)
	if err == nil && again > 0 {
		return river.JobSnooze(again)
	}
	return err
}

// NextRetry: a database that did not answer is asked again soon.
func (w *mailWorker) NextRetry(*river.Job[store.MailJob]) time.Time {
	return time.Now().Add(2 * time.Second)
}
