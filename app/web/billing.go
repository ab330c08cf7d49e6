package web

import (
	"net/http"
	"net/url"
	"strings"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
	"allotment/views/words"
)

// billingRoutes are what the acting organization pays, and who it is as a buyer.
func billingRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/billing", app.SeeBilling, s.billing},
		{get, "/billing/credit", app.SeeBilling, s.credit},
		{get, "/billing/details", app.SeeBilling, s.billingDetails},
		{post, "/billing/details", app.ManageBilling, s.saveBillingDetails},
		{post, "/billing/details/check", app.ManageBilling, s.tryVATID},
		{post, "/billing/details/vat", app.ManageBilling, s.checkVATID},
		{get, "/customers/:id/billing", app.SeeBilling, s.billingDetails},
		{post, "/customers/:id/billing", app.ManageBilling, s.saveBillingDetails},
		{post, "/customers/:id/billing/vat", app.ManageBilling, s.checkVATID},
	}
}

func (s *Server) billing(c *call) error {
	overview, err := s.portal.BillingOverview(c.Request().Context(), c.actor)
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, views.Billing(c.titled("Bills and payments"), overview))
}

func (s *Server) credit(c *call) error {
	after := c.query().Get("after")
	page, err := s.portal.CreditHistory(c.Request().Context(), c.actor, after, 0)
	if err != nil {
		return err
	}
	return c.show(http.StatusOK, views.Credit(c.titled("Credit"), views.CreditList{After: after, Page: page}))
}

// whose is whose details a page is about: the customer that the path names, or the zero ID for the reader's own organization. It returns where
// the page's form is sent, too.
func whose(c *call) (id app.ID, base string, err error) {
	if !strings.HasPrefix(c.Request().URL.Path, views.CustomersPath) {
		return app.ID{}, views.BillingDetailsPath, nil
	}
	if c.actor.Kind == app.Customer {
		return id, "", app.Errorf(app.Forbidden, "Only those above an organization may do this.")
	}
	if id, err = c.id(); err == nil && id == c.actor.Organization {
		err = app.Errorf(app.NotFound, "There is nothing at this address.")
	}
	return id, views.CustomerBillingPath(id), err
}

func (s *Server) billingDetails(c *call) error {
	return s.showDetails(c, http.StatusOK, views.DetailsForm{Saved: c.query().Has("saved")})
}

// showDetails draws the form: as it was sent where it was wrong, and as things are otherwise.
func (s *Server) showDetails(c *call, status int, form views.DetailsForm) error {
	ctx := c.Request().Context()
	id, base, err := whose(c)
	if err != nil {
		return err
	}
	if form.Details, err = s.portal.BillingDetails(ctx, c.actor, id); err != nil {
		return err
	}
	form.Base = base
	if form.Values == nil {
		form.Values = views.DetailsValues(form.Details, words.Locale(ctx))
	}
	if id == (app.ID{}) {
		c.page.Path = base
		return c.show(status, views.BillingDetails(c.titled("Billing details"), form))
	}
	return c.show(status, views.CustomerDetails(c.titled("Billing details of %s", form.Details.Organization.Name), form))
}

// detailsRequest reads the form of billing details.
func detailsRequest(values url.Values) portal.DetailsRequest {
	return portal.DetailsRequest{
		Business: values.Get("buyer") != "private", Name: values.Get("name"), Contact: values.Get("contact"), Street: values.Get("street"),
		PostCode: values.Get("post_code"), City: values.Get("city"), Country: values.Get("country"), Email: values.Get("email"), Phone: values.Get("phone"),
		Language: values.Get("language"), VATID: values.Get("vat_id"), LegalID: values.Get("legal_id"), Endpoint: values.Get("endpoint"),
		Reference: values.Get("reference"), OutsideArea: values.Get("outside_area") == "on",
	}
}

// saveBillingDetails keeps the form. A new VAT ID is asked about at once; when nobody answers, the details are kept all the same.
func (s *Server) saveBillingDetails(c *call) error {
	id, base, err := whose(c)
	if err != nil {
		return err
	}
	values, err := c.form()
	if err != nil {
		return err
	}
	ctx, request := c.Request().Context(), detailsRequest(values)
	request.Organization = id
	if err := s.portal.SaveBillingDetails(ctx, c.actor, request); err != nil {
		form, err := entered(c, values, err)
		if err != nil {
			return err
		}
		return s.showDetails(c, http.StatusUnprocessableEntity, views.DetailsForm{EntryForm: form})
	}
	details, err := s.portal.BillingDetails(ctx, c.actor, id)
	if err != nil {
		return err
	}
	if details.Profile.Buyer.ID != "" && details.Profile.Buyer.Check == "" {
		if _, err := s.portal.CheckVATID(ctx, c.actor, id); err != nil {
			s.log.Warn("a VAT ID is not checked yet", "reference", reference(c), "error", err)
		}
	}
	return c.to(base + "?saved=1")
}

// entered is a form as it was sent with what is wrong at its fields; an error of another kind goes on.
func entered(c *call, values url.Values, cause error) (views.EntryForm, error) {
	fields, problem, ok := mendable(c.Request().Context(), cause)
	if !ok {
		return views.EntryForm{}, cause
	}
	form := asSent(values)
	form.Errors, form.Problem = fields, problem
	return form, nil
}

// asSent is a form as it was sent, with nothing wrong.
func asSent(values url.Values) views.EntryForm {
	form := views.EntryForm{Values: map[string]string{}}
	for field := range values {
		form.Values[field] = values.Get(field)
	}
	return form
}

// tryVATID answers for a VAT ID that was just typed: the line under its field.
func (s *Server) tryVATID(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	ctx, typed := c.Request().Context(), strings.TrimSpace(values.Get("vat_id"))
	if typed == "" {
		return c.show(http.StatusOK, views.FieldMessage("vat_id", "", ""))
	}
	check, err := s.portal.TryVATID(ctx, c.actor, typed)
	if fields := words.Fields(ctx, err); fields["vat_id"] != "" {
		return c.show(http.StatusOK, views.FieldMessage("vat_id", fields["vat_id"], ""))
	}
	if app.CodeOf(err) == app.TooMany {
		return c.show(http.StatusOK, views.FieldMessage("vat_id", words.Error(ctx, err), ""))
	}
	if err != nil {
		return err
	}
	switch {
	case check.Result == app.VATInvalid:
		return c.show(http.StatusOK, views.FieldMessage("vat_id", words.T(ctx, "The tax authorities do not know this VAT ID."), ""))
	case check.Result == app.VATUnanswered:
		return c.show(http.StatusOK, views.FieldMessage("vat_id", "", words.T(ctx, "Its form is right. The tax authorities do not answer now; we ask again later.")))
	case check.Name != "":
		return c.show(http.StatusOK, views.FieldMessage("vat_id", "", words.T(ctx, "It is valid: %s", check.Name)))
	}
	return c.show(http.StatusOK, views.FieldMessage("vat_id", "", words.T(ctx, "It is valid.")))
}

// checkVATID asks about a VAT ID once more.
func (s *Server) checkVATID(c *call) error {
	id, base, err := whose(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	_, err = s.portal.CheckVATID(ctx, c.actor, id)
	if app.CodeOf(err) == app.TooMany {
		form := views.EntryForm{Errors: map[string]string{"vat_id": words.Error(ctx, err)}}
		return s.showDetails(c, http.StatusTooManyRequests, views.DetailsForm{EntryForm: form})
	}
	if err != nil {
		return err
	}
	return c.to(base)
}
