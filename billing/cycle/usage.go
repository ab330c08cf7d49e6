package cycle

import (
	"slices"
	"strings"

	"allotment/billing"
)

// usageKind begins the kind of a charge for what was used, before the name of its meter.
const usageKind = "usage "

// UsageOf is the kind of a charge for what was used by a meter.
func UsageOf(meter billing.Meter) Kind { return Kind(usageKind + string(meter)) }

// IsUsage reports whether a charge of the kind is for what was used.
func (k Kind) IsUsage() bool { return strings.HasPrefix(string(k), usageKind) }

// Use is what was used by a meter on a day and was not charged yet.
type Use struct {
	Meter    billing.Meter
	Day      billing.Date // on the seller's calendar
	Quantity billing.Decimal
}

// Used is what a charge asks for: uses that have one price.
type Used struct {
	UsagePrice
	Uses []Use
}

// Quantity is the sum of the uses.
func (u Used) Quantity() (sum billing.Decimal, err error) {
	for _, use := range u.Uses {
		if sum, err = sum.Add(use.Quantity); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// open are the uses that are still to be charged, the earliest first. What was used before the subscription began, in its trial, is free.
func (s Subscription) open() []Use {
	open := slices.DeleteFunc(slices.Clone(s.Uses), func(u Use) bool {
		_, priced := s.UsagePriceOn(u.Meter, u.Day)
		return !priced || u.Day.Before(s.Anchor)
	})
	slices.SortStableFunc(open, func(a, b Use) int { return -a.Day.DaysUntil(b.Day) })
	return open
}

// usageCut returns the day before which everything that was used is charged on a day, in arrears: the last end of a month from the anchor; the
// zero day where none has come since the last charge. Use is charged by months, however long a period of the price is. After the end of the
// subscription all of it is, a day later so that its last hours are known.
func (s Subscription) usageCut(day billing.Date) billing.Date {
	if !s.End.IsZero() && !day.Before(s.End.AddDays(1)) {
		return later(s.End, s.UsedUntil).AddDays(1)
	}
	if day.Before(s.Anchor) {
		return billing.Date{}
	}
	if s.over(day) { // its last day: what comes after the last whole month waits until tomorrow
		day = s.End.AddDays(-1)
	}
	month, _, err := billing.PeriodOn(s.Anchor, billing.Month, day)
	if err != nil || !s.Anchor.Before(month.Start) || !s.UsedUntil.Before(month.Start) {
		return billing.Date{}
	}
	return month.Start
}

func later(a, b billing.Date) billing.Date {
	if a.Before(b) {
		return b
	}
	return a
}

// UsageDue is when the open uses are charged; no day where there are none.
func (s Subscription) UsageDue() billing.Date {
	if len(s.usagePrices()) == 0 {
		return billing.Date{}
	}
	open := s.open()
	if len(open) == 0 {
		return billing.Date{}
	}
	return s.UsageDueOn(open[0].Day)
}

// usage returns the charges for what was used and is due on a day, one for each meter. Events that were reported late are among them.
func (s Subscription) usage(day billing.Date) []Charge {
	if len(s.usagePrices()) == 0 {
		return nil
	}
	if cut := s.usageCut(day); !cut.IsZero() {
		return s.usageBefore(cut)
	}
	return nil
}

// UsedSoFar returns the charges for what was used by a day and was not charged yet, as they would be if it were asked for now.
func (s Subscription) UsedSoFar(today billing.Date) []Charge {
	return s.usageBefore(later(today, s.UsedUntil).AddDays(1))
}

// Amount is what a charge for use comes to, net, rounded once for each price.
func (c Charge) Amount() (billing.Money, error) {
	sum := billing.Zero(c.Price.Currency)
	for _, used := range c.Used {
		quantity, err := used.Quantity()
		if err != nil {
			return sum, err
		}
		amount, err := billing.Price(used.Price, quantity, sum.Currency)
		if err == nil {
			sum, err = sum.Add(amount)
		}
		if err != nil {
			return sum, err
		}
	}
	return sum, nil
}

func (s Subscription) usageBefore(cut billing.Date) []Charge {
	period := billing.Period{Start: later(s.Anchor, s.UsedUntil), End: cut}
	var charges []Charge
	for _, meter := range billing.Meters() {
		c := Charge{
			Subscription: s.ID, Kind: UsageOf(meter), Name: s.Name, Description: s.Description, Price: billing.Zero(s.Price.Currency), Period: period,
			Whole: period, Meter: meter,
		}
		for _, use := range s.open() {
			if use.Meter == meter && use.Day.Before(cut) {
				price, _ := s.UsagePriceOn(meter, use.Day)
				c.add(price, use)
			}
		}
		if len(c.Used) > 0 {
			c.Settles = s.settled(c)
			charges = append(charges, c)
		}
	}
	return charges
}

// settled are the uses of a charge, and those without a price that nobody will ever be charged for: with it all of them are done.
func (s Subscription) settled(c Charge) (uses []Use) {
	for _, use := range s.Uses {
		if use.Meter == c.Meter && !use.Day.Before(s.Anchor) && use.Day.Before(c.Period.End) {
			uses = append(uses, use)
		}
	}
	return uses
}

// add counts a use to those that have its price.
func (c *Charge) add(price UsagePrice, use Use) {
	for i := range c.Used {
		if c.Used[i].From == price.From {
			c.Used[i].Uses = append(c.Used[i].Uses, use)
			return
		}
	}
	c.Used = append(c.Used, Used{price, []Use{use}})
}

// UsageDueOn returns the day on which what was used on a day will be charged.
func (s Subscription) UsageDueOn(day billing.Date) billing.Date {
	day = later(day, s.UsedUntil)
	month, _, err := billing.PeriodOn(s.Anchor, billing.Month, day)
	if err != nil || s.over(month.End) {
		return s.End.AddDays(1)
	}
	return month.End
}

// DueNext returns the day on which anything is due next, once charges were invoiced: a period, or what was used; no day when there is none.
func (s Subscription) DueNext(charges []Charge) billing.Date {
	_, on := s.Charged(charges)
	s.UsedUntil = s.Cut(charges)
	if !s.UsedUntil.IsZero() {
		s.Uses = slices.DeleteFunc(slices.Clone(s.Uses), func(u Use) bool { return covers(charges, s.ID, u) })
	}
	if use := s.UsageDue(); on.IsZero() || !use.IsZero() && use.Before(on) {
		return use
	}
	return on
}

// Cut is the day before which use has been charged, once charges were invoiced.
func (s Subscription) Cut(charges []Charge) billing.Date {
	for _, c := range charges {
		if c.Subscription == s.ID && c.Kind.IsUsage() {
			s.UsedUntil = later(s.UsedUntil, c.Period.End)
		}
	}
	return s.UsedUntil
}

func covers(charges []Charge, subscription string, u Use) bool {
	return slices.ContainsFunc(charges, func(c Charge) bool {
		return c.Subscription == subscription && c.Meter == u.Meter && c.Kind.IsUsage() && u.Day.Before(c.Period.End)
	})
}
