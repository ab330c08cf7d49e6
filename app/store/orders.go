package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/cycle"
)

// NewOrder is all that one order writes.
type NewOrder struct {
	Order        app.Order
	Key          string // unique within the organization
	Bought       Bought
	Coupon       *Coupon // that it uses; nil for none
	Service      app.Service
	Takes        app.Amounts // what the service takes of the quotas above it
	Subscription app.Subscription
	Resources    []app.Resource
	Operation    app.Operation
	StartedBy    string
	Event        app.Event
}

// Bought is at which price something was bought, with what binds the buyer and what resellers on the way pay.
type Bought struct {
	List    app.ID // on which the price stands, with its ID there
	PriceID app.ID
	Trial   int
	Term    billing.Term
	Legs    []Leg
	Usage   []cycle.UsagePrice // what is measured of it
}

// OrderByKey returns the order that was placed for the buyer with this key, or NotFound.
func (t *Tx) OrderByKey(ctx context.Context, buyer app.ID, key string) (app.Order, error) {
	return t.oneOrder(ctx, `WHERE o.organization_id = $1 AND o.key = $2`, buyer, key)
}

// Order returns one order that the actor may see, or NotFound.
func (t *Tx) Order(ctx context.Context, id app.ID) (app.Order, error) {
	return t.oneOrder(ctx, `WHERE o.id = $1`, id)
}

func (t *Tx) oneOrder(ctx context.Context, where string, args ...any) (app.Order, error) {
	var o app.Order
	var by *app.ID
	err := t.tx.QueryRow(ctx, `
		SELECT o.id, o.organization_id, o.placed_by, i.service_id, i.operation_id, i.app, i.plan, i.currency, i.amount_minor, i.setup_minor, i.period,
		       o.created_at
		FROM orders o JOIN order_items i ON i.organization_id = o.organization_id AND i.order_id = o.id `+where, args...).
		Scan(&o.ID, &o.Organization, &by, &o.Service, &o.Operation, &o.App, &o.Plan, &o.Price.Currency, &o.Price.Minor, &o.Setup.Minor, &o.Interval,
			&o.CreatedAt)
	o.PlacedBy, o.Setup.Currency = value(by), o.Price.Currency
	return o, classify(err)
}

// InsertOrder writes an order with all that hangs on it in one round trip; who placed it is the service's administrator, where they are a
// member. A host that is taken is a Conflict at the field host, a quota that has no room for it a Conflict that says which.
func (t *Tx) InsertOrder(ctx context.Context, n NewOrder) error {
	answers, err := json.Marshal(n.Service.Answers)
	if err != nil {
		return fmt.Errorf("answers: %w", err)
	}
	o, s, sub, bought := n.Order, n.Service, n.Subscription, n.Bought
	legs, err := json.Marshal(append([]Leg{}, bought.Legs...))
	if err != nil {
		return fmt.Errorf("legs: %w", err)
	}
	meters, err := json.Marshal(append([]cycle.UsagePrice{}, bought.Usage...))
	if err != nil {
		return fmt.Errorf("meters: %w", err)
	}
	var coupon []byte
	code := ""
	if n.Coupon != nil {
		code = n.Coupon.Code
		if coupon, err = json.Marshal(n.Coupon.Discount()); err != nil {
			return fmt.Errorf("coupon: %w", err)
		}
	}
	batch := &pgx.Batch{}
	var by *app.ID
	if o.PlacedBy != (app.ID{}) {
		by = &o.PlacedBy
	}
	batch.Queue(`INSERT INTO orders (organization_id, id, key, placed_by, created_at) VALUES ($1, $2, $3, $4, $5)`,
		o.Organization, o.ID, n.Key, by, o.CreatedAt)
	batch.Queue(`
		INSERT INTO services (organization_id, id, app, plan, name, host, url, language, state, answers, created_at, guests, vcpu, memory_mib, disk_gib)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		s.Organization, s.ID, s.App, s.Plan, s.Name, s.Host, s.URL, s.Language, s.State, answers, s.CreatedAt, n.Takes.Guests, n.Takes.VCPU,
		n.Takes.MemoryMiB, n.Takes.DiskGiB)
	batch.Queue(`
		INSERT INTO subscriptions (organization_id, id, service_id, currency, amount_minor, setup_minor, period, created_at, seller_id, name, description,
			price_list, price_id, trial_days, minimum, notice, wholesale, coupon, meters)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, (SELECT parent_id FROM organizations WHERE id = $1), $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		s.Organization, sub.ID, s.ID, sub.Price.Currency, sub.Price.Minor, sub.Setup.Minor, sub.Interval, s.CreatedAt, sub.Name, s.Host,
		optional(bought.List), optional(bought.PriceID), bought.Trial, bought.Term.Minimum, bought.Term.Notice, legs, coupon, meters)
	queueResources(batch, n.Resources)
	queueOperation(batch, n.Operation, n.StartedBy)
	batch.Queue(`
		INSERT INTO order_items (organization_id, id, order_id, service_id, operation_id, app, plan, answers, price_id, currency,
			amount_minor, setup_minor, period, trial_days, minimum, notice, coupon)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		o.Organization, app.NewID(), o.ID, s.ID, n.Operation.ID, o.App, o.Plan, answers, bought.PriceID, o.Price.Currency,
		o.Price.Minor, o.Setup.Minor, o.Interval, bought.Trial, bought.Term.Minimum, bought.Term.Notice, code)
	queueEvent(batch, s.Organization, n.Event)
	if by != nil {
		queueFirstAccess(batch, n)
	}
	if n.Coupon != nil {
		batch.Queue(`SELECT use_coupon($1, $2, $3, $4, $5, $6, $7)`, n.Coupon.Seller, n.Coupon.ID, o.Organization, sub.ID, app.NewID(), n.Coupon.Today.UTC(), o.CreatedAt)
	}
	return classify(t.tx.SendBatch(ctx, batch).Close())
}
