package web

import (
	"bufio"
	"net/http"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
)

func auditRoutes(s *Server) []route {
	return []route{
		{http.MethodGet, "/organization/audit", app.SeeAudit, s.audit},
		{http.MethodGet, "/organization/audit/export", app.SeeAudit, s.exportAudit},
	}
}

func (s *Server) audit(c *call) (err error) {
	list := s.auditList(c)
	ctx := c.Request().Context()
	if list.Page, err = s.portal.AuditLog(ctx, c.actor, list.Filter); err != nil {
		return err
	}
	if c.partial("list") {
		return c.show(http.StatusOK, views.AuditRows(c.page, list))
	}
	return c.show(http.StatusOK, views.Audit(c.titled("Audit log"), list))
}

// auditList reads what is asked for. What is no choice is as if nothing had been chosen.
func (s *Server) auditList(c *call) views.AuditList {
	query := c.query()
	list := views.AuditList{FromDay: query.Get("from"), UntilDay: query.Get("until")}
	f := &list.Filter
	f.Person, f.After = strings.TrimSpace(query.Get("q")), query.Get("after")
	if group := query.Get("what"); views.AuditGroup(group) {
		f.Group = group
	}
	if outcome := app.AuditOutcome(query.Get("outcome")); outcome == app.AuditDone || outcome == app.AuditRefused {
		f.Outcome = outcome
	}
	if day, err := time.Parse(time.DateOnly, list.FromDay); err == nil {
		f.From = day
	} else {
		list.FromDay = ""
	}
	if day, err := time.Parse(time.DateOnly, list.UntilDay); err == nil {
		f.Until = day.AddDate(0, 0, 1)
	} else {
		list.UntilDay = ""
	}
	if id, err := app.ParseID(query.Get("organization")); err == nil {
		f.Organization = id
	}
	return list
}

// exportTime is how long a reader may take for one batch of an export.
const exportTime = time.Minute

// exportAudit sends every row of the filter as it is read: as a file, however long it is.
func (s *Server) exportAudit(c *call) error {
	list := s.auditList(c)
	list.Filter.After = ""
	format, kind := portal.AuditCSV, "text/csv; charset=utf-8"
	if c.query().Get("format") == string(portal.AuditLines) {
		format, kind = portal.AuditLines, "application/jsonl; charset=utf-8"
	}
	response := c.Response()
	control := http.NewResponseController(response)
	response.Header().Set("Content-Type", kind)
	response.Header().Set("Content-Disposition", `attachment; filename="audit-`+s.now().UTC().Format("20060102-150405")+"."+string(format)+`"`)
	response.Header().Set("Cache-Control", "no-store")
	out := bufio.NewWriterSize(response, 64<<10)
	more := func() { _ = control.SetWriteDeadline(time.Now().Add(exportTime)) } // not every writer has one
	if err := s.portal.ExportAudit(c.Request().Context(), c.actor, list.Filter, format, out, more); err != nil {
		if !response.Committed {
			response.Header().Del("Content-Disposition")
		}
		return err
	}
	return out.Flush()
}
