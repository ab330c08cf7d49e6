package web

import (
	"errors"
	"net/http"

	"allotment/app"
	"allotment/app/openid"
	"allotment/views"
)

// openidRoutes are the OpenID provider's: what browsers come to, and what apps ask. Nothing here needs a permission of the portal: a request names its
// client, a call proves its client or shows its token, and who may sign in where is decided by the provider.
func openidRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return append([]route{
		{get, openid.AuthorizePath, public, s.provided(s.authorize)},
		{post, openid.AuthorizePath, public, s.provided(s.authorize)},
		{get, openid.ContinuePath, public, s.provided(s.continueToApp)},
		{get, openid.LogoutPath, public, s.provided(s.leaveApp)},
		{post, openid.LogoutPath, public, s.provided(s.leaveApp)},
		{post, openid.LogoutPath + "/here", public, s.provided(s.leaveHereToo)},
	}, openidBackRoutes(s)...)
}

// openidBackRoutes are those that apps' servers ask, which reach us where guests do.
func openidBackRoutes(s *Server) []route {
	const get, post, options = http.MethodGet, http.MethodPost, http.MethodOptions
	userinfo := s.provided(func(c *call) error { s.cfg.OpenID.Userinfo(c.Response(), c.Request()); return nil })
	return []route{
		{get, "/.well-known/openid-configuration", public, s.provided(func(c *call) error { s.cfg.OpenID.Discovery(c.Response(), c.Request()); return nil })},
		{get, openid.KeysPath, public, s.provided(func(c *call) error { s.cfg.OpenID.Keys(c.Response(), c.Request()); return nil })},
		{post, openid.TokenPath, public, s.provided(func(c *call) error {
			s.cfg.OpenID.Token(c.Response(), c.Request(), s.clientAddress(c.Request()))
			return nil
		})},
		{post, openid.RevokePath, public, s.provided(func(c *call) error {
			s.cfg.OpenID.Revoke(c.Response(), c.Request(), s.clientAddress(c.Request()))
			return nil
		})},
		{get, openid.UserinfoPath, public, userinfo},
		{post, openid.UserinfoPath, public, userinfo},
		{options, openid.UserinfoPath, public, userinfo},
	}
}

// provided is handle where the portal signs people in to apps; where another provider does, there is nothing.
func (s *Server) provided(handle func(*call) error) func(*call) error {
	return func(c *call) error {
		if s.cfg.OpenID == nil {
			return app.Errorf(app.NotFound, "There is nothing at this address.")
		}
		return handle(c)
	}
}

// crossOrigin are the calls that other sites may make: apps and their pages. None of them counts on a cookie.
var crossOrigin = []string{
	"POST " + openid.AuthorizePath, "POST " + openid.LogoutPath, "POST " + openid.TokenPath, "POST " + openid.RevokePath, "POST " + openid.UserinfoPath,
}

// authorize takes an app's request. What is wrong with the app itself is told to the person, who is sent nowhere.
func (s *Server) authorize(c *call) error {
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return app.Because(app.Invalid, err, "What was sent is no form.")
	}
	readable(r.Form)
	if err := s.cfg.OpenID.CheckRequest(r.Context(), r.Form.Get("client_id"), r.Form.Get("redirect_uri")); err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	s.cfg.OpenID.Authorize(c.Response(), r)
	return nil
}

// fromForm marks the address to which a form of ours leads back. A browser lets no form lead to another site (form-action), not even by way of
// redirects, so there the person is shown a page that goes on by itself.
const fromForm = "&from=form"

// continueToApp goes on with an app's request: to the sign-in page, to the app, or to a page that says why not.
func (s *Server) continueToApp(c *call) error {
	id, err := app.ParseID(c.query().Get("id"))
	if err != nil {
		return err
	}
	ctx, provider, here := c.Request().Context(), s.cfg.OpenID, openid.ContinuePath+"?id="+id.String()
	asked, err := provider.Asked(ctx, id)
	if err != nil {
		return err
	}
	if c.page.SignedIn() && c.query().Get("from") == "form" {
		return s.onward(c, here, asked.Service)
	}
	err = provider.SignIn(ctx, c.actor, asked)
	c.Response().Header().Set("Cache-Control", "no-store")
	switch code := app.CodeOf(err); {
	case err == nil:
		return provider.Answer(c.Response(), c.Request(), asked)
	case asked.Silent() && (code == app.Unauthenticated || code == app.Unconfirmed || code == app.Forbidden || code == app.Conflict):
		provider.Deny(c.Response(), c.Request(), asked, err)
		return nil
	case code == app.Unauthenticated:
		return c.to(withBack("/signin", here+fromForm))
	case code == app.Unconfirmed:
		return c.to(withBack("/confirm", here+fromForm))
	case code == app.Forbidden:
		return s.noAccess(c, asked, err)
	}
	return err
}

// onward shows a page that goes on to an address by itself.
func (s *Server) onward(c *call, address, service string) error {
	page := c.titled("On to %s", service)
	page.Onward = address
	return c.show(http.StatusOK, views.Onward(page, service))
}

func (s *Server) noAccess(c *call, asked openid.Asked, why error) error {
	var words *app.Error
	if !errors.As(why, &words) {
		return why
	}
	return c.show(http.StatusForbidden, views.NoAccess(c.titled("No access to %s", asked.Service), asked.Service, words))
}

// serviceBehind is the service that somebody is on their way to, where the address that a sign-in leads back to is that of an app's request; "" else.
func (s *Server) serviceBehind(c *call, back string) string {
	if s.cfg.OpenID == nil {
		return ""
	}
	id, ok := s.cfg.OpenID.RequestIn(back)
	if !ok {
		return ""
	}
	asked, err := s.cfg.OpenID.Asked(c.Request().Context(), id)
	if err != nil {
		return "" // the sign-in page is a page without it, too
	}
	return asked.Service
}

// leaveApp ends what an app's ID token names, and asks whether to sign out here as well.
func (s *Server) leaveApp(c *call) error {
	r := c.Request()
	r.Body = http.MaxBytesReader(c.Response(), r.Body, maxForm)
	out, err := s.cfg.OpenID.Logout(r)
	if err != nil {
		return err
	}
	if err := s.cfg.OpenID.SignOut(r.Context(), out); err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	if !c.page.SignedIn() || out.User != (app.ID{}) && out.User != c.actor.User {
		return c.Redirect(http.StatusSeeOther, out.Redirect)
	}
	back, err := s.cfg.OpenID.Sealed(out.Redirect)
	if err != nil {
		return err
	}
	form := views.LeaveForm{Service: out.Service, Out: out.User != app.ID{}, Redirect: out.Redirect, Back: back, Here: out.Redirect == signInPath}
	return c.show(http.StatusOK, views.LeaveApp(c.titled("Signed out"), form))
}

const signInPath = "/signin"

// leaveHereToo signs the person out of the portal and of every app that they came to from this session, and goes on to where the app wants.
func (s *Server) leaveHereToo(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	address, err := s.cfg.OpenID.Unsealed(values.Get("back"))
	if err != nil {
		return err
	}
	if err := s.cfg.OpenID.SignOutEverywhere(c.Request().Context(), c.actor); err != nil {
		return err
	}
	if token := s.sessionToken(c.Request()); token != "" {
		if err := s.portal.SignOut(c.Request().Context(), token, c.actor.Address); err != nil {
			return err
		}
	}
	s.dropCookie(c, sessionCookie)
	c.page.Actor = app.Actor{}
	if address == signInPath {
		return c.to(address)
	}
	page := c.titled("Signed out")
	page.Onward, page.Path = address, "/"
	return c.show(http.StatusOK, views.Onward(page, ""))
}
