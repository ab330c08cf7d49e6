package portal

import (
	"context"

	"allotment/app"
	"allotment/app/planner"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/invoice"
)

// NextInvoice is what is invoiced next, exactly as it will be, but for its number.
type NextInvoice struct {
	Document invoice.Document
	Trouble  error // in words: why it cannot be invoiced yet
}

// Total is what is to be paid, with VAT.
func (n NextInvoice) Total() billing.Money { return n.Document.Gross }

// PlanChoice is a plan beside the one that a service has.
type PlanChoice struct {
	PlanOffer
	Current    bool
	Difference billing.Money // from what is paid now, for an interval
	Problem    error         // in words: why it does not fit; nil where it does
	Restart    bool          // the service is away for a minute or two
}

// Subscribed is all that the pages about a service's plan show.
type Subscribed struct {
	Service      app.Service
	AppName      string
	Subscription app.Subscription
	Agreement    app.Agreement
	Today        billing.Date
	Choices      []PlanChoice
	Holds        []app.Hold
	KeptUntil    billing.Date // the first day on which the data is gone, of one that ends
	Earliest     billing.Date // the first day on which it may end; none where that is not known yet
	Bound        bool         // a minimum term or notice holds on: an end now is charged until Earliest
}

// Subscription returns what a service's plan costs and which others it could have, or NotFound.
func (p *Portal) Subscription(ctx context.Context, actor app.Actor, id app.ID) (Subscribed, error) {
	var s Subscribed
	err := p.see(ctx, actor, app.SeeServices, func(tx *store.Tx) (err error) {
		if s.Service, err = tx.Service(ctx, id); err != nil {
			return err
		}
		if s.Subscription, err = tx.Subscription(ctx, id); err != nil {
			return err
		}
		if s.Agreement, err = tx.Agreement(ctx, id); err != nil {
			return err
		}
		if s.Holds, err = tx.Holds(ctx, id); err != nil {
			return err
		}
		return p.choices(ctx, tx, &s)
	})
	if err != nil {
		return s, err
	}
	s.AppName, s.Today = p.appName(s.Service.App), p.day(s.Agreement)
	return s, p.ends(&s)
}

// ends fills in the days that count when a service is cancelled.
func (p *Portal) ends(s *Subscribed) (err error) {
	a := s.Agreement
	if !a.End.IsZero() {
		s.KeptUntil = a.End.AddDays(endedKeptFor)
	}
	if !a.Begun() || a.Seller == (app.ID{}) {
		return nil
	}
	s.Bound = bound(a, s.Today)
	if s.Earliest, err = a.Term.EarliestEnd(a.Anchor, s.Subscription.Interval, s.Today); err != nil {
		return err
	}
	if s.Earliest.Before(a.NextOn) {
		s.Earliest = a.NextOn
	}
	return nil
}

// choices fills in the plans side by side. An app that has left the catalog has none.
func (p *Portal) choices(ctx context.Context, tx *store.Tx, s *Subscribed) error {
	if _, ok := p.catalog.App(s.Service.App); !ok {
		return nil
	}
	plans, err := p.plansFor(ctx, tx, s.Service, s.Subscription)
	if err != nil {
		return err
	}
	resources, err := tx.Resources(ctx, s.Service.ID)
	if err != nil {
		return err
	}
	for _, offer := range plans {
		choice := PlanChoice{PlanOffer: offer, Current: offer.Plan.ID == s.Service.Plan}
		if choice.Difference, err = offer.Price.Sub(s.Subscription.Price); err != nil {
			return err
		}
		if !choice.Current {
			resizing, err := planner.Resize(resources, &offer.Plan)
			choice.Problem, choice.Restart = err, resizing.Restart
		}
		s.Choices = append(s.Choices, choice)
	}
	return nil
}

// PlanPreview is exactly what a change of plan would do, and the invoice that follows.
type PlanPreview struct {
	PlanChanged
	Next *NextInvoice // nil where nothing is invoiced any more
}

// PreviewPlan returns what ChangePlan would do, by doing it and taking all of it back: the documents are those that it would issue, but for
// their numbers. Errors are those of ChangePlan.
func (p *Portal) PreviewPlan(ctx context.Context, actor app.Actor, id app.ID, r PlanRequest) (PlanPreview, error) {
	var preview PlanPreview
	err := p.rehearse(ctx, actor, app.OrderServices, func(tx *store.Tx) (err error) {
		if _, err = tx.Service(ctx, id); err != nil {
			return err
		}
		if preview.PlanChanged, err = p.changePlan(ctx, tx, actor, id, r); err != nil {
			return err
		}
		preview.Next, err = p.next(ctx, tx, id)
		return err
	})
	unnumbered(preview.Documents)
	preview.Operation = app.Operation{}
	return preview, err
}

// CancelPreview is exactly what the end of a service would do, and the invoice that follows.
type CancelPreview struct {
	Cancelled
	Next *NextInvoice
}

// PreviewCancel returns what CancelSubscription would do, as PreviewPlan does.
func (p *Portal) PreviewCancel(ctx context.Context, actor app.Actor, id app.ID, when When) (CancelPreview, error) {
	var preview CancelPreview
	err := p.rehearse(ctx, actor, app.TerminateService, func(tx *store.Tx) (err error) {
		if _, err = tx.Service(ctx, id); err != nil {
			return err
		}
		if preview.Cancelled, err = p.cancel(ctx, tx, actor, id, when); err != nil {
			return err
		}
		preview.Next, err = p.next(ctx, tx, id)
		return err
	})
	unnumbered(preview.Documents)
	preview.Operation = app.Operation{}
	return preview, err
}

// rehearse runs fn with a permission, in a transaction that is taken back.
func (p *Portal) rehearse(ctx context.Context, actor app.Actor, permission app.Permission, fn func(*store.Tx) error) error {
	if err := actor.May(permission); err != nil {
		return err
	}
	return p.store.Rehearse(ctx, actor, fn)
}

// next returns the next invoice that a service's subscription stands on.
func (p *Portal) next(ctx context.Context, tx *store.Tx, service app.ID) (*NextInvoice, error) {
	agreement, err := tx.Agreement(ctx, service)
	if err != nil || agreement.Seller == (app.ID{}) || !agreement.Begun() || agreement.NextOn.IsZero() {
		return nil, err
	}
	document, due, err := p.biller.Preview(ctx, tx, agreement.ID)
	if app.CodeOf(err) == app.Conflict {
		return &NextInvoice{Trouble: err}, nil
	}
	if err != nil || !due {
		return nil, err
	}
	return &NextInvoice{Document: document}, nil
}

// unnumbered takes off documents what only counts once they are issued: their numbers, and the references made of them.
func unnumbered(documents []invoice.Document) {
	for i := range documents {
		documents[i].Number, documents[i].Payment.Reference = "", ""
	}
}
