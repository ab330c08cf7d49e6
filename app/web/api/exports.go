package api

import (
	"context"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"allotment/app"
	"allotment/app/portal"
)

type bookExport struct {
	ID        app.ID            `json:"id" format:"uuid"`
	Side      app.ExportSide    `json:"side" enum:"sold,bought" doc:"Whether it is about what the organization issued or what it received."`
	Kind      app.ExportKind    `json:"kind" enum:"documents,invoices,lines,payments,ledger,vat,oss,debits,datev,xaf,ninja"`
	From      string            `json:"from" format:"date" doc:"The first day."`
	Until     string            `json:"until" format:"date" doc:"The last day."`
	Settings  map[string]string `json:"settings"`
	State     app.ExportState   `json:"state" enum:"queued,running,done,failed,cancelled,expired"`
	Done      int64             `json:"done" doc:"How many documents, entries or payments are written."`
	Total     int64             `json:"total" doc:"Of how many; 0 while nobody knows."`
	Size      int64             `json:"size" doc:"Of the file, in bytes."`
	Message   string            `json:"message,omitempty" doc:"Why it failed."`
	FileName  string            `json:"file_name"`
	CreatedAt time.Time         `json:"created_at"`
	EndedAt   *time.Time        `json:"ended_at,omitempty"`
	ExpiresAt *time.Time        `json:"expires_at,omitempty" doc:"When the file is dropped; it can be made again."`
}

type exportsInput struct {
	Paging
	Side string `query:"side" enum:"sold,bought" doc:"Only those of this side."`
}

type exportInput struct {
	Body struct {
		Side     app.ExportSide    `json:"side" enum:"sold,bought" doc:"Whether it is about what the organization issued or what it received."`
		Kind     app.ExportKind    `json:"kind" enum:"documents,invoices,lines,payments,ledger,vat,oss,debits,datev,xaf,ninja"`
		From     string            `json:"from" maxLength:"10" doc:"The first day." example:"2026-01-01"`
		Until    string            `json:"until" maxLength:"10" doc:"The last day." example:"2026-03-31"`
		Settings map[string]string `json:"settings,omitempty" doc:"What the kind asks for beside the days. debits: collect (a day), creditor. datev: advisor, client, digits, year (its first day), chart (03 or 04)."`
	}
}

func (a *API) addExports() {
	const tag = "Exports"
	add(a, line{id: "listExports", method: get, path: "/exports", tag: tag, permission: app.SeeBilling, summary: "Exports of the books"}, a.exports)
	add(a, line{id: "startExport", method: post, path: "/exports", tag: tag, permission: app.SeeBilling, status: http.StatusAccepted, summary: "Have a file made",
		description: "It is made in the background: ask for its state until it is done. A file of debits needs the permission to manage billing."}, a.startExport)
	add(a, line{id: "getExport", method: get, path: "/exports/{id}", tag: tag, permission: app.SeeBilling, summary: "How far an export is"}, a.oneExport)
	add(a, line{id: "getExportFile", method: get, path: "/exports/{id}/file", tag: tag, permission: app.SeeBilling, summary: "The file of an export",
		description: "While it is not made the answer is 409, and 410 when it was dropped.", files: []string{"text/csv", "application/zip", "application/xml"}}, a.exportFile)
	add(a, line{id: "cancelExport", method: post, path: "/exports/{id}/cancel", tag: tag, permission: app.SeeBilling, summary: "Cancel an export"}, a.cancelExport)
	add(a, line{id: "deleteExport", method: remove, path: "/exports/{id}", tag: tag, permission: app.SeeBilling, status: http.StatusNoContent, summary: "Delete an export with its file",
		description: "No document is deleted. The invoices of a file of debits can be collected by another one then."}, a.deleteExport)
}

func (a *API) exports(ctx context.Context, actor app.Actor, in *exportsInput) (*list[bookExport], error) {
	side := app.ExportSide(in.Side)
	page, err := a.portal.Exports(ctx, actor, side, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	return listOf(ctx, page.Exports, page.Next, func(e app.Export) bookExport { return exportOf(ctx, e) }), nil
}

func (a *API) startExport(ctx context.Context, actor app.Actor, in *exportInput) (*made[bookExport], error) {
	b := in.Body
	e, err := a.portal.StartExport(ctx, actor, portal.ExportRequest{Side: b.Side, Kind: b.Kind, First: b.From, Last: b.Until, Settings: b.Settings})
	if err != nil {
		return nil, err
	}
	return &made[bookExport]{at("exports", e.ID.String()), exportOf(ctx, e)}, nil
}

func (a *API) oneExport(ctx context.Context, actor app.Actor, in *ByID) (*one[bookExport], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	e, err := a.portal.Export(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return &one[bookExport]{exportOf(ctx, e)}, nil
}

func (a *API) exportFile(ctx context.Context, actor app.Actor, in *ByID) (*huma.StreamResponse, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	e, file, err := a.portal.ExportFile(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		defer file.Close()
		_ = http.NewResponseController(contextOf(ctx).Response()).SetWriteDeadline(time.Now().Add(2 * time.Hour)) // in tests there may be none
		c.SetHeader("Content-Type", e.Kind.ContentType())
		c.SetHeader("Content-Length", strconv.FormatInt(file.Size(), 10))
		c.SetHeader("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": e.FileName()}))
		if _, err := io.Copy(c.BodyWriter(), file); err != nil {
			a.log.Debug("a file was not fetched to its end", "export", e.ID, "error", err)
		}
	}}, nil
}

func (a *API) cancelExport(ctx context.Context, actor app.Actor, in *actInput) (*one[bookExport], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	e, err := a.portal.CancelExport(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return &one[bookExport]{exportOf(ctx, e)}, nil
}

func (a *API) deleteExport(ctx context.Context, actor app.Actor, in *ByID) (*struct{}, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.portal.DeleteExport(ctx, actor, id)
}

func exportOf(ctx context.Context, e app.Export) bookExport {
	settings := e.Settings
	if settings == nil {
		settings = map[string]string{}
	}
	return bookExport{ID: e.ID, Side: e.Side, Kind: e.Kind, From: e.First.String(), Until: e.Last.String(), Settings: settings, State: e.State, Done: e.Done, Total: e.Total,
		Size: e.Size, Message: said(ctx, e.Message), FileName: e.FileName(), CreatedAt: stamp(e.CreatedAt), EndedAt: moment(e.EndedAt), ExpiresAt: moment(e.ExpiresAt)}
}
