package web

import (
	"net/http"
	"net/url"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
	"allotment/views/words"
)

// accountRoutes are the ways in, and what people do with their own account.
func accountRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/signin", public, s.signInPage},
		{post, "/signin", public, s.signIn},
		{post, "/signin/passkey/options", public, s.passkeyOptions},
		{post, "/signin/passkey", public, s.signInWithPasskey},
		{get, "/signin/second", public, s.secondPage},
		{post, "/signin/second", public, s.second},
		{post, "/signin/second/options", public, s.secondOptions},
		{post, "/signout", public, s.signOut},

		{get, "/forgot", public, s.forgotPage},
		{post, "/forgot", public, s.forgot},
		{get, "/reset/:token", public, s.resetPage},
		{post, "/reset/:token", public, s.reset},
		{get, "/verify/:token", public, s.verifyPage},
		{post, "/verify/:token", public, s.verify},
		{get, "/undo/:token", public, s.undoPage},
		{post, "/undo/:token", public, s.undo},

		{get, "/confirm", app.SeeAccount, s.confirmPage},
		{post, "/confirm", app.SeeAccount, s.confirm},
		{post, "/confirm/options", app.SeeAccount, s.confirmOptions},

		{get, "/account", app.SeeAccount, s.account},
		{post, "/account", app.SeeAccount, s.updateAccount},
		{post, "/account/email", app.SeeAccount, s.changeEmail},
		{post, "/account/email/cancel", app.SeeAccount, s.cancelEmail},
		{post, "/account/email/verify", app.SeeAccount, s.verifyAgain},
		{get, "/account/security", app.SeeAccount, s.security},
		{post, "/account/password", app.SeeAccount, s.changePassword},
		{post, "/account/totp/begin", app.SeeAccount, s.beginTOTP},
		{get, "/account/security/totp", app.SeeAccount, s.authenticator},
		{post, "/account/totp", app.SeeAccount, s.confirmTOTP},
		{post, "/account/totp/remove", app.SeeAccount, s.removeTOTP},
		{post, "/account/codes", app.SeeAccount, s.renewCodes},
		{get, "/account/security/passkey", app.SeeAccount, s.newPasskey},
		{post, "/account/passkeys/options", app.SeeAccount, s.newPasskeyOptions},
		{post, "/account/passkeys", app.SeeAccount, s.addPasskey},
		{post, "/account/passkeys/:id/rename", app.SeeAccount, s.renamePasskey},
		{post, "/account/passkeys/:id/remove", app.SeeAccount, s.removePasskey},
		{get, "/account/sessions", app.SeeAccount, s.sessions},
		{post, "/account/sessions/:id/revoke", app.SeeAccount, s.revokeSession},
		{post, "/account/sessions/revoke", app.SeeAccount, s.revokeSessions},
	}
}

func (s *Server) signInPage(c *call) error {
	if c.page.SignedIn() {
		return c.to("/")
	}
	form := views.SignInForm{Back: localPath(c.query().Get("back"))}
	return s.showSignIn(c, http.StatusOK, form)
}

func (s *Server) showSignIn(c *call, status int, form views.SignInForm) error {
	form.PasskeyHost, form.Service = s.portal.PasskeyHost(), s.serviceBehind(c, form.Back)
	form.Providers = s.signInProviders(c)
	return c.show(status, views.SignIn(c.titled("Sign in"), form, s.cfg.Demo))
}

func (s *Server) signIn(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	form := views.SignInForm{Email: values.Get("email"), Back: localPath(values.Get("back"))}
	in, err := s.portal.SignIn(c.Request().Context(), portal.SignInRequest{
		Email: form.Email, Password: values.Get("password"), Address: c.actor.Address, Agent: c.Request().UserAgent(),
		Host: c.Request().Host, Device: s.cookie(c.Request(), deviceCookie), Invitation: invitationBehind(form.Back),
	})
	if err != nil {
		return s.refuseSignIn(c, form, err)
	}
	return s.welcome(c, in, form.Back)
}

// refuseSignIn shows the sign-in page again with what was wrong.
func (s *Server) refuseSignIn(c *call, form views.SignInForm, err error) error {
	status := statusOf(err)
	switch app.CodeOf(err) {
	case app.Unauthenticated, app.Gone:
		status = http.StatusUnprocessableEntity
	case app.Forbidden, app.TooMany:
	default:
		return err
	}
	form.Problem = words.Error(c.Request().Context(), err)
	return s.showSignIn(c, status, form)
}

// passkeyOptions begins a sign-in with a passkey: what the browser's script asks for.
func (s *Server) passkeyOptions(c *call) error {
	ceremony, err := s.portal.BeginPasskey(c.Request().Context(), c.actor.Address)
	if err != nil {
		return err
	}
	return s.sendCeremony(c, ceremony)
}

// sendCeremony answers a script with what the browser needs to use a passkey or make one.
func (s *Server) sendCeremony(c *call, ceremony portal.Ceremony) error {
	s.setCookie(c, ceremonyCookie, ceremony.Token, time.Time{})
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, "application/json", ceremony.Options)
}

func (s *Server) signInWithPasskey(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	form := views.SignInForm{Back: localPath(values.Get("back"))}
	in, err := s.portal.SignInWithPasskey(c.Request().Context(), portal.PasskeyRequest{
		Ceremony: s.cookie(c.Request(), ceremonyCookie), Passkey: values.Get("passkey"), Address: c.actor.Address, Agent: c.Request().UserAgent(),
		Host: c.Request().Host, Invitation: invitationBehind(form.Back),
	})
	if err != nil {
		return s.refuseSignIn(c, form, err)
	}
	return s.welcome(c, in, form.Back)
}

func (s *Server) secondPage(c *call) error {
	return s.showSecond(c, http.StatusOK, views.SecondForm{Back: localPath(c.query().Get("back"))})
}

func (s *Server) showSecond(c *call, status int, form views.SecondForm) (err error) {
	form.Factors, err = s.portal.SecondFactors(c.Request().Context(), s.cookie(c.Request(), secondCookie))
	if app.CodeOf(err) == app.Gone {
		return c.to(withBack("/signin", form.Back))
	}
	if err != nil {
		return err
	}
	form.PasskeyHost = s.portal.PasskeyHost()
	return c.show(status, views.Second(c.titled("Sign in, step 2"), form))
}

func (s *Server) secondOptions(c *call) error {
	ceremony, err := s.portal.BeginSecondPasskey(c.Request().Context(), s.cookie(c.Request(), secondCookie), c.actor.Address)
	if err != nil {
		return err
	}
	return s.sendCeremony(c, ceremony)
}

func (s *Server) second(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	r, back := c.Request(), localPath(values.Get("back"))
	in, err := s.portal.SecondFactor(r.Context(), portal.SecondFactorRequest{
		Challenge: s.cookie(r, secondCookie), Code: values.Get("code"), Ceremony: s.cookie(r, ceremonyCookie), Passkey: values.Get("passkey"),
		Address: c.actor.Address, Device: s.cookie(r, deviceCookie),
	})
	switch app.CodeOf(err) {
	case "":
		return s.welcome(c, in, back)
	case app.Gone:
		s.dropCookie(c, secondCookie)
		return s.refuseSignIn(c, views.SignInForm{Back: back}, err)
	case app.Invalid, app.TooMany, app.Unauthenticated:
		status := statusOf(err)
		if status == http.StatusUnauthorized {
			status = http.StatusUnprocessableEntity
		}
		return s.showSecond(c, status, views.SecondForm{Back: back, Problem: words.Error(r.Context(), err)})
	}
	return err
}

// withBack is an address that leads on to another one afterwards.
func withBack(address, back string) string {
	if back == "" || back == "/" {
		return address
	}
	return address + "?back=" + url.QueryEscape(back)
}
