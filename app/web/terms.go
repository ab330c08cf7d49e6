package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing/ledger"
	"allotment/views"
	"allotment/views/words"
)

// termsRoutes are how the acting organization sells.
func termsRoutes(s *Server) []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{get, "/sales/terms", app.SeeBilling, s.terms},
		{post, "/sales/terms", app.ManageBilling, s.saveTerms},
		{get, "/sales/vat-rates", app.SeeBilling, s.vatRates},
		{post, "/sales/vat-rates", app.ManageBilling, s.addVATRate},
		{post, "/sales/exchange-rates", app.ManageBilling, s.addExchangeRate},
	}
}

// zones are those that the form suggests; any other that is known may be typed.
var zones = []string{
	"Europe/Amsterdam", "Europe/Berlin", "Europe/Brussels", "Europe/Paris", "Europe/Vienna", "Europe/Luxembourg", "Europe/Dublin", "Europe/Lisbon", "Europe/Madrid",
	"Europe/Rome", "Europe/Copenhagen", "Europe/Stockholm", "Europe/Helsinki", "Europe/Warsaw", "Europe/Prague", "Europe/Bratislava", "Europe/Budapest",
	"Europe/Ljubljana", "Europe/Zagreb", "Europe/Athens", "Europe/Sofia", "Europe/Bucharest", "Europe/Vilnius", "Europe/Riga", "Europe/Tallinn", "Europe/Malta",
	"Asia/Nicosia", "Atlantic/Canary", "Atlantic/Azores", "Atlantic/Madeira", "UTC",
}

func (s *Server) terms(c *call) error {
	return s.showTerms(c, http.StatusOK, views.TermsForm{Saved: c.query().Has("saved")})
}

func (s *Server) showTerms(c *call, status int, form views.TermsForm) (err error) {
	ctx := c.Request().Context()
	if form.Terms, err = s.portal.SellingTerms(ctx, c.actor); err != nil {
		return err
	}
	form.Zones = zones
	if form.Values == nil {
		form.Values = views.TermsValues(form.Terms, words.Locale(ctx))
	}
	c.page.Path = views.TermsPath
	return c.show(status, views.Terms(c.titled("Terms of sale"), form))
}

func (s *Server) saveTerms(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	if err := s.portal.SaveSellingTerms(c.Request().Context(), c.actor, termsRequest(values)); err != nil {
		form, err := entered(c, values, err)
		if err != nil {
			return err
		}
		return s.showTerms(c, http.StatusUnprocessableEntity, views.TermsForm{EntryForm: form})
	}
	return c.to(views.TermsPath + "?saved=1")
}

// termsRequest reads the form of terms.
func termsRequest(values url.Values) portal.TermsRequest {
	on := func(text string) bool { return text == "on" }
	return portal.TermsRequest{
		Party: detailsRequest(values), TaxNumber: values.Get("tax_number"), SmallBusiness: on(values.Get("small_business")), OSS: on(values.Get("oss")),
		BelowLimit: on(values.Get("below_limit")), Registered: strings.FieldsFunc(values.Get("registered"), func(r rune) bool { return r == ',' || r == ' ' || r == ';' }),
		ExportAs: values.Get("export_as"), HoldUnchecked: on(values.Get("hold_unchecked")), OneProof: on(values.Get("one_proof")),
		RecheckDays: whole(values.Get("recheck_days")), IBAN: values.Get("iban"), BIC: values.Get("bic"), Holder: values.Get("holder"), Zone: values.Get("zone"),
		Prefix: values.Get("prefix"), DueDays: whole(values.Get("due_days")),
		Dunning: ledger.Policy{
			First: whole(values.Get("dunning_first")), Warn: whole(values.Get("dunning_warn")), Hold: whole(values.Get("dunning_hold")),
			Grace: whole(values.Get("dunning_grace")), End: whole(values.Get("dunning_end")), Delete: on(values.Get("dunning_delete")),
		},
	}
}

// whole reads a whole number; what is none is -1, which is refused with what is wrong beside it.
func whole(text string) int {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return -1
	}
	return n
}

func (s *Server) vatRates(c *call) error {
	return s.showRates(c, http.StatusOK, views.RateList{Text: c.query().Get("q"), Saved: c.query().Has("saved"), Exchange: views.ExchangePanel{Saved: c.query().Has("exchanged")}})
}

func (s *Server) showRates(c *call, status int, list views.RateList) (err error) {
	if list.Table, err = s.portal.VATRates(c.Request().Context(), c.actor); err != nil {
		return err
	}
	if list.Exchange.ExchangeOverview, err = s.portal.ExchangeRates(c.Request().Context(), c.actor); err != nil {
		return err
	}
	c.page.Path = views.RatesPath
	page := c.titled("VAT rates")
	if c.partial("list") {
		return c.show(status, views.RateRows(page, list))
	}
	return c.show(status, views.VATRates(page, list))
}

func (s *Server) addVATRate(c *call) error {
	values, err := c.form()
	if err != nil {
		return err
	}
	err = s.portal.AddVATRate(c.Request().Context(), c.actor, portal.NewRate{
		Country: values.Get("country"), Percent: values.Get("percent"), From: values.Get("valid_from"), Source: values.Get("source"),
	})
	if err == nil {
		return c.to(views.RatesPath + "?saved=1")
	}
	form, err := entered(c, values, err)
	if err != nil {
		return err
	}
	return s.showRates(c, http.StatusUnprocessableEntity, views.RateList{EntryForm: form})
}
