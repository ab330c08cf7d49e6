package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
)

// Audience is who is asked a price.
type Audience string

// The audiences. A reseller is asked what a list says for resellers, and what it says for everybody where it says nothing for them.
const (
	Everybody Audience = "everybody"
	Resellers Audience = "resellers"
)

// PriceKey names one price of a list: its versions differ in all that is not in it.
type PriceKey struct {
	App      string
	Plan     string
	Currency string
	Interval billing.Interval
	Audience Audience
}

// Price is one version of what a seller asks for a plan, net. It is never changed.
type Price struct {
	PriceKey
	ID        app.ID
	Seller    app.ID // whose list it is on
	Version   int
	Amount    billing.Money
	Setup     billing.Money
	ValidFrom billing.Date // the first day, on the seller's calendar
	Trial     int          // days at the beginning that are free
	Term      billing.Term
	Margin    *billing.Margin // how Amount came about, where it lies on what the seller pays
	Withdrawn bool            // from ValidFrom on the list has no such price
	CreatedAt time.Time
}

// Offered is a price as a buyer is asked it, with what every reseller on the way pays for it.
type Offered struct {
	Price
	Legs  []Leg          // from the buyer's own seller upwards; none where that is the operator
	Floor *billing.Money // below which a reseller may not ask; nil where none holds for this buyer
	Buys  string         // the currency in which the buyer is asked; "" is the installation's own
}

// BelowFloor reports whether a reseller asks less than the operator allows: then nothing is sold at it.
func (o Offered) BelowFloor() bool { return o.Floor != nil && o.Amount.Minor < o.Floor.Minor }

const priceColumns = `p.id, p.organization_id, p.app, p.plan, p.version, p.currency, p.amount_minor, p.setup_minor, p.period, p.audience, p.valid_from,
	p.trial_days, p.minimum, p.notice, p.margin, p.withdrawn, p.created_at`

// priceFields are where priceColumns go; finish fills in what is made of them.
func priceFields(p *Price, from *time.Time, margin *[]byte) []any {
	return []any{
		&p.ID, &p.Seller, &p.App, &p.Plan, &p.Version, &p.Amount.Currency, &p.Amount.Minor, &p.Setup.Minor, &p.Interval, &p.Audience, from,
		&p.Trial, &p.Term.Minimum, &p.Term.Notice, margin, &p.Withdrawn, &p.CreatedAt,
	}
}

func (p *Price) finish(from time.Time, margin []byte) error {
	p.Currency, p.Setup.Currency, p.ValidFrom, p.Margin = p.Amount.Currency, p.Amount.Currency, dateOf(&from), nil
	if margin == nil {
		return nil
	}
	if err := json.Unmarshal(margin, &p.Margin); err != nil {
		return fmt.Errorf("price %s: %w", p.ID, err)
	}
	return nil
}

// InsertPrices adds prices of the organization, each as the next version of its list; one that says what already holds on its first day is
// left out.
func (t *Tx) InsertPrices(ctx context.Context, seller app.ID, prices []Price, now time.Time) error {
	batch := &pgx.Batch{}
	for _, p := range prices {
		var margin []byte
		if p.Margin != nil {
			var err error
			if margin, err = json.Marshal(p.Margin); err != nil {
				return fmt.Errorf("margin: %w", err)
			}
		}
		if p.Audience == "" {
			p.Audience = Everybody
		}
		batch.Queue(`
			INSERT INTO prices (organization_id, id, app, plan, version, currency, amount_minor, setup_minor, period, audience, valid_from, trial_days,
				minimum, notice, margin, withdrawn, created_at)
			SELECT $1::uuid, $2::uuid, $3::text, $4::text, coalesce(last.version, 0) + 1, $5::text, $6::bigint, $7::bigint, $8::text, $9::text, $10::date,
				$11::int, $12::int, $13::int, $14::jsonb, $15::boolean, $16::timestamptz
			FROM (SELECT max(version) AS version FROM prices
				WHERE organization_id = $1 AND app = $3 AND plan = $4 AND currency = $5 AND period = $8 AND audience = $9) last
			LEFT JOIN LATERAL (
				SELECT p.* FROM prices p
				WHERE p.organization_id = $1 AND p.app = $3 AND p.plan = $4 AND p.currency = $5 AND p.period = $8 AND p.audience = $9 AND p.valid_from <= $10
				ORDER BY p.valid_from DESC, p.version DESC LIMIT 1) held ON true
			WHERE held.version IS NULL OR (held.amount_minor, held.setup_minor, held.trial_days, held.minimum, held.notice, held.withdrawn)
				<> ($6, $7, $11, $12, $13, $15) OR held.margin IS DISTINCT FROM $14`,
			seller, p.ID, p.App, p.Plan, p.Amount.Currency, p.Amount.Minor, p.Setup.Minor, p.Interval, p.Audience, p.ValidFrom.UTC(),
			p.Trial, p.Term.Minimum, p.Term.Notice, margin, p.Withdrawn, now)
	}
	return classify(t.tx.SendBatch(ctx, batch).Close())
}

// pricesAsked finds, for the buyer and each reseller above it, what it is asked: the price in force on the nearest list above it. $1 is the
// buyer, $2 the app or ”, $3 the moment, $4 whether the buyer is a reseller. Days are each list's own.
const pricesAsked = `
	WITH sellers AS (SELECT ancestor, depth, max(depth) OVER () AS top FROM sellers_above($1)),
	held AS (
		SELECT DISTINCT ON (p.organization_id, p.app, p.plan, p.currency, p.period, p.audience) p.*, s.depth
		FROM sellers s
		JOIN prices p ON p.organization_id = s.ancestor
		LEFT JOIN seller_terms z ON z.organization_id = s.ancestor
		WHERE ($2 = '' OR p.app = $2) AND p.valid_from <= ($3::timestamptz AT TIME ZONE coalesce(z.zone, 'Europe/Amsterdam'))::date
		ORDER BY p.organization_id, p.app, p.plan, p.currency, p.period, p.audience, p.valid_from DESC, p.version DESC)
	SELECT DISTINCT ON (p.app, p.plan, p.currency, p.period, b.depth)
		b.depth, b.top, b.ancestor, above.ancestor, f.floor_minor, coalesce((SELECT currency FROM organizations WHERE id = $1), ''), ` + priceColumns + `
	FROM sellers b
	JOIN held p ON NOT p.withdrawn AND (p.depth > b.depth OR b.top = 0) AND (p.audience = 'everybody' OR b.depth > 0 OR $4)
	LEFT JOIN sellers above ON above.depth = b.depth + 1
	LEFT JOIN LATERAL (
		SELECT floor_minor FROM price_floors f JOIN sellers o ON o.depth = o.top AND o.ancestor = f.organization_id
		WHERE b.depth = 0 AND b.top > 1 AND f.app = p.app AND f.plan = p.plan AND f.currency = p.currency AND f.period = p.period
		ORDER BY f.version DESC LIMIT 1) f ON true
	WHERE b.depth < b.top OR b.top = 0
	ORDER BY p.app, p.plan, p.currency, p.period, b.depth, p.depth, p.audience DESC`

// Asked is what a buyer in the actor's sub-tree is asked at a moment, for its plans and for what it uses, in one round trip: Prices and UsagePrices.
func (t *Tx) Asked(ctx context.Context, buyer app.Organization, appID string, at time.Time) ([]Offered, []UsageOffered, error) {
	batch := &pgx.Batch{}
	var prices priceLists
	prices.queue(batch, buyer, appID, at)
	use := usageLists{reseller: buyer.Kind == app.Reseller, held: map[UsageKey]map[int]UsagePrice{}}
	use.queue(batch, buyer.ID, appID, at)
	if err := t.tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, nil, classify(err)
	}
	measured, err := use.offered()
	return prices.offered, measured, err
}

// Prices returns what a buyer in the actor's sub-tree is asked at a moment, by the nearest list above it; app "" is every app. Where its own
// seller has no price, the next one's above counts: its seller then sells at what it pays. The operator buys at its own list. What a reseller
// on the way could not buy is not sold at all.
func (t *Tx) Prices(ctx context.Context, buyer app.Organization, appID string, at time.Time) ([]Offered, error) {
	batch := &pgx.Batch{}
	var prices priceLists
	prices.queue(batch, buyer, appID, at)
	err := t.tx.SendBatch(ctx, batch).Close()
	return prices.offered, classify(err)
}

// priceLists are the lists above a buyer, read into what it is offered.
type priceLists struct{ offered []Offered }

func (l *priceLists) queue(batch *pgx.Batch, buyer app.Organization, appID string, at time.Time) {
	batch.Queue(pricesAsked, buyer.ID, appID, at, buyer.Kind == app.Reseller).Query(l.read)
}

func (l *priceLists) read(rows pgx.Rows) error {
	var depth, top int
	var payer app.ID
	var parent *app.ID
	var floor *int64
	var buys string
	var p Price
	var from time.Time
	var margin []byte
	_, err := pgx.ForEachRow(rows, append([]any{&depth, &top, &payer, &parent, &floor, &buys}, priceFields(&p, &from, &margin)...), func() error {
		if err := p.finish(from, margin); err != nil {
			return err
		}
		if depth > 0 {
			l.leg(p, payer, value(parent))
			return nil
		}
		l.whole(top)
		offered := Offered{Price: p, Buys: buys}
		if floor != nil {
			offered.Floor = &billing.Money{Minor: *floor, Currency: p.Currency}
		}
		l.offered = append(l.offered, offered)
		return nil
	})
	l.whole(top)
	return err
}

// leg adds what a reseller on the way pays for the last offer.
func (l *priceLists) leg(p Price, payer, parent app.ID) {
	if len(l.offered) == 0 {
		return
	}
	last := &l.offered[len(l.offered)-1]
	if last.App == p.App && last.Plan == p.Plan && last.Currency == p.Currency && last.Interval == p.Interval {
		last.Legs = append(last.Legs, Leg{Reseller: payer, Parent: parent, Price: p.Amount, Setup: p.Setup, List: p.Seller, PriceID: p.ID})
	}
}

// whole drops the last offer where one of the resellers on the way cannot buy it.
func (l *priceLists) whole(top int) {
	if n := len(l.offered); n > 0 && len(l.offered[n-1].Legs) < top-1 {
		l.offered = l.offered[:n-1]
	}
}

// PriceList returns every version of a seller's own prices, the newest of each first; app "" is every app.
func (t *Tx) PriceList(ctx context.Context, seller app.ID, appID string) ([]Price, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+priceColumns+` FROM prices p WHERE p.organization_id = $1 AND ($2 = '' OR p.app = $2)
		ORDER BY p.app, p.plan, p.currency, p.period, p.audience, p.valid_from DESC, p.version DESC`, seller, appID)
	return pricesOf(rows, err)
}

// LayeredOn returns the prices that resellers below a seller made as a margin on what they pay for a plan: those that hold on a day, and those
// that begin later. Those nearest to the seller come first, of each the earliest.
func (t *Tx) LayeredOn(ctx context.Context, seller app.ID, key PriceKey, day billing.Date) ([]Price, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+priceColumns+` FROM (
			SELECT DISTINCT ON (p.organization_id, p.audience, greatest(p.valid_from, $6)) p.*, d.depth FROM prices p
			JOIN organization_tree d ON d.descendant = p.organization_id AND d.depth > 0
			WHERE d.ancestor = $1 AND p.app = $2 AND p.plan = $3 AND p.currency = $4 AND p.period = $5
			ORDER BY p.organization_id, p.audience, greatest(p.valid_from, $6), p.valid_from DESC, p.version DESC) p
		WHERE p.margin IS NOT NULL AND NOT p.withdrawn ORDER BY p.depth, p.organization_id, p.audience, p.valid_from`,
		seller, key.App, key.Plan, key.Currency, key.Interval, day.UTC())
	return pricesOf(rows, err)
}

func pricesOf(rows pgx.Rows, err error) ([]Price, error) {
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Price, err error) {
		var from time.Time
		var margin []byte
		if err = row.Scan(priceFields(&p, &from, &margin)...); err == nil {
			err = p.finish(from, margin)
		}
		return p, err
	})
	return all, classify(err)
}
