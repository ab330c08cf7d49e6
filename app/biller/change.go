package biller

import (
	"context"
	"fmt"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/cycle"
	"allotment/billing/invoice"
	"allotment/billing/ledger"
)

// Plan is what a subscription is changed to. The price is for the same interval.
type Plan struct {
	ID        string // catalog ID
	Name      string
	Price     billing.Money
	Wholesale []store.Leg // what each reseller on the way pays its parent for it

	List, PriceID app.ID // on which list the price stands, with its ID there: of a later plan
	Usage         []cycle.UsagePrice
}

// ChangeNow moves a subscription to another plan today: the unused days are credited as they were invoiced, and charged at the new price,
// with the same number of days below the line. It returns what was issued: a credit note, an invoice, both, or nothing before the first
// period was invoiced. A subscription that has ended is a Conflict: nothing of it is left to change.
func (b *Biller) ChangeNow(ctx context.Context, tx *store.Tx, id app.ID, to Plan) ([]store.Issue, error) {
	a, s, day, err := b.subscription(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if to.Price.Currency != a.Currency || to.Price.Minor < 0 {
		return nil, app.Errorf(app.Invalid, "This plan has no price in the currency of the customer's invoices.")
	}
	if !s.End.IsZero() && !day.Before(s.End) {
		return nil, app.Errorf(app.Conflict, "This subscription has ended already.")
	}
	old := s
	s.Name, s.Price, s.Wholesale, s.Later, s.Coming = to.Name, to.Price, to.Wholesale, nil, store.Coming{}
	s.Usage = cycle.Switch(s.Usage, to.Usage, day.AddDays(1)) // what is used today has the prices of this morning
	if err := tx.SaveSubscription(ctx, a.Customer, s, s.DueNext(nil)); err != nil {
		return nil, err
	}
	document, period, changes, err := tx.ChargeOn(ctx, id, day)
	if app.CodeOf(err) == app.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var issued []store.Issue
	note, err := b.creditRest(ctx, tx, document, old, period, day)
	if err != nil {
		return nil, err
	}
	if note.ID != (app.ID{}) {
		issued = append(issued, note)
	}
	whole, n, err := billing.PeriodOn(s.Anchor, s.Every, day)
	if err != nil {
		return nil, err
	}
	for i := range a.Subscriptions {
		if a.Subscriptions[i].ID == s.ID {
			a.Subscriptions[i] = s
		}
	}
	charge := cycle.Charge{
		Subscription: s.ID, Kind: cycle.Kind(fmt.Sprintf("change %d", changes+1)), Name: s.Name, Description: s.Description, Price: s.Price,
		Period: period.From(day), Whole: whole,
	}
	if charge.Coupon, err = couponFor(s.Coupon, n, charge.Period, whole); err != nil {
		return nil, err
	}
	invoice, err := b.issueNow(ctx, tx, a, charge)
	if err != nil {
		return nil, err
	}
	return append(issued, invoice), nil
}

// couponFor is what a coupon takes off the days of a part of the n-th period: nothing once its periods are over, a fixed amount by days.
func couponFor(c *cycle.Coupon, n int, part, whole billing.Period) (*invoice.Coupon, error) {
	if c == nil || (c.Periods > 0 && n >= c.Periods) {
		return nil, nil
	}
	off := c.Coupon
	if off.Amount.IsZero() {
		return &off, nil
	}
	var err error
	if off.Amount, err = billing.Prorate(off.Amount, part, whole); err != nil || off.Amount.IsZero() {
		return nil, err
	}
	return &off, nil
}

// subscription locks a subscription's account and returns both, with the seller's day.
func (b *Biller) subscription(ctx context.Context, tx *store.Tx, id app.ID) (store.Account, store.Subscribed, billing.Date, error) {
	a, err := tx.AccountOf(ctx, id)
	if err != nil {
		return store.Account{}, store.Subscribed{}, billing.Date{}, err
	}
	terms, err := tx.SellersTerms(ctx, []app.ID{a.Seller})
	if err != nil {
		return store.Account{}, store.Subscribed{}, billing.Date{}, err
	}
	day, err := b.today(terms[a.Seller])
	for _, s := range a.Subscriptions {
		if s.ID == id.String() {
			s.Settle()
			return a, s, day, err
		}
	}
	return store.Account{}, store.Subscribed{}, billing.Date{}, app.Errorf(app.Conflict, "This subscription has not begun yet.")
}

// creditRest takes back what a subscription's lines on a document cost for the days of period from day on, and what resellers paid for them.
// Without anything to take back, nothing is issued.
func (b *Biller) creditRest(ctx context.Context, tx *store.Tx, document app.ID, s store.Subscribed, period billing.Period, day billing.Date) (store.Issue, error) {
	original, notes, err := tx.Invoice(ctx, document)
	if err != nil {
		return store.Issue{}, err
	}
	var earlier []invoice.Document
	for _, note := range notes {
		earlier = append(earlier, note.Document)
	}
	var asks []invoice.Ask
	for _, line := range original.Document.Lines {
		if line.Source != s.ID || line.Period.From(day).IsZero() {
			continue
		}
		unused, err := billing.Unused(line.Net, line.Period, day)
		if err != nil {
			return store.Issue{}, err
		}
		left, err := invoice.Left(original.Document, earlier, line.ID)
		if err != nil {
			return store.Issue{}, err
		}
		if unused, err = billing.Smaller(unused, left); err != nil {
			return store.Issue{}, err
		}
		if unused.Minor > 0 {
			asks = append(asks, invoice.Ask{Line: line.ID, Net: unused, Period: line.Period.From(day)})
		}
	}
	if len(asks) == 0 {
		return store.Issue{}, nil
	}
	note, err := b.CreditInvoice(ctx, tx, document, asks, changeReason(original.Document.Language))
	if err != nil {
		return store.Issue{}, err
	}
	return note, b.takeBackWholesale(ctx, tx, note, s, period.From(day))
}

// takeBackWholesale gives resellers back what they paid their parents for days that are not used.
func (b *Biller) takeBackWholesale(ctx context.Context, tx *store.Tx, note store.Issue, s store.Subscribed, rest billing.Period) error {
	whole, _, err := billing.PeriodOn(s.Anchor, s.Every, rest.Start)
	if err != nil {
		return err
	}
	for _, leg := range s.Wholesale {
		price, err := billing.Prorate(leg.Price, rest, whole)
		if err == nil {
			price, err = price.Neg()
		}
		if err != nil {
			return err
		}
		entry, err := ledger.Wholesale(ledger.Sale{
			ID: note.ID.String() + " " + leg.Reseller.String(), Date: note.Document.Issued, Reseller: leg.Reseller.String(), Parent: leg.Parent.String(),
			Wholesale: price,
		})
		if err != nil {
			return err
		}
		if err := tx.InsertEntries(ctx, note.Seller, entry); err != nil {
			return err
		}
	}
	return nil
}

func changeReason(language string) string {
	switch language {
	case "nl":
		return "Gewijzigd abonnement"
	case "de":
		return "Geändertes Abonnement"
	}
	return "Change of the subscription"
}

// issueNow issues one charge outside of the run.
func (b *Biller) issueNow(ctx context.Context, tx *store.Tx, a store.Account, charge cycle.Charge) (store.Issue, error) {
	terms, err := tx.SellersTerms(ctx, []app.ID{a.Seller})
	if err != nil {
		return store.Issue{}, err
	}
	if err := b.exchange(ctx, tx, terms, a); err != nil {
		return store.Issue{}, err
	}
	issue, err := b.draft(a, terms, []cycle.Charge{charge})
	if err != nil {
		return store.Issue{}, notYet(err)
	}
	issues := []store.Issue{issue}
	if err := tx.TakeNumbers(ctx, issues); err != nil {
		return store.Issue{}, err
	}
	if err := finish(&issues[0], terms[a.Seller]); err != nil {
		return store.Issue{}, err
	}
	if err := tx.InsertIssues(ctx, issues, b.now()); err != nil {
		return store.Issue{}, err
	}
	return issues[0], b.settle(ctx, tx, a.Seller, a.Customer, a.Currency, issues[0].Document.Issued)
}

// ChangeLater moves a subscription to another plan with the next period that was not charged yet.
func (b *Biller) ChangeLater(ctx context.Context, tx *store.Tx, id app.ID, to Plan) (billing.Date, error) {
	a, s, _, err := b.subscription(ctx, tx, id)
	if err != nil {
		return billing.Date{}, err
	}
	if to.Price.Currency != a.Currency || to.Price.Minor < 0 {
		return billing.Date{}, app.Errorf(app.Invalid, "This plan has no price in the currency of the customer's invoices.")
	}
	next, on := s.Charged(nil)
	if on.IsZero() {
		return billing.Date{}, app.Errorf(app.Conflict, "This subscription ends before another period begins.")
	}
	s.Choose(cycle.Later{From: next, Name: to.Name, Price: to.Price, Usage: cycle.Switch(s.Usage, to.Usage, on)},
		store.Coming{Plan: to.ID, Wholesale: to.Wholesale, List: to.List, PriceID: to.PriceID})
	return on, tx.SaveSubscription(ctx, a.Customer, s, on)
}

// Keep gives up a plan that was chosen for later, as long as nothing was charged for it, and makes one the present plan that was. A price that
// was announced stays.
func (b *Biller) Keep(ctx context.Context, tx *store.Tx, id app.ID) error {
	a, s, _, err := b.subscription(ctx, tx, id)
	if err != nil {
		return err
	}
	s.GiveUp()
	return tx.SaveSubscription(ctx, a.Customer, s, s.DueNext(nil))
}

// Settle makes a later plan the present one once its first period was charged. Before that it changes nothing.
func (b *Biller) Settle(ctx context.Context, tx *store.Tx, id app.ID) error {
	a, s, _, err := b.subscription(ctx, tx, id)
	if err != nil {
		return err
	}
	return tx.SaveSubscription(ctx, a.Customer, s, s.DueNext(nil))
}
