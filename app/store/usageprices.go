package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/cycle"
)

// UsageKey names one price of use on a list: its versions differ in all that is not in it.
type UsageKey struct {
	App      string
	Plan     string
	Meter    billing.Meter
	Currency string
	Audience Audience
}

// UsagePrice is one version of what a seller asks for a unit of what was used, net. It is never changed.
type UsagePrice struct {
	UsageKey
	ID        app.ID
	Seller    app.ID // whose list it is on
	Version   int
	Price     billing.Decimal  // of one unit; with Percent what that came to when it was set
	Percent   *billing.Decimal // on what the seller itself pays on each day; nil for a price of its own
	ValidFrom billing.Date     // the first day, on the seller's calendar
	Withdrawn bool             // from ValidFrom on the list has no such price
	CreatedAt time.Time
}

// UsageOffered is what a buyer is asked for a unit, with what every reseller on the way pays for it.
type UsageOffered struct {
	UsagePrice
	Legs  []cycle.UsageLeg // from the buyer's own seller upwards; none where nobody above asks for it
	Floor *billing.Decimal // below which a reseller may not ask; nil where none holds for this buyer
}

// From is the price as a subscription keeps it from a day on.
func (o UsageOffered) From(day billing.Date) cycle.UsagePrice {
	return cycle.UsagePrice{Meter: o.Meter, Unit: o.Meter.Unit(), Price: o.Price, From: day, Legs: o.Legs}
}

// UsageFloor is below what no reseller may ask for a unit.
type UsageFloor struct {
	App      string
	Plan     string
	Meter    billing.Meter
	Currency string
	Floor    billing.Decimal
}

const usageColumns = `p.id, p.organization_id, p.app, p.plan, p.meter, p.currency, p.audience, p.version, p.price::text, p.percent::text, p.valid_from, p.withdrawn,
	p.created_at`

func scanUsagePrice(row pgx.CollectableRow, more ...any) (p UsagePrice, err error) {
	var price string
	var percent *string
	var from time.Time
	err = row.Scan(append(more, &p.ID, &p.Seller, &p.App, &p.Plan, &p.Meter, &p.Currency, &p.Audience, &p.Version, &price, &percent, &from, &p.Withdrawn,
		&p.CreatedAt)...)
	if err != nil {
		return p, err
	}
	p.ValidFrom = dateOf(&from)
	if percent != nil {
		parsed, err := billing.ParseDecimal(*percent)
		if err != nil {
			return p, err
		}
		p.Percent = &parsed
	}
	p.Price, err = billing.ParseDecimal(price)
	return p, err
}

// InsertUsagePrices adds prices of the organization, each as the next version of its list; one that says what already holds on its first day is
// left out.
func (t *Tx) InsertUsagePrices(ctx context.Context, seller app.ID, prices []UsagePrice, now time.Time) error {
	batch := &pgx.Batch{}
	for _, p := range prices {
		if p.Audience == "" {
			p.Audience = Everybody
		}
		var percent *string
		if p.Percent != nil {
			text := p.Percent.String()
			percent = &text
		}
		batch.Queue(`
			INSERT INTO usage_prices (organization_id, id, app, plan, meter, unit, currency, audience, version, price, percent, valid_from, withdrawn, created_at)
			SELECT $1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, coalesce(last.version, 0) + 1, $9::text::numeric,
				$10::text::numeric, $11::date, $12::boolean, $13::timestamptz
			FROM (SELECT max(version) AS version FROM usage_prices
				WHERE organization_id = $1 AND app = $3 AND plan = $4 AND meter = $5 AND currency = $7 AND audience = $8) last
			LEFT JOIN LATERAL (
				SELECT p.* FROM usage_prices p
				WHERE p.organization_id = $1 AND p.app = $3 AND p.plan = $4 AND p.meter = $5 AND p.currency = $7 AND p.audience = $8 AND p.valid_from <= $11
				ORDER BY p.valid_from DESC, p.version DESC LIMIT 1) held ON true
			WHERE CASE WHEN held.version IS NULL THEN NOT $12 ELSE held.withdrawn <> $12 OR held.percent IS DISTINCT FROM $10::text::numeric
				OR held.price <> $9::text::numeric END`,
			seller, p.ID, p.App, p.Plan, string(p.Meter), p.Meter.Unit(), p.Currency, p.Audience, p.Price.String(), percent, p.ValidFrom.UTC(), p.Withdrawn, now)
	}
	return classify(t.tx.SendBatch(ctx, batch).Close())
}

// UsageList returns every version of a seller's own prices of use, the last to begin first; app "" is every app.
func (t *Tx) UsageList(ctx context.Context, seller app.ID, appID string) ([]UsagePrice, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+usageColumns+` FROM usage_prices p WHERE p.organization_id = $1 AND ($2 = '' OR p.app = $2)
		ORDER BY p.app, p.plan, p.meter, p.currency, p.audience, p.valid_from DESC, p.version DESC`, seller, appID)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (UsagePrice, error) { return scanUsagePrice(row) })
	return all, classify(err)
}

// InsertUsageFloor adds the next version of a floor.
func (t *Tx) InsertUsageFloor(ctx context.Context, operator app.ID, f UsageFloor, now time.Time) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO usage_floors (organization_id, id, app, plan, meter, currency, version, floor, created_at)
		SELECT $1, $2, $3, $4, $5, $6, coalesce(max(version), 0) + 1, $7::text::numeric, $8 FROM usage_floors
		WHERE organization_id = $1 AND app = $3 AND plan = $4 AND meter = $5 AND currency = $6`,
		operator, app.NewID(), f.App, f.Plan, string(f.Meter), f.Currency, f.Floor.String(), now)
	return classify(err)
}

// UsageFloors returns the floors that hold for those below the operator; app "" is every app.
func (t *Tx) UsageFloors(ctx context.Context, appID string) ([]UsageFloor, error) {
	rows, err := t.tx.Query(ctx, usageFloors, appID)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, scanUsageFloor)
	return all, classify(err)
}

// usageFloors are the floors in force; $1 is the app, or empty for every one.
const usageFloors = `
	SELECT DISTINCT ON (app, plan, meter, currency) app, plan, meter, currency, floor::text FROM usage_floors
	WHERE $1 = '' OR app = $1 ORDER BY app, plan, meter, currency, version DESC`

func scanUsageFloor(row pgx.CollectableRow) (f UsageFloor, err error) {
	var floor string
	if err = row.Scan(&f.App, &f.Plan, &f.Meter, &f.Currency, &floor); err == nil {
		f.Floor, err = billing.ParseDecimal(floor)
	}
	return f, err
}

// UsageSubscribers counts, for each meter of a seller's list, the running subscriptions of its own customers that are charged by it.
func (t *Tx) UsageSubscribers(ctx context.Context, seller app.ID) (map[UsageKey]int, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT v.app, v.plan, m.meter, s.currency, count(*)
		FROM subscriptions s
		JOIN services v ON v.organization_id = s.organization_id AND v.id = s.service_id
		CROSS JOIN LATERAL (SELECT DISTINCT e ->> 'meter' AS meter FROM jsonb_array_elements(s.meters) e) m
		WHERE s.seller_id = $1 AND s.meters <> '[]' AND s.ends_at IS NULL GROUP BY 1, 2, 3, 4`, seller)
	if err != nil {
		return nil, classify(err)
	}
	all := map[UsageKey]int{}
	key, n := UsageKey{Audience: Everybody}, 0
	_, err = pgx.ForEachRow(rows, []any{&key.App, &key.Plan, &key.Meter, &key.Currency, &n}, func() error {
		all[key] = n
		return nil
	})
	return all, classify(err)
}
