package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/web"
)

// openWithCurrencies is a site that sells in several currencies.
func openWithCurrencies(t *testing.T, others ...string) *site {
	t.Helper()
	s := &site{World: portaltest.New(t, func(c *portal.Config) { c.Currencies = others }), log: &record{}}
	var err error
	log := slog.New(slog.NewTextHandler(s.log, nil))
	if s.server, err = web.New(web.Config{BaseURL: "http://portal.example.test"}, s.Portal, s.Store, log, prometheus.NewRegistry()); err != nil {
		t.Fatal(err)
	}
	http := httptest.NewServer(s.server.Handler())
	s.URL = http.URL
	t.Cleanup(func() { s.server.Shutdown(); http.Close() })
	return s
}

// TestExchangeRatesPage: where several currencies are sold in, the page of rates says what is known of each; the operator adds a rate, and what is
// wrong comes back as it was typed.
func TestExchangeRatesPage(t *testing.T) {
	t.Parallel()
	if got := open(t); got.as(t, got.Operator.Email).get("/sales/vat-rates").has("Exchange rates of the euro") {
		t.Error("one currency is sold in, and the page speaks of exchange rates")
	}
	s := openWithCurrencies(t, "CHF")
	v := s.as(t, s.Operator.Email)
	if got := v.get("/sales/vat-rates"); got.status != http.StatusOK || !got.has("Invoices in CHF with VAT wait") || !got.has("No rate yet") || !got.has("Add an exchange rate") {
		t.Errorf("without a rate: %d", got.status)
	}
	today := time.Now().UTC().Format(time.DateOnly)
	rate := func(currency, per string) page {
		return v.post("/sales/exchange-rates", "currency", currency, "per_euro", per, "day", today, "published", "https://example.org/rates")
	}
	if got := rate("CHF", "0.93x"); got.status != http.StatusUnprocessableEntity || !got.has(`value="0.93x"`) || !got.has("such as 0.9324") || !got.has(`value="`+today+`"`) {
		t.Errorf("a rate that is none: %d", got.status)
	}
	if got := rate("CHF", "0.9324"); got.status != http.StatusSeeOther || got.header.Get("Location") != "/sales/vat-rates?exchanged=1#exchange" {
		t.Errorf("a rate: %d to %q", got.status, got.header.Get("Location"))
	}
	if got := v.get("/sales/vat-rates?exchanged=1"); !got.has("The exchange rate is added") || !got.has("0.9324") || !got.has("example.org") || got.has("with VAT wait") {
		t.Errorf("with a rate: %d", got.status)
	}
}
