package web

import (
	"maps"
	"net/http"
	"net/url"
	"strings"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/catalog"
	"allotment/views"
	"allotment/views/words"
)

// orderForm is an empty form, with the app's own defaults.
func (s *Server) orderForm(c *call) error {
	buyer, err := s.buyer(c, c.query().Get("for"))
	if err != nil {
		return err
	}
	offer, err := s.portal.OfferFor(c.Request().Context(), c.actor, buyer.ID, c.Param("app"))
	if err != nil {
		return err
	}
	form := views.OrderForm{Offer: offer, Buyer: buyer, Zone: s.portal.Zone(), Plan: c.query().Get("plan"), Answers: map[string]string{}}
	if offer.App.Plan(form.Plan) == nil {
		form.Plan = offer.Plans[0].Plan.ID
	}
	for _, question := range offer.App.Questions {
		form.Answers[question.ID] = question.Default
	}
	return c.show(http.StatusOK, views.Order(c.titled("Order %s", offer.App.Name), form))
}

// orderAgain is the form with what was typed before, for a change of mind at the review.
func (s *Server) orderAgain(c *call) error {
	form, err := s.readOrder(c, c.Param("app"))
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, views.Order(c.titled("Order %s", form.Offer.App.Name), form))
}

// readOrder reads the order form. Answers to what was not asked are left aside.
func (s *Server) readOrder(c *call, appID string) (views.OrderForm, error) {
	values, err := c.form()
	if err != nil {
		return views.OrderForm{}, err
	}
	buyer, err := s.buyer(c, values.Get("for"))
	if err != nil {
		return views.OrderForm{}, err
	}
	offer, err := s.portal.OfferFor(c.Request().Context(), c.actor, buyer.ID, appID)
	if err != nil {
		return views.OrderForm{}, err
	}
	form := views.OrderForm{
		Offer: offer, Buyer: buyer, Zone: s.portal.Zone(), Plan: values.Get("plan"), Name: values.Get("name"),
		Interval: billing.Interval(values.Get("interval")), Coupon: values.Get("coupon"),
		Host: strings.TrimSuffix(values.Get("host"), "."+s.portal.Zone()), Answers: map[string]string{},
	}
	for _, question := range offer.App.Questions {
		form.Answers[question.ID] = answer(question, values)
	}
	return form, nil
}

// buyer is for whom an order is: the customer whose ID a seller's form carries, or the reader's own organization.
func (s *Server) buyer(c *call, field string) (app.Organization, error) {
	if field == "" {
		return app.Organization{ID: c.actor.Organization, Name: c.actor.OrganizationName}, nil
	}
	id, err := app.ParseID(field)
	if err != nil {
		return app.Organization{}, err
	}
	return s.portal.Buyer(c.Request().Context(), c.actor, id)
}

// answer reads one question's answer. A box that is not ticked is not sent at all.
func answer(q catalog.Question, values url.Values) string {
	value := values.Get("question." + q.ID)
	if q.Type == catalog.QuestionBool && value == "" {
		return "false"
	}
	return value
}

// request is the order that a form asks for. One word as the address means: under the provider's zone.
func request(form views.OrderForm, key string) portal.OrderRequest {
	host := strings.TrimSpace(form.Host)
	if host != "" && !strings.Contains(host, ".") {
		host += "." + form.Zone
	}
	return portal.OrderRequest{For: form.Buyer.ID, App: form.Offer.App.ID, Plan: form.Plan, Name: form.Name, Host: host, Answers: form.Answers, Key: key,
		Interval: form.Interval, Coupon: form.Coupon}
}

// checkField answers for one field while the form is being filled in: the line under it, or the summary for the plan.
func (s *Server) checkField(c *call) error {
	form, err := s.readOrder(c, c.Param("app"))
	if err != nil {
		return err
	}
	field := c.query().Get("field")
	switch field {
	case "plan", "interval":
		return c.show(http.StatusOK, views.OrderSummary(form))
	case "coupon":
		return s.checkCoupon(c, form)
	}
	question, isQuestion := strings.CutPrefix(field, "question.")
	if field != "name" && field != "host" && (!isQuestion || form.Offer.App.Question(question) == nil) {
		return app.Errorf(app.NotFound, "There is nothing at this address.")
	}
	ctx := c.Request().Context()
	problems, err := s.problems(c, form)
	if err != nil {
		return err
	}
	fine := ""
	if field == "host" && problems["host"] == "" {
		fine = words.T(ctx, "This address is free.")
	}
	return c.show(http.StatusOK, views.FieldMessage(strings.ReplaceAll(field, ".", "-"), problems[field], fine))
}

// checkCoupon answers for the code alone: what it takes off, or what is wrong with it.
func (s *Server) checkCoupon(c *call, form views.OrderForm) error {
	ctx := c.Request().Context()
	coupon, err := s.portal.CheckCoupon(ctx, c.actor, request(form, ""))
	if code := app.CodeOf(err); err != nil && code != app.Invalid {
		return err
	}
	fine := ""
	if coupon != nil {
		fine = views.CouponSays(ctx, *coupon, form)
	}
	return c.show(http.StatusOK, views.FieldMessage("coupon", words.Fields(ctx, err)["coupon"], fine))
}

// problems returns what is wrong with an order by field, all of it at once, in the reader's language.
func (s *Server) problems(c *call, form views.OrderForm) (map[string]string, error) {
	ctx, asked := c.Request().Context(), request(form, "")
	_, err := s.portal.Preview(ctx, c.actor, asked)
	problems := words.Fields(ctx, err)
	if err != nil && len(problems) == 0 {
		return nil, err
	}
	if problems["host"] == "" && len(problems) > 0 {
		maps.Copy(problems, words.Fields(ctx, s.portal.CheckHost(ctx, c.actor, asked.Host)))
	}
	if problems["coupon"] == "" && len(problems) > 0 {
		_, err := s.portal.CheckCoupon(ctx, c.actor, asked)
		maps.Copy(problems, words.Fields(ctx, err))
	}
	return problems, nil
}

// review shows exactly what an order would make, or the form again with what is wrong.
func (s *Server) review(c *call) error {
	form, err := s.readOrder(c, c.Param("app"))
	if err != nil {
		return err
	}
	preview, err := s.portal.Preview(c.Request().Context(), c.actor, request(form, app.NewID().String()))
	if err != nil {
		return s.refuseOrder(c, form, err)
	}
	return c.show(http.StatusOK, views.Review(c.titled("Review your order"), preview))
}

// placeOrder orders. The form's key makes a form that is sent twice one order.
func (s *Server) placeOrder(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	form, err := s.readOrder(c, values.Get("app"))
	if err != nil {
		return err
	}
	order, err := s.portal.PlaceOrder(c.Request().Context(), c.actor, request(form, values.Get("key")))
	if err != nil {
		return s.refuseOrder(c, form, err)
	}
	return c.to(string(views.OperationPath(order.Operation)))
}

// refuseOrder answers with the form as it was typed and a message at each field that is wrong. Other errors go on.
func (s *Server) refuseOrder(c *call, form views.OrderForm, cause error) error {
	if code := app.CodeOf(cause); code != app.Invalid && code != app.Conflict {
		return cause
	}
	problems, err := s.problems(c, form)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	form.Errors = words.Fields(ctx, cause)
	maps.Copy(form.Errors, problems)
	if len(form.Errors) == 0 || form.Errors["key"] != "" {
		form.Problem = words.Error(ctx, cause)
	}
	return c.show(statusOf(cause), views.Order(c.titled("Order %s", form.Offer.App.Name), form))
}
