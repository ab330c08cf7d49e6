package tax_test

import (
	"strings"
	"testing"

	"allotment/billing"
	"allotment/billing/tax"
)

func TestNationalCurrencies(t *testing.T) {
	t.Parallel()
	states := map[string]int{}
	for currency, countries := range map[string]string{
		"EUR": "AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK",
		"CZK": "CZ", "DKK": "DK", "HUF": "HU", "PLN": "PL", "RON": "RO", "SEK": "SE",
		"": "GB XI CH NO IS US EL nl",
	} {
		for _, country := range strings.Fields(countries) {
			if got := tax.NationalCurrency(country); got != currency {
				t.Errorf("the currency of %s is %q, not %q", country, got, currency)
			}
			if tax.Member(country) {
				states[country]++
			}
		}
		if _, err := billing.Decimals(currency); currency != "" && err != nil {
			t.Error(err)
		}
	}
	if len(states) != 27 || tax.NationalCurrency("") != "" {
		t.Errorf("%d member states have a currency, or no state has one", len(states))
	}
}
