package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
	"allotment/views/words"
)

// subscriptionRoutes are a service's plan, its end, and what holds it.
func subscriptionRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/services/:id/plan", app.OrderServices, s.plans},
		{get, "/services/:id/plan/review", app.OrderServices, s.reviewPlan},
		{post, "/services/:id/plan", app.OrderServices, s.changePlan},
		{get, "/services/:id/keep", app.OrderServices, s.keepPage},
		{post, "/services/:id/keep", app.OrderServices, s.ofService(s.portal.KeepPlan)},
		{get, "/services/:id/cancel", app.TerminateService, s.cancelPage},
		{get, "/services/:id/cancel/review", app.TerminateService, s.reviewCancel},
		{post, "/services/:id/cancel", app.TerminateService, s.cancelSubscription},
		{get, "/services/:id/reactivate", app.OrderServices, s.reactivatePage},
		{post, "/services/:id/reactivate", app.OrderServices, s.ofService(s.portal.Reactivate)},
		{post, "/services/:id/hold", app.ManageCustomers, s.holdService},
		{post, "/services/:id/release", app.ManageCustomers, s.releaseService},
	}
}

func (s *Server) plans(c *call) error { return s.showPlans(c, http.StatusOK, views.PlanForm{}) }

func (s *Server) showPlans(c *call, status int, form views.PlanForm) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	subscribed, err := s.portal.Subscription(c.Request().Context(), c.actor, id)
	if err != nil {
		return err
	}
	if form.When == "" {
		form.When = portal.Now
	}
	return c.show(status, views.Plans(c.titled("The size of %s", subscribed.Service.Name), subscribed, form))
}

func planForm(values url.Values) views.PlanForm {
	return views.PlanForm{Plan: values.Get("plan"), When: portal.When(values.Get("when"))}
}

// reviewPlan shows exactly what a change does, before its button.
func (s *Server) reviewPlan(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	form := planForm(c.query())
	if form.Plan == "" && form.When == "" {
		return s.plans(c)
	}
	preview, err := s.portal.PreviewPlan(c.Request().Context(), c.actor, id, portal.PlanRequest{Plan: form.Plan, When: form.When})
	if err != nil {
		return s.planProblem(c, form, err)
	}
	return c.show(http.StatusOK, views.PlanReview(c.titled("Please look at it once more"), preview))
}

func (s *Server) changePlan(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	values, err := c.form()
	if err != nil {
		return err
	}
	form := planForm(values)
	done, err := s.portal.ChangePlan(c.Request().Context(), c.actor, id, portal.PlanRequest{Plan: form.Plan, When: form.When})
	if err != nil {
		return s.planProblem(c, form, err)
	}
	if done.Operation.ID != (app.ID{}) {
		return c.to(string(views.OperationPath(done.Operation.ID)))
	}
	return c.to(string(views.ServicePath(id)))
}

// planProblem shows the sizes again with what is wrong with the choice.
func (s *Server) planProblem(c *call, form views.PlanForm, err error) error {
	var ok bool
	if form.Errors, form.Problem, ok = mendable(c.Request().Context(), err); !ok {
		return err
	}
	return s.showPlans(c, statusOf(err), form)
}

func (s *Server) cancelPage(c *call) error { return s.showCancel(c, http.StatusOK, views.CancelForm{}) }

func (s *Server) showCancel(c *call, status int, form views.CancelForm) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	subscribed, err := s.portal.Subscription(c.Request().Context(), c.actor, id)
	if err != nil {
		return err
	}
	return c.show(status, views.Cancel(c.titled("Cancel %s", subscribed.Service.Name), subscribed, form))
}

func (s *Server) reviewCancel(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	form := views.CancelForm{When: portal.When(c.query().Get("when"))}
	if form.When == "" {
		return s.cancelPage(c)
	}
	preview, err := s.portal.PreviewCancel(c.Request().Context(), c.actor, id, form.When)
	if err != nil {
		return s.cancelProblem(c, form, err)
	}
	return c.show(http.StatusOK, views.CancelReview(c.titled("Please look at it once more"), preview, form))
}

func (s *Server) cancelSubscription(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	values, err := c.form()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	form := views.CancelForm{When: portal.When(values.Get("when")), Confirm: values.Get("confirm")}
	done, err := s.portal.CancelSubscription(ctx, c.actor, id, portal.CancelRequest{When: form.When, Confirm: strings.TrimSpace(form.Confirm)})
	if problem := words.Fields(ctx, err)["confirm"]; err != nil && problem != "" {
		preview, failed := s.portal.PreviewCancel(ctx, c.actor, id, form.When)
		if failed != nil {
			return failed
		}
		form.Errors = map[string]string{"confirm": problem}
		return c.show(statusOf(err), views.CancelReview(c.titled("Please look at it once more"), preview, form))
	}
	if err != nil {
		return s.cancelProblem(c, form, err)
	}
	if done.Operation.ID != (app.ID{}) {
		return c.to(string(views.OperationPath(done.Operation.ID)))
	}
	return c.to(string(views.ServicePath(id)))
}

func (s *Server) cancelProblem(c *call, form views.CancelForm, err error) error {
	var ok bool
	if form.Errors, form.Problem, ok = mendable(c.Request().Context(), err); !ok {
		return err
	}
	return s.showCancel(c, statusOf(err), form)
}

// holdService stops a customer's service for a reason that the customer reads.
func (s *Server) holdService(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	values, err := c.form()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	form := views.HoldForm{Kind: app.HoldKind(values.Get("hold")), Reason: values.Get("reason")}
	err = s.portal.HoldService(ctx, c.actor, id, form.Kind, strings.TrimSpace(form.Reason))
	if app.CodeOf(err) == app.Invalid {
		form.Errors = words.Fields(ctx, err)
		return s.showService(c, statusOf(err), nil, views.TerminateForm{Hold: form})
	}
	if err != nil {
		return err
	}
	return c.to(string(views.ServicePath(id)))
}

func (s *Server) releaseService(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	values, err := c.form()
	if err != nil {
		return err
	}
	if err := s.portal.ReleaseService(c.Request().Context(), c.actor, id, app.HoldKind(values.Get("hold"))); err != nil {
		return err
	}
	return c.to(string(views.ServicePath(id)))
}

// reactivatePage shows what follows when an end is taken back, before its button.
func (s *Server) reactivatePage(c *call) error {
	return s.stay(c, s.portal.PreviewReactivate, func(stay portal.StayPreview) templ.Component {
		return views.ReactivateReview(c.titled("Do not end it: go on"), stay)
	})
}

// keepPage shows what follows when the size that was chosen for later is given up, before its button.
func (s *Server) keepPage(c *call) error {
	return s.stay(c, s.portal.PreviewKeepPlan, func(stay portal.StayPreview) templ.Component {
		return views.KeepReview(c.titled("Keep the size of now"), stay)
	})
}

// stay looks at what is taken back. Where there is nothing to take back any more, the service's page says how it stands.
func (s *Server) stay(c *call, look func(context.Context, app.Actor, app.ID) (portal.StayPreview, error), page func(portal.StayPreview) templ.Component) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	stay, err := look(c.Request().Context(), c.actor, id)
	if app.CodeOf(err) == app.Conflict {
		return c.to(string(views.ServicePath(id)))
	}
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, page(stay))
}

// ofService does one thing with a service, and leads back to its page.
func (s *Server) ofService(do func(context.Context, app.Actor, app.ID) error) func(*call) error {
	return func(c *call) error {
		id, err := c.id()
		if err != nil {
			return err
		}
		if err := do(c.Request().Context(), c.actor, id); err != nil {
			return err
		}
		return c.to(string(views.ServicePath(id)))
	}
}
