package web

import (
	"errors"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"allotment/app"
)

// maxNotice is the most that a payment provider may send, in bytes. Stripe's events are a few kilobytes.
const maxNotice = 256 << 10

// hookRoutes are where payment providers tell what happened: of the installation's own account, and of those of sellers.
func hookRoutes(s *Server) []route {
	return []route{
		{http.MethodPost, "/hooks/stripe", public, s.takeNotice(false)},
		{http.MethodPost, "/hooks/stripe/connect", public, s.takeNotice(true)},
	}
}

// takeNotice keeps a notice as it came. Whoever sends something else learns nothing but that it was refused.
func (s *Server) takeNotice(connected bool) func(*call) error {
	return func(c *call) error {
		r := c.Request()
		body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, maxNotice))
		if tooMuch := (*http.MaxBytesError)(nil); errors.As(err, &tooMuch) {
			return echo.NewHTTPError(http.StatusRequestEntityTooLarge)
		}
		if err != nil {
			return app.Because(app.Invalid, err, "What was sent broke off.")
		}
		err = s.portal.TakeNotice(r.Context(), body, r.Header.Get("Stripe-Signature"), connected)
		switch app.CodeOf(err) {
		case "":
			return c.NoContent(http.StatusOK)
		case app.Forbidden, app.Invalid, app.NotFound:
			return c.NoContent(http.StatusBadRequest)
		}
		return err
	}
}
