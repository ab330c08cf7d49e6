package proxmox

import (
	"context"
	"net/url"

	"allotment/app"
)

// Remove takes away the guest with ref's mark, its disks and its seed, and then the claim of its number. Nothing there, or
// someone else's guest, is success. A guest that is still being made is waited for.
func (d *Driver) Remove(ctx context.Context, ref app.Ref) error {
	ctx, cancel := context.WithTimeout(ctx, d.callLimit)
	defer cancel()
	a, err := d.begin(ctx, ref, "")
	if err != nil {
		return err
	}
	if a.claim.Node == "" && a.claim.Task == "" {
		return a.release(ctx)
	}
	if err := a.resume(ctx); err != nil {
		return a.unlessGone(err)
	}
	if err := a.clear(ctx); err != nil {
		return err
	}
	return a.release(ctx)
}

// unlessGone drops the error that tells that the half-made guest did not fit and was cleaned up with its claim.
func (a *attempt) unlessGone(err error) error {
	if app.CodeOf(err) == app.Full && a.claim.Number == 0 {
		return nil
	}
	return err
}

// release forgets the claim.
func (a *attempt) release(ctx context.Context) error {
	a.claim = app.GuestClaim{}
	return kept(a.d.claims.Release(ctx, a.ref))
}

// clear takes away whatever of ours lies under the number.
func (a *attempt) clear(ctx context.Context) error {
	for range 3 {
		f, err := a.look(ctx)
		if err != nil {
			return err
		}
		switch f.standing {
		case absent, foreign:
			return a.dropSeeds(ctx, a.claim.Node, "")
		case stuck:
			return a.anotherNumber(ctx, "a guest was begun under it and nobody works on it any more; it has to be removed by hand")
		case started:
			err = a.follow(ctx, f.upid, "The server is still being made.")
		case ours:
			err = a.destroy(ctx, f.guest)
		}
		if err != nil {
			return err
		}
	}
	return app.Errorf(app.Retryable, "The server is being removed.")
}

// destroy stops the guest and removes it, with its disks and its place in backups, replication and high availability.
func (a *attempt) destroy(ctx context.Context, g guest) error {
	running, err := a.d.isRunning(ctx, g)
	if err != nil {
		return a.gone(err)
	}
	if running {
		if err := a.act(ctx, g, "stop", nil, "The server is being stopped."); err != nil {
			return a.gone(err)
		}
	}
	query := url.Values{"purge": {"1"}, "destroy-unreferenced-disks": {"1"}}
	upid, err := a.d.delete(ctx, g.path(), query)
	return a.begun(ctx, upid, a.gone(err), "The server is being removed.")
}

// gone takes "it does not exist" for success.
func (a *attempt) gone(err error) error {
	if missing(err) {
		return nil
	}
	return err
}

// discard takes away a half-made guest and its claim, so that the next attempt begins anew, perhaps on another node.
func (a *attempt) discard(ctx context.Context) error {
	half := *a
	half.claim.Task = "" // the failed task stays written down until all is clear
	if err := half.clear(ctx); err != nil {
		return err
	}
	return a.release(ctx)
}
