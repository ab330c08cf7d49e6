package portal

import (
	"context"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

// cancel is CancelSubscription without its audit row and mails: what a preview rehearses, too.
func (p *Portal) cancel(ctx context.Context, tx *store.Tx, actor app.Actor, id app.ID, when When) (Cancelled, error) {
	service, agreement, err := p.lockAgreement(ctx, tx, id)
	if err != nil {
		return Cancelled{}, err
	}
	c := Cancelled{Service: service, When: when}
	switch {
	case when != Now && when != AtPeriodEnd:
		return c, app.FieldError("when", "Please choose when it is to happen.")
	case service.State == app.ServiceTerminating || service.State == app.ServiceTerminated:
		return c, app.Errorf(app.Conflict, "This subscription has ended already.")
	case when == Now:
		return p.cancelNow(ctx, tx, actor, agreement, c)
	case agreement.Seller == (app.ID{}) || !agreement.Begun():
		return c, app.FieldError("when", "Nothing is charged for this service, so it has no period. It can only be ended now.")
	case !agreement.End.IsZero():
		return c, app.Errorf(app.Conflict, "This was cancelled already.")
	}
	if c.End, err = p.biller.Cancel(ctx, tx, agreement.ID); err != nil {
		return c, err
	}
	c.KeptUntil = c.End.AddDays(endedKeptFor)
	if err := p.uncountLater(ctx, tx, service); err != nil {
		return c, err
	}
	return c, tx.InsertEvent(ctx, service.Organization, p.event(actor, id, app.ID{}, "cancelled", "It was cancelled. It runs until its last day."))
}

// uncountLater gives back to the quotas what was taken for a plan that never comes.
func (p *Portal) uncountLater(ctx context.Context, tx *store.Tx, s app.Service) error {
	agreement, err := tx.Agreement(ctx, s.ID)
	if err != nil || agreement.Later != nil && agreement.Later.Plan != s.Plan {
		return err
	}
	return tx.CountAsWanted(ctx, s.ID)
}

func (p *Portal) cancelNow(ctx context.Context, tx *store.Tx, actor app.Actor, a app.Agreement, c Cancelled) (Cancelled, error) {
	c.End, c.KeptUntil = p.day(a), p.day(a)
	issued, err := p.leave(ctx, tx, actor, c.Service)
	if err != nil {
		return c, err
	}
	c.Documents = documents(issued)
	if a, err = tx.Agreement(ctx, c.Service.ID); err != nil {
		return c, err
	}
	if !a.End.IsZero() {
		c.End, c.Bound = a.End, c.End.Before(a.End)
	}
	c.Operation, err = p.terminate(ctx, tx, actor, c.Service, "Its removal was asked for.")
	return c, err
}

// leave ends the subscription of a service that somebody removes. The unused days are credited, unless a minimum term or notice still binds
// those who leave: then they are charged until the first day on which they could have left. Their seller may let them go before.
func (p *Portal) leave(ctx context.Context, tx *store.Tx, actor app.Actor, s app.Service) ([]store.Issue, error) {
	a, err := tx.Agreement(ctx, s.ID)
	today := p.day(a)
	if err != nil || a.Seller == (app.ID{}) || !a.Begun() || a.Ended(today) {
		return nil, err
	}
	if actor.Organization == s.Organization && bound(a, today) {
		if !a.End.IsZero() {
			return nil, nil
		}
		_, err := p.biller.Cancel(ctx, tx, a.ID)
		return nil, err
	}
	var issued []store.Issue
	err = tx.ForSeller(ctx, func() error {
		note, err := p.biller.CancelNow(ctx, tx, a.ID)
		if note.ID != (app.ID{}) {
			issued = append(issued, note)
		}
		return err
	})
	return issued, err
}

// bound reports whether a minimum term or notice keeps a customer from ending a subscription today. In a trial without a minimum term nothing
// has been agreed on that costs.
func bound(a app.Agreement, today billing.Date) bool {
	if today.AddDays(a.Term.Notice).Before(a.Anchor) || today.AddDays(a.Term.Notice) == a.Anchor {
		return a.Term.Minimum > 0
	}
	return a.Term.Notice > 0 || today.Before(a.Anchor.AddMonths(a.Term.Minimum))
}
