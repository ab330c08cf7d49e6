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
	"allotment/billing/invoice"
)

// Coupon is a seller's: what it takes off, for how long, and how often it may be used.
type Coupon struct {
	ID          app.ID
	Seller      app.ID
	Code        string          // capital letters, digits and hyphens
	Percent     billing.Decimal // what it takes off each period; or
	Amount      billing.Money   // this, whose currency is set for both kinds
	Periods     int             // the first ones; 0 for all
	From        billing.Date    // the first day on which it may be used, on the seller's calendar
	Until       billing.Date    // the last one; none for no end
	Total       int             // how often by all; 0 without limit
	PerCustomer int             // how often by each customer; 0 without limit
	Only        []string        // "app" or "app/plan"; none for all
	CreatedAt   time.Time
	EndedAt     time.Time    // zero while nobody ended it
	Used        int          // by all
	UsedByBuyer int          // filled in by CouponByCode
	Today       billing.Date // on the seller's calendar; filled in by who looks
}

// Discount is the coupon as a subscription keeps it.
func (c Coupon) Discount() cycle.Coupon {
	return cycle.Coupon{Coupon: invoice.Coupon{Code: c.Code, Percent: c.Percent, Amount: amountOf(c)}, Periods: c.Periods}
}

// amountOf is what the coupon takes off; for a percentage the zero Money, as package invoice wants it.
func amountOf(c Coupon) billing.Money {
	if c.Amount.IsZero() {
		return billing.Money{}
	}
	return c.Amount
}

// InsertCoupon adds a coupon. A code that the seller has already is a Conflict at the field code.
func (t *Tx) InsertCoupon(ctx context.Context, c Coupon) error {
	only, err := json.Marshal(nonNil(c.Only))
	if err != nil {
		return fmt.Errorf("coupon: %w", err)
	}
	var percent *string
	var amount *int64
	if c.Percent.IsZero() {
		amount = &c.Amount.Minor
	} else {
		text := c.Percent.String()
		percent = &text
	}
	_, err = t.tx.Exec(ctx, `
		INSERT INTO coupons (organization_id, id, code, percent, amount_minor, currency, periods, valid_from, valid_until, total, per_customer, covers, created_at)
		VALUES ($1, $2, $3, $4::text::numeric, $5, $6, $7, $8, $9, nullif($10, 0), nullif($11, 0), $12, $13)`,
		c.Seller, c.ID, c.Code, percent, amount, c.Amount.Currency, c.Periods, c.From.UTC(), dateOrNull(c.Until), c.Total, c.PerCustomer, only, c.CreatedAt)
	return classify(err)
}

// EndCoupon lets a seller's coupon be used no more: what was bought with it keeps it. It is NotFound where there is none that holds.
func (t *Tx) EndCoupon(ctx context.Context, seller, id app.ID, now time.Time) (code string, err error) {
	err = t.tx.QueryRow(ctx, `UPDATE coupons SET ended_at = $3 WHERE organization_id = $1 AND id = $2 AND ended_at IS NULL RETURNING code`, seller, id, now).
		Scan(&code)
	return code, classify(err)
}

const couponColumns = `c.id, c.organization_id, c.code, c.percent::text, c.amount_minor, c.currency, c.periods, c.valid_from, c.valid_until,
	coalesce(c.total, 0), coalesce(c.per_customer, 0), c.covers, c.created_at, c.ended_at`

func scanCoupon(row pgx.Row, more ...any) (c Coupon, err error) {
	var percent *string
	var amount *int64
	var from time.Time
	var until, ended *time.Time
	var only []byte
	err = row.Scan(append([]any{&c.ID, &c.Seller, &c.Code, &percent, &amount, &c.Amount.Currency, &c.Periods, &from, &until, &c.Total, &c.PerCustomer, &only,
		&c.CreatedAt, &ended}, more...)...)
	if err != nil {
		return c, err
	}
	c.From, c.Until, c.EndedAt, c.Amount.Minor = dateOf(&from), dateOf(until), value(ended), value(amount)
	if percent != nil {
		if c.Percent, err = billing.ParseDecimal(*percent); err != nil {
			return c, err
		}
	}
	if err := json.Unmarshal(only, &c.Only); err != nil {
		return c, fmt.Errorf("coupon %s: %w", c.ID, err)
	}
	return c, nil
}

// CouponByCode returns the coupon with this code of the buyer's own seller, with how often it was used and what day it is there; NotFound
// where there is none.
func (t *Tx) CouponByCode(ctx context.Context, buyer app.ID, code string, now time.Time) (Coupon, error) {
	var used, by int
	var today time.Time
	c, err := scanCoupon(t.tx.QueryRow(ctx, `
		SELECT `+couponColumns+`, u.by_all, u.by_buyer, ($3::timestamptz AT TIME ZONE coalesce(z.zone, 'Europe/Amsterdam'))::date
		FROM organizations o
		JOIN coupons c ON c.organization_id = o.parent_id AND c.code = $2
		LEFT JOIN seller_terms z ON z.organization_id = c.organization_id
		CROSS JOIN LATERAL coupon_used(c.organization_id, c.id, o.id) u
		WHERE o.id = $1`, buyer, code, now), &used, &by, &today)
	c.Used, c.UsedByBuyer, c.Today = used, by, dateOf(&today)
	return c, classify(err)
}

// CouponQuery selects a page of a seller's coupons, the newest first.
type CouponQuery struct {
	Seller app.ID
	Text   string // part of the code
	Open   bool   // only those that nobody ended and that have not run out
	Today  billing.Date
	Before app.ID
	Limit  int
}

// Coupons returns a page of a seller's coupons with how often each was used.
func (t *Tx) Coupons(ctx context.Context, q CouponQuery) ([]Coupon, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+couponColumns+`, (SELECT count(*) FROM coupon_uses u WHERE u.coupon_id = c.id AND u.seller_id = c.organization_id)
		FROM coupons c
		WHERE c.organization_id = $1 AND ($2 = '' OR c.code ILIKE '%' || $2 || '%')
			AND (NOT $3 OR c.ended_at IS NULL AND coalesce(c.valid_until >= $4, true)) AND ($5::uuid IS NULL OR c.id < $5)
		ORDER BY c.id DESC LIMIT $6`, q.Seller, likeText(q.Text), q.Open, q.Today.UTC(), optional(q.Before), q.Limit)
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Coupon, error) {
		var used int
		c, err := scanCoupon(row, &used)
		c.Used = used
		return c, err
	})
	return all, classify(err)
}
