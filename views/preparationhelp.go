package views

import (
	"context"

	"allotment/app"
	"allotment/app/store"
	"allotment/views/words"
)

// preparing is one thing that a seller does before its first sale.
type preparing struct {
	title, why, href string
	permission       app.Permission // to open href
	done             bool
}

// preparations are what a seller does before its first sale. There are none for who has it all, or sells already.
func preparations(ctx context.Context, p Page, r store.Preparation) []preparing {
	prices := words.T(ctx, "What each app costs, and for how long.")
	if p.Actor.Kind == app.Reseller {
		prices = words.T(ctx, "Where you set none, your customers pay what you pay yourself.")
	}
	all := []preparing{
		{
			words.T(ctx, "Say how you sell"), words.T(ctx, "Your address, VAT and due dates. Until then nobody can order what costs money."),
			TermsPath, app.SeeBilling, r.Terms,
		},
		{
			words.T(ctx, "Say how you are paid"), words.T(ctx, "The account of your bank in the terms of sale, a payment provider, or both."),
			"/sales/payments/account", app.SeeBilling, r.Bank || r.Online,
		},
		{
			words.T(ctx, "Set your prices"), prices,
			PricesPath, app.SeeCustomers, r.Priced,
		},
		{
			words.T(ctx, "Add a customer"), words.T(ctx, "They are invited by mail, and order for themselves."),
			"/customers/new", app.ManageCustomers, r.Customers,
		},
	}
	if r.Terms && (r.Sold || prepared(all) == len(all)) {
		return nil
	}
	return all
}

func prepared(all []preparing) (done int) {
	for _, one := range all {
		if one.done {
			done++
		}
	}
	return done
}
