package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"allotment/app"
	"allotment/views"
)

const ownPath = "/account/organizations"

// ownRoutes are for which organization a person acts, and acting in a customer's name.
func ownRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, ownPath, app.SeeAccount, s.ownOrganizations},
		{post, ownPath + "/switch", app.SeeAccount, s.switchOrganization},
		{post, ownPath + "/leave", app.SeeAccount, s.leaveOrganization},
		{post, "/customers/:id/act", app.ActAsCustomers, s.ofCustomer(s.actAs)},
		{post, "/visit/end", app.SeeAccount, s.endVisit},
		{post, "/organization/visits/:id/stop", app.ManageMembers, s.stopVisit},
	}
}

func (s *Server) ownOrganizations(c *call) error {
	query := c.query()
	list := views.OwnList{Text: strings.TrimSpace(query.Get("q")), After: query.Get("after"), Joined: query.Get("saved") == "joined"}
	return s.showOwn(c, http.StatusOK, list)
}

func (s *Server) showOwn(c *call, status int, list views.OwnList) (err error) {
	if list.Page, err = s.portal.OwnOrganizations(c.Request().Context(), c.actor, list.Text, list.After, 0); err != nil {
		return err
	}
	if c.partial("list") {
		return c.show(status, views.OwnRows(c.page, list))
	}
	c.page.Path = ownPath
	return c.show(status, views.OwnOrganizations(c.titled("Your organizations"), list))
}

func (s *Server) switchOrganization(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	id, err := app.ParseID(values.Get("organization"))
	if err != nil {
		return err
	}
	fresh, err := s.portal.SwitchOrganization(c.Request().Context(), c.actor, id, c.Request().Host)
	if err != nil {
		return err
	}
	s.renewed(c, fresh)
	return c.to("/")
}

// switchTo has the reader act for an organization that they have just joined; a session that may not act there goes on as it is.
func (s *Server) switchTo(c *call, id app.ID) (bool, error) {
	fresh, err := s.portal.SwitchOrganization(c.Request().Context(), c.actor, id, c.Request().Host)
	if app.CodeOf(err) == app.Forbidden {
		return false, nil
	}
	s.renewed(c, fresh)
	return err == nil, err
}

// renewed gives the browser the session's new token, where it has one.
func (s *Server) renewed(c *call, fresh app.Session) {
	if fresh.Token != "" {
		s.setCookie(c, sessionCookie, fresh.Token, fresh.ExpiresAt)
	}
}

// leaveOrganization ends the reader's membership. Those who have no other sign in again, and see why they cannot.
func (s *Server) leaveOrganization(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	err = s.portal.LeaveOrganization(ctx, c.actor, strings.TrimSpace(values.Get("confirm")))
	if err == nil {
		s.dropCookie(c, sessionCookie)
		return c.to("/signin")
	}
	fields, problem, ok := mendable(ctx, err)
	if !ok {
		return err
	}
	form := views.ActionForm{Action: "leave", Values: map[string]string{"confirm": values.Get("confirm")}, Errors: fields, Problem: problem}
	return s.showOwn(c, statusOf(err), views.OwnList{Form: form})
}

// actAs has the reader act in a customer's name.
func (s *Server) actAs(c *call, id app.ID, values url.Values) (string, error) {
	minutes, err := strconv.Atoi(values.Get("minutes"))
	if err != nil {
		minutes = 0 // which is refused with what is wrong beside it
	}
	fresh, err := s.portal.ActAs(c.Request().Context(), c.actor, id, values.Get("reason"), minutes)
	if err != nil {
		return "", err
	}
	s.renewed(c, fresh)
	return "/services", nil
}

func (s *Server) endVisit(c *call) error {
	fresh, err := s.portal.EndVisit(c.Request().Context(), c.actor)
	if err != nil {
		return err
	}
	s.renewed(c, fresh)
	if c.actor.Impersonation != nil {
		return c.to(views.CustomersPath + "/" + c.actor.Organization.String())
	}
	return c.to("/")
}

func (s *Server) stopVisit(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if err := s.portal.StopVisit(c.Request().Context(), c.actor, id); err != nil {
		return err
	}
	return c.to("/organization/audit")
}
