package web

import (
	"slices"

	"github.com/labstack/echo/v4"

	"allotment/app"
	"allotment/app/web/dav"
	"allotment/views/words"
)

// addDAV adds the folders of documents. Their door is not a session but an API key, so they stand in a table of their own; methods that would
// change something are there to be refused by name.
func (s *Server) addDAV() {
	handler := dav.New(s.portal, s.addressOf)
	for _, path := range []string{dav.Prefix, dav.Prefix + "/*"} {
		for _, method := range slices.Concat(dav.Methods, dav.Refused) {
			s.main.Add(method, path, func(c echo.Context) error {
				if _, err := handler.Serve(c.Response(), c.Request()); err != nil {
					return s.refuseDAV(c, err)
				}
				return nil
			})
		}
	}
}

// refuseDAV says what is wrong in a line: nobody reads pages there.
func (s *Server) refuseDAV(c echo.Context, err error) error {
	if c.Response().Committed {
		s.log.Warn("an answer broke off", "reference", reference(c), "route", c.Path(), "error", err)
		return nil
	}
	status := statusOf(err)
	if app.CodeOf(err) == app.Internal && c.Request().Context().Err() == nil {
		s.log.Error("request failed", "reference", reference(c), "route", c.Path(), "error", err)
	}
	if app.CodeOf(err) == app.TooMany {
		c.Response().Header().Set("Retry-After", "60")
	}
	return c.String(status, words.Error(c.Request().Context(), err)+"\n")
}
