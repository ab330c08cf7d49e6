package provision

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/riverqueue/river"

	"allotment/app"
	"allotment/app/planner"
	"allotment/app/store"
	"allotment/app/vault"
	"allotment/catalog"
)

// Drivers is one driver for each kind of remote resource.
type Drivers struct {
	Guests    Guests
	Records   Records
	Mail      Mail
	Directory Directory
	Clients   Clients
}

// Config is what the engine needs to know of the installation.
type Config struct {
	Addresses  Pool
	Mail       planner.MailSite
	EnrolURL   string        // where guests reach the enrolment endpoint: https://host:port
	EnrolCA    string        // PEM of its certificate authority; "" for a public one
	EnrolFor   time.Duration // how long a guest may take to set itself up, and then to answer; 0 means 30 minutes
	CheckDial  string        // host:port that every health check connects to, in place of the service's own address; "" for none
	StepTime   time.Duration // how long one driver call may take; 0 means 30 seconds
	BackoffMax time.Duration // the longest pause between two tries; 0 means 30 seconds
}

// Pool is the range of addresses for guests.
type Pool struct {
	First, Last netip.Addr // both included
	Bits        int        // of the network
	Gateway     netip.Addr
	Nameserver  netip.Addr // the zero Addr: the hypervisor's own
}

// Engine runs steps. Any number of processes may run one each over the same database.
type Engine struct {
	store   *store.Store
	catalog *catalog.Catalog
	vault   *vault.Vault
	drivers Drivers
	cfg     Config
	check   *checker
	now     func() time.Time
	log     *slog.Logger

	// Before and After are called around each step's call, outside of any transaction. Tests end the process there.
	Before func(app.Step)
	After  func(app.Step, error)
}

// New makes an engine.
func New(st *store.Store, cat *catalog.Catalog, v *vault.Vault, drivers Drivers, cfg Config, log *slog.Logger) *Engine {
	if cfg.EnrolFor == 0 {
		cfg.EnrolFor = 30 * time.Minute
	}
	if cfg.StepTime == 0 {
		cfg.StepTime = 30 * time.Second
	}
	if cfg.BackoffMax == 0 {
		cfg.BackoffMax = 30 * time.Second
	}
	return &Engine{
		store: st, catalog: cat, vault: v, drivers: drivers, cfg: cfg, check: newChecker(cfg.CheckDial), now: time.Now, log: log,
		Before: func(app.Step) {}, After: func(app.Step, error) {},
	}
}

// Run runs one step's job: it takes the step, makes one call without a transaction, and stores the result, the next jobs and the
// end of this job in one transaction. An error is returned only when the database did not answer; the queue then tries again.
func (e *Engine) Run(ctx context.Context, job *river.Job[store.StepJob]) error {
	w, err := e.take(ctx, job)
	if err != nil || w == nil {
		return err
	}
	e.Before(w.step)
	callCtx, cancel := context.WithTimeout(ctx, e.cfg.StepTime)
	done, callErr := e.call(callCtx, w)
	cancel()
	if ctx.Err() != nil && callErr != nil {
		return ctx.Err() // the worker stops: the job is taken up again, and the call is repeatable
	}
	e.After(w.step, callErr)
	if callErr != nil {
		e.log.Info("step", "step", w.step.ID, "action", w.step.Action, "kind", w.step.Kind, "attempt", w.step.Attempts, "error", callErr)
	}
	return e.settle(ctx, job, w, done, classified(callErr))
}

// classified makes every error one that the engine can decide on: what nobody classified may have happened.
func classified(err error) *app.Error {
	if err == nil {
		return nil
	}
	var e *app.Error
	if errors.As(err, &e) {
		switch e.Code {
		case app.Retryable, app.Unknown, app.Permanent, app.Full:
			return &app.Error{Code: e.Code, Message: e.Message, Format: e.Format, Args: e.Args, Err: err}
		case app.Invalid, app.Forbidden, app.Conflict, app.NotFound:
			return &app.Error{Code: app.Permanent, Message: e.Message, Format: e.Format, Args: e.Args, Err: err}
		}
	}
	const words = "This takes longer than expected. It is being tried again."
	return &app.Error{Code: app.Unknown, Message: words, Format: words, Err: err}
}
