package provision

import (
	"context"
	"encoding/json"
	"fmt"

	"allotment/app"
	"allotment/app/store"
)

// call makes the one call of a step. No transaction is open.
func (e *Engine) call(ctx context.Context, w *work) (result, error) {
	if w.entry == nil || w.plan == nil {
		return result{}, app.Errorf(app.Permanent, "This app is no longer in the catalog.")
	}
	switch w.step.Action {
	case app.ActionEnsure:
		return e.ensure(ctx, w)
	case app.ActionRemove:
		return result{}, e.remove(ctx, w)
	case app.ActionConfigure:
		return result{}, e.configured(ctx, w)
	case app.ActionSeal:
		spec, err := e.guestSpec(ctx, w, false)
		if err != nil {
			return result{}, err
		}
		return ensureWith(ctx, e.drivers.Guests, w, spec)
	case app.ActionCheck:
		err := e.check.answers(ctx, w.entry.Health, w.service.URL)
		if err != nil && e.overdue(w) {
			return result{}, app.Because(app.Permanent, err, "It did not answer from outside in time.")
		}
		return result{}, err
	}
	return result{}, fmt.Errorf("no action %q", w.step.Action)
}

func (e *Engine) ensure(ctx context.Context, w *work) (result, error) {
	switch w.resource.Kind {
	case app.KindSecret:
		return result{}, e.ensureSecrets(ctx, w)
	case app.KindAddress:
		address, err := e.store.ClaimAddress(ctx, system(w), w.resource.Resource, e.cfg.Addresses.First, e.cfg.Addresses.Last)
		return result{externalID: address.String()}, err
	case app.KindDirectory:
		spec, err := e.directorySpec(ctx, w)
		if err != nil {
			return result{}, err
		}
		return ensureWith(ctx, e.drivers.Directory, w, spec)
	case app.KindMail:
		spec, err := e.mailSpec(ctx, w)
		if err != nil {
			return result{}, err
		}
		return ensureWith(ctx, e.drivers.Mail, w, spec)
	case app.KindClient:
		return e.ensureClient(ctx, w)
	case app.KindRecords:
		spec, err := e.recordsSpec(w)
		if err != nil {
			return result{}, err
		}
		return ensureWith(ctx, e.drivers.Records, w, spec)
	case app.KindGuest:
		spec, err := e.guestSpec(ctx, w, true)
		if err != nil {
			return result{}, err
		}
		return ensureWith(ctx, e.drivers.Guests, w, spec)
	}
	return result{}, fmt.Errorf("no driver for %q", w.resource.Kind)
}

// ensureWith asks a driver for what is wanted. Where an earlier call's outcome is not known, it observes first, so that the
// operator sees what is there even if the second call fails too.
func ensureWith[S, O any](ctx context.Context, d Driver[S, O], w *work, spec S) (result, error) {
	if w.step.Attempts > 1 && w.resource.State == app.ResourceMaking {
		if _, err := d.Observe(ctx, w.resource.Ref); err != nil && app.CodeOf(err) != app.NotFound {
			return result{}, err
		}
	}
	id, seen, err := d.Ensure(ctx, w.resource.Ref, spec)
	if err != nil {
		return result{}, err
	}
	observed, err := json.Marshal(seen)
	if err != nil {
		return result{}, fmt.Errorf("observed %s: %w", w.resource.Kind, err)
	}
	return result{externalID: id, observed: observed}, nil
}

func (e *Engine) remove(ctx context.Context, w *work) error {
	ref := w.resource.Ref
	switch w.resource.Kind {
	case app.KindSecret:
		return e.inTenant(ctx, w, func(tx *store.Tx) error { return tx.DeleteSecrets(ctx, w.service.ID) })
	case app.KindAddress:
		return e.inTenant(ctx, w, func(tx *store.Tx) error { return tx.ReleaseAddress(ctx, ref.Resource) })
	case app.KindDirectory:
		return e.drivers.Directory.Remove(ctx, ref)
	case app.KindMail:
		return e.drivers.Mail.Remove(ctx, ref)
	case app.KindClient:
		return e.removeClient(ctx, w)
	case app.KindRecords:
		return e.drivers.Records.Remove(ctx, ref)
	case app.KindGuest:
		if err := e.drivers.Guests.Remove(ctx, ref); err != nil {
			return err
		}
		return e.inTenant(ctx, w, func(tx *store.Tx) error { return tx.EndEnrolments(ctx, ref.Resource, e.now()) })
	}
	return fmt.Errorf("no driver for %q", w.resource.Kind)
}

func system(w *work) app.Actor { return app.System(w.service.Organization) }

func (e *Engine) inTenant(ctx context.Context, w *work, fn func(*store.Tx) error) error {
	return e.store.InTenant(ctx, system(w), fn)
}
