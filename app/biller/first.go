package biller

import (
	"context"
	"errors"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/cycle"
	"allotment/billing/invoice"
	"allotment/billing/tax"
)

// First is the first invoice of something that is about to be bought, as the run will issue it if the service becomes active today, without
// its number.
type First struct {
	Document invoice.Document
	Taxed    bool          // false where seller or buyer have not said yet what VAT depends on: then the document has none
	Starts   billing.Date  // the first day that is charged, after the trial
	Next     billing.Date  // when the next one is due
	Second   billing.Money // what the second period costs, net and after the coupon
	Ends     billing.Date  // the first day on which it may end when it is given up at once
}

// First computes the first invoice of a subscription of the buyer with its own seller. Of the subscription its price, interval, term, coupon
// and names are looked at; trial is how many days are free.
func (b *Biller) First(ctx context.Context, tx *store.Tx, seller, buyer app.ID, s store.Subscribed, trial int) (First, error) {
	terms, profile, err := b.parties(ctx, tx, seller, buyer)
	if err != nil {
		return First{}, err
	}
	day, err := b.today(terms)
	if err != nil {
		return First{}, err
	}
	s.Anchor = billing.Trial(day, trial)
	f := First{Starts: s.Anchor}
	if f.Ends, err = s.Term.EarliestEnd(s.Anchor, s.Every, day); err != nil {
		return First{}, err
	}
	charges := s.Due(s.Anchor)
	a := store.Account{Customer: buyer, Seller: seller, Currency: s.Price.Currency, Profile: profile}
	known := map[app.ID]store.Terms{seller: terms}
	if err := b.exchange(ctx, tx, known, a); err != nil {
		return First{}, err
	}
	terms = known[seller]
	if f.Document, err = b.document(a, terms, charges, s.Anchor); err == nil || errors.Is(err, errNoRate) { // a rate may come until then
		f.Taxed = true
	} else if f.Document, err = untaxed(a, terms, charges, s.Anchor); err != nil {
		return First{}, err
	}
	s.Next, f.Next = s.Charged(charges)
	second, err := untaxed(a, terms, s.Due(f.Next), f.Next)
	f.Second = second.Net
	return f, err
}

// parties are how the seller sells and what is known of the buyer. A seller that never said has the usual zone.
func (b *Biller) parties(ctx context.Context, tx *store.Tx, seller, buyer app.ID) (store.Terms, store.Profile, error) {
	all, err := tx.SellersTerms(ctx, []app.ID{seller})
	if err != nil {
		return store.Terms{}, store.Profile{}, err
	}
	terms := all[seller]
	if terms.Zone == "" {
		terms.Zone = "Europe/Amsterdam"
	}
	profile, err := tx.Profile(ctx, buyer)
	return terms, profile, err
}

// untaxed is an invoice without VAT: as one to a buyer outside of where there is any.
func untaxed(a store.Account, terms store.Terms, charges []cycle.Charge, day billing.Date) (invoice.Document, error) {
	return cycle.Draft(cycle.Agreement{
		Seller: terms.Party, Buyer: a.Profile.Party, SellerTax: tax.Seller{Country: "NL"}, BuyerTax: tax.Buyer{Country: "US", Business: true},
		DueDays: terms.DueDays, Currency: a.Currency, Language: a.Profile.Language,
	}, charges, day)
}

// Tax is what a buyer should read beside a price.
type Tax struct {
	Known    bool            // seller and buyer have said what VAT depends on
	Business bool            // the buyer is one: it reads prices without VAT
	Rate     billing.Decimal // in percent, of today; 0 where none is due
}

// Tax returns the VAT that the buyer pays to its seller today.
func (b *Biller) Tax(ctx context.Context, tx *store.Tx, seller, buyer app.ID) (Tax, error) {
	terms, profile, err := b.parties(ctx, tx, seller, buyer)
	if err != nil {
		return Tax{}, err
	}
	day, err := b.today(terms)
	if err != nil {
		return Tax{}, err
	}
	decision, err := tax.Decide(tax.Sale{
		Seller: terms.Tax, Buyer: taxedBuyer(profile, terms, day), Evidence: profile.Evidence, Policy: terms.Policy, Rates: b.ratesOf(terms), Point: day,
	})
	if err != nil { // the buyer or the seller has not filled it in yet: no VAT is shown rather than a wrong one
		return Tax{Business: profile.Buyer.Business}, nil
	}
	return Tax{Known: true, Business: profile.Buyer.Business, Rate: decision.Rate}, nil
}
