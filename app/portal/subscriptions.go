package portal

import (
	"context"

	"allotment/app"
	"allotment/app/planner"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/invoice"
)

// The verbs of subscriptions.
var (
	changePlan   = verb{action: "service.change", permission: app.OrderServices, confirmed: true}
	keepPlan     = verb{action: "service.keep", permission: app.OrderServices}
	cancelAtEnd  = verb{action: "service.cancel", permission: app.TerminateService, confirmed: true}
	reactivate   = verb{action: "service.reactivate", permission: app.OrderServices, confirmed: true}
	endedKeptFor = 14 // days after its last one that an ended service is kept, stopped, with its data
	endingToldAt = 7  // days ahead that people are reminded of an end
)

// When is on which day a change or an end happens.
type When string

// The choices.
const (
	Now         When = "now"
	AtPeriodEnd When = "period_end" // of a change: when the next period begins; of an end: as soon as term and notice allow
)

// PlanRequest asks for another plan of a service.
type PlanRequest struct {
	Plan string
	When When
}

// PlanChanged is what a change of plan did, or in a preview would do.
type PlanChanged struct {
	Service   app.Service // as it was before
	Before    billing.Money
	After     PlanOffer
	When      When
	On        billing.Date     // from when on the new plan is served and charged
	Operation app.Operation    // that resizes the server; the zero Operation for a later day
	Resizing  planner.Resizing // what happens to the server
	Documents []invoice.Document
}

// ChangePlan moves a service to another plan: now, with the unused days credited and the rest charged at the new price; or when the next
// period begins. The operation that resizes its server, its quotas and its invoices are one transaction.
//
// Errors: NotFound; Invalid at plan and when; Conflict while something else is being done with it, where its disk would have to shrink, where a
// quota has no room, and where the change cannot be invoiced.
func (p *Portal) ChangePlan(ctx context.Context, actor app.Actor, id app.ID, r PlanRequest) (PlanChanged, error) {
	var done PlanChanged
	err := p.do(ctx, actor, changePlan, func(tx *store.Tx) error {
		service, err := tx.Service(ctx, id)
		if err != nil {
			return err
		}
		tx.NoteIn(service.Organization, "service "+id.String(), map[string]string{"plan": service.Plan}, map[string]string{"plan": r.Plan, "when": string(r.When)})
		if done, err = p.changePlan(ctx, tx, actor, id, r); err != nil {
			return err
		}
		return p.tellOfPlan(ctx, tx, done)
	})
	return done, err
}

// KeepPlan gives up the plan that was chosen for a later day. Without one it is a Conflict.
func (p *Portal) KeepPlan(ctx context.Context, actor app.Actor, id app.ID) error {
	return p.do(ctx, actor, keepPlan, func(tx *store.Tx) error {
		service, agreement, err := p.lockAgreement(ctx, tx, id)
		if err != nil {
			return err
		}
		tx.NoteIn(service.Organization, "service "+id.String(), nil, map[string]string{"plan": service.Plan})
		if err := p.keep(ctx, tx, service, agreement); err != nil {
			return err
		}
		if err := tx.CountAsWanted(ctx, id); err != nil {
			return err
		}
		return tx.InsertEvent(ctx, service.Organization, p.event(actor, id, app.ID{}, "kept", "It keeps its size."))
	})
}

// CancelRequest asks for the end of a service. Confirm is its host, typed by the person, for an end now: that removes it at once.
type CancelRequest struct {
	When    When
	Confirm string
}

// Cancelled is what the end of a subscription did, or in a preview would do.
type Cancelled struct {
	Service   app.Service
	When      When
	End       billing.Date  // the first day that is no longer charged
	KeptUntil billing.Date  // the first day on which the data is gone
	Operation app.Operation // that removes it; the zero Operation for a later day
	Bound     bool          // a minimum term or notice is charged, although the service ends now
	Documents []invoice.Document
}

// CancelSubscription ends a service: now, with everything that belongs to it removed and the unused days credited; or as soon as its minimum
// term and notice allow, until when it runs on. What is cancelled for later can be reactivated.
//
// Errors: NotFound; Invalid at when and confirm; Conflict where it has ended already, or was cancelled already.
func (p *Portal) CancelSubscription(ctx context.Context, actor app.Actor, id app.ID, r CancelRequest) (Cancelled, error) {
	var done Cancelled
	v := cancelAtEnd
	if r.When == Now {
		v = terminateService
	}
	err := p.do(ctx, actor, v, func(tx *store.Tx) error {
		service, err := tx.Service(ctx, id)
		if err != nil {
			return err
		}
		tx.NoteIn(service.Organization, "service "+id.String(), map[string]string{"host": service.Host, "state": string(service.State)},
			map[string]string{"when": string(r.When)})
		if r.When == Now && r.Confirm != service.Host {
			return app.FieldError("confirm", "Please type the address exactly as it stands above.")
		}
		if done, err = p.cancel(ctx, tx, actor, id, r.When); err != nil {
			return err
		}
		return p.tellOfEnd(ctx, tx, done)
	})
	return done, err
}

// Reactivate takes back the end of a service that has not come yet.
//
// Errors: NotFound; Conflict where it has ended already, or does not end.
func (p *Portal) Reactivate(ctx context.Context, actor app.Actor, id app.ID) error {
	return p.do(ctx, actor, reactivate, func(tx *store.Tx) error {
		service, agreement, err := p.lockAgreement(ctx, tx, id)
		if err != nil {
			return err
		}
		tx.NoteIn(service.Organization, "service "+id.String(), map[string]string{"end": agreement.End.String()}, nil)
		if err := p.takeBackEnd(ctx, tx, service, agreement); err != nil {
			return err
		}
		if err := tx.InsertEvent(ctx, service.Organization, p.event(actor, id, app.ID{}, "reactivated", "It goes on: its end was taken back.")); err != nil {
			return err
		}
		return p.tellPayers(ctx, tx, service, "reactivated", agreement.End, nil)
	})
}
