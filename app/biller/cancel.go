package biller

import (
	"context"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

// Cancel ends a subscription on the first day that its minimum term and notice allow, and returns that day: the first that is no longer
// served. Nothing is taken back: it has been paid until then.
func (b *Biller) Cancel(ctx context.Context, tx *store.Tx, id app.ID) (billing.Date, error) {
	a, s, day, err := b.subscription(ctx, tx, id)
	if err != nil {
		return billing.Date{}, err
	}
	if !s.End.IsZero() {
		return s.End, nil
	}
	end, err := s.Term.EarliestEnd(s.Anchor, s.Every, day)
	if err != nil {
		return billing.Date{}, err
	}
	end = mayLeave(s, end)
	if _, on := s.Charged(nil); end.Before(on) {
		end = on // what was invoiced already is served
	}
	endOn(&s, end)
	return s.End, tx.SaveSubscription(ctx, a.Customer, s, s.DueNext(nil))
}

// Stop ends a subscription today and takes nothing back: its claims stay.
func (b *Biller) Stop(ctx context.Context, tx *store.Tx, id app.ID) error {
	a, s, day, err := b.subscription(ctx, tx, id)
	if err != nil || (!s.End.IsZero() && !day.Before(s.End)) {
		return err
	}
	stopOn(&s, day)
	return tx.SaveSubscription(ctx, a.Customer, s, s.DueNext(nil))
}

// CancelNow ends a subscription today and credits the days that were paid and are not used.
func (b *Biller) CancelNow(ctx context.Context, tx *store.Tx, id app.ID) (store.Issue, error) {
	a, s, day, err := b.subscription(ctx, tx, id)
	if err != nil {
		return store.Issue{}, err
	}
	if !s.End.IsZero() && !day.Before(s.End) {
		return store.Issue{}, app.Errorf(app.Conflict, "This subscription has ended already.")
	}
	stopOn(&s, day)
	if err := tx.SaveSubscription(ctx, a.Customer, s, s.DueNext(nil)); err != nil {
		return store.Issue{}, err
	}
	document, period, _, err := tx.ChargeOn(ctx, id, day)
	if app.CodeOf(err) == app.NotFound {
		return store.Issue{}, nil
	}
	if err != nil {
		return store.Issue{}, err
	}
	return b.creditRest(ctx, tx, document, s, period, day)
}

// Reactivate takes back the end of a subscription that has not come yet.
func (b *Biller) Reactivate(ctx context.Context, tx *store.Tx, id app.ID) error {
	a, s, day, err := b.subscription(ctx, tx, id)
	if err != nil {
		return err
	}
	if s.End.IsZero() || !day.Before(s.End) {
		return app.Errorf(app.Conflict, "This subscription has ended already, or does not end.")
	}
	s.End = billing.Date{}
	return tx.SaveSubscription(ctx, a.Customer, s, s.DueNext(nil))
}

// endOn ends a subscription on a day that may be taken back until then. A plan that was chosen to begin then or later never does; a price that
// was announced is not charged from then on either, and holds again when the end is taken back.
func endOn(s *store.Subscribed, day billing.Date) {
	s.End = day
	if from := s.LaterFrom(); !from.IsZero() && !from.Before(day) {
		s.GiveUp()
	}
}

// stopOn ends a subscription for good on a day: nothing that was to begin then or later does.
func stopOn(s *store.Subscribed, day billing.Date) {
	s.End = day
	if from := s.LaterFrom(); !from.IsZero() && !from.Before(day) {
		s.Later, s.Coming = nil, store.Coming{}
	}
}
