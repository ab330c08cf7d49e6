package proxmox

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	pve "github.com/luthermonson/go-proxmox"

	"allotment/app"
)

// Driver makes guests. It keeps nothing between two calls but its connections, and may be used by many goroutines.
type Driver struct {
	config Config
	claims Claims
	base   string // the API's address with /api2/json
	http   *http.Client
	client *pve.Client
	wrap   func(http.RoundTripper) http.RoundTripper

	callLimit time.Duration
	taskWait  time.Duration
	grace     time.Duration
}

// attempt is one call for one resource.
type attempt struct {
	d     *Driver
	ref   app.Ref
	claim app.GuestClaim
	first kind      // the likelier kind of the guest
	until time.Time // tasks are waited for until then

	stubborn bool // the guest was asked to shut down and did not
}

func (d *Driver) begin(ctx context.Context, ref app.Ref, first kind) (*attempt, error) {
	if err := ctx.Err(); err != nil {
		return nil, app.Because(app.Retryable, err, "The call was stopped before it began.")
	}
	claim, err := d.claims.Claim(ctx, ref)
	if err != nil {
		return nil, kept(err)
	}
	return &attempt{d: d, ref: ref, claim: claim, first: first, until: time.Now().Add(d.taskWait)}, nil
}

// kept explains an error of the claims: nothing was sent to the cluster because of it.
func kept(err error) error {
	if err == nil || app.CodeOf(err) == app.Full {
		return err
	}
	return app.Because(app.Retryable, fmt.Errorf("claim of a guest's number: %w", err), "The server could not be noted down.")
}

// kinds is the order in which the kinds are tried.
func (a *attempt) kinds() []kind {
	if a.first == machine || a.first == "" && strings.HasPrefix(a.ref.ExternalID, string(machine)+"/") {
		return []kind{machine, container}
	}
	return []kind{container, machine}
}

// Observe returns the guest with ref's mark, or app.NotFound when there is none or it is still being made.
func (d *Driver) Observe(ctx context.Context, ref app.Ref) (app.GuestState, error) {
	ctx, cancel := context.WithTimeout(ctx, d.callLimit)
	defer cancel()
	a, err := d.begin(ctx, ref, "")
	if err != nil {
		return app.GuestState{}, err
	}
	if a.claim.Node == "" { // the node is written down before anything is sent
		return app.GuestState{}, app.Errorf(app.NotFound, "There is no server yet.")
	}
	f, err := a.look(ctx)
	if err != nil {
		return app.GuestState{}, err
	}
	if f.standing != ours {
		return app.GuestState{}, app.Errorf(app.NotFound, "There is no server yet.")
	}
	f.guest.running, f.guest.upFor, err = d.power(ctx, f.guest)
	return f.guest.state(), err
}

// Ensure makes the guest, or changes its sizes, seed and power state. A disk is never made smaller: a smaller DiskGiB leaves it
// as it is. A changed Enrolment reaches a guest only while it is stopped, since a guest reads it at boot.
//
// The external ID is kind and number, "lxc/402". While something is under way the error is app.Retryable.
func (d *Driver) Ensure(ctx context.Context, ref app.Ref, spec app.GuestSpec) (string, app.GuestState, error) {
	ctx, cancel := context.WithTimeout(ctx, d.callLimit)
	defer cancel()
	if err := d.check(spec); err != nil {
		return "", app.GuestState{}, err
	}
	a, err := d.begin(ctx, ref, kindOf(spec.Container))
	if err != nil {
		return "", app.GuestState{}, err
	}
	if err := a.resume(ctx); err != nil {
		return "", app.GuestState{}, err
	}
	g, err := a.own(ctx, spec)
	if err != nil {
		return "", app.GuestState{}, err
	}
	g, err = a.converge(ctx, g, spec)
	if err != nil {
		return "", app.GuestState{}, err
	}
	return g.id(), g.state(), nil
}

// check refuses what no node would accept, before anything is claimed.
func (d *Driver) check(spec app.GuestSpec) error {
	switch {
	case spec.VCPU < 1, spec.MemoryMiB < 16, spec.DiskGiB < 1, spec.Template == "", !spec.Address.IsValid():
		return app.Errorf(app.Permanent, "The server's sizes are not complete.")
	case !spec.Container && d.config.ISOStorage == "" && spec.Enrolment != nil:
		return app.Because(app.Permanent, fmt.Errorf("proxmox: ISOStorage is empty"), "Servers of this kind are not offered here.")
	}
	return nil
}

// own returns the guest that carries our mark, and makes it when there is none.
func (a *attempt) own(ctx context.Context, spec app.GuestSpec) (guest, error) {
	for range 6 { // someone else's number, then ours, then what was made; more means that others are faster
		f, err := a.look(ctx)
		if err != nil {
			return guest{}, err
		}
		switch f.standing {
		case ours:
			return a.adopt(ctx, f.guest, spec)
		case started:
			err = a.follow(ctx, f.upid, "The server is being made.")
		case stuck:
			err = a.anotherNumber(ctx, "a guest was begun under it and nobody works on it any more; its lock has to be taken away by hand")
		case foreign:
			err = a.anotherNumber(ctx, "a guest that is not ours has it")
		case absent:
			if err = a.make(ctx, spec); taken(err) {
				err = nil // someone was faster: look who
			}
		}
		if err != nil {
			return guest{}, err
		}
	}
	return guest{}, app.Errorf(app.Retryable, "The server is being made.")
}

// adopt goes on with a guest of ours, on whichever node it is.
func (a *attempt) adopt(ctx context.Context, g guest, spec app.GuestSpec) (guest, error) {
	if g.kind != kindOf(spec.Container) {
		return g, app.Errorf(app.Permanent, "The server cannot become one of another kind.")
	}
	if g.node != a.claim.Node {
		if err := a.place(ctx, g.node); err != nil {
			return g, err
		}
	}
	running, err := a.d.isRunning(ctx, g)
	g.running = running
	return g, err
}

// anotherNumber gives the number up, with what was put beside the guest on its node.
func (a *attempt) anotherNumber(ctx context.Context, reason string) error {
	if a.claim.Node != "" && a.first != container {
		if err := a.dropSeeds(ctx, a.claim.Node, ""); err != nil {
			return err
		}
	}
	claim, err := a.d.claims.Quarantine(ctx, a.ref, reason)
	a.claim = claim
	return kept(err)
}

func (a *attempt) place(ctx context.Context, node string) error {
	a.claim.Node = node
	return kept(a.d.claims.Place(ctx, a.ref, node))
}
