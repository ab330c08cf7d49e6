package worker

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"allotment/app/payment"
	"allotment/app/store"
)

// paymentWorker carries out one attempt at a payment provider.
type paymentWorker struct {
	river.WorkerDefaults[store.PaymentJob]
	payments *payment.Engine
}

// Work makes one try. An error means that the database did not answer; the job comes back.
func (w *paymentWorker) Work(ctx context.Context, job *river.Job[store.PaymentJob]) error {
	again, err := w.payments.Carry(ctx, job.Args)
	if err == nil && again > 0 {
		return river.JobSnooze(again)
	}
	return err
}

// NextRetry: a database that did not answer is asked again soon.
func (w *paymentWorker) NextRetry(*river.Job[store.PaymentJob]) time.Time {
	return time.Now().Add(2 * time.Second)
}

// noticeWorker applies one notice of a payment provider's.
type noticeWorker struct {
	river.WorkerDefaults[store.NoticeJob]
	payments *payment.Engine
}

// Work applies it. After an error it is tried again, ever later.
func (w *noticeWorker) Work(ctx context.Context, job *river.Job[store.NoticeJob]) error {
	return w.payments.Apply(ctx, job.Args)
}
