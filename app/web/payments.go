package web

import (
	"context"
	"net/http"
	"strings"

	"allotment/app"
	"allotment/app/payment"
	"allotment/app/portal"
	"allotment/views"
	"allotment/views/words"
)

// paymentRoutes are the pages of paying, and a seller's of being paid.
func paymentRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/billing/methods", app.SeeBilling, s.methods},
		{post, "/billing/methods", app.ManageBilling, s.addMethod},
		{post, "/billing/methods/:id/standard", app.ManageBilling, s.withMethod(s.portal.SetStandardMethod)},
		{post, "/billing/methods/:id/remove", app.ManageBilling, s.withMethod(s.portal.RemoveMethod)},
		{get, "/billing/pay/:id", app.SeeBilling, s.payPage},
		{post, "/billing/pay/:id", app.ManageBilling, s.payInvoice},
		{get, "/sales/payments", app.SeeBilling, s.salesPayments},
		{get, "/sales/payments/note", app.ManageBilling, s.notePage},
		{post, "/sales/payments/note", app.ManageBilling, s.notePayment},
		{get, "/sales/payments/account", app.SeeBilling, s.paymentAccount},
		{post, "/sales/payments/account", app.ManageBilling, s.connectAccount},
		{post, "/sales/payments/account/disconnect", app.ManageBilling, s.disconnectAccount},
		{get, "/sales/payments/refunds/:id", app.SeeBilling, s.providerPayment},
		{post, "/sales/payments/refunds/:id", app.ManageBilling, s.refundPayment},
		{get, "/sales/payments/import", app.SeeBilling, s.bankImport},
		{post, "/sales/payments/import", app.ManageBilling, s.importStatement},
		{post, "/sales/payments/lines", app.ManageBilling, s.bookLine},
		{post, "/sales/payments/lines/:id/aside", app.ManageBilling, s.lineAside},
	}
}

// here is an address of this site as the reader's browser knows it.
func (s *Server) here(c *call, path string) string {
	scheme := "http"
	if s.tls {
		scheme = "https"
	}
	return scheme + "://" + c.Request().Host + path
}

func (s *Server) methods(c *call) error {
	if id := c.query().Get("attempt"); id != "" {
		if err := s.lookAt(c, id); err != nil {
			return err
		}
	}
	return s.showMethods(c, http.StatusOK, "")
}

// lookAt brings the payment up to date from whose page the reader comes back.
func (s *Server) lookAt(c *call, text string) error {
	id, err := app.ParseID(text)
	if err == nil {
		_, err = s.portal.LookAtPayment(c.Request().Context(), c.actor, id)
	}
	return err
}

// withMethod does something with a saved way to pay.
func (s *Server) withMethod(do func(context.Context, app.Actor, app.ID) error) func(*call) error {
	return func(c *call) error {
		id, err := c.id()
		if err == nil {
			err = do(c.Request().Context(), c.actor, id)
		}
		if err != nil {
			return err
		}
		return c.to(views.MethodsPath)
	}
}

func (s *Server) showMethods(c *call, status int, problem string) error {
	page, err := s.portal.Methods(c.Request().Context(), c.actor)
	if err != nil {
		return err
	}
	return c.show(status, views.Methods(c.titled("Ways to pay"), page, problem))
}

func (s *Server) addMethod(c *call) error {
	ctx := c.Request().Context()
	to := payment.Places{Done: s.here(c, views.MethodsPath+"?attempt={attempt}"), Back: s.here(c, views.MethodsPath)}
	page, err := s.portal.AddMethod(ctx, c.actor, to)
	if app.CodeOf(err) == app.Conflict {
		return s.showMethods(c, statusOf(err), words.Error(ctx, err))
	}
	return s.toProvider(c, page, err)
}

// toProvider goes on to the payment provider's page.
func (s *Server) toProvider(c *call, address string, err error) error {
	if err != nil {
		return err
	}
	page := c.titled("On to the payment page")
	page.Onward = address
	return c.show(http.StatusOK, views.PayOnward(page))
}

func (s *Server) payPage(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if attempt := c.query().Get("attempt"); attempt != "" {
		if err := s.lookAt(c, attempt); err != nil {
			return err
		}
	}
	return s.showPay(c, http.StatusOK, id, "")
}

func (s *Server) showPay(c *call, status int, invoice app.ID, problem string) error {
	state, err := s.portal.PayStateOf(c.Request().Context(), c.actor, invoice)
	if err != nil {
		return err
	}
	return c.show(status, views.PayInvoice(c.titled("Invoice %s", state.Number), state, problem))
}

func (s *Server) payInvoice(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	values, err := c.form()
	if err != nil {
		return err
	}
	ctx, back := c.Request().Context(), s.here(c, views.PayPath(id)+"?attempt={attempt}")
	page, err := s.portal.PayInvoice(ctx, c.actor, id, values.Get("keep") == "true", payment.Places{Done: back, Back: back})
	if app.CodeOf(err) == app.Conflict {
		return s.showPay(c, statusOf(err), id, words.Error(ctx, err))
	}
	return s.toProvider(c, page, err)
}

func (s *Server) salesPayments(c *call) (err error) {
	query := c.query()
	list := views.SalesPaymentList{
		Filter: portal.PaymentFilter{Text: strings.TrimSpace(query.Get("q")), After: query.Get("after")}, State: query.Get("state"),
	}
	switch list.State {
	case views.PaymentsFailed, views.PaymentsPast:
		list.Filter.Attempts = []app.AttemptState{app.AttemptFailed, app.AttemptRequiresAction}
		list.Filter.Unpaid = list.State == views.PaymentsFailed
	case views.PaymentsOpen:
		list.Filter.Attempts = []app.AttemptState{app.AttemptCreated, app.AttemptProcessing}
	default:
		list.State = ""
	}
	if list.Page, err = s.portal.Payments(c.Request().Context(), c.actor, list.Filter); err != nil {
		return err
	}
	return c.show(http.StatusOK, views.SalesPayments(c.titled("Payments"), list))
}
