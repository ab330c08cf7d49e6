package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
	"allotment/views/words"
)

// keyRoutes are the pages of API keys.
func keyRoutes(s *Server) []route {
	return []route{
		{http.MethodGet, "/organization/keys", app.ManageKeys, s.keys},
		{http.MethodPost, "/organization/keys", app.ManageKeys, s.createKey},
		{http.MethodPost, "/organization/keys/:id/rotate", app.ManageKeys, s.rotateKey},
		{http.MethodPost, "/organization/keys/:id/revoke", app.ManageKeys, s.revokeKey},
	}
}

// freshKey is the form before anything was typed: a key that expires.
var freshKey = views.KeyForm{Days: "90"}

func (s *Server) keys(c *call) error {
	return s.showKeys(c, http.StatusOK, views.KeyList{After: c.query().Get("after"), Form: freshKey})
}

// showKeys draws the page of keys: with a token where one was just made, with the form as it was sent where it was wrong.
func (s *Server) showKeys(c *call, status int, list views.KeyList) (err error) {
	if list.Page, err = s.portal.Keys(c.Request().Context(), c.actor, list.After, 0); err != nil {
		return err
	}
	return c.show(status, views.Keys(c.titled("API keys"), list))
}

func (s *Server) createKey(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	form := views.KeyForm{Name: values.Get("name"), Role: app.Role(values.Get("role")), Days: strings.TrimSpace(values.Get("days"))}
	request := portal.KeyRequest{Name: form.Name, Role: form.Role}
	if form.Days != "" {
		days, err := strconv.Atoi(form.Days)
		if err != nil || days < 1 || days > 5*365 {
			days = -1 // which is refused with what is wrong beside it
		}
		request.ExpiresAt = s.now().Add(time.Duration(days) * 24 * time.Hour)
	}
	ctx := c.Request().Context()
	key, token, err := s.portal.CreateKey(ctx, c.actor, request)
	if fields := app.FieldsOf(err); len(fields) > 0 {
		form.Errors = words.Fields(ctx, err)
		return s.showKeys(c, statusOf(err), views.KeyList{Form: form})
	}
	if err != nil {
		return err
	}
	return s.showKeys(c, http.StatusOK, views.KeyList{Made: &key, Token: token, Form: freshKey})
}

func (s *Server) rotateKey(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	key, token, err := s.portal.RotateKey(c.Request().Context(), c.actor, id)
	if err != nil {
		return err
	}
	return s.showKeys(c, http.StatusOK, views.KeyList{Made: &key, Token: token, Form: freshKey})
}

func (s *Server) revokeKey(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if err := s.portal.RevokeKey(c.Request().Context(), c.actor, id); err != nil {
		return err
	}
	return c.to("/organization/keys")
}
