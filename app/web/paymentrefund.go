package web

import (
	"net/http"
	"strconv"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
)

// providerPayment is a payment that came by the provider, and what went back of it.
func (s *Server) providerPayment(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	return s.showProviderPayment(c, http.StatusOK, id, views.ProviderRefundForm{Sent: c.query().Has("saved")})
}

func (s *Server) showProviderPayment(c *call, status int, id app.ID, form views.ProviderRefundForm) error {
	paid, err := s.portal.ProviderPayment(c.Request().Context(), c.actor, id)
	if err != nil {
		return err
	}
	c.page.Path = views.RefundPath(id)
	return c.show(status, views.ProviderPayment(c.titled("Online payment of %s", paid.CustomerName), paid, form))
}

// refundPayment shows what would go back, or sends it.
func (s *Server) refundPayment(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	values, err := c.form()
	if err != nil {
		return err
	}
	ctx, form := c.Request().Context(), views.ProviderRefundForm{EntryForm: asSent(values)}
	request := portal.ProviderRefund{Attempt: id, Amount: values.Get("amount"), Reason: values.Get("reason")}
	if request.Seen, err = strconv.ParseInt(values.Get("seen"), 10, 64); err != nil {
		request.Seen = -1 // less than nothing can never go back: it is refused as another amount than there is
	}
	switch values.Get("do") {
	case "change":
		return s.showProviderPayment(c, http.StatusOK, id, form)
	case "issue":
		if err = s.portal.RefundThroughProvider(ctx, c.actor, request); err == nil {
			return c.to(views.RefundPath(id) + "?saved=1")
		}
	default:
		_, form.Look, err = s.portal.PreviewProviderRefund(ctx, c.actor, request)
	}
	status := http.StatusOK
	if err != nil {
		form.Look.Minor, status = 0, statusOf(err)
		if form.EntryForm, err = entered(c, values, err); err != nil {
			return err
		}
	}
	return s.showProviderPayment(c, status, id, form)
}
