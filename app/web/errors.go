package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"allotment/app"
	"allotment/app/web/api"
	"allotment/views"
	"allotment/views/words"
)

// statuses is what each kind of error is in HTTP (RFC 9110 section 15). What is not here is 500.
var statuses = map[app.Code]int{
	app.Invalid:         http.StatusUnprocessableEntity,
	app.Unauthenticated: http.StatusUnauthorized,
	app.Forbidden:       http.StatusForbidden,
	app.Unconfirmed:     http.StatusForbidden,
	app.NotFound:        http.StatusNotFound,
	app.Conflict:        http.StatusConflict,
	app.Gone:            http.StatusGone,
	app.TooMany:         http.StatusTooManyRequests,
	app.Retryable:       http.StatusServiceUnavailable,
	app.Full:            http.StatusServiceUnavailable,
}

// statusOf returns the status of an error.
func statusOf(err error) int {
	if status, ok := statuses[app.CodeOf(err)]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// typed turns an error of the router into one of ours.
func typed(err error) error {
	var e *echo.HTTPError
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return app.Errorf(app.NotFound, "There is nothing at this address.")
	case http.StatusRequestEntityTooLarge:
		return app.Errorf(app.Invalid, "What was sent is too large.")
	}
	return err
}

// answerError is the one place where an error becomes an answer. What nobody classified is logged here, once, with the reference
// that the reader sees.
func (s *Server) answerError(err error, c echo.Context) {
	if c.Response().Committed {
		s.log.Warn("an answer broke off", "reference", reference(c), "route", c.Path(), "error", err)
		return
	}
	if s.api != nil && strings.HasPrefix(c.Request().URL.Path, api.Prefix+"/") {
		if err := s.api.Fail(c, err); err != nil {
			s.log.Warn("an error could not be told", "reference", reference(c), "route", c.Path(), "error", err)
		}
		return
	}
	err = typed(err)
	status := statusOf(err)
	switch {
	case errors.Is(err, c.Request().Context().Err()):
		status = 499 // the reader is gone; nobody sees this
	case status >= http.StatusInternalServerError:
		s.log.Error("request failed", "reference", reference(c), "route", c.Path(), "error", err)
	}
	one, ok := c.Get(callKey).(*call)
	if !ok {
		one = s.lost(c, status)
	}
	if err := s.writeError(one, status, err); err != nil {
		s.log.Warn("an error could not be told", "reference", reference(c), "route", c.Path(), "error", err)
	}
}

// lost is the call of a request that came to no page. Where nothing stands at the address, whoever is signed in stays so on the page that says it;
// after anything else nothing is asked again.
func (s *Server) lost(c echo.Context, status int) *call {
	if status == http.StatusNotFound {
		if one, err := s.newCall(c, false); err == nil {
			return one
		}
	}
	one := &call{Context: c, page: views.Page{Path: c.Request().URL.Path, Theme: theme(c.Request()), Now: s.now()}}
	one.brand = func() app.Brand { return s.brand(one) }
	one.suspended = func() string { return "" }
	one.visits = func() []app.Visit { return nil }
	one.own = func() []app.Membership { return nil }
	return one
}

func (s *Server) writeError(c *call, status int, err error) error {
	ctx := c.Request().Context()
	message := words.Error(ctx, err)
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		c.Response().Header().Set("Retry-After", "60")
	}
	if strings.HasPrefix(c.Request().URL.Path, "/enrol/") || c.Request().Method == http.MethodHead {
		c.Response().Header().Set("Cache-Control", "no-store")
		return c.String(status, message+"\n")
	}
	switch app.CodeOf(err) {
	case app.Unauthenticated:
		return askToSignIn(c)
	case app.Unconfirmed:
		return s.askToConfirm(c)
	}
	problem := views.Problem{Status: status, Message: message, Reference: reference(c)}
	if c.Request().Header.Get("HX-Request") == "true" {
		c.Response().Header().Set("HX-Retarget", "#main")
		c.Response().Header().Set("HX-Reswap", "innerHTML")
		return c.show(status, views.ErrorBody(c.page, problem))
	}
	return c.show(status, views.Error(c.titled("Error %d", status), problem))
}

// askToSignIn leads to the sign-in page, and back afterwards where that is safe to repeat.
func askToSignIn(c *call) error {
	r, address := c.Request(), "/signin"
	if r.Method == http.MethodGet && r.URL.Path != "/" && r.Header.Get("HX-Request") == "" {
		address += "?back=" + url.QueryEscape(r.URL.RequestURI())
	}
	if r.Header.Get("HX-Request") == "true" {
		c.Response().Header().Set("HX-Redirect", address)
		return c.NoContent(http.StatusUnauthorized)
	}
	if strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		return c.NoContent(http.StatusUnauthorized)
	}
	return c.to(address)
}

// recovered turns a panic into an error. http.ErrAbortHandler is net/http's own and goes on.
func recovered(value any) error {
	if value == http.ErrAbortHandler {
		panic(value)
	}
	return fmt.Errorf("panic: %v", value)
}

// mendable is what a form shows of an error that its reader can mend: the messages at its fields, or else one for all of it. ok is false for any
// other error, which is no form's affair.
func mendable(ctx context.Context, err error) (fields map[string]string, problem string, ok bool) {
	if code := app.CodeOf(err); code != app.Invalid && code != app.Conflict && code != app.TooMany {
		return nil, "", false
	}
	if fields = words.Fields(ctx, err); len(fields) == 0 {
		problem = words.Error(ctx, err)
	}
	return fields, problem, true
}
