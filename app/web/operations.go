package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
)

func (s *Server) operation(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	operation, err := s.portal.Operation(c.Request().Context(), c.actor, id)
	if err != nil {
		return err
	}
	if !operation.State.Ended() {
		c.page.Refresh = 3
	}
	return c.show(http.StatusOK, views.Operation(c.titled("Progress of %s", operation.ServiceName), operation))
}

// operations is the operator's queue.
func (s *Server) operations(c *call) (err error) {
	query := c.query()
	list := views.OperationList{Filter: portal.OperationFilter{Text: strings.TrimSpace(query.Get("q")), After: query.Get("after")}}
	if state := app.OperationState(query.Get("state")); slices.Contains(views.OperationStates(), state) {
		list.Filter.State = state
	}
	if kind := app.OperationKind(query.Get("kind")); slices.Contains(views.OperationKinds(), kind) {
		list.Filter.Kind = kind
	}
	if list.Page, err = s.portal.Operations(c.Request().Context(), c.actor, list.Filter); err != nil {
		return err
	}
	if c.partial("list") {
		return c.show(http.StatusOK, views.OperationRows(c.page, list))
	}
	return c.show(http.StatusOK, views.Operations(c.titled("Operations"), list))
}

func (s *Server) retryOperation(c *call) error { return s.actOn(c, s.portal.RetryOperation) }

func (s *Server) cancelOperation(c *call) error { return s.actOn(c, s.portal.CancelOperation) }

// actOn calls a verb on an operation and goes to the operation that came of it, or back to the queue for those who work there.
func (s *Server) actOn(c *call, verb func(context.Context, app.Actor, app.ID) (app.Operation, error)) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	values, err := c.form()
	if err != nil {
		return err
	}
	operation, err := verb(c.Request().Context(), c.actor, id)
	if err != nil {
		return err
	}
	if back := localPath(values.Get("back")); strings.HasPrefix(back, "/operator/") {
		return c.to(back)
	}
	return c.to(string(views.OperationPath(operation.ID)))
}
