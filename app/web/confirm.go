package web

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
	"allotment/views/words"
)

// askToConfirm leads to the page on which people prove once more who they are. A form that was sent is kept for afterwards, encrypted; a page
// is opened again.
func (s *Server) askToConfirm(c *call) error {
	address, err := s.confirmAddress(c)
	if err != nil {
		return err
	}
	if c.Request().Header.Get("HX-Request") == "true" {
		c.Response().Header().Set("HX-Redirect", address)
		return c.NoContent(http.StatusForbidden)
	}
	return c.to(address)
}

func (s *Server) confirmAddress(c *call) (string, error) {
	r := c.Request()
	query := url.Values{}
	switch {
	case r.Method == http.MethodGet:
		query.Set("back", r.URL.RequestURI())
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		values, err := c.form()
		if err != nil {
			return "", err
		}
		token, err := s.portal.HoldForm(r.Context(), c.actor, portal.HeldForm{Path: r.URL.RequestURI(), Values: values})
		if err != nil {
			return "", err
		}
		query.Set("form", token)
		query.Set("back", cameFrom(r))
	default: // with a file in it: the reader sends it again
		query.Set("back", cameFrom(r))
		query.Set("again", "1")
	}
	return "/confirm?" + query.Encode(), nil
}

// cameFrom is the page of this site that a form stood on, "/" where the browser does not say.
func cameFrom(r *http.Request) string {
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host != r.Host {
		return "/"
	}
	if path := localPath(from.RequestURI()); path != "" {
		return path
	}
	return "/"
}

func (s *Server) confirmPage(c *call) error {
	query := c.query()
	return s.showConfirm(c, http.StatusOK, views.ConfirmForm{Back: localPath(query.Get("back")), Form: query.Get("form"), Again: query.Get("again") != ""})
}

func (s *Server) showConfirm(c *call, status int, form views.ConfirmForm) (err error) {
	if form.Ways, err = s.portal.ConfirmWays(c.Request().Context(), c.actor); err != nil {
		return err
	}
	form.PasskeyHost = s.portal.PasskeyHost()
	return c.show(status, views.Confirm(c.titled("Is it you?"), form))
}

func (s *Server) confirmOptions(c *call) error {
	ceremony, err := s.portal.BeginConfirmPasskey(c.Request().Context(), c.actor)
	if err != nil {
		return err
	}
	return s.sendCeremony(c, ceremony)
}

func (s *Server) confirm(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	r := c.Request()
	form := views.ConfirmForm{Back: localPath(values.Get("back")), Form: values.Get("form")}
	fresh, err := s.portal.Confirm(r.Context(), c.actor, portal.ConfirmRequest{
		Password: values.Get("password"), Code: values.Get("code"), Ceremony: s.cookie(r, ceremonyCookie), Passkey: values.Get("passkey"),
	})
	switch app.CodeOf(err) {
	case "":
	case app.Invalid, app.TooMany, app.Gone, app.Unauthenticated:
		status := statusOf(err)
		if status == http.StatusUnauthorized || status == http.StatusGone {
			status = http.StatusUnprocessableEntity
		}
		form.Problem = words.Error(r.Context(), err)
		return s.showConfirm(c, status, form)
	default:
		return err
	}
	s.setCookie(c, sessionCookie, fresh.Token, fresh.ExpiresAt)
	if form.Form != "" {
		return s.sendHeld(c, fresh.Token, form.Form)
	}
	if form.Back == "" {
		form.Back = "/"
	}
	return c.to(form.Back)
}

// sendHeld sends the form that waited for the confirmation, as if the browser had sent it just now; what it answers is the answer.
func (s *Server) sendHeld(c *call, token, name string) error {
	held, err := s.portal.TakeForm(c.Request().Context(), c.actor, name)
	if err != nil {
		return err
	}
	address, err := url.ParseRequestURI(held.Path)
	if err != nil {
		return err
	}
	body := held.Values.Encode()
	r := c.Request().Clone(context.WithValue(c.Request().Context(), freshToken{}, token))
	r.URL, r.RequestURI = address, held.Path
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	r.Form, r.PostForm = nil, nil
	s.main.ServeHTTP(c.Response(), r)
	return nil
}
