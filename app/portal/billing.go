package portal

import (
	"context"
	"slices"
	"strings"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/invoice"
)

// monthsShown is how many months the overview's chart has.
const monthsShown = 12

// What the overview is made of, as the store reads it.
type (
	Running      = store.Running
	OpenDocument = store.OpenDocument
	Spent        = store.Spent
	CreditMove   = store.CreditMove
	Profile      = store.Profile
)

// BillingOverview is what an organization pays: what for, what next, what is open, and what it was in the last months.
type BillingOverview struct {
	Gap        Gap
	Seller     app.Organization
	Running    []Running       // subscriptions that are charged or will be, by name of the service
	Monthly    []billing.Money // what they cost in a month, net, for each currency
	Next       []ComingInvoice // for each account, the soonest first
	Used       []ServiceUse    // what measured services have used and were not charged for yet
	Open       []OpenDocument
	OpenCount  int             // how many are open; Open holds the ten that are due first
	Owed       []billing.Money // all that is open, for each currency
	Overdue    []billing.Money // of that, what is past its day
	Credit     []billing.Money // what the seller owes, for each currency
	Held       []app.Service   // services that stand still because something is not paid
	Months     []billing.Date  // the first days of the last twelve months, the oldest first
	Spent      []Spent         // what each service cost in those months
	EverBilled bool
}

// ComingInvoice is the next invoice of one account, exactly as a run will issue it.
type ComingInvoice struct {
	Service  app.ID // one of those that it is for
	On       billing.Date
	Document invoice.Document // without its number; the zero value where it cannot be made out
	Problem  string           // why it cannot; "" where it can
}

// BillingOverview returns what the actor's organization pays.
func (p *Portal) BillingOverview(ctx context.Context, actor app.Actor) (o BillingOverview, err error) {
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) error {
		o, err = p.billingOverview(ctx, tx, actor.Organization)
		return err
	})
	return o, err
}

func (p *Portal) billingOverview(ctx context.Context, tx *store.Tx, id app.ID) (o BillingOverview, err error) {
	if o.Gap, err = gapOf(ctx, tx, id); err != nil {
		return o, err
	}
	if o.Running, err = tx.RunningSubscriptions(ctx, id); err != nil {
		return o, err
	}
	if o.Used, err = p.measuredUse(ctx, tx, id); err != nil {
		return o, err
	}
	if o.Open, err = tx.OpenDocuments(ctx, id); err != nil {
		return o, err
	}
	if o.Credit, err = tx.CreditOf(ctx, id); err != nil {
		return o, err
	}
	if o.Held, err = tx.HeldForBilling(ctx, id); err != nil {
		return o, err
	}
	today := billing.DateIn(p.now(), p.now().Location())
	first := billing.Date{Year: today.Year, Month: today.Month, Day: 1}.AddMonths(1 - monthsShown)
	for n := range monthsShown {
		o.Months = append(o.Months, first.AddMonths(n))
	}
	if o.Spent, err = tx.SpentSince(ctx, id, first); err != nil {
		return o, err
	}
	o.EverBilled = len(o.Spent) > 0 || len(o.Open) > 0
	o.Monthly = monthly(o.Running)
	o.Owed, o.Overdue = owed(o.Open, today)
	o.OpenCount, o.Open = len(o.Open), o.Open[:min(len(o.Open), 10)]
	o.Next, err = p.nextInvoices(ctx, tx, o.Running)
	return o, err
}

// nextInvoices previews the next invoice of each account. What the engine cannot make out is told with its reason.
func (p *Portal) nextInvoices(ctx context.Context, tx *store.Tx, running []Running) ([]ComingInvoice, error) {
	var all []ComingInvoice
	seen := map[string]bool{}
	for _, r := range running {
		account := r.Seller.String() + r.Price.Currency
		if r.Next.IsZero() || seen[account] {
			continue
		}
		seen[account] = true
		document, due, err := p.biller.Preview(ctx, tx, r.ID)
		switch {
		case app.CodeOf(err) == app.NotFound: // it has not begun
		case app.CodeOf(err) == app.Conflict || app.CodeOf(err) == app.Invalid:
			all = append(all, ComingInvoice{Service: r.Service, On: r.Next, Problem: app.Words(err)})
		case app.CodeOf(err) == app.Internal: // in words for people, as runs park it
			all = append(all, ComingInvoice{Service: r.Service, On: r.Next, Problem: sentence(err)})
		case err != nil:
			return nil, err
		case due:
			next := ComingInvoice{Service: r.Service, On: document.Issued, Document: document}
			for _, line := range document.Lines {
				if line.Tax.Hold != "" {
					next.Problem = line.Tax.Hold
				}
			}
			all = append(all, next)
		}
	}
	slices.SortFunc(all, func(a, b ComingInvoice) int { return a.On.Compare(b.On) })
	return all, nil
}

// sentence is an engine's reason as one.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + strings.TrimRight(text[1:], ".") + "."
}

// monthly is what subscriptions cost in a month, for each currency. A year's twelfth is rounded half up once for each.
func monthly(running []Running) []billing.Money {
	totals := map[string]int64{}
	for _, r := range running {
		totals[r.Price.Currency] += r.PerMonth().Minor
	}
	return moneys(totals)
}

// owed is what is open, and what of it is past its day.
func owed(open []OpenDocument, today billing.Date) (all, overdue []billing.Money) {
	total, late := map[string]int64{}, map[string]int64{}
	for _, d := range open {
		total[d.Left.Currency] += d.Left.Minor
		if d.Due.Before(today) {
			late[d.Left.Currency] += d.Left.Minor
		}
	}
	return moneys(total), moneys(late)
}

func moneys(totals map[string]int64) []billing.Money {
	var all []billing.Money
	for currency, minor := range totals {
		all = append(all, billing.Money{Minor: minor, Currency: currency})
	}
	slices.SortFunc(all, func(a, b billing.Money) int { return strings.Compare(a.Currency, b.Currency) })
	return all
}

// CreditPage is a page of what made and used a customer's credit, the newest first.
type CreditPage struct {
	Now   []billing.Money // for each currency
	Moves []CreditMove
	Next  string
}

// CreditHistory returns a page of what made and used the credit of the actor's organization.
func (p *Portal) CreditHistory(ctx context.Context, actor app.Actor, afterText string, limit int) (CreditPage, error) {
	var page CreditPage
	if err := actor.May(app.SeeBilling); err != nil {
		return page, err
	}
	after, limit, err := pageOf(afterText, limit)
	if err != nil {
		return page, err
	}
	err = p.see(ctx, actor, app.SeeBilling, func(tx *store.Tx) (err error) {
		if page.Now, err = tx.CreditOf(ctx, actor.Organization); err != nil {
			return err
		}
		page.Moves, err = tx.CreditMoves(ctx, actor.Organization, after, limit+1)
		return err
	})
	if len(page.Moves) > limit {
		page.Moves = page.Moves[:limit]
		page.Next = page.Moves[limit-1].Entry.String()
	}
	return page, err
}
