package web

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"allotment/app"
	"allotment/app/portal"
)

// enrol hands a guest its cloud-init user-data for the one-time token in the path.
func (s *Server) enrol(c *call) error {
	data, err := s.portal.Enrol(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, "text/cloud-config; charset=utf-8", data)
}

// maxReport is the most that a guest may say at once, in bytes: the end of a log fits.
const maxReport = 32 << 10

// report takes what a guest says of its own set-up. Its token comes as a bearer token (RFC 6750 section 2.1).
func (s *Server) report(c *call) error {
	token, found := strings.CutPrefix(c.Request().Header.Get("Authorization"), "Bearer ")
	if !found || token == "" {
		return app.Errorf(app.Unauthenticated, "A report needs its token.")
	}
	data, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, maxReport))
	if err != nil {
		return app.Because(app.Invalid, err, "The report is too large.")
	}
	var report portal.Report
	if err := json.Unmarshal(data, &report); err != nil {
		return app.Because(app.Invalid, err, "The report is not JSON.")
	}
	if err := s.portal.Report(c.Request().Context(), token, report); err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.NoContent(http.StatusNoContent)
}
