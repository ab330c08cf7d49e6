package billing

import "fmt"

// Prorate returns the price of the days of part, given the price of the whole period. The number of days of the whole is the
// denominator, for a charge and for the credit that takes it back.
func Prorate(price Money, part, whole Period) (Money, error) {
	if whole.Days() <= 0 || part.Days() < 0 || (part.Days() > 0 && (part.Start.Before(whole.Start) || whole.End.Before(part.End))) {
		return Money{}, fmt.Errorf("%s is not a part of %s", part, whole)
	}
	return price.Share(int64(part.Days()), int64(whole.Days()))
}

// Unused returns the part of charged, the amount that was invoiced for period, that belongs to the days from day on. What is used
// is charged - Unused, so that both add up. It looks at the invoice alone: today's price is of no interest.
func Unused(charged Money, period Period, day Date) (Money, error) {
	rest := period.From(day)
	if rest.IsZero() {
		return Zero(charged.Currency), nil
	}
	return Prorate(charged, rest, period)
}
