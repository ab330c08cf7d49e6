package api

import (
	"context"
	"net/http"

	"allotment/app"
	"allotment/app/portal"
)

type planBody struct {
	Plan string `json:"plan" maxLength:"60" doc:"One of the choices of its subscription." example:"large"`
	When string `json:"when" enum:"now,period_end" doc:"now: the unused days of the old size are credited, the rest is charged at the new price. period_end: with the next period."`
}

type planInput struct {
	ByID
	Body planBody
}

type endInput struct {
	ByID
	Body struct {
		When string `json:"when" enum:"now,period_end" doc:"now: with all data removed at once. period_end: as soon as its minimum term and notice allow."`
	}
}

type cancelInput struct {
	ByID
	Body struct {
		When    string `json:"when" enum:"now,period_end" doc:"now: with all data removed at once. period_end: as soon as its minimum term and notice allow."`
		Confirm string `json:"confirm,omitempty" maxLength:"300" doc:"For now: the service's host, to be sure that it is this one."`
	}
}

func (a *API) addSubscriptions() {
	const tag, byID = "Subscriptions", "/services/{id}"
	add(a, line{id: "getSubscription", method: get, path: byID + "/subscription", tag: tag, permission: app.SeeServices,
		summary: "What a service costs, until when, and which other sizes it could have"}, a.subscription)
	add(a, line{id: "previewPlan", method: post, path: byID + "/plan/preview", tag: tag, permission: app.OrderServices,
		summary: "What another size would do and cost", description: "The documents are exactly those that the change would issue, but for their numbers. Nothing is changed."}, a.previewPlan)
	add(a, line{id: "changePlan", method: post, path: byID + "/plan", tag: tag, permission: app.OrderServices, status: http.StatusAccepted,
		summary: "Give a service another size", description: "A change now is done in the background: follow its operation, which `Location` leads to."}, a.changePlan)
	add(a, line{id: "keepPlan", method: post, path: byID + "/keep-plan", tag: tag, permission: app.OrderServices,
		summary: "Give up the size that was chosen for later", description: "Without one it is a conflict (409)."}, a.keepPlan)
	add(a, line{id: "previewCancel", method: post, path: byID + "/cancel/preview", tag: tag, permission: app.TerminateService,
		summary: "What the end of a service would do and cost", description: "Nothing is changed."}, a.previewCancel)
	add(a, line{id: "cancelSubscription", method: post, path: byID + "/cancel", tag: tag, permission: app.TerminateService, status: http.StatusAccepted,
		summary: "Cancel a service", description: "What is cancelled for later runs on until then, and can be reactivated. An end now cannot be undone: follow its operation, which `Location` leads to."},
		a.cancelSubscription)
	add(a, line{id: "previewReactivate", method: post, path: byID + "/reactivate/preview", tag: tag, permission: app.OrderServices,
		summary: "Which invoice would follow if the end were taken back", description: "Nothing is changed."}, a.previewReactivate)
	add(a, line{id: "reactivateSubscription", method: post, path: byID + "/reactivate", tag: tag, permission: app.OrderServices,
		summary: "Take back the end of a service", description: "Only until it has come (409)."}, a.reactivate)
}

func (a *API) subscription(ctx context.Context, actor app.Actor, in *ByID) (*one[subscribed], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	s, err := a.portal.Subscription(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return &one[subscribed]{subscribedOf(ctx, s)}, nil
}

func (a *API) previewPlan(ctx context.Context, actor app.Actor, in *planInput) (*one[planPreview], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	p, err := a.portal.PreviewPlan(ctx, actor, id, in.request())
	if err != nil {
		return nil, err
	}
	return &one[planPreview]{planPreview{planChangeOf(ctx, p.PlanChanged), nextOf(ctx, p.Next)}}, nil
}

func (a *API) changePlan(ctx context.Context, actor app.Actor, in *planInput) (*made[planChanged], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	done, err := a.portal.ChangePlan(ctx, actor, id, in.request())
	if err != nil {
		return nil, err
	}
	where, o := following(ctx, id, done.Operation)
	return &made[planChanged]{where, planChanged{planChangeOf(ctx, done), o}}, nil
}

func (in *planInput) request() portal.PlanRequest {
	return portal.PlanRequest{Plan: in.Body.Plan, When: portal.When(in.Body.When)}
}

func (a *API) keepPlan(ctx context.Context, actor app.Actor, in *actInput) (*one[subscribed], error) {
	return a.turn(ctx, actor, in, a.portal.KeepPlan)
}

func (a *API) reactivate(ctx context.Context, actor app.Actor, in *actInput) (*one[subscribed], error) {
	return a.turn(ctx, actor, in, a.portal.Reactivate)
}

// turn does one thing with a subscription, and answers with what it is then.
func (a *API) turn(ctx context.Context, actor app.Actor, in *actInput, verb func(context.Context, app.Actor, app.ID) error) (*one[subscribed], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	if err := verb(ctx, actor, id); err != nil {
		return nil, err
	}
	return a.subscription(ctx, actor, &in.ByID)
}

func (a *API) previewCancel(ctx context.Context, actor app.Actor, in *endInput) (*one[cancelPreview], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	p, err := a.portal.PreviewCancel(ctx, actor, id, portal.When(in.Body.When))
	if err != nil {
		return nil, err
	}
	return &one[cancelPreview]{cancelPreview{endOf(p.Cancelled), nextOf(ctx, p.Next)}}, nil
}

func (a *API) cancelSubscription(ctx context.Context, actor app.Actor, in *cancelInput) (*made[cancelled], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	done, err := a.portal.CancelSubscription(ctx, actor, id, portal.CancelRequest{When: portal.When(in.Body.When), Confirm: in.Body.Confirm})
	if err != nil {
		return nil, err
	}
	where, o := following(ctx, id, done.Operation)
	return &made[cancelled]{where, cancelled{endOf(done), o}}, nil
}

func (a *API) previewReactivate(ctx context.Context, actor app.Actor, in *actInput) (*one[reactivatePreview], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	stay, err := a.portal.PreviewReactivate(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return &one[reactivatePreview]{reactivatePreview{nextOf(ctx, stay.Next)}}, nil
}
