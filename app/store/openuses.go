package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/cycle"
)

// uncharged fills in what was used and not charged of subscriptions that are measured: one statement for all of them, and none where none is. What
// is reported meanwhile waits for the subscription's lock, so that what is marked afterwards is what was seen here.
func (t *Tx) uncharged(ctx context.Context, accounts []Account, measured []app.ID) error {
	if len(measured) == 0 {
		return nil
	}
	rows, err := t.tx.Query(ctx, `
		SELECT subscription_id, meter, used_on, sum(quantity)::text FROM usage_events WHERE subscription_id = ANY ($1) AND charge_id IS NULL
		GROUP BY 1, 2, 3 ORDER BY 1, 3, 2`, measured)
	if err != nil {
		return classify(err)
	}
	uses := map[string][]cycle.Use{}
	var id app.ID
	var use cycle.Use
	var day time.Time
	var quantity string
	_, err = pgx.ForEachRow(rows, []any{&id, &use.Meter, &day, &quantity}, func() (err error) {
		use.Day = dateOf(&day)
		if use.Quantity, err = billing.ParseDecimal(quantity); err != nil {
			return fmt.Errorf("the use of subscription %s: %w", id, err)
		}
		uses[id.String()] = append(uses[id.String()], use)
		return nil
	})
	for i := range accounts {
		for j := range accounts[i].Subscriptions {
			s := &accounts[i].Subscriptions[j]
			s.Uses = uses[s.ID]
		}
	}
	return classify(err)
}

// markUses notes which charge has billed what was used. Where that is not exactly what the charge asks for, nothing may be issued.
func (t *Tx) markUses(ctx context.Context, issues []Issue) error {
	var c columns
	want := map[app.ID]billing.Decimal{}
	for _, one := range issues {
		for _, charge := range one.Charges {
			if charge.Kind.IsUsage() {
				c.add(charge.ID, charge.Subscription, string(charge.Meter), charge.First.UTC(), charge.Period.End.UTC())
				want[charge.ID] = charge.Quantity
			}
		}
	}
	if c == nil {
		return nil
	}
	rows, err := t.tx.Query(ctx, `
		WITH marked AS (
			UPDATE usage_events e SET charge_id = u.charge
			FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::date[], $5::date[]) u(charge, subscription, meter, first, cut)
			WHERE e.subscription_id = u.subscription AND e.meter = u.meter AND e.used_on >= u.first AND e.used_on < u.cut AND e.charge_id IS NULL
			RETURNING e.charge_id, e.quantity)
		SELECT charge_id, sum(quantity)::text FROM marked GROUP BY 1`, c.arrays()...)
	if err != nil {
		return classify(err)
	}
	var id app.ID
	var quantity string
	_, err = pgx.ForEachRow(rows, []any{&id, &quantity}, func() error {
		sum, err := billing.ParseDecimal(quantity)
		if err == nil && sum != want[id] {
			err = fmt.Errorf("the charge %s asks for %s, and %s was used", id, want[id], sum)
		}
		delete(want, id)
		return err
	})
	if err == nil && len(want) > 0 {
		err = fmt.Errorf("%d charges ask for use that is not there", len(want))
	}
	return classify(err)
}
