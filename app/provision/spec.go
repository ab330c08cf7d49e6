package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"allotment/app"
	"allotment/app/planner"
	"allotment/app/store"
	"allotment/app/vault"
)

// The specs as a driver gets them: what was planned, and what only becomes known on the way.

func (e *Engine) ensureSecrets(ctx context.Context, w *work) error {
	sealed := make([]store.SealedSecret, len(w.entry.Secrets))
	for i, s := range w.entry.Secrets {
		value, err := s.Generate()
		if err != nil {
			return err
		}
		ciphertext, err := e.vault.Seal(value)
		if err != nil {
			return err
		}
		sealed[i] = store.SealedSecret{
			ID: app.NewID(), Shown: s.Show, Ciphertext: ciphertext, Secret: app.Secret{Name: s.Name, Label: s.Label["en"]},
		}
	}
	return e.inTenant(ctx, w, func(tx *store.Tx) error {
		return tx.InsertSecrets(ctx, w.service.Organization, w.service.ID, sealed, e.now())
	})
}

// secrets returns the service's secrets in the clear, by name.
func (e *Engine) secrets(ctx context.Context, w *work) (map[string]string, error) {
	values := map[string]string{}
	err := e.inTenant(ctx, w, func(tx *store.Tx) error {
		sealed, err := tx.Secrets(ctx, w.service.ID)
		if err != nil {
			return err
		}
		for _, s := range sealed {
			if values[s.Name], err = e.vault.Unseal(s.Ciphertext); err != nil {
				return fmt.Errorf("secret %s: %w", s.Name, err)
			}
		}
		return nil
	})
	return values, err
}

func (e *Engine) directorySpec(ctx context.Context, w *work) (app.DirectorySpec, error) {
	var spec app.DirectorySpec
	if err := json.Unmarshal(w.resource.Spec, &spec); err != nil {
		return spec, fmt.Errorf("spec: %w", err)
	}
	secrets, err := e.secrets(ctx, w)
	if err != nil {
		return spec, err
	}
	spec.BindPassword = secrets["bind_password"]
	for i := range spec.People {
		if w.resource.ExternalID == "" { // later on, people have chosen their own
			spec.People[i].Password = secrets["mailbox_password"]
		}
	}
	members, err := e.members(ctx, w)
	addMembers(&spec, members)
	return spec, err
}

func (e *Engine) mailSpec(ctx context.Context, w *work) (app.MailSpec, error) {
	var spec app.MailSpec
	if err := json.Unmarshal(w.resource.Spec, &spec); err != nil {
		return spec, fmt.Errorf("spec: %w", err)
	}
	secrets, err := e.secrets(ctx, w)
	if err != nil {
		return spec, err
	}
	spec.RelayPassword = secrets["mail_password"]
	return spec, e.addMailboxes(ctx, w, &spec)
}

func (e *Engine) recordsSpec(w *work) (app.RecordsSpec, error) {
	var spec app.RecordsSpec
	if err := json.Unmarshal(w.resource.Spec, &spec); err != nil {
		return spec, fmt.Errorf("spec: %w", err)
	}
	address, err := w.address()
	if err != nil {
		return spec, err
	}
	spec.Records = planner.Records(w.entry, w.service.Host, address, e.cfg.Mail)
	return spec, nil
}

// address is the service's address, which its own step has claimed.
func (w *work) address() (netip.Addr, error) {
	r, ok := w.sibling(app.KindAddress)
	if !ok {
		return netip.Addr{}, fmt.Errorf("the service has no address")
	}
	address, err := netip.ParseAddr(r.ExternalID)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("the service's address: %w", err)
	}
	return address, nil
}

// guestSpec is what the operation wants of the guest; with enrol it carries the way to its configuration until that is spent.
func (e *Engine) guestSpec(ctx context.Context, w *work, enrol bool) (app.GuestSpec, error) {
	var spec app.GuestSpec
	if err := json.Unmarshal(w.resource.Spec, &spec); err != nil {
		return spec, fmt.Errorf("spec: %w", err)
	}
	address, err := w.address()
	if err != nil {
		return spec, err
	}
	spec.Address = netip.PrefixFrom(address, e.cfg.Addresses.Bits)
	spec.Gateway, spec.Nameserver = e.cfg.Addresses.Gateway, e.cfg.Addresses.Nameserver
	spec.Running = w.operation.Kind != app.OperationSuspend
	if enrol && w.operation.Kind == app.OperationCreate {
		spec.Enrolment, err = e.enrolment(ctx, w)
	}
	return spec, err
}

// enrolment returns the guest's way to its configuration, a fresh one if there is none, and nil once it is done with it.
func (e *Engine) enrolment(ctx context.Context, w *work) (*app.Enrolment, error) {
	var live store.Enrolment
	err := e.inTenant(ctx, w, func(tx *store.Tx) (err error) {
		now := e.now()
		live, err = tx.LiveEnrolment(ctx, w.resource.Resource, now)
		if app.CodeOf(err) != app.NotFound {
			return err
		}
		live = store.Enrolment{
			Organization: w.service.Organization, ID: app.NewID(), Service: w.service.ID, Resource: w.resource.Resource,
			CreatedAt: now, ExpiresAt: now.Add(30 * 24 * time.Hour),
		}
		return tx.InsertEnrolment(ctx, live, vault.Hash(e.vault.Token("enrol", live.ID)), vault.Hash(e.vault.Token("report", live.ID)))
	})
	if err != nil || !live.DoneAt.IsZero() {
		return nil, err
	}
	return &app.Enrolment{URL: e.cfg.EnrolURL + "/enrol/" + e.vault.Token("enrol", live.ID), CA: e.cfg.EnrolCA}, nil
}

// configured reports whether the guest has said that it is set up.
func (e *Engine) configured(ctx context.Context, w *work) error {
	var live store.Enrolment
	err := e.inTenant(ctx, w, func(tx *store.Tx) (err error) {
		live, err = tx.LiveEnrolment(ctx, w.resource.Resource, e.now())
		return err
	})
	switch {
	case err != nil:
		return err
	case !live.DoneAt.IsZero():
		return nil
	case !live.FailedAt.IsZero():
		return app.Because(app.Permanent, fmt.Errorf("%s", live.Tail), "The server could not set itself up. %s", live.Failure)
	case e.overdue(w):
		return app.Errorf(app.Permanent, "The server did not report back in time.")
	case live.FetchedAt.IsZero():
		return app.Errorf(app.Retryable, "The server is starting.")
	}
	return app.Errorf(app.Retryable, "The server is setting itself up.")
}

// overdue reports whether the step has waited for longer than a guest may take.
func (e *Engine) overdue(w *work) bool { return e.now().Sub(w.step.StartedAt) > e.cfg.EnrolFor }
