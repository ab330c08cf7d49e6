package web

import (
	"net/http"
	"slices"
	"strings"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
	"allotment/views/words"
)

func (s *Server) services(c *call) error {
	all := c.actor.Kind != app.Customer // a seller's list spans its customers
	return s.listServices(c, views.ServiceList{Base: "/services", All: all}, c.titled("My services"))
}

// allServices is the seller's view of the services of every organization.
func (s *Server) allServices(c *call) error {
	return s.listServices(c, views.ServiceList{Base: "/operator/services", All: true}, c.titled("All services"))
}

func (s *Server) listServices(c *call, list views.ServiceList, page views.Page) (err error) {
	query := c.query()
	if of := query.Get("of"); of != "" {
		id, err := app.ParseID(of)
		if err != nil {
			return err
		}
		customer, err := s.portal.Customer(c.Request().Context(), c.actor, id)
		if err != nil {
			return err
		}
		list.Of, list.All = customer.Organization, false
	}
	list.Filter = portal.ServiceFilter{Of: list.Of.ID, Text: strings.TrimSpace(query.Get("q")), After: query.Get("after")}
	if state := app.ServiceState(query.Get("state")); slices.Contains(views.ServiceStates(), state) {
		list.Filter.State = state
	}
	if list.Page, err = s.portal.Services(c.Request().Context(), c.actor, list.Filter); err != nil {
		return err
	}
	if c.partial("list") {
		return c.show(http.StatusOK, views.ServiceRows(c.page, list))
	}
	return c.show(http.StatusOK, views.Services(page, list))
}

func (s *Server) service(c *call) error {
	return s.showService(c, http.StatusOK, nil, views.TerminateForm{})
}

// showService draws a service's page, with its secrets when they are being revealed.
func (s *Server) showService(c *call, status int, revealed []app.Secret, form views.TerminateForm) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	detail, err := s.portal.Service(ctx, c.actor, id)
	if err != nil {
		return err
	}
	if revealed != nil {
		detail.Secrets = revealed
	}
	var offer *portal.Offer
	found, err := s.portal.Offer(ctx, c.actor, detail.Service.App)
	switch {
	case err == nil:
		offer = &found
	case app.CodeOf(err) != app.NotFound: // an app may have left the catalog
		return err
	}
	if detail.Operation != nil && detail.Operation.State == app.OperationRunning {
		c.page.Refresh = 5
	}
	c.page.Path = string(views.ServicePath(id))
	return c.show(status, views.Service(c.titled("%s", detail.Service.Name), detail, offer, form))
}

// revealSecrets shows the access data, once.
func (s *Server) revealSecrets(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	secrets, err := s.portal.RevealSecrets(c.Request().Context(), c.actor, id)
	if err != nil {
		return err
	}
	if c.partial("secrets") {
		return c.show(http.StatusOK, views.Secrets(c.page, id, secrets))
	}
	return s.showService(c, http.StatusOK, secrets, views.TerminateForm{})
}

func (s *Server) terminateService(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	values, err := c.form()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	form := views.TerminateForm{Confirm: values.Get("confirm")}
	operation, err := s.portal.TerminateService(ctx, c.actor, id, strings.TrimSpace(form.Confirm))
	if app.FieldsOf(err)["confirm"] != "" {
		form.Problem = words.Fields(ctx, err)["confirm"]
		return s.showService(c, statusOf(err), nil, form)
	}
	if err != nil {
		return err
	}
	return c.to(string(views.OperationPath(operation.ID)))
}
