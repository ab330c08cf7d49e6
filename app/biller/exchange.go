package biller

import (
	"context"
	"errors"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/invoice"
	"allotment/billing/tax"
)

// abroad reports whether an account is in another currency than that of its seller's state, and which that is: VAT is stated in it too.
func abroad(currency string, seller store.Terms) (home string, is bool) {
	home = tax.NationalCurrency(seller.Tax.Country)
	return home, home != "" && home != currency
}

// exchange adds the rates of exchange to the terms of those sellers that need them for one of the accounts: those of the seller's day.
func (b *Biller) exchange(ctx context.Context, tx *store.Tx, all map[app.ID]store.Terms, accounts ...store.Account) error {
	tables := map[billing.Date]app.ExchangeTable{}
	for _, a := range accounts {
		terms, known := all[a.Seller]
		if _, needed := abroad(a.Currency, terms); !known || !needed || terms.Exchange.Rates != nil {
			continue
		}
		day, err := b.today(terms)
		if err != nil {
			continue // a zone that is not known: whoever drafts for this seller says so
		}
		table, read := tables[day]
		if !read {
			if table, err = tx.ExchangeRates(ctx, day); err != nil {
				return err
			}
			tables[day] = table
		}
		terms.Exchange = table
		all[a.Seller] = terms
	}
	return nil
}

// errNoRate is why what has to state its VAT in two currencies cannot be issued.
var errNoRate = errors.New("there is no exchange rate of these days for this currency, and the VAT has to be stated in that of the seller's state too")

// state says the VAT of a document in the currency of the seller's state too, where that is another. Without a rate it cannot be issued.
func state(d invoice.Document, seller store.Terms) (invoice.Document, error) {
	home, needed := abroad(d.Currency, seller)
	if !needed || d.VAT.IsZero() {
		return d, nil
	}
	rate, day, err := seller.Exchange.Rate(d.Currency, home)
	if app.CodeOf(err) == app.NotFound {
		return d, errNoRate
	}
	if err != nil {
		return d, err
	}
	return d.State(home, rate, day)
}
