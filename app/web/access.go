package web

import (
	"net/http"
	"strings"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
)

// accessRoutes are the pages of who may use which service, and of what a person may use.
func accessRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/services/:id/access", app.SeeMembers, s.access},
		{post, "/services/:id/access", app.ManageAccess, s.grantAccess},
		{post, "/services/:id/access/:member", app.ManageAccess, s.changeAccess},
		{post, "/services/:id/access/:member/revoke", app.ManageAccess, s.revokeAccess},
		{get, "/apps", app.SeeAccount, s.apps},
		{get, "/account/apps", app.SeeAccount, s.appAccount},
		{post, "/account/apps/password", app.SeeAccount, s.setAppPassword},
		{post, "/account/apps/password/remove", app.SeeAccount, s.removeAppPassword},
	}
}

func (s *Server) access(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	query := c.query()
	list := views.AccessList{Filter: portal.AccessFilter{Text: strings.TrimSpace(query.Get("q")), After: query.Get("after")}}
	if who := query.Get("who"); who == "with" || who == "without" {
		list.Filter.Who = who
	}
	if list.Page, err = s.portal.Access(c.Request().Context(), c.actor, id, list.Filter); err != nil {
		return err
	}
	switch {
	case c.partial("list"):
		return c.show(http.StatusOK, views.AccessRows(c.page, list))
	case c.partial("lag"):
		return c.show(http.StatusOK, views.AccessMarks(c.page, list))
	}
	if list.Page.Lags {
		c.page.Refresh = 5
	}
	return c.show(http.StatusOK, views.Access(c.titled("Who may use %s", list.Page.Service.Name), list))
}

func (s *Server) grantAccess(c *call) error {
	return s.changesAccess(c, func(service, _ app.ID, member string, level app.AccessLevel) error {
		id, err := app.ParseID(member)
		if err != nil {
			return err
		}
		return s.portal.GrantAccess(c.Request().Context(), c.actor, service, id, level)
	})
}

func (s *Server) changeAccess(c *call) error {
	return s.changesAccess(c, func(service, member app.ID, _ string, level app.AccessLevel) error {
		return s.portal.ChangeAccess(c.Request().Context(), c.actor, service, member, level)
	})
}

func (s *Server) revokeAccess(c *call) error {
	return s.changesAccess(c, func(service, member app.ID, _ string, _ app.AccessLevel) error {
		return s.portal.RevokeAccess(c.Request().Context(), c.actor, service, member)
	})
}

// changesAccess reads a form of the page of access, makes the change and goes back to where the page was.
func (s *Server) changesAccess(c *call, change func(service, member app.ID, named string, level app.AccessLevel) error) error {
	service, err := c.id()
	if err != nil {
		return err
	}
	var member app.ID
	if named := c.Param("member"); named != "" {
		if member, err = app.ParseID(named); err != nil {
			return err
		}
	}
	values, err := c.form()
	if err != nil {
		return err
	}
	if err := change(service, member, values.Get("member"), app.AccessLevel(values.Get("level"))); err != nil {
		return err
	}
	path := string(views.AccessPath(service))
	if back := localPath(values.Get("back")); strings.HasPrefix(back, path+"?") {
		path = back
	}
	return c.to(path)
}
