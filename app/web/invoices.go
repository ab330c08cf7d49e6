package web

import (
	"context"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
)

// invoiceRoutes are the issued documents: what the reader's organization bought, and what it sold.
func invoiceRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/billing/invoices", app.SeeBilling, s.invoices},
		{get, "/billing/invoices/:id", app.SeeBilling, s.invoice},
		{get, "/billing/invoices/:id/pdf", app.SeeBilling, s.invoiceFile(s.portal.InvoiceFile, portal.InvoicePDF)},
		{get, "/billing/invoices/:id/ubl", app.SeeBilling, s.invoiceFile(s.portal.InvoiceFile, portal.InvoiceUBL)},
		{get, "/services/:id/proforma", app.SeeBilling, s.proforma},
		{post, "/catalog/:app/proforma", app.OrderServices, s.orderProforma},
		{get, "/sales/invoices", app.SeeBilling, s.soldInvoices},
		{get, "/sales/invoices/:id", app.SeeBilling, s.soldInvoice},
		{get, "/sales/invoices/:id/pdf", app.SeeBilling, s.invoiceFile(s.portal.SoldInvoiceFile, portal.InvoicePDF)},
		{get, "/sales/invoices/:id/ubl", app.SeeBilling, s.invoiceFile(s.portal.SoldInvoiceFile, portal.InvoiceUBL)},
		{post, "/sales/invoices/:id/credit", app.ManageBilling, s.creditInvoice},
		{post, "/sales/invoices/:id/refund", app.ManageBilling, s.refundCredit},
	}
}

// invoiceFilter reads how a list is asked for.
func invoiceFilter(query url.Values) portal.InvoiceFilter {
	f := portal.InvoiceFilter{Text: strings.TrimSpace(query.Get("q")), After: query.Get("after")}
	if state := app.InvoiceState(query.Get("state")); slices.Contains(app.InvoiceStates(), state) {
		f.State = state
	}
	if year, err := strconv.Atoi(query.Get("year")); err == nil && year > 0 && year < 10_000 {
		f.Year = year
	}
	return f
}

func (s *Server) invoices(c *call) (err error) {
	list := views.InvoiceList{Base: views.InvoicesPath, Filter: invoiceFilter(c.query())}
	if list.Page, err = s.portal.Invoices(c.Request().Context(), c.actor, list.Filter); err != nil {
		return err
	}
	return s.showInvoices(c, list, views.Invoices)
}

func (s *Server) soldInvoices(c *call) (err error) {
	query := c.query()
	list := views.InvoiceList{Base: views.SoldPath, Filter: invoiceFilter(query)}
	if of := query.Get("of"); of != "" {
		if list.Filter.Customer, err = app.ParseID(of); err != nil {
			return err
		}
	}
	if list.Page, err = s.portal.SoldInvoices(c.Request().Context(), c.actor, list.Filter); err != nil {
		return err
	}
	return s.showInvoices(c, list, views.SoldInvoices)
}

func (s *Server) showInvoices(c *call, list views.InvoiceList, page func(views.Page, views.InvoiceList) templ.Component) error {
	if c.partial("list") {
		return c.show(http.StatusOK, views.InvoiceRows(list))
	}
	return c.show(http.StatusOK, page(c.titled("Invoices"), list))
}

func (s *Server) invoice(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	detail, err := s.portal.Invoice(c.Request().Context(), c.actor, id)
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, views.Invoice(c.titled("Invoice %s", detail.Number), detail))
}

func (s *Server) soldInvoice(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	return s.showSold(c, http.StatusOK, id, views.InvoiceForm{Noted: c.query().Has("saved")})
}

func (s *Server) showSold(c *call, status int, id app.ID, form views.InvoiceForm) error {
	detail, err := s.portal.SoldInvoice(c.Request().Context(), c.actor, id)
	if err != nil {
		return err
	}
	c.page.Path = views.SoldPath + "/" + id.String()
	return c.show(status, views.SoldInvoice(c.titled("Invoice %s", detail.Number), detail, form))
}

// drawInvoice is the verb that draws a document for one of its sides.
type drawInvoice func(context.Context, app.Actor, app.ID, portal.InvoiceFormat) (app.File, error)

// invoiceFile sends a document to be kept.
func (s *Server) invoiceFile(draw drawInvoice, format portal.InvoiceFormat) func(*call) error {
	return func(c *call) error {
		id, err := c.id()
		if err != nil {
			return err
		}
		file, err := draw(c.Request().Context(), c.actor, id, format)
		if err != nil {
			return err
		}
		return c.keeps(file)
	}
}

// keeps answers with a file that is the reader's alone, for the browser to save.
func (c *call) keeps(file app.File) error {
	h := c.Response().Header()
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}))
	return c.Blob(http.StatusOK, file.Type, file.Data)
}

// proforma sends what is invoiced next for a service.
func (s *Server) proforma(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	file, err := s.portal.Proforma(c.Request().Context(), c.actor, id)
	if err != nil {
		return err
	}
	return c.keeps(file)
}

// orderProforma sends the first invoice of an order that is being looked at.
func (s *Server) orderProforma(c *call) error {
	form, err := s.readOrder(c, c.Param("app"))
	if err != nil {
		return err
	}
	file, err := s.portal.OrderProforma(c.Request().Context(), c.actor, request(form, ""))
	if err != nil {
		return s.refuseOrder(c, form, err)
	}
	return c.keeps(file)
}

// creditInvoice shows the credit note that would be issued, or issues it.
func (s *Server) creditInvoice(c *call) error {
	id, values, form, err := s.invoiceForm(c, "credit")
	if err != nil {
		return err
	}
	request := portal.CreditRequest{All: values.Get("scope") != "part", Amounts: map[string]string{}, Reason: values.Get("reason")}
	request.Seen, _ = strconv.Atoi(values.Get("seen")) // what is no number was not seen: it is refused as that
	for field := range values {
		if line, ok := strings.CutPrefix(field, "line-"); ok {
			request.Amounts[line] = values.Get(field)
		}
	}
	ctx := c.Request().Context()
	if values.Get("do") == "issue" {
		note, err := s.portal.CreditInvoice(ctx, c.actor, id, request)
		if err == nil {
			return c.to(views.SoldPath + "/" + note.String())
		}
		return s.wrongInvoice(c, id, form, err)
	}
	note, err := s.portal.PreviewCredit(ctx, c.actor, id, request)
	if err != nil {
		return s.wrongInvoice(c, id, form, err)
	}
	form.Note = &note
	return s.showSold(c, http.StatusOK, id, form)
}

// refundCredit shows what would be written down, or writes it down.
func (s *Server) refundCredit(c *call) error {
	id, values, form, err := s.invoiceForm(c, "refund")
	if err != nil {
		return err
	}
	request := portal.RefundRequest{Amount: values.Get("amount"), How: values.Get("how"), Reference: values.Get("reference"), Reason: values.Get("reason")}
	if request.Seen, err = strconv.ParseInt(values.Get("seen"), 10, 64); err != nil {
		request.Seen = -1 // nobody has less than nothing: it is refused as another credit than there is
	}
	ctx := c.Request().Context()
	if values.Get("do") == "issue" {
		if err := s.portal.RefundCredit(ctx, c.actor, id, request); err != nil {
			return s.wrongInvoice(c, id, form, err)
		}
		return c.to(views.SoldPath + "/" + id.String())
	}
	refund, err := s.portal.PreviewRefund(ctx, c.actor, id, request)
	if err != nil {
		return s.wrongInvoice(c, id, form, err)
	}
	form.Refund = &refund
	return s.showSold(c, http.StatusOK, id, form)
}

func (s *Server) invoiceForm(c *call, action string) (app.ID, url.Values, views.InvoiceForm, error) {
	form := views.InvoiceForm{ActionForm: views.ActionForm{Action: action, Values: map[string]string{}}}
	id, err := c.id()
	if err != nil {
		return id, nil, form, err
	}
	values, err := c.form()
	for field := range values {
		form.Values[field] = values.Get(field)
	}
	return id, values, form, err
}

// wrongInvoice shows a form again as it was typed, with what is wrong.
func (s *Server) wrongInvoice(c *call, id app.ID, form views.InvoiceForm, err error) error {
	var ok bool
	if form.Errors, form.Problem, ok = mendable(c.Request().Context(), err); !ok {
		return err
	}
	return s.showSold(c, statusOf(err), id, form)
}
