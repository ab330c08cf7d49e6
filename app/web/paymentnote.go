package web

import (
	"net/http"
	"net/url"

	"allotment/app"
	"allotment/app/portal"
	"allotment/views"
)

// notePage is the empty form, or begun for an invoice that the address names.
func (s *Server) notePage(c *call) error {
	if c.actor.Kind == app.Customer {
		return app.Errorf(app.Forbidden, "Only those who sell have this page.")
	}
	query := c.query()
	values := map[string]string{"invoice": query.Get("invoice"), "amount": query.Get("amount")}
	return s.showNote(c, http.StatusOK, views.PaymentNoteForm{EntryForm: views.EntryForm{Values: values}})
}

func (s *Server) showNote(c *call, status int, form views.PaymentNoteForm) error {
	c.page.Path = views.PaymentNotePath
	return c.show(status, views.PaymentNote(c.titled("Write down a bank transfer"), form))
}

func noteRequest(values url.Values) portal.PaymentNote {
	return portal.PaymentNote{Invoice: values.Get("invoice"), Amount: values.Get("amount"), PaidOn: values.Get("paid_on"), Reference: values.Get("reference"),
		Note: values.Get("note")}
}

// notePayment shows what a payment would do, or writes it down.
func (s *Server) notePayment(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	ctx, note := c.Request().Context(), noteRequest(values)
	var done portal.PaymentNoted
	switch values.Get("do") {
	case "change":
		return s.showNote(c, http.StatusOK, views.PaymentNoteForm{EntryForm: asSent(values)})
	case "issue":
		if done, err = s.portal.NotePayment(ctx, c.actor, note); err == nil {
			return c.to(views.SoldPath + "/" + done.Invoice.String() + "?saved=1")
		}
	default:
		done, err = s.portal.PreviewPayment(ctx, c.actor, note)
	}
	if err == nil {
		return s.showNote(c, http.StatusOK, views.PaymentNoteForm{EntryForm: asSent(values), Look: &done})
	}
	status := statusOf(err)
	form, err := entered(c, values, err)
	if err != nil {
		return err
	}
	return s.showNote(c, status, views.PaymentNoteForm{EntryForm: form})
}
