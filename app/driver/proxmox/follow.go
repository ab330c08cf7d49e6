package proxmox

import (
	"context"
	"fmt"
	"time"

	"allotment/app"
)

// noteLimit is how long writing a task's ID down may take after the caller has gone.
const noteLimit = 3 * time.Second

// begun writes the task down that a request started, even when ctx has ended meanwhile, and follows it. A request that answers
// without a task was carried out at once.
func (a *attempt) begun(ctx context.Context, upid string, err error, words string) error {
	if err != nil || upid == "" {
		return err
	}
	if err := a.note(ctx, upid); err != nil {
		return err
	}
	return a.follow(ctx, upid, words)
}

func (a *attempt) note(ctx context.Context, upid string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteLimit)
	defer cancel()
	a.claim.Task = upid
	if err := a.d.claims.Task(ctx, a.ref, upid); err != nil {
		return app.Because(app.Unknown, fmt.Errorf("note task %q: %w", upid, err), "The server could not be noted down.")
	}
	return nil
}

// follow waits a while for a task. Still running: app.Retryable with words. Ended: nil, or what its failure means.
func (a *attempt) follow(ctx context.Context, upid, words string) error {
	t, err := a.d.await(ctx, upid, a.until)
	if err != nil {
		return err
	}
	if t.running() {
		if a.claim.Task != upid { // found, not begun by us: the next call need not find it again
			if err := a.note(ctx, upid); err != nil {
				return err
			}
		}
		return app.Errorf(app.Retryable, "%s", words)
	}
	if t.failed() {
		return a.failed(ctx, t)
	}
	return a.ended(ctx)
}

// ended forgets the task that was written down.
func (a *attempt) ended(ctx context.Context) error {
	if a.claim.Task == "" {
		return nil
	}
	return a.note(ctx, "")
}

// failed says what a task's failure means. A storage that ran full while the guest was made is cleaned up before the task is
// forgotten, so that a crash in between cleans up again.
func (a *attempt) failed(ctx context.Context, t task) error {
	cause := &TaskError{UPID: t.UPID, Exit: t.Exit, Log: a.d.log(ctx, t.UPID)}
	if t.makes() && storageFull(cause) {
		if err := a.discard(ctx); err != nil {
			return err
		}
		return app.Because(app.Full, cause, "There is no room for this server at the moment.")
	}
	if err := a.ended(ctx); err != nil {
		return err
	}
	switch {
	case t.is("shutdown", "reboot"):
		a.stubborn = true // power and apply go on in a harder way
		return nil
	case t.is("start", "stop") && said(cause, "already running", "not running"), missing(cause):
		return nil // what was wanted is so already, or the next look tells
	case storageFull(cause):
		return app.Because(app.Full, cause, "There is no room for a larger disk at the moment.")
	case t.is("start") && said(cause, "cannot allocate memory"): // the guest stays: it may hold data, and another one may have to stop
		return app.Because(app.Full, cause, "There is no room for this server at the moment.")
	}
	return app.Because(app.Retryable, cause, "The server could not be changed.")
}

// resume goes on with the task that an earlier call left running.
func (a *attempt) resume(ctx context.Context) error {
	if a.claim.Task == "" {
		return nil
	}
	return a.follow(ctx, a.claim.Task, "The server is being worked on.")
}
