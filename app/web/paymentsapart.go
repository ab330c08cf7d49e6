package web

import (
	"net/http"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
	"allotment/views/words"
)

// apartRoutes are a seller's page of what its account at the payment provider and its books do not agree about.
func apartRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/sales/payments/apart", app.SeeBilling, s.paymentsApart},
		{post, "/sales/payments/apart/settle", app.ManageBilling, s.settleRefund},
		{post, "/sales/payments/apart/book", app.ManageBilling, s.bookMoved},
		{post, "/sales/payments/apart/aside", app.ManageBilling, s.moveAside},
		{post, "/sales/payments/apart/compare", app.ManageBilling, s.comparePayments},
	}
}

func (s *Server) paymentsApart(c *call) error {
	return s.showApart(c, http.StatusOK, views.ApartForm{})
}

func (s *Server) showApart(c *call, status int, form views.ApartForm) error {
	query := c.query()
	list := views.ApartList{Filter: portal.ApartFilter{Text: query.Get("q"), Settled: query.Get("state") == views.ApartSettled, After: query.Get("after")}, Form: form}
	var err error
	if list.Page, err = s.portal.PaymentsApart(c.Request().Context(), c.actor, list.Filter); err != nil {
		return err
	}
	c.page.Path = views.ApartPath
	return c.show(status, views.PaymentsApart(c.titled("Compare with the payment provider"), list))
}

// afterApart shows the page again: with what was wrong, or what has happened meanwhile.
func (s *Server) afterApart(c *call, form views.ApartForm, err error) error {
	ctx := c.Request().Context()
	switch app.CodeOf(err) {
	case "":
		return c.to(views.ApartPath)
	case app.Invalid, app.Conflict:
		if form.Errors = words.Fields(ctx, err); len(form.Errors) == 0 {
			form.Problem = words.Error(ctx, err)
		}
		return s.showApart(c, statusOf(err), form)
	}
	return err
}

func (s *Server) comparePayments(c *call) error {
	if _, err := c.form(); err != nil {
		return err
	}
	return s.afterApart(c, views.ApartForm{}, s.portal.ComparePayments(c.Request().Context(), c.actor))
}

func (s *Server) settleRefund(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	id, err := app.ParseID(values.Get("refund"))
	if err != nil {
		return err
	}
	return s.afterApart(c, views.ApartForm{}, s.portal.SettleRefund(c.Request().Context(), c.actor, id))
}

func (s *Server) bookMoved(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	form := views.ApartForm{Moved: values.Get("moved"), Invoice: values.Get("invoice")}
	return s.afterApart(c, form, s.portal.BookMoved(c.Request().Context(), c.actor, form.Moved, form.Invoice))
}

func (s *Server) moveAside(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	form := views.ApartForm{Moved: values.Get("moved"), Reason: values.Get("reason")}
	return s.afterApart(c, form, s.portal.SetMovedAside(c.Request().Context(), c.actor, form.Moved, form.Reason))
}
