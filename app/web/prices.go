package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/views"
	"allotment/views/words"
)

// priceRoutes are a seller's price list and its coupons.
func priceRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/sales/prices", app.SeeCustomers, s.prices},
		{get, "/sales/prices/edit", app.SeeCustomers, s.editPrice},
		{post, "/sales/prices/edit", app.SeeCustomers, s.editPriceAgain},
		{post, "/sales/prices/confirm", app.ManageBilling, s.confirmPrice},
		{post, "/sales/prices", app.ManageBilling, s.setPrice},
		{post, "/sales/prices/floor", app.ManageBilling, s.setFloor},
		{post, "/sales/prices/ahead", app.ManageBilling, s.setAhead},
		{post, "/sales/prices/publish", app.ManageBilling, s.publishPrices},
		{get, "/sales/coupons", app.SeeCustomers, s.coupons},
		{get, "/sales/coupons/new", app.ManageBilling, s.newCoupon},
		{post, "/sales/coupons", app.ManageBilling, s.createCoupon},
		{post, "/sales/coupons/:id/end", app.ManageBilling, s.endCoupon},
	}
}

func (s *Server) prices(c *call) error {
	return s.showPrices(c, http.StatusOK, views.PriceList{})
}

func (s *Server) showPrices(c *call, status int, list views.PriceList) (err error) {
	query := c.query()
	list.Filter = portal.PriceFilter{
		Currency: cmp.Or(list.Filter.Currency, query.Get("currency")), Text: strings.TrimSpace(query.Get("q")), After: query.Get("after"),
	}
	if list.Page, err = s.portal.PriceList(c.Request().Context(), c.actor, list.Filter); err != nil {
		return err
	}
	c.page.Path = views.PricesPath
	if c.partial("list") {
		return c.show(status, views.PriceRows(c.page, list))
	}
	return c.show(status, views.Prices(c.titled("Prices"), list))
}

// priceRequest reads a price as it was typed.
func priceRequest(values url.Values) portal.PriceRequest {
	return portal.PriceRequest{
		App: values.Get("app"), Plan: values.Get("plan"), Interval: billing.Interval(values.Get("interval")), Currency: values.Get("currency"),
		Audience: portal.Audience(values.Get("audience")),
		Way:      portal.PriceWay(values.Get("way")), Amount: values.Get("amount"), Margin: values.Get("margin"), Setup: values.Get("setup"),
		Trial: values.Get("trial"), Minimum: values.Get("minimum"), Notice: values.Get("notice"), From: values.Get("from"),
	}
}

// editPrice is the form of one price, filled with what holds today. Without a price it leads to the list.
func (s *Server) editPrice(c *call) error {
	if c.query().Get("app") == "" {
		return c.to(views.PricesPath)
	}
	return s.showPrice(c, http.StatusOK, views.PriceForm{Request: priceRequest(c.query())}, true)
}

func (s *Server) editPriceAgain(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	return s.showPrice(c, http.StatusOK, views.PriceForm{Request: priceRequest(values)}, false)
}

func (s *Server) showPrice(c *call, status int, form views.PriceForm, fresh bool) (err error) {
	if form.Row, form.Page, err = s.portal.Price(c.Request().Context(), c.actor, form.Request); err != nil {
		return err
	}
	if fresh {
		form.Fill()
	}
	c.page.Path = views.PricesPath + "/edit"
	return c.show(status, views.EditPrice(c.titled("Price of %s", form.Row.App.Name), form))
}

// confirmPrice shows what a price does before it is set.
func (s *Server) confirmPrice(c *call) error {
	return s.tryPrice(c, func(r portal.PriceRequest) error {
		change, err := s.portal.PreviewPrice(c.Request().Context(), c.actor, r)
		if err != nil {
			return err
		}
		row, _, err := s.portal.Price(c.Request().Context(), c.actor, r)
		if err != nil {
			return err
		}
		c.page.Path = views.PricesPath + "/confirm"
		return c.show(http.StatusOK, views.ConfirmPrice(c.titled("Is this the new price?"), views.PriceForm{Request: r, Row: row}, change))
	})
}

func (s *Server) setPrice(c *call) error {
	return s.tryPrice(c, func(r portal.PriceRequest) error {
		if _, err := s.portal.SetPrice(c.Request().Context(), c.actor, r); err != nil {
			return err
		}
		return c.to(views.PricesIn(r.Currency, r.App))
	})
}

// tryPrice does something with a price that was typed; one that is not right comes back with what is wrong at its field.
func (s *Server) tryPrice(c *call, do func(portal.PriceRequest) error) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	r := priceRequest(values)
	err = do(r)
	fields, problem, ok := mendable(c.Request().Context(), err)
	if !ok || c.actor.Kind == app.Customer {
		return err // who sells nothing has no form to see again
	}
	form := views.PriceForm{Request: r, Errors: fields, Problem: problem}
	return s.showPrice(c, statusOf(err), form, false)
}

func (s *Server) setFloor(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	r := priceRequest(values)
	r.Amount = values.Get("floor")
	err = s.portal.SetFloor(c.Request().Context(), c.actor, r)
	if err == nil {
		return c.to(views.PricesIn(r.Currency, r.App))
	}
	fields, problem, ok := mendable(c.Request().Context(), err)
	if !ok || c.actor.Kind == app.Customer {
		return err
	}
	form := views.PriceForm{Request: r, Errors: fields, Problem: problem, Floor: values.Get("floor")}
	return s.showPrice(c, statusOf(err), form, true)
}

func (s *Server) setAhead(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	err = s.portal.SetAnnounceDays(c.Request().Context(), c.actor, values.Get("ahead"))
	return s.afterPrices(c, err, views.PriceList{Filter: portal.PriceFilter{Currency: values.Get("currency")}, Ahead: values.Get("ahead")})
}

func (s *Server) publishPrices(c *call) error {
	return s.afterPrices(c, s.portal.PublishPrices(c.Request().Context(), c.actor), views.PriceList{})
}

// afterPrices leads back to the list, or shows it with what was wrong.
func (s *Server) afterPrices(c *call, err error, list views.PriceList) error {
	switch app.CodeOf(err) {
	case "":
		return c.to(views.PricesIn(list.Filter.Currency, ""))
	case app.Invalid:
	default:
		return err
	}
	list.Errors = words.Fields(c.Request().Context(), err)
	return s.showPrices(c, statusOf(err), list)
}

func (s *Server) coupons(c *call) (err error) {
	query := c.query()
	list := views.CouponList{Filter: portal.CouponFilter{Text: strings.TrimSpace(query.Get("q")), Open: query.Get("state") == "open", After: query.Get("after")}}
	if list.Page, err = s.portal.Coupons(c.Request().Context(), c.actor, list.Filter); err != nil {
		return err
	}
	if c.partial("list") {
		return c.show(http.StatusOK, views.CouponRows(c.page, list))
	}
	return c.show(http.StatusOK, views.Coupons(c.titled("Coupons"), list))
}

func (s *Server) newCoupon(c *call) error {
	return s.showCouponForm(c, http.StatusOK, views.CouponForm{Request: portal.CouponRequest{Kind: "percent", Each: "1"}})
}

func (s *Server) showCouponForm(c *call, status int, form views.CouponForm) (err error) {
	if form.Choices, err = s.portal.CouponChoices(c.Request().Context(), c.actor); err != nil {
		return err
	}
	form.Currencies = s.portal.Currencies()
	c.page.Path = views.CouponsPath + "/new"
	return c.show(status, views.NewCoupon(c.titled("Make a coupon"), form))
}

func (s *Server) createCoupon(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	form := views.CouponForm{Request: portal.CouponRequest{
		Code: values.Get("code"), Kind: values.Get("kind"), Off: values.Get("off"), Currency: values.Get("currency"), Periods: values.Get("periods"), From: values.Get("from"),
		Until: values.Get("until"), Total: values.Get("total"), Each: values.Get("each"), Only: values["only"],
	}}
	_, err = s.portal.CreateCoupon(c.Request().Context(), c.actor, form.Request)
	if err == nil {
		return c.to(views.CouponsPath)
	}
	var ok bool
	if form.Errors, form.Problem, ok = mendable(c.Request().Context(), err); !ok {
		return err
	}
	return s.showCouponForm(c, statusOf(err), form)
}

func (s *Server) endCoupon(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if err := s.portal.EndCoupon(c.Request().Context(), c.actor, id); err != nil {
		return err
	}
	return c.to(views.CouponsPath)
}
