package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"allotment/app"
	"allotment/billing"
)

// RunKind is what a run of billing does.
type RunKind string

// The kinds.
const (
	RunBills  RunKind = "run"     // issues what is due
	RunDry    RunKind = "dry run" // computes it, and writes nothing
	RunVerify RunKind = "verify"  // looks at the books
)

// BillingRun is one run: who asked for it, how far it is, and what came out.
type BillingRun struct {
	ID        app.ID
	Kind      RunKind
	AsOf      billing.Date // none: each seller's own day
	AskedBy   string
	AskedAt   time.Time
	StartedAt time.Time // zero while it waits
	EndedAt   time.Time // zero while it runs
	Total     int       // accounts, or documents, that it has before it
	Tally
	Off   []string // what is off in the books, at most 500 sentences
	Error string   // why it broke off
}

// Tally is what a run has done.
type Tally struct {
	Accounts  int // or documents, of a look at the books
	Invoices  int
	Charges   int
	Parked    int
	Wholesale int              // invoices to resellers
	Totals    map[string]int64 // gross, in minor units, by currency
}

// BillingJob asks a worker to do a run. The zero Run is the schedule's: whatever is due.
type BillingJob struct {
	Run     app.ID  `json:"run"`
	Instead []int64 `json:"instead,omitempty"` // the jobs of lost workers in whose place it stands
}

// Kind names the job for the queue.
func (BillingJob) Kind() string { return "billing" }

// InsertOpts: a run goes on after each crash of its worker.
func (BillingJob) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 10_000} }

const runColumns = `id, kind, as_of, asked_by, asked_at, started_at, ended_at, total, accounts, invoices, charges, parked, wholesale, totals, off, error`

func scanRun(row pgx.CollectableRow) (BillingRun, error) {
	var r BillingRun
	var asOf, started, ended *time.Time
	err := row.Scan(&r.ID, &r.Kind, &asOf, &r.AskedBy, &r.AskedAt, &started, &ended, &r.Total, &r.Accounts, &r.Invoices, &r.Charges, &r.Parked,
		&r.Wholesale, &r.Totals, &r.Off, &r.Error)
	r.AsOf = dateOf(asOf)
	if started != nil {
		r.StartedAt = *started
	}
	if ended != nil {
		r.EndedAt = *ended
	}
	return r, err
}

// InsertBillingRun writes a run that waits, and with queue a job for it.
func (t *Tx) InsertBillingRun(ctx context.Context, r BillingRun, queue bool) error {
	_, err := t.tx.Exec(ctx, `INSERT INTO billing_runs (organization_id, id, kind, as_of, asked_by, asked_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		t.actor.Organization, r.ID, r.Kind, dateOrNull(r.AsOf), r.AskedBy, r.AskedAt)
	if err != nil || !queue {
		return classify(err)
	}
	if _, err := t.store.jobs.InsertTx(ctx, t.tx, BillingJob{Run: r.ID}, nil); err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	return nil
}

// BillingRun returns one run, or NotFound.
func (t *Tx) BillingRun(ctx context.Context, id app.ID) (BillingRun, error) {
	rows, err := t.tx.Query(ctx, `SELECT `+runColumns+` FROM billing_runs WHERE organization_id = $1 AND id = $2`, t.actor.Organization, id)
	if err != nil {
		return BillingRun{}, classify(err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, scanRun)
	return r, classify(err)
}

// BillingRuns returns the newest runs, those of one kind where one is given, from behind after on.
func (t *Tx) BillingRuns(ctx context.Context, kind RunKind, after app.ID, limit int) ([]BillingRun, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+runColumns+` FROM billing_runs
		WHERE organization_id = $1 AND ($2 = '' OR kind = $2) AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4`,
		t.actor.Organization, kind, optional(after), limit)
	if err != nil {
		return nil, classify(err)
	}
	runs, err := pgx.CollectRows(rows, scanRun)
	return runs, classify(err)
}

// StartBillingRun notes that a run has begun, or goes on after its worker was lost, with so much before it.
func (t *Tx) StartBillingRun(ctx context.Context, id app.ID, before int, now time.Time) error {
	return t.changeOne(ctx, `
		UPDATE billing_runs SET started_at = coalesce(started_at, $3), total = CASE kind WHEN 'run' THEN accounts ELSE 0 END + $4,
			accounts = CASE kind WHEN 'run' THEN accounts ELSE 0 END, invoices = CASE kind WHEN 'run' THEN invoices ELSE 0 END,
			charges = CASE kind WHEN 'run' THEN charges ELSE 0 END, parked = CASE kind WHEN 'run' THEN parked ELSE 0 END,
			totals = CASE kind WHEN 'run' THEN totals ELSE '{}' END
		WHERE organization_id = $1 AND id = $2`, t.actor.Organization, id, now, before)
}

// CountInRun adds what was done to a run. In the transaction that does it, the run counts exactly that.
func (t *Tx) CountInRun(ctx context.Context, id app.ID, done Tally) error {
	if done.Totals == nil {
		done.Totals = map[string]int64{}
	}
	return t.changeOne(ctx, `
		UPDATE billing_runs SET accounts = accounts + $3, invoices = invoices + $4, charges = charges + $5, parked = parked + $6, wholesale = wholesale + $7,
			total = greatest(total, accounts + $3),
			totals = (SELECT coalesce(jsonb_object_agg(key, sum), '{}') FROM (SELECT key, sum(value::bigint) AS sum
				FROM (SELECT * FROM jsonb_each_text(totals) UNION ALL SELECT * FROM jsonb_each_text($8::jsonb)) both_sums GROUP BY key) summed)
		WHERE organization_id = $1 AND id = $2`, t.actor.Organization, id, done.Accounts, done.Invoices, done.Charges, done.Parked, done.Wholesale, done.Totals)
}

// mostOff is how many sentences of what is off a run keeps.
const mostOff = 500

// EndBillingRun notes the end of a run, with what is off in the books, and why it broke off where it did.
func (t *Tx) EndBillingRun(ctx context.Context, id app.ID, off []string, failure string, now time.Time) error {
	if len(off) > mostOff {
		off = off[:mostOff]
	}
	return t.changeOne(ctx, `UPDATE billing_runs SET ended_at = $3, off = $4, error = $5 WHERE organization_id = $1 AND id = $2`,
		t.actor.Organization, id, now, nonNil(off), failure)
}

// Due says until which day each account is due: by its seller's own day, since a seller's day decides.
type Due struct {
	Day   billing.Date            // for sellers in any other zone
	Zones map[string]billing.Date // by the name of the seller's zone; none where one day counts for all
}

func (d Due) lists() (zones []string, days []time.Time, latest time.Time) {
	latest = d.Day.UTC()
	for zone, day := range d.Zones {
		zones, days = append(zones, zone), append(days, day.UTC())
		if day.UTC().After(latest) {
			latest = day.UTC()
		}
	}
	return nonNil(zones), days, latest
}

// dueAccount is the condition on billing_accounts a for the lists of a Due as $1 (latest), $2 (any other zone), $3 and $4.
const dueAccount = `a.next_on <= $1 AND a.next_on <= coalesce((SELECT d.day FROM seller_terms s JOIN unnest($3::text[], $4::date[]) d(zone, day) ON d.zone = s.zone
	WHERE s.organization_id = a.seller_id), $2)`

// CountDue counts the accounts on which something may be due.
func (t *Tx) CountDue(ctx context.Context, due Due) (n int, err error) {
	zones, days, latest := due.lists()
	err = t.tx.QueryRow(ctx, `SELECT count(*) FROM billing_accounts a WHERE `+dueAccount, latest, due.Day.UTC(), zones, days).Scan(&n)
	return n, classify(err)
}

// SellersZones returns the time zones that sellers count their days in.
func (t *Tx) SellersZones(ctx context.Context) ([]string, error) {
	rows, err := t.tx.Query(ctx, `SELECT DISTINCT zone FROM seller_terms`)
	if err != nil {
		return nil, classify(err)
	}
	zones, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return zones, classify(err)
}
