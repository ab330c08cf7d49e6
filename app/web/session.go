package web

import (
	"net/http"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
	"allotment/views/words"
)

// cookieName carries the prefix that makes browsers insist on Secure, Path=/ and no Domain (RFC 6265bis section 4.1.3).
func (s *Server) cookieName() string {
	if s.tls {
		return "__Host-allotment"
	}
	return "allotment"
}

func (s *Server) sessionToken(r *http.Request) string {
	cookie, err := r.Cookie(s.cookieName())
	if err != nil || len(cookie.Value) > 200 {
		return ""
	}
	return cookie.Value
}

func (s *Server) setSession(c *call, session app.Session) {
	c.SetCookie(&http.Cookie{
		Name: s.cookieName(), Value: session.Token, Path: "/", Expires: session.ExpiresAt, HttpOnly: true, Secure: s.tls,
		SameSite: http.SameSiteLaxMode,
	})
}

func (s *Server) dropSession(c *call) {
	c.SetCookie(&http.Cookie{
		Name: s.cookieName(), Path: "/", MaxAge: -1, HttpOnly: true, Secure: s.tls, SameSite: http.SameSiteLaxMode,
	})
}

// root leads everybody to where their work is.
func (s *Server) root(c *call) error {
	switch {
	case !c.page.SignedIn():
		return c.to("/signin")
	case c.actor.Staff() && c.page.May(app.SeeOperations):
		return c.to("/operator/operations")
	}
	return c.to("/services")
}

func (s *Server) signInPage(c *call) error {
	if c.page.SignedIn() {
		return c.to("/")
	}
	form := views.SignInForm{Back: localPath(c.query().Get("back"))}
	return c.show(http.StatusOK, views.SignIn(c.titled("Sign in"), form, s.cfg.Demo))
}

func (s *Server) signIn(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	form := views.SignInForm{Email: values.Get("email"), Back: localPath(values.Get("back"))}
	request := portal.SignInRequest{Email: form.Email, Password: values.Get("password"), Address: s.clientAddress(c.Request()).String(), Agent: c.Request().UserAgent()}
	session, err := s.portal.SignIn(ctx, request)
	switch app.CodeOf(err) {
	case "":
	case app.Unauthenticated, app.Forbidden, app.TooMany:
		status := statusOf(err)
		if status == http.StatusUnauthorized {
			status = http.StatusUnprocessableEntity
		}
		form.Problem = words.Error(ctx, err)
		return c.show(status, views.SignIn(c.titled("Sign in"), form, s.cfg.Demo))
	default:
		return err
	}
	if old := s.sessionToken(c.Request()); old != "" {
		if err := s.portal.SignOut(ctx, old); err != nil {
			return err
		}
	}
	s.setSession(c, session)
	if form.Back != "" {
		return c.to(form.Back)
	}
	return c.to("/")
}

func (s *Server) signOut(c *call) error {
	if token := s.sessionToken(c.Request()); token != "" {
		if err := s.portal.SignOut(c.Request().Context(), token); err != nil {
			return err
		}
	}
	s.dropSession(c)
	return c.to("/signin")
}
