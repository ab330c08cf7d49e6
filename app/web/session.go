package web

import (
	"net/http"
	"time"

	"allotment/app"
	"allotment/app/portal"
)

// The portal's cookies of one person's browser, by what follows the session cookie's name.
const (
	sessionCookie  = ""          // who is signed in
	secondCookie   = "-second"   // the sign-in that waits for its second factor
	ceremonyCookie = "-ceremony" // the use of a passkey that was begun
	deviceCookie   = "-device"   // that this browser was signed in before
)

// cookieName carries the prefix that makes browsers insist on Secure, Path=/ and no Domain (RFC 6265bis section 4.1.3).
func (s *Server) cookieName(which string) string {
	if s.tls {
		return "__Host-allotment" + which
	}
	return "allotment" + which
}

func (s *Server) cookie(r *http.Request, which string) string {
	cookie, err := r.Cookie(s.cookieName(which))
	if err != nil || len(cookie.Value) > 200 {
		return ""
	}
	return cookie.Value
}

// setCookie sets one of the portal's cookies; a zero until makes it end with the browser.
func (s *Server) setCookie(c *call, which, value string, until time.Time) {
	c.SetCookie(&http.Cookie{
		Name: s.cookieName(which), Value: value, Path: "/", Expires: until, HttpOnly: true, Secure: s.tls, SameSite: http.SameSiteLaxMode,
	})
}

func (s *Server) dropCookie(c *call, which string) {
	c.SetCookie(&http.Cookie{
		Name: s.cookieName(which), Path: "/", MaxAge: -1, HttpOnly: true, Secure: s.tls, SameSite: http.SameSiteLaxMode,
	})
}

// freshToken is the key of a request's context for a session's token that was changed while the request was answered.
type freshToken struct{}

func (s *Server) sessionToken(r *http.Request) string {
	if token, ok := r.Context().Value(freshToken{}).(string); ok {
		return token
	}
	return s.cookie(r, sessionCookie)
}

// welcome goes on after a proof of who somebody is, whichever way they came: to the second step, or in, and then back to where they were
// going (a path of this site, or ""). A session that the browser had before ends.
func (s *Server) welcome(c *call, in portal.SignedIn, back string) error {
	if in.Pending() {
		s.setCookie(c, secondCookie, in.Challenge, time.Time{})
		return c.to(withBack("/signin/second", back))
	}
	if old := s.sessionToken(c.Request()); old != "" {
		if err := s.portal.SignOut(c.Request().Context(), old, c.actor.Address); err != nil {
			return err
		}
	}
	s.setCookie(c, sessionCookie, in.Token, in.ExpiresAt)
	s.setCookie(c, deviceCookie, in.Device, s.now().AddDate(1, 0, 0))
	if s.cookie(c.Request(), secondCookie) != "" {
		s.dropCookie(c, secondCookie)
	}
	if back == "" || in.Joined {
		back = "/"
	}
	return c.to(back)
}

func (s *Server) signOut(c *call) error {
	if token := s.sessionToken(c.Request()); token != "" {
		if err := s.portal.SignOut(c.Request().Context(), token, c.actor.Address); err != nil {
			return err
		}
	}
	s.dropCookie(c, sessionCookie)
	if s.cookie(c.Request(), secondCookie) != "" {
		s.dropCookie(c, secondCookie)
	}
	values, err := c.form()
	if err != nil {
		return err
	}
	return c.to(withBack("/signin", localPath(values.Get("back"))))
}

// root leads everybody to where their work is.
func (s *Server) root(c *call) error {
	switch {
	case !c.page.SignedIn():
		return c.to("/signin")
	case c.actor.Staff() && c.page.May(app.SeeOperations):
		return c.to("/operator/operations")
	case c.actor.Kind == app.Customer && !c.page.May(app.OrderServices):
		return c.to("/apps") // they use what others run
	}
	return c.to("/services")
}
