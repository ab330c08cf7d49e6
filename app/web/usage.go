package web

import (
	"net/http"
	"net/url"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/views"
)

// usageRoutes are a seller's prices of use.
func usageRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/sales/prices/usage", app.SeeCustomers, s.usagePrices},
		{get, "/sales/prices/usage/edit", app.SeeCustomers, s.editUsagePrice},
		{post, "/sales/prices/usage/confirm", app.ManageBilling, s.confirmUsagePrice},
		{post, "/sales/prices/usage", app.ManageBilling, s.setUsagePrice},
		{post, "/sales/prices/usage/floor", app.ManageBilling, s.setUsageFloor},
	}
}

// usagePrices are those of one app. Without one it leads to the list of all.
func (s *Server) usagePrices(c *call) error {
	if c.query().Get("app") == "" {
		return c.to(views.PricesPath)
	}
	page, err := s.portal.UsagePrices(c.Request().Context(), c.actor, c.query().Get("app"), c.query().Get("currency"))
	if err != nil {
		return err
	}
	c.page.Path = views.UsagePricesPath
	return c.show(http.StatusOK, views.UsagePrices(c.titled("%s: prices of use", page.App.Name), page))
}

// usagePriceRequest reads a price of use as it was typed.
func usagePriceRequest(values url.Values) portal.UsagePriceRequest {
	return portal.UsagePriceRequest{
		App: values.Get("app"), Plan: values.Get("plan"), Meter: billing.Meter(values.Get("meter")), Currency: values.Get("currency"),
		Audience: portal.Audience(values.Get("audience")),
		Way:      portal.PriceWay(values.Get("way")), Amount: values.Get("amount"), Margin: values.Get("margin"), From: values.Get("from"),
	}
}

// editUsagePrice is the form of one price of use, filled with what holds today, or with what was typed before. Without a price it leads to the list.
func (s *Server) editUsagePrice(c *call) error {
	r := usagePriceRequest(c.query())
	if r.App == "" {
		return c.to(views.PricesPath)
	}
	return s.showUsagePrice(c, http.StatusOK, views.UsageForm{Request: r})
}

func (s *Server) showUsagePrice(c *call, status int, form views.UsageForm) (err error) {
	if form.Row, form.Page, err = s.portal.UsagePrice(c.Request().Context(), c.actor, form.Request); err != nil {
		return err
	}
	if form.Request.Way == "" {
		form.Fill()
	}
	c.page.Path = views.UsagePricesPath + "/edit"
	return c.show(status, views.EditUsagePrice(c.titled("Price of %s", form.Row.App.Name), form))
}

// confirmUsagePrice shows what a price of use does before it is set.
func (s *Server) confirmUsagePrice(c *call) error {
	return s.tryUsagePrice(c, func(r portal.UsagePriceRequest) error {
		change, err := s.portal.PreviewUsagePrice(c.Request().Context(), c.actor, r)
		if err != nil {
			return err
		}
		c.page.Path = views.UsagePricesPath + "/confirm"
		return c.show(http.StatusOK, views.ConfirmUsagePrice(c.titled("Is this the new price?"), r, change))
	})
}

func (s *Server) setUsagePrice(c *call) error {
	return s.tryUsagePrice(c, func(r portal.UsagePriceRequest) error {
		if _, err := s.portal.SetUsagePrice(c.Request().Context(), c.actor, r); err != nil {
			return err
		}
		return c.to(views.UsagePricesIn(r.Currency, r.App))
	})
}

func (s *Server) setUsageFloor(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	r := usagePriceRequest(values)
	r.Amount = values.Get("floor")
	err = s.portal.SetUsageFloor(c.Request().Context(), c.actor, r)
	if err == nil {
		return c.to(views.UsagePricesIn(r.Currency, r.App))
	}
	fields, problem, ok := mendable(c.Request().Context(), err)
	if !ok || c.actor.Kind == app.Customer {
		return err
	}
	r.Amount = ""
	return s.showUsagePrice(c, statusOf(err), views.UsageForm{Request: r, Errors: fields, Problem: problem, Floor: values.Get("floor")})
}

// tryUsagePrice does something with a price of use that was typed; one that is not right comes back with what is wrong at its field.
func (s *Server) tryUsagePrice(c *call, do func(portal.UsagePriceRequest) error) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	r := usagePriceRequest(values)
	err = do(r)
	fields, problem, ok := mendable(c.Request().Context(), err)
	if !ok || c.actor.Kind == app.Customer {
		return err // who sells nothing has no form to see again
	}
	return s.showUsagePrice(c, statusOf(err), views.UsageForm{Request: r, Errors: fields, Problem: problem})
}
