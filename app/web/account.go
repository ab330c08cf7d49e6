package web

import (
	"net/http"

	"allotment/app"
	"allotment/views"
	"allotment/views/words"
)

func (s *Server) account(c *call) error {
	return s.showAccount(c, http.StatusOK, views.AccountForm{Saved: c.query().Get("saved")})
}

// showAccount draws the page about the person: with what they typed where it was wrong.
func (s *Server) showAccount(c *call, status int, form views.AccountForm) (err error) {
	if form.Account, err = s.portal.Account(c.Request().Context(), c.actor); err != nil {
		return err
	}
	c.page.Path = "/account"
	return c.show(status, views.Account(c.titled("About you"), form))
}

func (s *Server) updateAccount(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	err = s.portal.UpdateAccount(c.Request().Context(), c.actor, values.Get("name"), values.Get("language"))
	return s.afterAccount(c, err, views.AccountForm{Name: values.Get("name"), Named: true}, "name")
}

func (s *Server) changeEmail(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	err = s.portal.ChangeEmail(c.Request().Context(), c.actor, values.Get("email"))
	return s.afterAccount(c, err, views.AccountForm{Email: values.Get("email")}, "email")
}

func (s *Server) cancelEmail(c *call) error {
	return s.afterAccount(c, s.portal.CancelEmail(c.Request().Context(), c.actor), views.AccountForm{}, "cancel")
}

func (s *Server) verifyAgain(c *call) error {
	return s.afterAccount(c, s.portal.VerifyAgain(c.Request().Context(), c.actor), views.AccountForm{}, "email")
}

// afterAccount answers a form of the page about the person.
func (s *Server) afterAccount(c *call, err error, form views.AccountForm, saved string) error {
	if form.Errors = words.Fields(c.Request().Context(), err); len(form.Errors) > 0 {
		return s.showAccount(c, statusOf(err), form)
	}
	if err != nil {
		return err
	}
	return c.to("/account?saved=" + saved)
}

func (s *Server) sessions(c *call) error {
	all, err := s.portal.Sessions(c.Request().Context(), c.actor)
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, views.Sessions(c.titled("Where you are signed in"), all))
}

func (s *Server) revokeSession(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if err := s.portal.RevokeSession(c.Request().Context(), c.actor, id); err != nil {
		return err
	}
	if id == c.actor.Session {
		s.dropCookie(c, sessionCookie)
		return c.to("/signin")
	}
	return c.to("/account/sessions")
}

func (s *Server) revokeSessions(c *call) error {
	if _, err := s.portal.RevokeOtherSessions(c.Request().Context(), c.actor); err != nil {
		return err
	}
	return c.to("/account/sessions")
}

func (s *Server) security(c *call) error {
	return s.showSecurity(c, http.StatusOK, views.SecurityForm{Saved: c.query().Get("saved")})
}

func (s *Server) showSecurity(c *call, status int, form views.SecurityForm) (err error) {
	if form.Account, err = s.portal.Account(c.Request().Context(), c.actor); err != nil {
		return err
	}
	form.PasskeyHost = s.portal.PasskeyHost()
	c.page.Path = "/account/security"
	return c.show(status, views.Security(c.titled("Sign-in and security"), form))
}

func (s *Server) changePassword(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	return s.afterSecurity(c, s.portal.ChangePassword(c.Request().Context(), c.actor, values.Get("password")), "password")
}

// afterSecurity answers a form of the security page.
func (s *Server) afterSecurity(c *call, err error, saved string) error {
	if fields := words.Fields(c.Request().Context(), err); len(fields) > 0 {
		return s.showSecurity(c, statusOf(err), views.SecurityForm{Errors: fields})
	}
	if err != nil {
		return err
	}
	return c.to("/account/security?saved=" + saved)
}

func (s *Server) beginTOTP(c *call) error {
	if err := s.portal.BeginTOTP(c.Request().Context(), c.actor); err != nil {
		return err
	}
	return c.to("/account/security/totp")
}

func (s *Server) authenticator(c *call) error { return s.showAuthenticator(c, http.StatusOK, "") }

func (s *Server) showAuthenticator(c *call, status int, problem string) error {
	device, err := s.portal.Authenticator(c.Request().Context(), c.actor)
	if app.CodeOf(err) == app.NotFound {
		return c.to("/account/security")
	}
	if err != nil {
		return err
	}
	c.page.Path = "/account/security/totp"
	return c.show(status, views.AuthenticatorPage(c.titled("Set up an authenticator app"), device, problem))
}

func (s *Server) confirmTOTP(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	codes, err := s.portal.ConfirmTOTP(ctx, c.actor, values.Get("code"))
	if problem := words.Fields(ctx, err)["code"]; problem != "" {
		return s.showAuthenticator(c, statusOf(err), problem)
	}
	return s.showCodes(c, codes, err, "totp")
}

// showCodes shows fresh recovery codes, this once, and where there are none goes back to the security page.
func (s *Server) showCodes(c *call, codes []string, err error, saved string) error {
	if err != nil {
		return err
	}
	if len(codes) == 0 {
		return c.to("/account/security?saved=" + saved)
	}
	c.page.Path = "/account/security"
	return c.show(http.StatusOK, views.RecoveryCodes(c.titled("Your recovery codes"), codes))
}

func (s *Server) removeTOTP(c *call) error {
	return s.afterSecurity(c, s.portal.RemoveTOTP(c.Request().Context(), c.actor), "removed")
}

func (s *Server) renewCodes(c *call) error {
	codes, err := s.portal.RenewRecoveryCodes(c.Request().Context(), c.actor)
	return s.showCodes(c, codes, err, "codes")
}

func (s *Server) newPasskey(c *call) error {
	if err := s.portal.MayAddPasskey(c.Request().Context(), c.actor); err != nil {
		return err
	}
	return s.showNewPasskey(c, http.StatusOK, "", "")
}

func (s *Server) showNewPasskey(c *call, status int, name, problem string) error {
	c.page.Path = "/account/security/passkey"
	return c.show(status, views.NewPasskey(c.titled("Add a passkey"), views.PasskeyForm{Name: name, Problem: problem, Host: s.portal.PasskeyHost()}))
}

func (s *Server) newPasskeyOptions(c *call) error {
	ceremony, err := s.portal.BeginNewPasskey(c.Request().Context(), c.actor)
	if err != nil {
		return err
	}
	return s.sendCeremony(c, ceremony)
}

func (s *Server) addPasskey(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	codes, err := s.portal.AddPasskey(ctx, c.actor, values.Get("name"), s.cookie(c.Request(), ceremonyCookie), values.Get("passkey"))
	switch app.CodeOf(err) {
	case app.Invalid, app.Gone:
		return s.showNewPasskey(c, http.StatusUnprocessableEntity, values.Get("name"), words.Error(ctx, err))
	}
	return s.showCodes(c, codes, err, "passkey")
}

func (s *Server) renamePasskey(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	values, err := c.form()
	if err != nil {
		return err
	}
	return s.afterSecurity(c, s.portal.RenamePasskey(c.Request().Context(), c.actor, id, values.Get("name")), "passkey")
}

func (s *Server) removePasskey(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	return s.afterSecurity(c, s.portal.RemovePasskey(c.Request().Context(), c.actor, id), "removed")
}
