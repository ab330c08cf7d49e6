// Package provision carries services out: the planner says what is wanted, the engine makes it so, step by step, through drivers.
package provision

import (
	"context"

	"allotment/app"
)

// Driver carries out one kind of resource against one remote system. S is what is wanted, O what is seen.
//
// Every method may be repeated at any time, also after a crash in the middle of an earlier call, and a driver never makes a
// second remote object for one app.Ref.
//
// Errors are *app.Error with one of these codes; everything else counts as app.Unknown:
//
//   - app.Retryable: it did not happen, or is still under way (the remote side works on it); call again later.
//   - app.Unknown:   it may have happened (a timeout, a broken connection); the engine observes before it tries again.
//   - app.Permanent: it will not happen however often it is tried (refused, invalid, someone else's object is in the way).
//   - app.Full:      there is no room; what the call made is gone again, or Remove takes it away.
//
// The message is for the tenant and names no host, credential or protocol; the wrapped error is for the operator.
// No call takes longer than about ten seconds: what takes longer is started, and app.Retryable says what is waited for.
type Driver[S, O any] interface {
	// Observe returns what is there, or app.NotFound when nothing with ref's mark is. It changes nothing.
	Observe(ctx context.Context, ref app.Ref) (O, error)

	// Ensure makes the remote side as spec says and returns what is there then, with its external ID. Absent: it is made.
	// Present and different: it is changed. Present and equal: nothing happens. An object under the same name without
	// ref's mark is app.Permanent and stays untouched.
	Ensure(ctx context.Context, ref app.Ref, spec S) (externalID string, observed O, err error)

	// Remove takes away what carries ref's mark, and only that. Absent is success.
	Remove(ctx context.Context, ref app.Ref) error
}

// The driver of each kind.
type (
	Guests    = Driver[app.GuestSpec, app.GuestState]
	Records   = Driver[app.RecordsSpec, app.RecordsState]
	Mail      = Driver[app.MailSpec, app.MailState]
	Directory = Driver[app.DirectorySpec, app.DirectoryState]
	Clients   = Driver[app.ClientSpec, app.ClientState]
)
