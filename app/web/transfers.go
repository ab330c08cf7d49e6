package web

import (
	"context"
	"net/http"

	"allotment/app"
	"allotment/views"
	"allotment/views/words"
)

func (s *Server) transfers(c *call) error {
	after := c.query().Get("after")
	page, err := s.portal.Transfers(c.Request().Context(), c.actor, after)
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, views.Transfers(c.titled("Moves"), page, after))
}

func (s *Server) transfer(c *call) error { return s.showTransfer(c, http.StatusOK, "") }

func (s *Server) showTransfer(c *call, status int, problem string) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	m, err := s.portal.Transfer(c.Request().Context(), c.actor, id)
	if err != nil {
		return err
	}
	c.page.Path = "/organization/transfers/" + id.String()
	return c.show(status, views.Transfer(c.titled("The move of %s to %s", m.CustomerName, m.ReceiverName), m, problem))
}

// answerTransfer answers a move for the reader's side. Why it was not taken is said on its page.
func (s *Server) answerTransfer(answer func(context.Context, app.Actor, app.ID) (app.Transfer, error)) func(*call) error {
	return func(c *call) error {
		id, err := c.id()
		if err != nil {
			return err
		}
		ctx := c.Request().Context()
		if _, err := answer(ctx, c.actor, id); app.CodeOf(err) == app.Conflict {
			return s.showTransfer(c, statusOf(err), words.Error(ctx, err))
		} else if err != nil {
			return err
		}
		return c.to("/organization/transfers/" + id.String())
	}
}
