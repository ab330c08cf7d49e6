package store

import (
	"context"
	"encoding/json"
	"fmt"

	"allotment/app"
)

// Ordered returns a service's subscription as it was ordered, before anything of it is charged, with the days that are free.
func (t *Tx) Ordered(ctx context.Context, service app.ID) (s Subscribed, trial int, err error) {
	var id app.ID
	var coupon []byte
	err = t.tx.QueryRow(ctx, `
		SELECT id, name, description, currency, amount_minor, setup_minor, period, minimum, notice, coupon, trial_days FROM subscriptions WHERE service_id = $1`, service).
		Scan(&id, &s.Name, &s.Description, &s.Price.Currency, &s.Price.Minor, &s.Setup.Minor, &s.Every, &s.Term.Minimum, &s.Term.Notice, &coupon, &trial)
	if err != nil {
		return s, 0, classify(err)
	}
	s.ID, s.Setup.Currency = id.String(), s.Price.Currency
	if coupon != nil {
		if err := json.Unmarshal(coupon, &s.Coupon); err != nil {
			return s, 0, fmt.Errorf("coupon of subscription %s: %w", id, err)
		}
	}
	return s, trial, nil
}
