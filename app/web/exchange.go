package web

import (
	"net/http"

	"allotment/app/portal"
	"allotment/views"
)

func (s *Server) addExchangeRate(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	err = s.portal.AddExchangeRate(c.Request().Context(), c.actor, portal.NewExchangeRate{
		Currency: values.Get("currency"), Day: values.Get("day"), PerEuro: values.Get("per_euro"), Source: values.Get("published"),
	})
	if err == nil {
		return c.to(views.RatesPath + "?exchanged=1#exchange")
	}
	form, err := entered(c, values, err)
	if err != nil {
		return err
	}
	return s.showRates(c, http.StatusUnprocessableEntity, views.RateList{Exchange: views.ExchangePanel{EntryForm: form}})
}
