package web

import (
	"net/http"
	"net/url"
	"strings"

	"allotment/app"
	"allotment/views"
	"allotment/views/words"
)

func (s *Server) paymentAccount(c *call) error {
	return s.showPaymentAccount(c, http.StatusOK, views.PaymentAccountForm{Saved: c.query().Get("saved")})
}

func (s *Server) showPaymentAccount(c *call, status int, form views.PaymentAccountForm) (err error) {
	if form.Settings, err = s.portal.PaymentSettings(c.Request().Context(), c.actor); err != nil {
		return err
	}
	c.page.Path = views.PaymentAccountPath
	return c.show(status, views.PaymentAccount(c.titled("How you are paid"), form))
}

// connectAccount lets a reseller collect on an account of its own.
func (s *Server) connectAccount(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	if strings.TrimSpace(values.Get("account")) == "" && c.actor.Kind == app.Reseller { // nothing would end the connection
		form := views.PaymentAccountForm{EntryForm: asSent(values)}
		form.Errors = map[string]string{"account": words.T(c.Request().Context(), "Please give the account's ID.")}
		return s.showPaymentAccount(c, http.StatusUnprocessableEntity, form)
	}
	return s.saveAccount(c, values, "connected")
}

// disconnectAccount ends that.
func (s *Server) disconnectAccount(c *call) error {
	if _, err := c.form(); err != nil {
		return err
	}
	return s.saveAccount(c, nil, "disconnected")
}

func (s *Server) saveAccount(c *call, values url.Values, done string) error {
	err := s.portal.ConnectPayments(c.Request().Context(), c.actor, values.Get("account"))
	if err == nil {
		return c.to(views.PaymentAccountPath + "?saved=" + done)
	}
	status := statusOf(err)
	form, err := entered(c, values, err)
	if err != nil {
		return err
	}
	return s.showPaymentAccount(c, status, views.PaymentAccountForm{EntryForm: form})
}
