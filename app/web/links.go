package web

import (
	"context"
	"net/http"

	"allotment/app"
	"allotment/views"
	"allotment/views/words"
)

func (s *Server) forgotPage(c *call) error {
	return c.show(http.StatusOK, views.Forgot(c.titled("Forgotten password"), views.ForgotForm{}))
}

func (s *Server) forgot(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	form := views.ForgotForm{Email: values.Get("email")}
	err = s.portal.Forgot(c.Request().Context(), form.Email, c.actor.Address)
	switch app.CodeOf(err) {
	case "":
		form.Sent = true
	case app.TooMany:
		form.Problem = words.Error(c.Request().Context(), err)
		return c.show(statusOf(err), views.Forgot(c.titled("Forgotten password"), form))
	default:
		return err
	}
	return c.show(http.StatusOK, views.Forgot(c.titled("Forgotten password"), form))
}

// unlinked keeps the token of a link from leaving the page with what the browser tells other pages.
func unlinked(c *call) { c.Response().Header().Set("Referrer-Policy", "no-referrer") }

func (s *Server) resetPage(c *call) error {
	unlinked(c)
	if _, err := s.portal.CheckLink(c.Request().Context(), app.LinkReset, c.Param("token"), c.actor.Address); err != nil {
		return err
	}
	return s.showReset(c, http.StatusOK, "")
}

func (s *Server) showReset(c *call, status int, problem string) error {
	return c.show(status, views.Reset(c.titled("New password"), views.ResetForm{Token: c.Param("token"), Problem: problem}))
}

func (s *Server) reset(c *call) error {
	unlinked(c)
	values, err := c.form()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	err = s.portal.ResetPassword(ctx, c.Param("token"), values.Get("password"), c.actor.Address)
	if problem := words.Fields(ctx, err)["password"]; problem != "" {
		return s.showReset(c, statusOf(err), problem)
	}
	if err != nil {
		return err
	}
	return s.done(c, views.Done{
		Title: words.T(ctx, "Your password has been changed"),
		Text:  words.T(ctx, "All your sessions have ended. Please sign in with the new password."),
	})
}

func (s *Server) verifyPage(c *call) error {
	return s.linkPage(c, app.LinkVerify, func(ctx context.Context, link app.Link) views.LinkPage {
		return views.LinkPage{
			Title: words.T(ctx, "Is this your address?"), Text: words.T(ctx, "%s becomes the address that you sign in with.", link.Email),
			Button: words.T(ctx, "Yes, this is my address"),
		}
	})
}

func (s *Server) verify(c *call) error {
	unlinked(c)
	ctx := c.Request().Context()
	if err := s.portal.VerifyEmail(ctx, c.Param("token"), c.actor.Address); err != nil {
		return err
	}
	return s.done(c, views.Done{Title: words.T(ctx, "Your address is confirmed"), Text: words.T(ctx, "You sign in with it from now on.")})
}

func (s *Server) undoPage(c *call) error {
	return s.linkPage(c, app.LinkUndo, func(ctx context.Context, link app.Link) views.LinkPage {
		return views.LinkPage{
			Title:  words.T(ctx, "Keep your address?"),
			Text:   words.T(ctx, "%s stays your address, all sessions end, and you get a mail with which you set a new password.", link.Email),
			Button: words.T(ctx, "Yes, it was not me"),
		}
	})
}

func (s *Server) undo(c *call) error {
	unlinked(c)
	ctx := c.Request().Context()
	if err := s.portal.UndoEmail(ctx, c.Param("token"), c.actor.Address); err != nil {
		return err
	}
	return s.done(c, views.Done{
		Title: words.T(ctx, "Your address is as it was"), Text: words.T(ctx, "All sessions have ended. You get a mail with a link to set a new password."),
	})
}

// linkPage asks before a link is used: those who scan mails open links too, and must not use them up.
func (s *Server) linkPage(c *call, purpose app.LinkPurpose, say func(context.Context, app.Link) views.LinkPage) error {
	unlinked(c)
	ctx := c.Request().Context()
	link, err := s.portal.CheckLink(ctx, purpose, c.Param("token"), c.actor.Address)
	if err != nil {
		return err
	}
	page := say(ctx, link)
	page.Action = "/" + string(purpose) + "/" + c.Param("token")
	return c.show(http.StatusOK, views.Link(c.titled("%s", page.Title), page))
}

// done says that something is done, to somebody who need not be signed in.
func (s *Server) done(c *call, done views.Done) error {
	return c.show(http.StatusOK, views.Completed(c.titled("%s", done.Title), done))
}
