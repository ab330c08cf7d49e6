package worker

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/store"
)

// billingEvery is how often it is looked whether something is due. A seller's day begins at midnight where the seller is, so each hour
// begins one somewhere; what an hour missed, the next one does.
const billingEvery = time.Hour

// billingWorker does one run of billing.
type billingWorker struct {
	river.WorkerDefaults[store.BillingJob]
	biller *biller.Biller
}

// Work does a run that a person asked for, or whatever is due. Where the process ends meanwhile, another one goes on.
func (w *billingWorker) Work(ctx context.Context, job *river.Job[store.BillingJob]) error {
	if job.Args.Run == (app.ID{}) {
		return w.biller.Scheduled(ctx)
	}
	_, err := w.biller.Execute(ctx, job.Args.Run, nil)
	if ctx.Err() == nil {
		return nil // the run's own row says what went wrong
	}
	return err
}

// Timeout: a run takes as long as it takes. One whose worker was killed is taken up by its lease, not by the clock.
func (w *billingWorker) Timeout(*river.Job[store.BillingJob]) time.Duration { return -1 }

// NextRetry: what was broken off goes on soon.
func (w *billingWorker) NextRetry(*river.Job[store.BillingJob]) time.Time {
	return time.Now().Add(2 * time.Second)
}

func billingRounds() []*river.PeriodicJob {
	return []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(billingEvery),
		func() (river.JobArgs, *river.InsertOpts) {
			return store.BillingJob{}, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: billingEvery}}
		}, &river.PeriodicJobOpts{RunOnStart: true})}
}
