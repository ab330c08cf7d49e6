package views

import (
	"context"

	"allotment/app/portal"
	"allotment/billing"
	"allotment/views/words"
)

// vatNote says what the prices of an offer are: consumers read them with VAT, businesses and everybody who is not known yet without.
func vatNote(ctx context.Context, offer portal.Offer) string {
	if offer.WithVAT() {
		return words.T(ctx, "incl. %s%% VAT", offer.Tax.Rate.Format(words.Locale(ctx)))
	}
	if offer.Tax.Known && !offer.Tax.Business {
		return words.T(ctx, "no VAT is added")
	}
	return words.T(ctx, "excl. VAT")
}

// at is a plan's offer for the interval that the form says; the shortest where it does not have that one.
func (f OrderForm) at(plan portal.PlanOffer) portal.PlanOffer {
	if at, ok := plan.At(f.Interval); ok {
		return at
	}
	return plan
}

// longer are a plan's offers for longer intervals than its shortest.
func longer(plan portal.PlanOffer) []portal.PlanOffer {
	if len(plan.Intervals) < 2 {
		return nil
	}
	return plan.Intervals[1:]
}

// aMonth is what a plan costs for a month, whatever it is charged for.
func aMonth(plan portal.PlanOffer) billing.Money {
	months := plan.Interval.Months()
	if months < 2 {
		return plan.Price
	}
	share, err := plan.Price.Share(1, int64(months))
	if err != nil {
		return plan.Price
	}
	return share
}

func intervalName(ctx context.Context, i billing.Interval) string {
	switch i {
	case billing.Month:
		return words.T(ctx, "Every month")
	case billing.Quarter:
		return words.T(ctx, "Every quarter")
	}
	return words.T(ctx, "Every year")
}

// CouponSays says what a coupon takes off what a form orders.
func CouponSays(ctx context.Context, c portal.Coupon, form OrderForm) string {
	plan, _ := planOf(form.Offer, form.Plan)
	return couponSays(ctx, c, form.at(plan).Interval)
}

// couponSays says what a coupon takes off and how long.
func couponSays(ctx context.Context, c portal.Coupon, every billing.Interval) string {
	off := couponOff(ctx, c)
	switch {
	case c.Periods == 0:
		return words.T(ctx, "%s off, as long as you stay", off)
	case c.Periods == 1:
		return words.T(ctx, "%s off the first invoice", off)
	case every == billing.Month:
		return words.T(ctx, "%s off for %d months", off, c.Periods)
	case every == billing.Quarter:
		return words.T(ctx, "%s off for %d quarters", off, c.Periods)
	}
	return words.T(ctx, "%s off for %d years", off, c.Periods)
}

// couponOff is what a coupon takes off: "20%" or an amount.
func couponOff(ctx context.Context, c portal.Coupon) string {
	if c.Percent.IsZero() {
		return money(ctx, c.Amount)
	}
	return c.Percent.Format(words.Locale(ctx)) + "%"
}

// day writes a date in the reader's language; none is a dash.
func day(ctx context.Context, d billing.Date) string {
	if d.IsZero() {
		return "–"
	}
	return words.Date(ctx, d.UTC())
}

// everyInterval is how often the same comes again. A coupon that ends is said so.
func everyInterval(ctx context.Context, preview portal.Preview) string {
	every := words.T(ctx, "each month")
	switch preview.Plan.Interval {
	case billing.Quarter:
		every = words.T(ctx, "each quarter")
	case billing.Year:
		every = words.T(ctx, "each year")
	}
	if c := preview.Coupon; c != nil && c.Periods > 1 {
		return words.T(ctx, "%s until the coupon has ended, and %s without VAT from then on", every, money(ctx, preview.Plan.Price))
	}
	return every
}

// termSays says in plain words how long a buyer is bound and how it gets out.
func termSays(ctx context.Context, preview portal.Preview) []string {
	term, first := preview.Plan.Term, preview.First
	var all []string
	if term.Minimum > 0 {
		all = append(all, words.T(ctx, "It runs for at least %d months. The earliest end is %s.", term.Minimum, day(ctx, first.Ends)))
	}
	switch {
	case term.Notice > 0:
		all = append(all, words.T(ctx, "You can give it up at any time, %d days ahead. It then ends with the period that is running by then.", term.Notice))
	case term.Minimum > 0:
		all = append(all, words.T(ctx, "After that you can give it up at any time. It then ends with the period that is paid."))
	default:
		all = append(all, words.T(ctx, "You can give it up at any time. It then ends with the period that is paid."))
	}
	return all
}

// onceOf is what a price asks for the set-up, in a line; none where it asks nothing.
func onceOf(ctx context.Context, p *portal.ListedPrice) []string {
	if p == nil || p.Setup.IsZero() {
		return nil
	}
	return []string{words.T(ctx, "plus %s once", money(ctx, p.Setup))}
}

// aboveOnce is what a seller pays itself for the set-up of what it puts on its list.
func aboveOnce(c portal.PriceChange) billing.Money {
	if c.Above == nil || c.Price.Withdrawn {
		return billing.Money{}
	}
	return c.Above.Setup
}

// noPrice says what it means that a list never had a price: whoever buys of somebody asks what it pays, and who buys of nobody does not sell.
func noPrice(ctx context.Context, row portal.PriceRow) string {
	switch {
	case row.Key.Audience == portal.Resellers:
		return words.T(ctx, "Resellers have no price of their own here: they pay what everybody pays.")
	case row.Asked != nil:
		return words.T(ctx, "Your list has no price of its own: what you pay yourself is asked.")
	}
	return words.T(ctx, "It has no price yet, so nobody can order it for this interval.")
}

// withdrawal says what holds once a price is off the list.
func withdrawal(ctx context.Context, row portal.PriceRow) string {
	switch {
	case row.Key.Audience == portal.Resellers:
		return words.T(ctx, "It is taken off your list. Resellers pay what everybody pays from then on.")
	case row.Asked != nil:
		return words.T(ctx, "It is taken off your list. What you pay yourself is asked from then on.")
	}
	return words.T(ctx, "It is taken off your list. Nobody can order it for this interval from then on.")
}
