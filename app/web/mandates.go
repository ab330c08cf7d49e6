package web

import (
	"net/http"
	"strings"

	"allotment/app/portal"
	"allotment/views"
	"allotment/views/words"
)

func (s *Server) mandates(c *call) error {
	query := c.query()
	return s.showMandates(c, http.StatusOK, views.MandateList{Text: strings.TrimSpace(query.Get("q")), After: query.Get("after")})
}

func (s *Server) showMandates(c *call, status int, list views.MandateList) (err error) {
	if list.Page, err = s.portal.Mandates(c.Request().Context(), c.actor, list.Text, list.After, 0); err != nil {
		return err
	}
	c.page.Path = views.MandatesPath
	return c.show(status, views.Mandates(c.titled("SEPA mandates"), list))
}

func (s *Server) addMandate(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	request := portal.MandateRequest{Customer: values.Get("mandate_customer"), Reference: values.Get("mandate_reference"), Holder: values.Get("mandate_holder"),
		IBAN: values.Get("mandate_iban"), BIC: values.Get("mandate_bic"), Signed: values.Get("signed_on"), Sequence: values.Get("sequence_type")}
	ctx := c.Request().Context()
	_, err = s.portal.AddMandate(ctx, c.actor, request)
	fields := words.Fields(ctx, err)
	if len(fields) == 0 {
		if err != nil {
			return err
		}
		return c.to(views.MandatesPath)
	}
	form := views.MandateForm{Request: request, Errors: map[string]string{}}
	for field, message := range fields {
		switch field {
		case "signed":
			field = "signed_on"
		case "sequence":
			field = "sequence_type"
		default:
			field = "mandate_" + field
		}
		form.Errors[field] = message
	}
	return s.showMandates(c, statusOf(err), views.MandateList{Form: form})
}

func (s *Server) revokeMandate(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if _, err := c.form(); err != nil {
		return err
	}
	if err := s.portal.RevokeMandate(c.Request().Context(), c.actor, id); err != nil {
		return err
	}
	return c.to(views.MandatesPath)
}
