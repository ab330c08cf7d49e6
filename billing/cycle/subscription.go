// Package cycle says what subscriptions are charged for and when, and drafts the invoice of one customer for one day. It is pure: the run
// in package portal passes the day, and stores what comes out.
package cycle

import (
	"allotment/billing"
	"allotment/billing/invoice"
)

// Kind is what a charge is for.
type Kind string

// The kinds. A subscription has one charge of a kind for the period that starts on a day, and never a second one.
const (
	Period Kind = "period" // the use of one period
	Setup  Kind = "setup"  // the fee for setting it up, once
)

// Subscription is what the cycle must know of one.
type Subscription struct {
	ID          string
	Name        string // of the line: "Nextcloud, small"
	Description string // the service's address
	Price       billing.Money
	Setup       billing.Money
	Every       billing.Interval
	Anchor      billing.Date // the first day that is charged: after the trial
	Next        int          // the number of the period that is charged next; the first is 0
	End         billing.Date // the first day that is no longer served; none while it runs
	Later       *Later       // another plan from a period on
	Coupon      *Coupon      // what is taken off

	Usage     []UsagePrice // what of it is measured and costs by the unit; none of most
	Uses      []Use        // what was measured and not charged yet
	UsedUntil billing.Date // the day before which use has been charged; none where it never was
}

// Later is a plan that takes over when a period begins.
type Later struct {
	From  int           `json:"from"` // the number of the first period that it is charged for
	Name  string        `json:"name"`
	Price billing.Money `json:"price"`
	Usage []UsagePrice  `json:"usage,omitempty"` // what Switch made of the prices of use
}

// Coupon is what is taken off the first periods of a subscription.
type Coupon struct {
	invoice.Coupon
	Periods int `json:"periods"` // how many; 0 for all
}

// Charge is one thing that a subscription owes.
type Charge struct {
	Subscription string
	Kind         Kind
	Name         string
	Description  string
	Price        billing.Money  // of the whole period
	Period       billing.Period // that is charged
	Whole        billing.Period // that the price is for
	Coupon       *invoice.Coupon
	Meter        billing.Meter // of use: by what it was measured, with the uses
	Used         []Used
	Settles      []Use // the uses that are done with it
}

// atOnce is how many periods one invoice catches up with at most: after a long pause the rest follows in the same run, on invoices of
// their own.
const atOnce = 12

// Due returns what is to be charged on day: each period that has begun by then and was not charged, and before the first one the setup fee.
// A period that the subscription leaves early is charged to its end only. Charges come oldest first; what was used, in arrears, is the last.
func (s Subscription) Due(day billing.Date) []Charge {
	var charges []Charge
	for n := s.Next; n < s.Next+atOnce; n++ {
		whole := billing.PeriodAt(s.Anchor, s.Every, n)
		if day.Before(whole.Start) || s.over(whole.Start) {
			break
		}
		period := whole
		if s.over(whole.End) {
			period.End = s.End
		}
		if n == 0 && s.Setup.Minor > 0 {
			first := billing.Period{Start: whole.Start, End: whole.Start.AddDays(1)}
			charges = append(charges, Charge{Subscription: s.ID, Kind: Setup, Name: s.Name, Description: s.Description, Price: s.Setup, Period: first})
		}
		charges = append(charges, s.charge(n, period, whole))
	}
	return append(charges, s.usage(day)...)
}

// charge is what the n-th period costs.
func (s Subscription) charge(n int, period, whole billing.Period) Charge {
	c := Charge{Subscription: s.ID, Kind: Period, Name: s.Name, Description: s.Description, Price: s.Price, Period: period, Whole: whole}
	if s.Later != nil && n >= s.Later.From {
		c.Name, c.Price = s.Later.Name, s.Later.Price
	}
	if s.Coupon != nil && (s.Coupon.Periods == 0 || n < s.Coupon.Periods) {
		c.Coupon = &s.Coupon.Coupon
	}
	return c
}

// over reports whether the subscription has ended by day.
func (s Subscription) over(day billing.Date) bool { return !s.End.IsZero() && !day.Before(s.End) }

// Charged returns the number of the next period and the day on which it is due, once charges were invoiced; no day when there is none.
func (s Subscription) Charged(charges []Charge) (next int, on billing.Date) {
	next = s.Next
	for _, c := range charges {
		if c.Subscription == s.ID && c.Kind == Period {
			next++
		}
	}
	on = billing.PeriodAt(s.Anchor, s.Every, next).Start
	if s.over(on) {
		on = billing.Date{}
	}
	return next, on
}
