// Package worker runs the job queue: workers of steps, and the schedules. Any number of processes may run it over one database.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/outbox"
	"allotment/app/payment"
	"allotment/app/provision"
	"allotment/app/store"
)

// Config says how much one process takes on.
type Config struct {
	Steps int           // how many steps run at once; 0 means 20
	Beat  time.Duration // how often the lease is checked and orphans are looked for; 0 means one second

	Chores  []Chore
	Outbox  *outbox.Outbox // sends the mail; nil where there is none to send
	Biller  *biller.Biller // issues what is due; nil where nothing is sold
	Exports Exports        // makes files of the books; nil where nobody asks for any

	Payments *payment.Engine // collects; nil where nothing is collected
}

// exportsAtOnce is how many exports one process makes at once: each uses every processor where it draws documents.
const exportsAtOnce = 2

// Worker is one process's share of the work.
type Worker struct {
	store  *store.Store
	engine *provision.Engine // nil: only chores are done
	client *river.Client[pgx.Tx]
	lease  *store.Lease
	name   string
	beat   time.Duration
	log    *slog.Logger
	stop   context.CancelFunc
	done   sync.WaitGroup
	lost   chan error
}

// Start takes the process's lease and begins to work. Stop must be called.
func Start(ctx context.Context, st *store.Store, engine *provision.Engine, cfg Config, log *slog.Logger) (*Worker, error) {
	if cfg.Steps == 0 {
		cfg.Steps = 20
	}
	if cfg.Beat == 0 {
		cfg.Beat = time.Second
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	w := &Worker{store: st, engine: engine, name: host + "-" + strconv.Itoa(os.Getpid()) + "-" + app.NewID().String(), beat: cfg.Beat, log: log, lost: make(chan error, 1)}
	if w.lease, err = st.Hold(ctx, w.name); err != nil {
		return nil, err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &stepWorker{engine: engine})
	river.AddWorker(workers, &choresWorker{chores: cfg.Chores})
	if cfg.Outbox != nil {
		river.AddWorker(workers, &mailWorker{outbox: cfg.Outbox})
	}
	periodic := chores()
	if cfg.Biller != nil {
		river.AddWorker(workers, &billingWorker{biller: cfg.Biller})
		periodic = append(periodic, billingRounds()...)
	}
	queues := map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: cfg.Steps}}
	if cfg.Exports != nil {
		river.AddWorker(workers, &exportWorker{exports: cfg.Exports})
		queues[store.ExportQueue] = river.QueueConfig{MaxWorkers: exportsAtOnce}
	}
	if cfg.Payments != nil {
		river.AddWorker(workers, &paymentWorker{payments: cfg.Payments})
		river.AddWorker(workers, &noticeWorker{payments: cfg.Payments})
	}
	w.client, err = river.NewClient(riverpgxv5.New(st.Pool()), &river.Config{
		ID: w.name, Schema: store.Schema, Logger: quiet(log), Workers: workers,
		Queues:        queues,
		FetchCooldown: 5 * time.Millisecond, FetchPollInterval: 500 * time.Millisecond,
		JobTimeout: 2 * time.Minute, RescueStuckJobsAfter: 5 * time.Minute, // the last net: RescueJobs is much faster
		CompletedJobRetentionPeriod: time.Hour, PeriodicJobs: periodic,
		ReindexerSchedule: river.NeverSchedule(), // the program does not own the queue's indexes; PostgreSQL keeps them well enough
	})
	if err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	// The queue's own context outlives the start.
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	w.stop = stop
	if err := w.client.Start(running); err != nil {
		stop()
		return nil, fmt.Errorf("worker: %w", err)
	}
	w.done.Go(func() { w.watch(running) })
	return w, nil
}

// Lost receives an error when the process has lost its lease and has stopped working: the process should end and be started anew.
func (w *Worker) Lost() <-chan error { return w.lost }

// watch keeps the lease and takes up what killed workers left behind, at once and then with each beat.
func (w *Worker) watch(ctx context.Context) {
	tick := time.NewTicker(w.beat)
	defer tick.Stop()
	for {
		w.takeUp(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := w.lease.Check(ctx); err != nil && ctx.Err() == nil {
			w.log.Error("the worker has lost its lease and stops", "error", err)
			w.stop() // cancels every running step: another worker takes them up
			w.lost <- err
			return
		}
	}
}

// takeUp makes available what a worker that is gone was running, and what has waited long enough, and lets directories follow changes of
// access.
func (w *Worker) takeUp(ctx context.Context) {
	n, err1 := w.store.RescueJobs(ctx)
	_, err2 := w.store.WakeJobs(ctx)
	var err3 error
	if w.engine != nil {
		_, err3 = w.engine.FollowAccess(ctx)
	}
	if err := errors.Join(err1, err2, err3); err != nil && ctx.Err() == nil {
		w.log.Warn("looking for jobs to take up", "error", err)
	}
	if n > 0 {
		w.log.Info("took up jobs of a worker that is gone", "jobs", n)
	}
}

// Stop lets running steps end for as long as ctx allows, then cancels them; they are taken up again by whoever works next.
func (w *Worker) Stop(ctx context.Context) error {
	err := w.client.Stop(ctx)
	if err != nil {
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err = w.client.StopAndCancel(hard)
	}
	w.stop()
	w.done.Wait()
	if released := w.lease.Release(context.WithoutCancel(ctx)); err == nil && released != nil {
		w.log.Debug("lease", "error", released)
	}
	return err
}

// quiet keeps the queue's own chatter out of the log: a job that is tried again is no news.
func quiet(log *slog.Logger) *slog.Logger { return log.With("part", "queue") }
