package portal

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"allotment/app"
	"allotment/app/planner"
	"allotment/app/store"
	"allotment/billing"
	"allotment/catalog"
)

// Preview returns exactly what an order would make and cost, or what is wrong with it, by field. Nothing is reserved.
func (p *Portal) Preview(ctx context.Context, actor app.Actor, r OrderRequest) (Preview, error) {
	if err := actor.May(app.OrderServices); err != nil {
		return Preview{}, err
	}
	buyer, err := p.Buyer(ctx, actor, r.For)
	if err != nil {
		return Preview{}, err
	}
	offer, err := p.OfferFor(ctx, actor, buyer.ID, r.App)
	if err != nil {
		return Preview{}, err
	}
	r, plan, err := p.clean(actor, offer, r)
	if err != nil {
		return Preview{}, err
	}
	if err := p.CheckHost(ctx, actor, r.Host); err != nil {
		return Preview{}, err
	}
	first, coupon, err := p.firstInvoice(ctx, actor, buyer.ID, offer.App, *plan, r)
	if err != nil {
		return Preview{}, err
	}
	host := offer.App.Host(r.Host)
	service := app.Service{ID: app.NewID(), Organization: buyer.ID, App: r.App, Plan: r.Plan, Host: r.Host, Answers: r.Answers}
	preview := Preview{
		Offer: offer, Plan: *plan, Request: r, Buyer: buyer, First: first, Coupon: coupon, URL: p.appURL(host),
		Records: planner.Records(offer.App, r.Host, netip.Addr{}, p.cfg.DNSMail),
	}
	if costs(plan.Price, plan.Setup) {
		if preview.Gap, err = p.BillingDetailsMissing(ctx, actor, buyer.ID); err != nil {
			return Preview{}, err
		}
	}
	for _, w := range planner.Want(offer.App, &plan.Plan, service, buyer.Slug, p.site()) {
		preview.Resources = append(preview.Resources, PreviewResource{Kind: w.Kind, Name: w.Name, Spec: w.Spec})
	}
	return preview, nil
}

// PlaceOrder orders one service, for the actor's own organization or for one below it, at the price that its own seller asks. The order, the service, its subscription, its plan and the first jobs are one transaction; the
// same key twice is the same order.
//
// Errors: Invalid with the fields that are wrong, and at details where an invoice could not be made out; Conflict at the field host when another service has it, and with the name of the limit where a
// quota above the buyer has no room for it.
func (p *Portal) PlaceOrder(ctx context.Context, actor app.Actor, r OrderRequest) (app.Order, error) {
	var order app.Order
	err := p.do(ctx, actor, orderVerb(actor, r), func(tx *store.Tx) error {
		buyer, err := buyerOf(ctx, tx, actor, r.For)
		if err != nil {
			return err
		}
		if r.Key == "" || len(r.Key) > 80 {
			return app.FieldError("key", "Please go back to the order form and try again.")
		}
		entry, ok := p.catalog.App(r.App)
		if !ok || !p.site().Offers(entry) {
			return app.Errorf(app.NotFound, "There is no such app in the catalog.")
		}
		prices, use, err := tx.Asked(ctx, buyer, r.App, p.now())
		if err != nil {
			return err
		}
		clean, plan, err := p.clean(actor, p.offer(entry, prices, use), r)
		if err != nil {
			return err
		}
		if err := mayBuy(ctx, tx, actor, buyer.ID, plan.Price, plan.Setup); err != nil {
			return err
		}
		n, err := p.newOrder(actor, buyer, entry, plan, clean)
		if err != nil {
			return err
		}
		if n.Coupon, err = p.couponFor(ctx, tx, buyer.ID, *plan, clean); err != nil {
			return err
		}
		order = n.Order
		tx.NoteIn(buyer.ID, "service "+order.Service.String(), nil, map[string]string{"app": r.App, "plan": r.Plan, "host": n.Service.Host})
		if err := tx.InsertOrder(ctx, n); err != nil {
			return err
		}
		return tx.EnqueueFor(ctx, buyer.ID, time.Time{}, planner.Due(n.Operation)...)
	})
	if app.CodeOf(err) == app.Conflict { // by this very order, sent twice?
		return p.orderByKey(ctx, actor, r, err)
	}
	return order, err
}

// Order returns one order that the actor may see, with the price as it was shown, or NotFound.
func (p *Portal) Order(ctx context.Context, actor app.Actor, id app.ID) (order app.Order, err error) {
	err = p.see(ctx, actor, app.SeeServices, func(tx *store.Tx) error {
		order, err = tx.Order(ctx, id)
		return err
	})
	return order, err
}

// orderByKey returns the order that was placed with the key before, or the error that made us look.
func (p *Portal) orderByKey(ctx context.Context, actor app.Actor, r OrderRequest, cause error) (order app.Order, err error) {
	err = p.see(ctx, actor, app.OrderServices, func(tx *store.Tx) error {
		buyer, err := buyerOf(ctx, tx, actor, r.For)
		if err != nil {
			return err
		}
		order, err = tx.OrderByKey(ctx, buyer.ID, r.Key)
		return err
	})
	if err != nil {
		return app.Order{}, cause
	}
	return order, nil
}

// newOrder makes all that an order writes.
func (p *Portal) newOrder(actor app.Actor, buyer app.Organization, entry *catalog.App, plan *PlanOffer, r OrderRequest) (store.NewOrder, error) {
	now := p.now()
	service := app.Service{
		ID: app.NewID(), Organization: buyer.ID, OrganizationName: buyer.Name, App: r.App, Plan: r.Plan, Name: r.Name,
		Host: r.Host, URL: p.appURL(entry.Host(r.Host)), Language: language(actor), State: app.ServiceCreating, Answers: r.Answers, CreatedAt: now,
	}
	wanted := planner.Want(entry, &plan.Plan, service, buyer.Slug, p.site())
	resources, err := planner.Resources(wanted, service)
	if err != nil {
		return store.NewOrder{}, err
	}
	operation := planner.Operation(app.OperationCreate, service, resources, now)
	return store.NewOrder{
		Order: app.Order{
			ID: app.NewID(), Organization: buyer.ID, PlacedBy: actor.User, Service: service.ID, Operation: operation.ID,
			App: r.App, Plan: r.Plan, Price: plan.Price, Setup: plan.Setup, Interval: plan.Interval, CreatedAt: now,
		},
		Key: r.Key, Service: service, Takes: planner.Takes(wanted),
		Subscription: app.Subscription{
			ID: app.NewID(), Service: service.ID, Name: soldAs(actor, entry, plan.Plan), Price: plan.Price, Setup: plan.Setup, Interval: plan.Interval,
		},
		Bought:    store.Bought{List: plan.list, PriceID: plan.PriceID, Trial: plan.Trial, Term: plan.Term, Legs: plan.legs, Usage: usageFrom(*plan, billing.DateIn(now, time.UTC).AddDays(-1))},
		Resources: resources, Operation: operation, StartedBy: actor.Name,
		Event: app.Event{
			ID: app.NewID(), Service: service.ID, Operation: operation.ID, At: now, Actor: actor.Name, Kind: "ordered", Message: "It was ordered.",
		},
	}, nil
}

// soldAs is how a size of an app is called on invoices.
func soldAs(actor app.Actor, entry *catalog.App, plan catalog.Plan) string {
	return entry.Name + ", " + plan.Name.In(language(actor))
}

// clean checks every field of a request and returns it as it is stored. All that is wrong is said at once.
func (p *Portal) clean(actor app.Actor, offer Offer, r OrderRequest) (OrderRequest, *PlanOffer, error) {
	fields := map[string]string{}
	var plan *PlanOffer
	for i := range offer.Plans {
		if offer.Plans[i].Plan.ID == r.Plan {
			plan = &offer.Plans[i]
		}
	}
	if plan == nil {
		fields["plan"] = "Please choose one of the sizes."
	} else if at, ok := plan.At(r.Interval); ok {
		plan, r.Interval = &at, at.Interval
	} else {
		fields["interval"] = "Please choose one of the ways to pay."
	}
	var message string
	if r.Host, message = p.cleanHost(r.Host); message != "" {
		fields["host"] = message
	}
	if r.Name, message = cleanName(r.Name); message != "" {
		fields["name"] = message
	}
	answers := map[string]string{}
	for id, answer := range r.Answers {
		answers[id] = answer
	}
	if offer.App.Question("domain") != nil {
		answers["domain"] = r.Host
	}
	size := &catalog.Plan{}
	if plan != nil {
		size = &plan.Plan
	}
	clean, wrong := catalog.CheckAnswersIn(actor.Language, offer.App, size, answers)
	for id, message := range wrong {
		if id == "domain" && fields["host"] != "" {
			continue
		}
		if id == "domain" {
			fields["host"] = message
			continue
		}
		fields["question."+id] = message
	}
	r.Answers = clean
	return r, plan, invalidFields(fields)
}

func cleanName(name string) (clean, message string) {
	name = strings.Join(strings.Fields(name), " ")
	switch {
	case name == "":
		return "", "Please give it a name."
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", "Please use ordinary characters only."
	case utf8.RuneCountInString(name) > 60:
		return "", "Please use at most 60 characters."
	}
	return name, ""
}

// language is the one in which an app is set up: the actor's, if apps speak it.
func language(actor app.Actor) string {
	if slices.Contains(catalog.Languages(), actor.Language) {
		return actor.Language
	}
	return catalog.Languages()[0]
}
