package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/cycle"
)

// NewUse is one measured use. Its ID is unique within the customer's organization: what is reported twice counts once.
type NewUse struct {
	Customer     app.ID
	ID           string
	Subscription app.ID
	Meter        billing.Meter
	At           time.Time
	Day          billing.Date // of At, on the seller's calendar
	Quantity     billing.Decimal
	Due          billing.Date // when it is to be charged
}

// InsertUses keeps uses and lets those be charged that nothing else would wake. One whose ID is known already changes nothing, whatever it says. It
// returns which of them were new.
func (t *Tx) InsertUses(ctx context.Context, uses []NewUse, now time.Time) (added []NewUse, err error) {
	var c columns
	byID := map[string]NewUse{}
	for _, u := range uses {
		c.add(u.Customer, u.ID, u.Subscription, string(u.Meter), u.At, u.Day.UTC(), u.Quantity.String())
		byID[u.Customer.String()+u.ID] = u
	}
	if c == nil {
		return nil, nil
	}
	if err := t.lockAccountsOfUses(ctx, uses); err != nil {
		return nil, err
	}
	rows, err := t.tx.Query(ctx, `
		INSERT INTO usage_events (organization_id, id, subscription_id, meter, used_at, used_on, quantity, received_at)
		SELECT customer, id, subscription, meter, at, day, quantity::numeric, $8::timestamptz
		FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::timestamptz[], $6::date[], $7::text[]) u(customer, id, subscription, meter, at, day, quantity)
		ORDER BY subscription, id ON CONFLICT (organization_id, id) DO NOTHING RETURNING organization_id, id`,
		c[0], c[1], c[2], c[3], c[4], c[5], c[6], now)
	if err != nil {
		return nil, classify(err)
	}
	var customer app.ID
	var id string
	if _, err = pgx.ForEachRow(rows, []any{&customer, &id}, func() error {
		added = append(added, byID[customer.String()+id])
		return nil
	}); err != nil {
		return nil, classify(err)
	}
	return added, t.wakeUses(ctx, added)
}

// lockAccountsOfUses locks the accounts that are to be woken, before anything of their subscriptions: the run locks in this order, too.
func (t *Tx) lockAccountsOfUses(ctx context.Context, uses []NewUse) error {
	var c columns
	for _, u := range uses {
		c.add(u.Subscription, u.Due.UTC())
	}
	_, err := t.tx.Exec(ctx, `
		SELECT FROM billing_accounts a
		JOIN subscriptions s ON a.organization_id = s.organization_id AND a.seller_id = s.seller_id AND a.currency = s.currency
		JOIN (SELECT id, min(due) AS due FROM unnest($1::uuid[], $2::date[]) x(id, due) GROUP BY id) u ON u.id = s.id
		WHERE s.next_on IS NULL OR s.next_on > u.due ORDER BY a.id FOR UPDATE OF a`, c[0], c[1])
	return classify(err)
}

// wakeUses brings forward when subscriptions are due, where it is later than the day on which their use is to be charged.
func (t *Tx) wakeUses(ctx context.Context, uses []NewUse) error {
	var c columns
	for _, u := range uses {
		c.add(u.Subscription, u.Due.UTC())
	}
	if c == nil {
		return nil
	}
	_, err := t.tx.Exec(ctx, `
		UPDATE subscriptions s SET next_on = u.due
		FROM (SELECT id, min(due) AS due FROM unnest($1::uuid[], $2::date[]) x(id, due) GROUP BY id ORDER BY id) u
		WHERE s.id = u.id AND (s.next_on IS NULL OR s.next_on > u.due)`, c[0], c[1])
	return classify(err)
}

// Use is a use that is kept.
type Use struct {
	ID           string
	Subscription app.ID
	Meter        billing.Meter
	At           time.Time
	Quantity     billing.Decimal
	Charged      bool
}

// KnownUses returns those of a customer's uses that have one of the IDs.
func (t *Tx) KnownUses(ctx context.Context, customer app.ID, ids []string) (map[string]Use, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT id, subscription_id, meter, used_at, quantity::text, charge_id IS NOT NULL FROM usage_events WHERE organization_id = $1 AND id = ANY ($2)`, customer, ids)
	if err != nil {
		return nil, classify(err)
	}
	known := map[string]Use{}
	var u Use
	var quantity string
	_, err = pgx.ForEachRow(rows, []any{&u.ID, &u.Subscription, &u.Meter, &u.At, &quantity, &u.Charged}, func() (err error) {
		u.Quantity, err = billing.ParseDecimal(quantity)
		known[u.ID] = u
		return err
	})
	return known, classify(err)
}

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

// Measured is a running service that is measured.
type Measured struct {
	cycle.Subscription
	Customer       app.ID
	SubscriptionID app.ID
	Zone           string    // the seller's
	Since          time.Time // since when it runs without having been held
	Guest          app.Ref
	Last           time.Time // the last hour that was measured; the zero time where none was
}

// MeasuredServices returns up to limit active services behind a subscription that no hold stops, and that are measured by what their guest does.
func (t *Tx) MeasuredServices(ctx context.Context, after app.ID, limit int) ([]Measured, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT s.organization_id, s.id, coalesce(z.zone, 'Europe/Amsterdam'), s.anchor, s.end_on, s.used_until, s.meters,
			greatest(v.active_at, s.starts_at, (SELECT max(h.released_at) FROM holds h WHERE h.service_id = v.id)),
			r.organization_id, r.service_id, r.id, r.name, r.external_id,
			(SELECT max(e.used_at) FROM usage_events e WHERE e.subscription_id = s.id AND e.meter IN ('guest_hours', 'disk_gib_hours'))
		FROM subscriptions s
		JOIN services v ON v.organization_id = s.organization_id AND v.id = s.service_id
		JOIN resources r ON r.organization_id = v.organization_id AND r.service_id = v.id AND r.kind = 'guest' AND r.state <> 'removed'
		LEFT JOIN seller_terms z ON z.organization_id = s.seller_id
		WHERE s.meters <> '[]' AND s.seller_id IS NOT NULL AND s.anchor IS NOT NULL AND s.id > $1 AND v.state = 'active'
			AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.service_id = v.id AND h.released_at IS NULL)
		ORDER BY s.id LIMIT $2`, after, limit)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m Measured, err error) {
		var anchor time.Time
		var end, until, last, since *time.Time
		var usage []byte
		err = row.Scan(&m.Customer, &m.SubscriptionID, &m.Zone, &anchor, &end, &until, &usage, &since, &m.Guest.Organization, &m.Guest.Service, &m.Guest.Resource,
			&m.Guest.Name, &m.Guest.ExternalID, &last)
		if err != nil {
			return m, err
		}
		m.ID, m.Anchor, m.End, m.UsedUntil, m.Last, m.Since = m.SubscriptionID.String(), dateOf(&anchor), dateOf(end), dateOf(until), value(last), value(since)
		return m, json.Unmarshal(usage, &m.Usage)
	})
	return all, classify(err)
}

// UsageAgreement is what must be known of a subscription to take in what was used by it.
type UsageAgreement struct {
	cycle.Subscription
	Customer       app.ID
	SubscriptionID app.ID
	Seller         app.ID
	Currency       string
	Zone           string // the seller's
}

// Unbilled fills in what of it was used and not charged yet.
func (t *Tx) Unbilled(ctx context.Context, u *UsageAgreement) error {
	accounts := []Account{{Subscriptions: []Subscribed{{Subscription: u.Subscription}}}}
	err := t.uncharged(ctx, accounts, []app.ID{u.SubscriptionID})
	u.Uses = accounts[0].Subscriptions[0].Uses
	return err
}

// UsageAgreement returns it for a service that the actor sees, or NotFound.
func (t *Tx) UsageAgreement(ctx context.Context, service app.ID) (u UsageAgreement, err error) {
	var anchor, end, until *time.Time
	var seller *app.ID
	var usage []byte
	err = t.tx.QueryRow(ctx, `
		SELECT s.organization_id, s.id, s.seller_id, s.currency, coalesce(z.zone, 'Europe/Amsterdam'), s.anchor, s.end_on, s.used_until, s.meters
		FROM subscriptions s LEFT JOIN seller_terms z ON z.organization_id = s.seller_id WHERE s.service_id = $1`, service).
		Scan(&u.Customer, &u.SubscriptionID, &seller, &u.Currency, &u.Zone, &anchor, &end, &until, &usage)
	if err != nil {
		return u, classify(err)
	}
	u.ID, u.Seller, u.Price.Currency = u.SubscriptionID.String(), value(seller), u.Currency
	u.Anchor, u.End, u.UsedUntil = dateOf(anchor), dateOf(end), dateOf(until)
	return u, json.Unmarshal(usage, &u.Usage)
}

// UsedOn is what was used by a meter on a day.
type UsedOn struct {
	cycle.Use
	Charged bool
}

// UsedBetween returns what a subscription has used by days, the earliest first.
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

// SaveUsagePrices keeps what a subscription is measured by, and at which prices.
func (t *Tx) SaveUsagePrices(ctx context.Context, customer, subscription app.ID, usage []cycle.UsagePrice) error {
	data, err := json.Marshal(append([]cycle.UsagePrice{}, usage...))
	if err != nil {
		return fmt.Errorf("subscription %s: %w", subscription, err)
	}
	return t.changeOne(ctx, `UPDATE subscriptions SET meters = $3 WHERE organization_id = $1 AND id = $2`, customer, subscription, data)
}

// MeasuredOf returns up to limit living services of an organization that are measured, by name.
func (t *Tx) MeasuredOf(ctx context.Context, organization app.ID, limit int) ([]app.Service, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+serviceColumns+`, o.name FROM subscriptions u
		JOIN services s ON s.organization_id = u.organization_id AND s.id = u.service_id
		JOIN organizations o ON o.id = s.organization_id
		WHERE u.organization_id = $1 AND u.meters <> '[]' AND s.state <> 'terminated' ORDER BY s.name, s.id LIMIT $2`, organization, limit)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, scanService)
	return all, classify(err)
}
