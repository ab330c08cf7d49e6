package biller

import (
	"context"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/cycle"
)

// Reprice lets a subscription pay another price from the period on that begins on day, where nothing else is to begin and nothing was charged
// for that period; it reports whether it did. The plan stays.
func (b *Biller) Reprice(ctx context.Context, tx *store.Tx, id app.ID, plan string, to store.Offered, day billing.Date) (bool, error) {
	a, s, _, err := b.subscription(ctx, tx, id)
	if err != nil {
		return false, err
	}
	period, n, err := billing.PeriodOn(s.Anchor, s.Every, day)
	if err != nil {
		return false, err
	}
	if s.Later != nil || !s.End.IsZero() || period.Start != day || n < s.Next {
		return false, nil
	}
	s.Later = &cycle.Later{From: n, Name: s.Name, Price: to.Amount}
	s.Coming = store.Coming{Plan: plan, Wholesale: to.Legs, List: to.Seller, PriceID: to.ID}
	return true, tx.SaveSubscription(ctx, a.Customer, s, s.DueNext(nil))
}

// mayLeave is the day on which a subscription may end at the latest: before a dearer price of the same plan begins, whatever term or notice was
// agreed. Otherwise it is end.
func mayLeave(s store.Subscribed, end billing.Date) billing.Date {
	from := s.LaterFrom()
	if from.IsZero() || !from.Before(end) || s.Later.Name != s.Name || s.Later.Price.Minor <= s.Price.Minor {
		return end
	}
	return from
}
