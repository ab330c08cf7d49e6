package portal

import (
	"context"
	"time"

	"allotment/app"
	"allotment/app/planner"
	"allotment/app/store"
)

// living are the states that a list shows unless it is asked for others.
var living = []string{
	string(app.ServiceCreating), string(app.ServiceActive), string(app.ServiceChanging), string(app.ServiceSuspending),
	string(app.ServiceSuspended), string(app.ServiceResuming), string(app.ServiceFailed), string(app.ServiceTerminating),
}

// Services returns a page of the services that the actor may see, newest first.
func (p *Portal) Services(ctx context.Context, actor app.Actor, f ServiceFilter) (ServicePage, error) {
	if err := actor.May(app.SeeServices); err != nil {
		return ServicePage{}, err
	}
	before, limit, err := pageOf(f.After, f.Limit)
	if err != nil {
		return ServicePage{}, err
	}
	q := store.ServiceQuery{Organization: f.Of, Text: clip(f.Text), States: living, App: f.App, Before: before, Limit: limit + 1}
	if f.State != "" {
		q.States = []string{string(f.State)}
	}
	var found store.ServicesFound
	err = p.see(ctx, actor, app.SeeServices, func(tx *store.Tx) error {
		return tx.ServicesLast(ctx, q, &found)
	})
	page := ServicePage{Services: found.Services, Counts: found.Counts}
	for i := range page.Services {
		page.Services[i].AppName = p.appName(page.Services[i].App)
	}
	if len(page.Services) > limit {
		page.Services = page.Services[:limit]
		page.Next = page.Services[limit-1].ID.String()
	}
	return page, err
}

// appName is the name of an app, or its ID once it has left the catalog.
func (p *Portal) appName(id string) string {
	if entry, ok := p.catalog.App(id); ok {
		return entry.Name
	}
	return id
}

// Service returns all that the service's page shows, or NotFound.
func (p *Portal) Service(ctx context.Context, actor app.Actor, id app.ID) (ServiceDetail, error) {
	var d ServiceDetail
	err := p.see(ctx, actor, app.SeeServices, func(tx *store.Tx) (err error) {
		if d.Service, err = tx.Service(ctx, id); err != nil {
			return err
		}
		if d.Subscription, err = tx.Subscription(ctx, id); err != nil {
			return err
		}
		if d.Agreement, err = tx.Agreement(ctx, id); err != nil {
			return err
		}
		if d.Holds, err = tx.Holds(ctx, id); err != nil {
			return err
		}
		if d.Unpaid, err = p.unpaid(ctx, tx, actor, d); err != nil {
			return err
		}
		if d.Next, err = p.next(ctx, tx, id); err != nil {
			return err
		}
		if d.Usage, err = p.usage(ctx, tx, d.Service); err != nil {
			return err
		}
		if d.Resources, err = tx.Resources(ctx, id); err != nil {
			return err
		}
		operation, err := tx.LastOperation(ctx, id)
		if err != nil {
			return err
		}
		d.Operation = forReader(actor, &operation)
		if d.Events, err = tx.Events(ctx, id, 50); err != nil {
			return err
		}
		sealed, err := tx.Secrets(ctx, id)
		for _, s := range sealed {
			if s.Shown == "once" {
				d.Secrets = append(d.Secrets, p.labelled(actor, d.Service, s))
			}
		}
		return err
	})
	return d, err
}

// labelled gives a secret its label in the reader's language, without its value.
func (p *Portal) labelled(actor app.Actor, s app.Service, sealed store.SealedSecret) app.Secret {
	secret := sealed.Secret
	if entry, ok := p.catalog.App(s.App); ok {
		for _, known := range entry.Secrets {
			if known.Name == secret.Name {
				secret.Label = known.Label.In(actor.Language)
			}
		}
	}
	return secret
}

// RevealSecrets returns the service's access data, in the clear, once. The second time is Gone; before the service is active it
// is a Conflict.
func (p *Portal) RevealSecrets(ctx context.Context, actor app.Actor, id app.ID) ([]app.Secret, error) {
	var revealed []app.Secret
	err := p.do(ctx, actor, revealSecrets, func(tx *store.Tx) error {
		service, err := tx.Service(ctx, id)
		if err != nil {
			return err
		}
		tx.NoteIn(service.Organization, "service "+id.String(), nil, nil)
		if service.ActiveAt.IsZero() {
			return app.Errorf(app.Conflict, "The access data can be shown as soon as the service is ready.")
		}
		sealed, err := tx.RevealSecrets(ctx, id, p.now())
		if err != nil {
			return err
		}
		if len(sealed) == 0 {
			return app.Errorf(app.Gone, "The access data was shown already. It is shown once only.")
		}
		for _, s := range sealed {
			secret := p.labelled(actor, service, s)
			if secret.Value, err = p.vault.Unseal(s.Ciphertext); err != nil {
				return err
			}
			secret.RevealedAt = p.now()
			revealed = append(revealed, secret)
		}
		return tx.InsertEvent(ctx, service.Organization, p.event(actor, id, app.ID{}, "revealed", "The access data was shown."))
	})
	return revealed, err
}

// TerminateService removes a service with everything that belongs to it. confirm must be its host, typed by the person.
func (p *Portal) TerminateService(ctx context.Context, actor app.Actor, id app.ID, confirm string) (app.Operation, error) {
	var operation app.Operation
	err := p.do(ctx, actor, terminateService, func(tx *store.Tx) error {
		service, err := tx.Service(ctx, id)
		if err != nil {
			return err
		}
		tx.NoteIn(service.Organization, "service "+id.String(), map[string]string{"host": service.Host, "state": string(service.State)}, nil)
		if confirm != service.Host {
			return app.FieldError("confirm", "Please type the address exactly as it stands above.")
		}
		if service.State != app.ServiceTerminating && service.State != app.ServiceTerminated {
			if _, err := p.leave(ctx, tx, actor, service); err != nil {
				return err
			}
		}
		operation, err = p.terminate(ctx, tx, actor, service, "Its removal was asked for.")
		return err
	})
	return operation, err
}

// terminate stops what goes on with a service and removes it.
func (p *Portal) terminate(ctx context.Context, tx *store.Tx, actor app.Actor, s app.Service, why string) (app.Operation, error) {
	now := p.now()
	last, err := tx.LastOperation(ctx, s.ID)
	if err != nil {
		return app.Operation{}, err
	}
	if last, err = tx.LockOperation(ctx, last.ID); err != nil {
		return app.Operation{}, err
	}
	if last.Kind == app.OperationTerminate {
		return last, nil // it is going away already
	}
	if err := p.stop(ctx, tx, &last, now); err != nil {
		return app.Operation{}, err
	}
	if err := tx.MoveService(ctx, s.ID, app.ServiceTerminating, "", now); err != nil {
		return app.Operation{}, err
	}
	resources, err := tx.Resources(ctx, s.ID)
	if err != nil {
		return app.Operation{}, err
	}
	operation := planner.Operation(app.OperationTerminate, s, resources, now)
	if err := p.start(ctx, tx, actor, operation, "terminating", why); err != nil {
		return app.Operation{}, err
	}
	return operation, nil
}

// start writes a new operation with its first jobs and its line of activity.
func (p *Portal) start(ctx context.Context, tx *store.Tx, actor app.Actor, o app.Operation, kind, words string) error {
	if err := tx.InsertOperation(ctx, o, actor.Name); err != nil {
		return err
	}
	if err := tx.InsertEvent(ctx, o.Organization, p.event(actor, o.Service, o.ID, kind, words)); err != nil {
		return err
	}
	if err := tx.Notify(ctx, o); err != nil {
		return err
	}
	return tx.EnqueueFor(ctx, o.Organization, time.Time{}, planner.Due(o)...)
}

// stop ends an operation that goes on or has failed: what has not begun never will.
func (p *Portal) stop(ctx context.Context, tx *store.Tx, o *app.Operation, now time.Time) error {
	if o.State.Ended() {
		return nil
	}
	for _, step := range o.Steps {
		if step.State.Ended() || step.State == app.StepRunning {
			continue
		}
		before := step.State
		step.State, step.EndedAt = app.StepCancelled, now
		if err := tx.SaveStep(ctx, before, step, 0); err != nil {
			return err
		}
	}
	if err := tx.MoveOperation(ctx, o, app.OperationCancelled, now); err != nil {
		return err
	}
	return tx.Notify(ctx, *o)
}

func (p *Portal) event(actor app.Actor, service, operation app.ID, kind, words string) app.Event {
	return app.Event{
		ID: app.NewID(), Service: service, Operation: operation, At: p.now(), Actor: actor.Name, Kind: kind, Message: words,
	}
}
