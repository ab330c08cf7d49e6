package web

import (
	"net/http"
	"strings"

	"allotment/app/portal"
	"allotment/views"
)

func (s *Server) apps(c *call) (err error) {
	query := c.query()
	list := views.AppList{Filter: portal.AppsFilter{Text: strings.TrimSpace(query.Get("q")), After: query.Get("after")}}
	if list.Page, err = s.portal.Apps(c.Request().Context(), c.actor, list.Filter); err != nil {
		return err
	}
	if c.partial("list") {
		return c.show(http.StatusOK, views.AppCards(c.page, list))
	}
	return c.show(http.StatusOK, views.Apps(c.titled("Your apps"), list))
}

func (s *Server) appAccount(c *call) error { return s.showAppAccount(c, "") }

// showAppAccount draws the page of a person's password for apps, with a new one where one was just made.
func (s *Server) showAppAccount(c *call, made string) error {
	page, err := s.portal.Apps(c.Request().Context(), c.actor, portal.AppsFilter{Limit: 200})
	if err != nil {
		return err
	}
	c.page.Path = "/account/apps"
	return c.show(http.StatusOK, views.AppAccount(c.titled("Apps and mail"), page, made))
}

func (s *Server) setAppPassword(c *call) error {
	password, err := s.portal.SetAppPassword(c.Request().Context(), c.actor)
	if err != nil {
		return err
	}
	return s.showAppAccount(c, password)
}

func (s *Server) removeAppPassword(c *call) error {
	if err := s.portal.RemoveAppPassword(c.Request().Context(), c.actor); err != nil {
		return err
	}
	return c.to("/account/apps")
}
