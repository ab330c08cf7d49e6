package views

import (
	"context"
	"net/url"
	"strings"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/views/words"
)

// ExchangePath is where exchange rates are added.
const ExchangePath = "/sales/exchange-rates"

// ExchangePanel is the exchange rates of the euro, below the VAT rates.
type ExchangePanel struct {
	EntryForm
	portal.ExchangeOverview
	Saved bool
}

// late lists the currencies in which invoices with VAT wait.
func (x ExchangePanel) late() string {
	var all []string
	for _, sold := range x.Sold {
		if sold.Late {
			all = append(all, sold.Currency)
		}
	}
	return strings.Join(all, ", ")
}

// sourceHost is whose address a source is.
func sourceHost(source string) string {
	u, err := url.Parse(source)
	if err != nil {
		return source
	}
	return u.Host
}

// exchangeBy says who added a rate.
func exchangeBy(ctx context.Context, r app.ExchangeRate) string {
	if r.AddedBy == store.LearntBy {
		return words.T(ctx, "Read by itself")
	}
	return words.T(ctx, "Added by %s", r.AddedBy)
}
