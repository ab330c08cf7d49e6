package portal

import (
	"context"

	"allotment/app"
	"allotment/app/store"
)

// StayPreview is what follows when somebody takes back what was chosen for a later day: an end, or another plan.
type StayPreview struct {
	Service      app.Service
	Subscription app.Subscription
	Agreement    app.Agreement // as it is before
	Next         *NextInvoice  // nil where nothing is invoiced
}

// PreviewReactivate returns what Reactivate would do, by doing it and taking all of it back. Errors are those of Reactivate.
func (p *Portal) PreviewReactivate(ctx context.Context, actor app.Actor, id app.ID) (StayPreview, error) {
	return p.previewStay(ctx, actor, id, p.takeBackEnd)
}

// PreviewKeepPlan returns what KeepPlan would do, as PreviewReactivate does. Errors are those of KeepPlan.
func (p *Portal) PreviewKeepPlan(ctx context.Context, actor app.Actor, id app.ID) (StayPreview, error) {
	return p.previewStay(ctx, actor, id, p.keep)
}

func (p *Portal) previewStay(ctx context.Context, actor app.Actor, id app.ID,
	do func(context.Context, *store.Tx, app.Service, app.Agreement) error,
) (stay StayPreview, err error) {
	err = p.rehearse(ctx, actor, app.OrderServices, func(tx *store.Tx) error {
		if stay.Service, stay.Agreement, err = p.lockAgreement(ctx, tx, id); err != nil {
			return err
		}
		if stay.Subscription, err = tx.Subscription(ctx, id); err != nil {
			return err
		}
		if err := do(ctx, tx, stay.Service, stay.Agreement); err != nil {
			return err
		}
		stay.Next, err = p.next(ctx, tx, id)
		return err
	})
	return stay, err
}

// takeBackEnd is Reactivate without its audit row and mails.
func (p *Portal) takeBackEnd(ctx context.Context, tx *store.Tx, s app.Service, a app.Agreement) error {
	if a.Seller == (app.ID{}) || !a.Begun() || s.State == app.ServiceTerminating || s.State == app.ServiceTerminated {
		return app.Errorf(app.Conflict, "This subscription has ended already, or does not end.")
	}
	return p.biller.Reactivate(ctx, tx, a.ID)
}

// keep is KeepPlan without its audit row.
func (p *Portal) keep(ctx context.Context, tx *store.Tx, s app.Service, a app.Agreement) error {
	if a.Later == nil || a.Later.Plan == s.Plan {
		return app.Errorf(app.Conflict, "No other size was chosen for later.")
	}
	return p.biller.Keep(ctx, tx, a.ID)
}
