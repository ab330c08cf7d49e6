package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"allotment/app"
)

// StepJob asks a worker to run one step. It carries IDs and nothing else.
type StepJob struct {
	Organization app.ID  `json:"organization"`
	Step         app.ID  `json:"step"`
	Instead      []int64 `json:"instead,omitempty"` // the jobs of lost workers in whose place it stands
}

// Kind names the job for the queue.
func (StepJob) Kind() string { return "step" }

// InsertOpts: a job is taken up again after each crash of its worker, so the number of tries is not what ends it.
func (StepJob) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 10_000} }

// Enqueue puts jobs for the steps into the queue; they can be taken at the given time, or at once if it is zero.
func (t *Tx) Enqueue(ctx context.Context, at time.Time, steps ...app.ID) error {
	return t.EnqueueFor(ctx, t.actor.Organization, at, steps...)
}

// EnqueueFor is Enqueue for steps of another organization of the actor's sub-tree.
func (t *Tx) EnqueueFor(ctx context.Context, organization app.ID, at time.Time, steps ...app.ID) error {
	if len(steps) == 0 {
		return nil
	}
	params := make([]river.InsertManyParams, len(steps))
	for i, step := range steps {
		params[i].Args = StepJob{Organization: organization, Step: step}
		if !at.IsZero() {
			params[i].InsertOpts = &river.InsertOpts{ScheduledAt: at}
		}
	}
	if _, err := t.store.jobs.InsertManyFastTx(ctx, t.tx, params); err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	return nil
}

// CompleteJob marks the job done in this transaction, so that its effect on our tables and its end are one.
func (t *Tx) CompleteJob(ctx context.Context, job *river.Job[StepJob]) error {
	if _, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, t.tx, job); err != nil {
		return fmt.Errorf("complete job: %w", err)
	}
	return nil
}

// leaseClass keeps the workers' advisory locks apart from all others.
const leaseClass = 0x616c6c6f

// Lease is held by a living worker process for as long as its connection lasts.
type Lease struct{ conn *pgx.Conn }

// Hold takes the lease of the worker with this ID. PostgreSQL drops it the moment the process is gone.
func (s *Store) Hold(ctx context.Context, worker string) (*Lease, error) {
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return nil, fmt.Errorf("lease: %w", err)
	}
	var held bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1, hashtext($2))`, leaseClass, worker).Scan(&held); err != nil || !held {
		conn.Close(ctx)
		return nil, fmt.Errorf("lease: another worker has the name %q (%v)", worker, err)
	}
	return &Lease{conn: conn}, nil
}

// Check reports whether the lease still holds; after an error the worker must stop what it does.
func (l *Lease) Check(ctx context.Context) error { return l.conn.Ping(ctx) }

// Release gives the lease back.
func (l *Lease) Release(ctx context.Context) error { return l.conn.Close(ctx) }

// RescueJobs puts fresh jobs in the place of running ones whose workers hold no lease, and returns how many there were. A step or mail whose
// worker was killed is so taken up within a second or two, not after the queue's own time-out. The job is a fresh one because a
// worker that lost its lease may still be alive: what it says of its own job then changes nothing any more.
func (s *Store) RescueJobs(ctx context.Context) (int64, error) {
	tag, err := s.pool.Exec(ctx, `
		WITH gone AS (
			SELECT id FROM river.river_job j
			WHERE j.state = 'running' AND j.kind IN ('step', 'mail', 'billing', 'export', 'payment', 'notice')
			AND NOT EXISTS (
				SELECT 1 FROM pg_locks l
				WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1::bigint::oid
				AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
				AND l.objid = (hashtext(j.attempted_by[array_upper(j.attempted_by, 1)])::bigint & 4294967295)::oid)
			FOR UPDATE SKIP LOCKED
		), ended AS (
			UPDATE river.river_job j SET state = 'cancelled', finalized_at = now()
			FROM gone WHERE j.id = gone.id
			RETURNING j.id, j.args, j.kind, j.max_attempts, j.priority, j.queue
		)
		INSERT INTO river.river_job (args, kind, max_attempts, priority, queue)
		SELECT args || jsonb_build_object('instead', coalesce(args -> 'instead', '[]') || to_jsonb(id)), kind, max_attempts, priority, queue
		FROM ended`, leaseClass)
	if err != nil {
		return 0, fmt.Errorf("rescue jobs: %w", err)
	}
	return tag.RowsAffected(), nil
}

// WakeJobs makes jobs available whose time has come, and returns how many there were. The queue does so too, but only every five
// seconds, and not at all for a quarter of a minute after the worker that led the others was killed.
func (s *Store) WakeJobs(ctx context.Context) (int64, error) {
	tag, err := s.pool.Exec(ctx, `
		UPDATE river.river_job SET state = 'available'
		WHERE id IN (
			SELECT id FROM river.river_job
			WHERE state IN ('scheduled', 'retryable') AND scheduled_at <= now()
			ORDER BY scheduled_at LIMIT 1000
			FOR UPDATE SKIP LOCKED)`)
	if err != nil {
		return 0, fmt.Errorf("wake jobs: %w", err)
	}
	return tag.RowsAffected(), nil
}
