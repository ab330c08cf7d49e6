package web

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/export"
	"allotment/billing/ledger"
	"allotment/views"
	"allotment/views/words"
)

// salesRoutes are the figures of those who sell.
func salesRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/sales", app.SeeBilling, s.sales},
		{get, "/sales/ageing", app.SeeBilling, s.ageing},
		{get, "/sales/ageing/export", app.SeeBilling, s.exportAgeing},
		{get, "/sales/vat", app.SeeBilling, s.vatReport},
		{get, "/sales/vat/export", app.SeeBilling, s.exportVAT},
		{get, "/sales/ledger", app.SeeBilling, s.ledger},
		{get, "/sales/ledger/customers/:id", app.SeeBilling, s.statement},
		{get, "/sales/wholesale", app.SeeBilling, s.wholesale},
		{get, "/sales/parked", app.SeeBilling, s.parked},
		{post, "/sales/parked/:id/retry", app.ManageBilling, s.retryParked},
		{get, "/sales/runs", app.SeeOperations, s.billingRuns},
		{post, "/sales/runs", app.ManageBilling, s.startBilling},
		{post, "/sales/runs/look", app.RunOperations, s.startLook},
		{get, "/sales/runs/:id", app.SeeOperations, s.billingRun},
	}
}

func (s *Server) sales(c *call) error {
	months := 12
	if c.query().Get("months") == "24" {
		months = 24
	}
	report, err := s.portal.SalesReport(c.Request().Context(), c.actor, months)
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, views.Sales(c.titled("Sales"), report))
}

func ageingFilter(c *call) portal.AgeingFilter {
	query := c.query()
	return portal.AgeingFilter{Currency: query.Get("currency"), Text: strings.TrimSpace(query.Get("q")), After: query.Get("after")}
}

func (s *Server) ageing(c *call) error {
	list := views.AgeingList{Filter: ageingFilter(c)}
	var err error
	if list.Page, err = s.portal.Ageing(c.Request().Context(), c.actor, list.Filter); err != nil {
		return err
	}
	if c.partial("list") {
		return c.show(http.StatusOK, views.AgeingRows(c.page, list))
	}
	return c.show(http.StatusOK, views.Ageing(c.titled("Who owes what"), list))
}

// exportAgeing sends everybody who owes something as a file.
func (s *Server) exportAgeing(c *call) error {
	f := ageingFilter(c)
	f.After, f.Limit = "", 200
	rows := [][]string{{"customer id", "customer", "currency", "open invoices", "not due", "1-30 days", "31-60 days", "61-90 days", "over 90 days", "total"}}
	for {
		page, err := s.portal.Ageing(c.Request().Context(), c.actor, f)
		if err != nil {
			return err
		}
		for _, d := range page.Debtors {
			rows = append(rows, debtorCells(d, page.Currency))
		}
		if f.After = page.Next; f.After == "" {
			return c.table("ageing-"+page.Today.String(), rows)
		}
	}
}

func debtorCells(d store.Debtor, currency string) []string {
	cells := []string{d.Customer.String(), export.Safe(d.Name), currency, strconv.Itoa(d.Invoices)}
	for _, age := range d.Ages {
		cells = append(cells, age.Amount())
	}
	return append(cells, billing.Money{Minor: d.Open(), Currency: currency}.Amount())
}

// table answers with a file of comma-separated values, by RFC 4180.
func (c *call) table(name string, rows [][]string) error {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", out.Bytes())
}

// vatPeriod reads the period of a report: the present quarter where none was chosen.
func (s *Server) vatPeriod(c *call) views.VATForm {
	form := views.VATForm{Chosen: c.query().Get("period"), Periods: views.ReportPeriods(billing.DateIn(s.now(), time.UTC))}
	if _, ok := views.ReportPeriod(form.Chosen); !ok {
		form.Chosen = form.Periods[0].Options[0]
	}
	return form
}

func (s *Server) vatReport(c *call) (err error) {
	form := s.vatPeriod(c)
	period, _ := views.ReportPeriod(form.Chosen)
	if form.Report, err = s.portal.VATReport(c.Request().Context(), c.actor, period); err != nil {
		return err
	}
	return c.show(http.StatusOK, views.VATReport(c.titled("VAT"), form))
}

func (s *Server) exportVAT(c *call) error {
	form := s.vatPeriod(c)
	period, _ := views.ReportPeriod(form.Chosen)
	report, err := s.portal.VATReport(c.Request().Context(), c.actor, period)
	if err != nil {
		return err
	}
	rows := [][]string{{"from", "until", "scheme", "category", "country", "rate", "currency", "net", "vat"}}
	for _, row := range report.Rows {
		rows = append(rows, []string{period.Start.String(), period.Last().String(), export.Safe(string(row.Scheme)), export.Safe(string(row.Category)),
			export.Safe(row.Country), row.Rate.String(), row.Net.Currency, row.Net.Amount(), row.VAT.Amount()})
	}
	return c.table("vat-"+form.Chosen, rows)
}

func (s *Server) ledger(c *call) (err error) {
	query := c.query()
	list := views.LedgerList{FromDay: query.Get("from"), UntilDay: query.Get("until")}
	f := &list.Filter
	f.Text, f.After = strings.TrimSpace(query.Get("q")), query.Get("after")
	if account := ledger.Kind(query.Get("account")); slices.Contains(views.LedgerAccounts(), account) {
		f.Account = account
	}
	if kind := ledger.EntryKind(query.Get("kind")); slices.Contains(views.EntryKinds(), kind) {
		f.Kind = kind
	}
	if f.From, err = billing.ParseDate(list.FromDay); err != nil {
		list.FromDay = ""
	}
	if f.Until, err = billing.ParseDate(list.UntilDay); err != nil {
		list.UntilDay = ""
	}
	if list.Page, err = s.portal.Ledger(c.Request().Context(), c.actor, *f); err != nil {
		return err
	}
	return c.show(http.StatusOK, views.Ledger(c.titled("Ledger"), list))
}

func (s *Server) statement(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	page, err := s.portal.Statement(c.Request().Context(), c.actor, id, c.query().Get("currency"), c.query().Get("after"))
	if err != nil {
		return err
	}
	c.page.Path = "/sales/ageing/" + id.String() // where people come from
	return c.show(http.StatusOK, views.Statement(c.titled("Statement of %s", page.Customer.Name), page))
}

func (s *Server) wholesale(c *call) error {
	query := c.query()
	month, err := billing.ParseDate(query.Get("month") + "-01")
	if err != nil {
		month = billing.Date{}
	}
	with, err := app.ParseID(query.Get("with"))
	if err != nil {
		with = app.ID{}
	}
	page, err := s.portal.Wholesale(c.Request().Context(), c.actor, month, with, query.Get("currency"))
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, views.Wholesale(c.titled("Wholesale"), page))
}

func (s *Server) parked(c *call) error {
	page, err := s.portal.Parked(c.Request().Context(), c.actor, c.query().Get("after"))
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, views.Parked(c.titled("Parked subscriptions"), views.ParkedList{Page: page, After: c.query().Get("after")}))
}

func (s *Server) retryParked(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	err = s.portal.RetryParked(ctx, c.actor, id)
	if app.CodeOf(err) != app.Conflict {
		if err != nil {
			return err
		}
		return c.to("/sales/parked")
	}
	list := views.ParkedList{Problem: words.Error(ctx, err)}
	if list.Page, err = s.portal.Parked(ctx, c.actor, ""); err != nil {
		return err
	}
	c.page.Path = "/sales/parked"
	return c.show(http.StatusConflict, views.Parked(c.titled("Parked subscriptions"), list))
}

func (s *Server) billingRuns(c *call) error {
	return s.showRuns(c, http.StatusOK, views.RunForm{})
}

func (s *Server) showRuns(c *call, status int, form views.RunForm) (err error) {
	ctx := c.Request().Context()
	list := views.RunList{After: c.query().Get("after"), Form: form}
	if list.Page, err = s.portal.BillingRuns(ctx, c.actor, "", list.After); err != nil {
		return err
	}
	looks, err := s.portal.BillingRuns(ctx, c.actor, store.RunVerify, "")
	if err != nil {
		return err
	}
	if len(looks.Runs) > 0 {
		list.Look = &looks.Runs[0]
	}
	c.page.Path = views.RunsPath
	return c.show(status, views.BillingRuns(c.titled("Billing runs"), list))
}

func (s *Server) startBilling(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	form := views.RunForm{AsOf: strings.TrimSpace(values.Get("as_of")), Dry: values.Get("dry") != ""}
	var asOf billing.Date
	if form.AsOf != "" {
		if asOf, err = billing.ParseDate(form.AsOf); err != nil {
			form.Problem = words.T(ctx, "Please write the day as 2026-01-31.")
			return s.showRuns(c, http.StatusUnprocessableEntity, form)
		}
	}
	id, err := s.portal.StartBilling(ctx, c.actor, asOf, form.Dry)
	if fields := words.Fields(ctx, err); len(fields) > 0 {
		form.Problem = fields["as_of"]
		return s.showRuns(c, statusOf(err), form)
	}
	if err != nil {
		return err
	}
	return c.to(views.RunsPath + "/" + id.String())
}

func (s *Server) startLook(c *call) error {
	id, err := s.portal.StartLook(c.Request().Context(), c.actor)
	if err != nil {
		return err
	}
	return c.to(views.RunsPath + "/" + id.String())
}

func (s *Server) billingRun(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	run, err := s.portal.BillingRun(c.Request().Context(), c.actor, id)
	if err != nil {
		return err
	}
	if c.partial("run") {
		return c.show(http.StatusOK, views.BillingRunState(run, s.now()))
	}
	if run.EndedAt.IsZero() {
		c.page.Refresh = 5
	}
	return c.show(http.StatusOK, views.BillingRun(c.titled("Billing run"), run))
}
