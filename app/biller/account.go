package biller

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/bank"
	"allotment/billing/cycle"
	"allotment/billing/invoice"
	"allotment/billing/ledger"
	"allotment/billing/tax"
)

// billed is what came out for one account.
type billed struct {
	issues        []store.Issue
	parked        []Parked
	subscriptions []store.Advance
	account       store.Advance
}

// account drafts the invoice of one account. A subscription that cannot be invoiced is parked alone; where the customer or the seller is the
// reason, all of the account's are.
func (b *Biller) account(a store.Account, terms map[app.ID]store.Terms, asOf billing.Date) billed {
	var due []cycle.Charge
	charges := map[string][]cycle.Charge{}
	for _, s := range a.Subscriptions {
		charges[s.ID] = s.Due(asOf)
		due = append(due, charges[s.ID]...)
	}
	out := billed{}
	problems := map[string]string{}
	if len(due) > 0 {
		issue, err := b.draft(a, terms, due)
		if err != nil {
			issue, problems = b.without(a, terms, charges)
		}
		if len(issue.Charges) > 0 {
			out.issues = []store.Issue{issue}
		}
	}
	out.account = store.Advance{Customer: a.Customer, ID: a.ID}
	for _, s := range a.Subscriptions {
		advance := b.advance(a, s, charges[s.ID], problems[s.ID])
		out.subscriptions = append(out.subscriptions, advance)
		on := advance.On
		if advance.Parked != "" {
			on = asOf.AddDays(1) // tried again tomorrow
			out.parked = append(out.parked, Parked{a.Customer, advance.ID, advance.Parked})
		}
		if !on.IsZero() && (out.account.On.IsZero() || on.Before(out.account.On)) {
			out.account.On = on
		}
	}
	return out
}

// advance is where a subscription stands after its charges, or where it stays when there is a problem.
func (b *Biller) advance(a store.Account, s store.Subscribed, charges []cycle.Charge, problem string) store.Advance {
	if problem != "" {
		charges = nil
	}
	next, _ := s.Charged(charges)
	id, err := app.ParseID(s.ID)
	if err != nil {
		problem = err.Error()
	}
	return store.Advance{Customer: a.Customer, ID: id, Next: next, On: s.DueNext(charges), Parked: problem, Used: s.Cut(charges)}
}

// without drafts again with each subscription tried alone first, and leaves out those that cannot be invoiced.
func (b *Biller) without(a store.Account, terms map[app.ID]store.Terms, charges map[string][]cycle.Charge) (store.Issue, map[string]string) {
	problems := map[string]string{}
	var good []cycle.Charge
	for _, s := range a.Subscriptions {
		if len(charges[s.ID]) == 0 {
			continue
		}
		if _, err := b.draft(a, terms, charges[s.ID]); err != nil {
			problems[s.ID] = reason(err)
			continue
		}
		good = append(good, charges[s.ID]...)
	}
	if len(good) == 0 {
		return store.Issue{}, problems
	}
	issue, err := b.draft(a, terms, good)
	if err != nil { // each alone is right, and all together are not
		for _, s := range a.Subscriptions {
			if len(charges[s.ID]) > 0 && problems[s.ID] == "" {
				problems[s.ID] = reason(err)
			}
		}
		return store.Issue{}, problems
	}
	return issue, problems
}

// notYet says to people why something cannot be invoiced.
func notYet(err error) error {
	return app.Because(app.Conflict, err, "This cannot be invoiced yet: %s.", strings.TrimRight(err.Error(), "."))
}

// reason is why something was parked, as a sentence: the cause alone, where people were told that it cannot be invoiced.
func reason(err error) string {
	var told *app.Error
	if errors.As(err, &told) && told.Err != nil {
		err = told.Err
	}
	text := err.Error()
	if text == "" {
		return "It could not be invoiced."
	}
	return strings.ToUpper(text[:1]) + strings.TrimRight(text[1:], ".") + "."
}

// draft makes the document of charges with everything but its number. Seller's and customer's data are as they are now: the document
// freezes them.
func (b *Biller) draft(a store.Account, terms map[app.ID]store.Terms, charges []cycle.Charge) (store.Issue, error) {
	seller, ok := terms[a.Seller]
	if !ok {
		return store.Issue{}, errors.New("the seller has not said yet how it sells: its address and VAT are missing")
	}
	day, err := b.today(seller)
	if err != nil {
		return store.Issue{}, err
	}
	document, err := b.document(a, seller, charges, day)
	if err != nil {
		return store.Issue{}, err
	}
	checked := document
	checked.Number = "0" // stands for the number, which is taken late
	if err := checked.Ready(); err != nil {
		return store.Issue{}, err
	}
	issue := store.Issue{ID: app.NewID(), Seller: a.Seller, Buyer: a.Customer, Series: fmt.Sprintf("%04d", day.Year), Document: document}
	return issue, addCharges(&issue, a, charges)
}

// taxedBuyer is a buyer as VAT sees it on day: a check of its VAT ID that has grown old counts no more.
func taxedBuyer(p store.Profile, seller store.Terms, day billing.Date) tax.Buyer {
	buyer := p.Buyer
	if !p.CheckedAt.IsZero() {
		buyer.Check = seller.Policy.Fresh(buyer.Check, billing.DateIn(p.CheckedAt, time.UTC), day)
	}
	return buyer
}

// ratesOf are the VAT rates that count for a seller.
func (b *Biller) ratesOf(seller store.Terms) tax.Table {
	if b.rates != nil {
		return b.rates
	}
	return seller.Rates
}

// document is the calculated invoice of charges on day.
func (b *Biller) document(a store.Account, seller store.Terms, charges []cycle.Charge, day billing.Date) (invoice.Document, error) {
	buyer := taxedBuyer(a.Profile, seller, billing.DateIn(b.now(), time.UTC))
	d, err := cycle.Draft(cycle.Agreement{
		Seller: seller.Party, Buyer: a.Profile.Party, SellerTax: seller.Tax, BuyerTax: buyer, Evidence: a.Profile.Evidence,
		Policy: seller.Policy, Rates: b.ratesOf(seller), Payment: seller.Payment, DueDays: seller.DueDays, Currency: a.Currency, Language: a.Profile.Language,
		Reference: a.Profile.Reference,
	}, charges, day)
	if err != nil {
		return d, err
	}
	return state(d, seller)
}

// today is the seller's day: the date of every document that is issued now.
func (b *Biller) today(seller store.Terms) (billing.Date, error) {
	zone, err := b.zone(seller.Zone)
	if err != nil {
		return billing.Date{}, fmt.Errorf("the seller's time zone %q is not known", seller.Zone)
	}
	return billing.DateIn(b.now(), zone), nil
}

func (b *Biller) zone(name string) (*time.Location, error) {
	if known, ok := b.zones.Load(name); ok {
		return known.(*time.Location), nil
	}
	zone, err := time.LoadLocation(name)
	if err == nil {
		b.zones.Store(name, zone)
	}
	return zone, err
}

// addCharges notes what the document settles, and both wholesale legs of every sale through resellers.
func addCharges(issue *store.Issue, a store.Account, charges []cycle.Charge) error {
	subscribed := map[string]store.Subscribed{}
	for _, s := range a.Subscriptions {
		subscribed[s.ID] = s
	}
	for _, c := range charges {
		subscription, err := app.ParseID(c.Subscription)
		if err != nil {
			return err
		}
		charge := store.NewCharge{ID: app.NewID(), Subscription: subscription, Kind: c.Kind, Period: c.Period}
		if c.Kind.IsUsage() {
			if err := addUsage(issue, charge, c, subscribed[c.Subscription].Anchor); err != nil {
				return err
			}
			continue
		}
		issue.Charges = append(issue.Charges, charge)
		for _, leg := range subscribed[c.Subscription].Legs(c.Period.Start) {
			price, err := legPrice(leg, c)
			if err != nil {
				return err
			}
			entry, err := ledger.Wholesale(ledger.Sale{
				ID: charge.ID.String() + " " + leg.Reseller.String(), Date: issue.Document.Issued, Reseller: leg.Reseller.String(),
				Parent: leg.Parent.String(), Wholesale: price,
			})
			if err != nil {
				return err
			}
			issue.Entries = append(issue.Entries, entry)
		}
	}
	return nil
}

// legPrice is what a reseller pays its parent for a charge.
func legPrice(leg store.Leg, c cycle.Charge) (billing.Money, error) {
	if c.Kind != cycle.Setup {
		return billing.Prorate(leg.Price, c.Period, c.Whole)
	}
	if leg.Setup.Currency == "" { // noted before set-up fees were
		return billing.Zero(leg.Price.Currency), nil
	}
	return leg.Setup, nil
}

// finish puts the number on a document, and posts it.
func finish(issue *store.Issue, terms store.Terms) error {
	d := &issue.Document
	d.Number = fmt.Sprintf("%s%s-%05d", terms.Prefix, issue.Series, issue.Sequence)
	if d.Payment.IBAN != "" {
		reference, err := bank.CreditorReference(strings.ReplaceAll(d.Number, "-", ""))
		if err != nil {
			return err
		}
		d.Payment.Reference = reference
	}
	entry, err := ledger.Document(*d, issue.Wholesale)
	if err != nil {
		return err
	}
	if d.Kind == invoice.CreditNote && len(issue.Charges) > 0 {
		return errors.New("a credit note charges nothing")
	}
	issue.Entries = append(issue.Entries, entry)
	return nil
}
