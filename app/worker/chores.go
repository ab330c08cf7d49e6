package worker

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"
)

// Chore is something that is looked after once an hour, by one worker of all.
type Chore func(context.Context) error

const choresEvery = time.Hour

// choresJob is the hourly round.
type choresJob struct{}

// Kind names the job for the queue.
func (choresJob) Kind() string { return "chores" }

// InsertOpts: one round at a time, and a round that failed is not repeated before the next is due.
func (choresJob) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByPeriod: choresEvery}}
}

// choresWorker makes the round.
type choresWorker struct {
	river.WorkerDefaults[choresJob]
	chores []Chore
}

// Work does every chore, also when one before it has failed.
func (w *choresWorker) Work(ctx context.Context, _ *river.Job[choresJob]) error {
	var errs []error
	for _, chore := range w.chores {
		errs = append(errs, chore(ctx))
	}
	return errors.Join(errs...)
}

func chores() []*river.PeriodicJob {
	return []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(choresEvery),
		func() (river.JobArgs, *river.InsertOpts) { return choresJob{}, nil }, &river.PeriodicJobOpts{RunOnStart: true})}
}
