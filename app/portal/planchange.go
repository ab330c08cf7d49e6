package portal

import (
	"context"
	"time"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/planner"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/invoice"
)

// changePlan is ChangePlan without its audit row and mails: what a preview rehearses, too.
func (p *Portal) changePlan(ctx context.Context, tx *store.Tx, actor app.Actor, id app.ID, r PlanRequest) (PlanChanged, error) {
	service, agreement, err := p.lockAgreement(ctx, tx, id)
	if err != nil {
		return PlanChanged{}, err
	}
	if err := p.changeable(ctx, tx, service, agreement, r); err != nil {
		return PlanChanged{}, err
	}
	sub, err := tx.Subscription(ctx, id)
	if err != nil {
		return PlanChanged{}, err
	}
	offer, err := p.planFor(ctx, tx, service, sub, r.Plan)
	if err != nil {
		return PlanChanged{}, err
	}
	change := PlanChanged{Service: service, Before: sub.Price, After: offer, When: r.When}
	if change.Resizing, err = p.resizing(ctx, tx, service, offer); err != nil {
		return change, err
	}
	if err := tx.CountAtLeast(ctx, id, change.Resizing.Takes()); err != nil {
		return change, err
	}
	if r.When == AtPeriodEnd {
		return p.changeLater(ctx, tx, actor, agreement, change)
	}
	return p.changeNow(ctx, tx, actor, agreement, change)
}

// changeable says why a service cannot be moved to another plan as it stands.
func (p *Portal) changeable(ctx context.Context, tx *store.Tx, s app.Service, a app.Agreement, r PlanRequest) error {
	if r.When != Now && r.When != AtPeriodEnd {
		return app.FieldError("when", "Please choose when it is to happen.")
	}
	if r.Plan == s.Plan {
		return app.FieldError("plan", "It has this size already.")
	}
	last, err := tx.LastOperation(ctx, s.ID)
	if err != nil {
		return err
	}
	failed := s.State == app.ServiceChanging && last.Kind == app.OperationChange && last.State == app.OperationFailed
	switch {
	case last.State == app.OperationRunning:
		return app.Errorf(app.Conflict, "Something else is being done with this service. Please wait until it has ended.")
	case s.State != app.ServiceActive && !failed, !a.Begun():
		return app.Errorf(app.Conflict, "The size can be changed while the service runs.")
	case a.Ended(p.day(a)):
		return app.Errorf(app.Conflict, "This subscription has ended already.")
	case r.When == AtPeriodEnd && (failed || a.Seller == (app.ID{})):
		return app.FieldError("when", "This can only be changed now.")
	}
	return nil
}

// planFor returns a plan as the service's organization can have it now, at the interval and in the currency of its subscription.
func (p *Portal) planFor(ctx context.Context, tx *store.Tx, s app.Service, sub app.Subscription, plan string) (PlanOffer, error) {
	offers, err := p.plansFor(ctx, tx, s, sub)
	if err != nil {
		return PlanOffer{}, err
	}
	for _, offer := range offers {
		if offer.Plan.ID == plan {
			return offer, nil
		}
	}
	return PlanOffer{}, app.FieldError("plan", "Please choose one of the sizes.")
}

// plansFor returns the plans that a service can have now, the smallest first.
func (p *Portal) plansFor(ctx context.Context, tx *store.Tx, s app.Service, sub app.Subscription) ([]PlanOffer, error) {
	entry, ok := p.catalog.App(s.App)
	if !ok {
		return nil, app.Errorf(app.Conflict, "This app is no longer in the catalog.")
	}
	buyer, err := tx.Organization(ctx, s.Organization)
	if err != nil {
		return nil, err
	}
	prices, use, err := tx.Asked(ctx, buyer, s.App, p.now())
	if err != nil {
		return nil, err
	}
	var plans []PlanOffer
	for _, offer := range p.offerIn(sub.Price.Currency, entry, prices, use).Plans {
		if at, ok := offer.At(sub.Interval); ok {
			plans = append(plans, at)
		}
	}
	return plans, nil
}

func (p *Portal) resizing(ctx context.Context, tx *store.Tx, s app.Service, offer PlanOffer) (planner.Resizing, error) {
	resources, err := tx.Resources(ctx, s.ID)
	if err != nil {
		return planner.Resizing{}, err
	}
	return planner.Resize(resources, &offer.Plan)
}

// sold is a plan as the biller takes it, named in the language of whoever ordered the service.
func (p *Portal) sold(s app.Service, offer PlanOffer) biller.Plan {
	return biller.Plan{ID: offer.Plan.ID, Name: p.appName(s.App) + ", " + offer.Plan.Name.In(s.Language), Price: offer.Price, Wholesale: offer.legs,
		Usage: usageFrom(offer, billing.Date{})}
}

func (p *Portal) changeNow(ctx context.Context, tx *store.Tx, actor app.Actor, a app.Agreement, c PlanChanged) (PlanChanged, error) {
	c.On = p.day(a)
	plan := p.sold(c.Service, c.After)
	if err := tx.NotePrice(ctx, a.ID, c.After.list, c.After.PriceID); err != nil {
		return c, err
	}
	if a.Seller == (app.ID{}) {
		if err := tx.SetPrice(ctx, a.ID, plan.Name, plan.Price); err != nil {
			return c, err
		}
	} else {
		err := tx.ForSeller(ctx, func() error {
			issued, err := p.biller.ChangeNow(ctx, tx, a.ID, plan)
			c.Documents = documents(issued)
			return err
		})
		if err != nil {
			return c, err
		}
	}
	var err error
	c.Operation, err = p.startResize(ctx, tx, actor, c.Service, c.After.Plan.ID, c.Resizing.Guest)
	return c, err
}

// startResize makes a plan the service's own, and starts the operation that makes its server so.
func (p *Portal) startResize(ctx context.Context, tx *store.Tx, actor app.Actor, s app.Service, plan string, guest app.Resource) (app.Operation, error) {
	now := p.now()
	last, err := tx.LastOperation(ctx, s.ID)
	if err != nil {
		return app.Operation{}, err
	}
	if last.Kind == app.OperationChange {
		if err := p.stop(ctx, tx, &last, now); err != nil { // one that failed is given up for this one
			return app.Operation{}, err
		}
	}
	if err := tx.SetPlan(ctx, s.ID, plan, guest, now); err != nil {
		return app.Operation{}, err
	}
	if err := tx.MoveService(ctx, s.ID, app.ServiceChanging, "", now); err != nil {
		return app.Operation{}, err
	}
	resources, err := tx.Resources(ctx, s.ID)
	if err != nil {
		return app.Operation{}, err
	}
	operation := planner.Operation(app.OperationChange, s, resources, now)
	return operation, p.start(ctx, tx, actor, operation, "changing", "Another size was chosen.")
}

func (p *Portal) changeLater(ctx context.Context, tx *store.Tx, actor app.Actor, a app.Agreement, c PlanChanged) (PlanChanged, error) {
	var err error
	plan := p.sold(c.Service, c.After)
	plan.List, plan.PriceID = c.After.list, c.After.PriceID
	if c.On, err = p.biller.ChangeLater(ctx, tx, a.ID, plan); err != nil {
		return c, err
	}
	return c, tx.InsertEvent(ctx, c.Service.Organization, p.event(actor, c.Service.ID, app.ID{}, "later", "Another size was chosen for the next period."))
}

// lockAgreement returns a service and what its subscription binds to, and keeps everybody else from changing them.
func (p *Portal) lockAgreement(ctx context.Context, tx *store.Tx, id app.ID) (app.Service, app.Agreement, error) {
	if err := tx.LockService(ctx, id); err != nil {
		return app.Service{}, app.Agreement{}, err
	}
	service, err := tx.Service(ctx, id)
	if err != nil {
		return app.Service{}, app.Agreement{}, err
	}
	agreement, err := tx.Agreement(ctx, id)
	return service, agreement, err
}

// day is today where the seller of a subscription counts its days.
func (p *Portal) day(a app.Agreement) billing.Date {
	zone, err := time.LoadLocation(a.Zone)
	if err != nil {
		zone = time.UTC
	}
	return billing.DateIn(p.now(), zone)
}

func documents(issued []store.Issue) []invoice.Document {
	var all []invoice.Document
	for _, one := range issued {
		all = append(all, one.Document)
	}
	return all
}
