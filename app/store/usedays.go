package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/cycle"
)

// UsedOn is what was used by a meter on a day.
type UsedOn struct {
	cycle.Use
	Charged bool
}

// UsedBetween returns what a subscription has used by days, the earliest first, of days whose events are still there: see SumUpUses.
func (t *Tx) UsedBetween(ctx context.Context, subscription app.ID, days billing.Period) ([]UsedOn, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT meter, used_on, sum(quantity)::text, bool_and(charge_id IS NOT NULL) FROM usage_events
		WHERE subscription_id = $1 AND used_on >= $2 AND used_on < $3 GROUP BY 1, 2 ORDER BY 2, 1`, subscription, days.Start.UTC(), days.End.UTC())
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (u UsedOn, err error) {
		var day time.Time
		var quantity string
		if err = row.Scan(&u.Meter, &day, &quantity, &u.Charged); err == nil {
			u.Day = dateOf(&day)
			u.Quantity, err = billing.ParseDecimal(quantity)
		}
		return u, err
	})
	return all, classify(err)
}

// SumUpUses drops the events that were used, and billed by an invoice that was issued, before the day that is said for their meter, of up to limit
// days of charges; it returns how many events went. What a charge has billed of each day stays in usage_days, with how many events it was made of:
// that, the charge and the frozen document are what an invoice rests on. The database refuses to drop an event whose day is not kept in full.
// What was not billed stays, however old it is.
func (t *Tx) SumUpUses(ctx context.Context, before map[billing.Meter]billing.Date, limit int) (gone int, err error) {
	var c columns
	for meter, day := range before {
		c.add(string(meter), day.UTC())
	}
	if c == nil {
		return 0, nil
	}
	err = t.tx.QueryRow(ctx, `
		WITH old AS (
			SELECT DISTINCT e.organization_id, e.charge_id, e.used_on
			FROM unnest($1::text[], $2::date[]) k(meter, before)
			JOIN usage_events e ON e.meter = k.meter AND e.used_on < k.before AND e.charge_id IS NOT NULL
			JOIN charges c ON c.organization_id = e.organization_id AND c.id = e.charge_id
			JOIN invoices i ON i.id = c.invoice_id AND i.issued_on < k.before
			LIMIT $3),
		summed AS (
			INSERT INTO usage_days (organization_id, charge_id, subscription_id, meter, used_on, quantity, events)
			SELECT organization_id, charge_id, subscription_id, meter, used_on, sum(quantity), count(*)
			FROM usage_events JOIN old USING (organization_id, charge_id, used_on) GROUP BY 1, 2, 3, 4, 5
			ON CONFLICT DO NOTHING RETURNING organization_id, charge_id, used_on),
		gone AS (
			DELETE FROM usage_events e USING summed s
			WHERE e.organization_id = s.organization_id AND e.charge_id = s.charge_id AND e.used_on = s.used_on RETURNING e.id)
		SELECT count(*) FROM gone`, c[0], c[1], limit).Scan(&gone)
	return gone, classify(err)
}

// useChecks find what invoices ask for and was not used. What has no unit of its own on an invoice is not told apart there.
var useChecks = []string{
	`SELECT format('The invoice %s of %s asks for %s x %s, and %s was used.', i.number, i.seller_id, asked.quantity, asked.unit, trim_scale(coalesce(used.quantity, 0)))
	 FROM charges c
	 JOIN invoices i ON i.id = c.invoice_id
	 CROSS JOIN LATERAL (
		SELECT l ->> 'unit' AS unit, sum((l ->> 'quantity')::numeric) AS quantity FROM json_array_elements(i.document -> 'lines') l
		WHERE l ->> 'source' = c.subscription_id::text AND l ->> 'unit' = CASE c.kind WHEN 'usage guest_hours' THEN 'HUR' WHEN 'usage traffic_gib' THEN 'E62' END
		GROUP BY 1) asked
	 LEFT JOIN (
		SELECT charge_id, sum(quantity) AS quantity
		FROM (SELECT charge_id, quantity FROM usage_events WHERE charge_id IS NOT NULL UNION ALL SELECT charge_id, quantity FROM usage_days) u
		GROUP BY 1) used ON used.charge_id = c.id
	 WHERE asked.quantity > coalesce(used.quantity, 0)`,
	`SELECT format('What the charge %s has billed of %s is kept by events and by the day.', d.charge_id, d.used_on)
	 FROM usage_days d WHERE EXISTS (SELECT FROM usage_events e WHERE e.charge_id = d.charge_id AND e.used_on = d.used_on AND e.meter = d.meter)`,
}
