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

// Coming is what else must be known of a plan that takes over later.
type Coming struct {
	Plan      string `json:"plan"`      // catalog ID
	Wholesale []Leg  `json:"wholesale"` // what each reseller on the way pays its parent for it
	List      app.ID `json:"list"`      // on which its price stands, with its ID there
	PriceID   app.ID `json:"priceId"`

	Announced *coming `json:"announced,omitempty"` // the price of the plan of now that this choice stands before
}

// coming is a later plan as its row keeps it.
type coming struct {
	cycle.Later
	Coming
}

// Announced reports whether what is to come is another price of the plan of now: its seller told of it, and the customer did not choose it.
func (s Subscribed) Announced() bool { return s.Later != nil && s.Later.Name == s.Name }

// Choose lets another plan begin later. A price that was announced waits behind it.
func (s *Subscribed) Choose(later cycle.Later, c Coming) {
	c.Announced = s.Coming.Announced
	if s.Announced() {
		c.Announced = &coming{*s.Later, s.Coming}
	}
	s.Later, s.Coming = &later, c
}

// GiveUp takes back what was chosen for later. A price that was announced is no choice: it holds, also after another plan was chosen meanwhile.
func (s *Subscribed) GiveUp() {
	switch announced := s.Coming.Announced; {
	case announced != nil:
		s.Later, s.Coming = &announced.Later, announced.Coming
	case !s.Announced():
		s.Later, s.Coming = nil, Coming{}
	}
}

// LaterFrom returns the first day of the plan that takes over later; none where none does.
func (s Subscribed) LaterFrom() billing.Date {
	if s.Later == nil {
		return billing.Date{}
	}
	return billing.PeriodAt(s.Anchor, s.Every, s.Later.From).Start
}

// Legs is what each reseller on the way pays its parent for a period that begins on day.
func (s Subscribed) Legs(day billing.Date) []Leg {
	if from := s.LaterFrom(); !from.IsZero() && !day.Before(from) {
		return s.Coming.Wholesale
	}
	return s.Wholesale
}

// Settle makes a later plan the present one once its first period was charged, and reports whether it did.
func (s *Subscribed) Settle() bool {
	if s.Later == nil || s.Next <= s.Later.From {
		return false
	}
	s.Name, s.Price, s.Wholesale = s.Later.Name, s.Later.Price, s.Coming.Wholesale
	if len(s.Later.Usage) > 0 {
		s.Usage = s.Later.Usage
	}
	s.Later, s.Coming = nil, Coming{}
	return true
}

func laterColumn(s Subscribed) ([]byte, error) {
	if s.Later == nil {
		return nil, nil
	}
	return json.Marshal(coming{*s.Later, s.Coming})
}

// Agreement returns what a service's subscription binds to.
func (t *Tx) Agreement(ctx context.Context, service app.ID) (app.Agreement, error) {
	var a app.Agreement
	var seller *app.ID
	var anchor, next, end, laterOn *time.Time
	var later []byte
	var currency string
	err := t.tx.QueryRow(ctx, `
		SELECT s.id, s.seller_id, coalesce(t.zone, 'Europe/Amsterdam'), s.anchor, s.trial_days, s.next_on, s.end_on, s.minimum, s.notice, s.later, s.later_on,
			s.parked, s.currency
		FROM subscriptions s LEFT JOIN seller_terms t ON t.organization_id = s.seller_id WHERE s.service_id = $1`, service).
		Scan(&a.ID, &seller, &a.Zone, &anchor, &a.TrialDays, &next, &end, &a.Term.Minimum, &a.Term.Notice, &later, &laterOn, &a.Parked, &currency)
	if err != nil {
		return a, classify(err)
	}
	a.Seller, a.Anchor, a.NextOn, a.End = value(seller), dateOf(anchor), dateOf(next), dateOf(end)
	if later != nil {
		var c coming
		if err := json.Unmarshal(later, &c); err != nil {
			return a, fmt.Errorf("subscription %s: %w", a.ID, err)
		}
		a.Later = &app.LaterPlan{Plan: c.Plan, Name: c.Name, Price: c.Price, On: dateOf(laterOn), List: c.List, PriceID: c.PriceID}
	}
	return a, nil
}

// SetPrice gives a subscription that nobody invoices another name and price.
func (t *Tx) SetPrice(ctx context.Context, subscription app.ID, name string, price billing.Money) error {
	_, err := t.tx.Exec(ctx, `UPDATE subscriptions SET name = $2, amount_minor = $3 WHERE id = $1`, subscription, name, price.Minor)
	return classify(err)
}

// Turning is a service whose subscription turns on a day: its later plan begins, or it ends.
type Turning struct {
	Organization app.ID
	Service      app.ID
}

// LaterDue returns up to limit living services behind after whose later plan begins by day.
func (t *Tx) LaterDue(ctx context.Context, day billing.Date, after app.ID, limit int) ([]Turning, error) {
	return t.turning(ctx, `u.later_on <= $1 AND (u.end_on IS NULL OR u.later_on < u.end_on)`, day, after, limit)
}

// EndingBy returns up to limit living services behind after whose subscription ends by day.
func (t *Tx) EndingBy(ctx context.Context, day billing.Date, after app.ID, limit int) ([]Turning, error) {
	return t.turning(ctx, `u.end_on <= $1 AND u.ends_at IS NULL`, day, after, limit)
}

func (t *Tx) turning(ctx context.Context, when string, day billing.Date, after app.ID, limit int) ([]Turning, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT u.organization_id, u.service_id FROM subscriptions u JOIN services s ON s.organization_id = u.organization_id AND s.id = u.service_id
		WHERE `+when+` AND s.state NOT IN ('terminating', 'terminated') AND u.service_id > $2 ORDER BY u.service_id LIMIT $3`, day.UTC(), after, limit)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Turning])
}

// NotePrice keeps which price of which list a subscription has from now on.
func (t *Tx) NotePrice(ctx context.Context, subscription, list, price app.ID) error {
	_, err := t.tx.Exec(ctx, `UPDATE subscriptions SET price_list = $2, price_id = $3 WHERE id = $1`, subscription, optional(list), optional(price))
	return classify(err)
}
