package app

import "allotment/billing"

// Agreement is what a subscription binds its customer to, beside the price.
type Agreement struct {
	ID        ID
	Seller    ID           // who invoices it; the zero ID for the operator's own services, which nobody invoices
	Zone      string       // of the seller: its days are counted there
	Anchor    billing.Date // the first day that is charged, after the trial; none before the service was first active
	TrialDays int
	NextOn    billing.Date // when the next period is invoiced; none where nothing comes any more
	End       billing.Date // the first day that is no longer served; none while it goes on
	Term      billing.Term // how long it lasts at least, and how long ahead it is given up
	Later     *LaterPlan   // another plan that was chosen for a later day
	Parked    string       // why it could not be invoiced, for the seller
}

// LaterPlan is a plan that takes over on a day.
type LaterPlan struct {
	Plan  string // catalog ID
	Name  string // as it stands on invoices
	Price billing.Money
	On    billing.Date

	List, PriceID ID // on which list the price stands, with its ID there
}

// Begun reports whether the service behind it has been active.
func (a Agreement) Begun() bool { return !a.Anchor.IsZero() }

// Trial reports whether day is one of those that cost nothing.
func (a Agreement) Trial(day billing.Date) bool { return a.Begun() && day.Before(a.Anchor) }

// Ended reports whether it is no longer served on day.
func (a Agreement) Ended(day billing.Date) bool { return !a.End.IsZero() && !day.Before(a.End) }
