package web

import (
	"context"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
)

// exportRoutes are the pages of exports and of the mandates that debit files need.
func exportRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, views.SoldExportsPath, app.SeeBilling, s.exports(app.Sold)},
		{post, views.SoldExportsPath, app.SeeBilling, s.startExport(app.Sold)},
		{get, views.BoughtExportsPath, app.SeeBilling, s.exports(app.Bought)},
		{post, views.BoughtExportsPath, app.SeeBilling, s.startExport(app.Bought)},
		{get, "/exports/:id", app.SeeBilling, s.oneExport},
		{get, "/exports/:id/stream", app.SeeBilling, s.streamExport},
		{get, "/exports/:id/file", app.SeeBilling, s.exportFile},
		{post, "/exports/:id/retry", app.SeeBilling, s.retryExport},
		{post, "/exports/:id/cancel", app.SeeBilling, s.cancelExport},
		{post, "/exports/:id/delete", app.SeeBilling, s.deleteExport},
		{get, views.MandatesPath, app.SeeBilling, s.mandates},
		{post, views.MandatesPath, app.ManageBilling, s.addMandate},
		{post, views.MandatesPath + "/:id/revoke", app.ManageBilling, s.revokeMandate},
	}
}

// exportFields are the fields of the form that carry a kind's settings.
var exportFields = map[string]string{
	"collect_on": "collect", "creditor_id": "creditor", "datev_advisor": "advisor", "datev_client": "client", "datev_digits": "digits",
	"datev_year": "year", "datev_chart": "chart",
}

// exportRequest reads the form of a new export; a period that was chosen by its name takes the place of the days.
func (s *Server) exportRequest(side app.ExportSide, values url.Values) portal.ExportRequest {
	r := portal.ExportRequest{Side: side, Kind: app.ExportKind(values.Get("kind")), First: values.Get("from"), Last: values.Get("until"), Settings: map[string]string{
		"collect": values.Get("collect_on"), "creditor": values.Get("creditor_id"), "advisor": values.Get("datev_advisor"), "client": values.Get("datev_client"),
		"digits": values.Get("datev_digits"), "year": values.Get("datev_year"), "chart": values.Get("datev_chart"),
	}}
	if preset := values.Get("preset"); preset != "" || r.First == "" && r.Last == "" {
		r.First, r.Last = views.ExportDays(preset, s.now())
	}
	if !r.Kind.Of(side) {
		r.Kind = app.ExportDocuments
	}
	if r.Settings["digits"] == "" {
		r.Settings["digits"] = "4"
	}
	if r.Settings["year"] == "" && len(r.First) >= 4 {
		r.Settings["year"] = r.First[:4] + "-01-01"
	}
	return r
}

func (s *Server) exports(side app.ExportSide) func(*call) error {
	return func(c *call) error {
		query := c.query()
		return s.showExports(c, http.StatusOK, views.ExportList{Side: side, After: query.Get("after"), Form: views.ExportForm{Request: s.exportRequest(side, query)}})
	}
}

func (s *Server) showExports(c *call, status int, list views.ExportList) (err error) {
	if list.Page, err = s.portal.Exports(c.Request().Context(), c.actor, list.Side, list.After, 0); err != nil {
		return err
	}
	for _, e := range list.Page.Exports {
		if !e.State.Ended() {
			c.page.Refresh = 5
		}
	}
	if status != http.StatusOK {
		c.page.Refresh = 0 // it would take away what was typed
	}
	c.page.Path = views.ExportsPath(list.Side)
	return c.show(status, views.Exports(c.titled("Exports"), list))
}

func (s *Server) startExport(side app.ExportSide) func(*call) error {
	return func(c *call) error {
		values, err := c.form()
		if err != nil {
			return err
		}
		ctx, request := c.Request().Context(), s.exportRequest(side, values)
		request.Kind = app.ExportKind(values.Get("kind"))
		e, err := s.portal.StartExport(ctx, c.actor, request)
		if err == nil {
			return c.to(string(views.ExportPath(e.ID)))
		}
		fields, problem, ok := mendable(ctx, err)
		if !ok {
			return err
		}
		form := views.ExportForm{Request: request, Errors: map[string]string{}, Problem: problem}
		for field, message := range fields {
			form.Errors[exportField(field)] = message
		}
		return s.showExports(c, statusOf(err), views.ExportList{Side: side, Form: form})
	}
}

// exportField is the form's field for a setting.
func exportField(setting string) string {
	for field, name := range exportFields {
		if name == setting {
			return field
		}
	}
	return setting
}

func (s *Server) oneExport(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	e, err := s.portal.Export(c.Request().Context(), c.actor, id)
	if err != nil {
		return err
	}
	if !e.State.Ended() {
		c.page.Refresh = 3
	}
	c.page.Path = views.ExportsPath(e.Side)
	return c.show(http.StatusOK, views.Export(c.titled("Export"), e))
}

// exportFile sends the file. Parts of it can be asked for (RFC 9110 section 14).
func (s *Server) exportFile(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	e, file, err := s.portal.ExportFile(c.Request().Context(), c.actor, id)
	if err != nil {
		return err
	}
	defer file.Close()
	sendFile(c.Response(), c.Request(), e, file)
	return nil
}

// fileLimit is how long sending a file may take: the server's own limit would cut a large one off.
const fileLimit = 2 * time.Hour

func sendFile(w http.ResponseWriter, r *http.Request, e app.Export, file app.FileReader) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(fileLimit)) // in tests there may be none
	h := w.Header()
	h.Set("Content-Type", e.Kind.ContentType())
	h.Set("Cache-Control", "private, no-store")
	h.Set("ETag", `"`+e.ID.String()+"-"+e.EndedAt.UTC().Format("20060102150405.000000")+`"`)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": e.FileName()}))
	http.ServeContent(w, r, "", e.EndedAt, file)
}

func (s *Server) retryExport(c *call) error {
	return s.withExport(c, func(id app.ID) (string, error) {
		e, err := s.portal.RetryExport(c.Request().Context(), c.actor, id)
		return string(views.ExportPath(e.ID)), err
	})
}

func (s *Server) cancelExport(c *call) error {
	return s.withExport(c, func(id app.ID) (string, error) {
		e, err := s.portal.CancelExport(c.Request().Context(), c.actor, id)
		return string(views.ExportPath(e.ID)), err
	})
}

func (s *Server) deleteExport(c *call) error {
	return s.withExport(c, func(id app.ID) (string, error) {
		e, err := s.portal.Export(c.Request().Context(), c.actor, id)
		if err != nil {
			return "", err
		}
		return views.ExportsPath(e.Side), s.portal.DeleteExport(c.Request().Context(), c.actor, id)
	})
}

// withExport does something with the export of the path, and goes where it says.
func (s *Server) withExport(c *call, do func(app.ID) (string, error)) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if _, err := c.form(); err != nil {
		return err
	}
	next, err := do(id)
	if err != nil {
		return err
	}
	return c.to(next)
}

// streamExport sends an export's progress as server-sent events, as streamOperation does.
func (s *Server) streamExport(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	e, err := s.portal.Export(c.Request().Context(), c.actor, id)
	if err != nil {
		return err
	}
	sub, err := s.hub.subscribe(id, c.actor.User)
	if err != nil {
		return err
	}
	defer s.hub.leave(sub)
	stream, err := newStream(c, views.ExportsPath(e.Side))
	if err != nil {
		return err
	}
	at := func(e app.Export) state {
		return state{[]templ.Component{views.ExportProgress(stream.call.page, e), views.ExportSaid(e)}, e.State.Ended()}
	}
	return s.follow(stream, sub, at(e), func(ctx context.Context) (state, error) {
		e, err := s.portal.Export(ctx, stream.call.actor, id)
		return at(e), err
	})
}
