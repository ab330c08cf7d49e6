package views

import (
	"cmp"

	"allotment/app"
	"allotment/app/portal"
)

// inCurrency is an address in one currency; "" is the installation's own, which an address does not say.
func inCurrency(path, code string, pairs ...string) string {
	return address(path, append([]string{"currency", code}, pairs...)...)
}

// PricesIn is the price list in a currency, narrowed to what fits the text; "" is the installation's own.
func PricesIn(code, text string) string { return inCurrency(PricesPath, code, "q", text) }

// UsagePricesIn are the prices of use of an app in a currency; "" is the installation's own.
func UsagePricesIn(code, appID string) string { return inCurrency(UsagePricesPath, code, "app", appID) }

// own is the installation's own currency; "" where the page does not say which there are.
func own(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

// currency is that of the list as its addresses say it.
func (l PriceList) currency() string { return listed(l.Page.Currencies, l.Page.Currency) }

// usageCurrency is that of prices of use as their addresses say it.
func usageCurrency(page portal.UsagePricePage) string { return listed(page.Currencies, page.Currency) }

// listed is a currency as addresses say it: "" for the installation's own.
func listed(all []string, code string) string {
	if code == own(all) {
		return ""
	}
	return code
}

// asked is the currency in which an organization is asked.
func (f ActionForm) asked(o app.Organization) string { return cmp.Or(o.Currency, own(f.Currencies)) }
