package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"allotment/app"
	"allotment/billing/cycle"
)

// UsageAgreement is what must be known of a subscription to take in what was used by it.
type UsageAgreement struct {
	cycle.Subscription
	Customer       app.ID
	SubscriptionID app.ID
	Seller         app.ID
	Currency       string
	Zone           string // the seller's
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

// Unbilled fills in what of it was used and not charged yet.
func (t *Tx) Unbilled(ctx context.Context, u *UsageAgreement) error {
	accounts := []Account{{Subscriptions: []Subscribed{{Subscription: u.Subscription}}}}
	err := t.uncharged(ctx, accounts, []app.ID{u.SubscriptionID})
	u.Uses = accounts[0].Subscriptions[0].Uses
	return err
}

// SaveUsagePrices keeps what a subscription is measured by, and at which prices.
func (t *Tx) SaveUsagePrices(ctx context.Context, customer, subscription app.ID, usage []cycle.UsagePrice) error {
	data, err := json.Marshal(append([]cycle.UsagePrice{}, usage...))
	if err != nil {
		return fmt.Errorf("subscription %s: %w", subscription, err)
	}
	return t.changeOne(ctx, `UPDATE subscriptions SET meters = $3 WHERE organization_id = $1 AND id = $2`, customer, subscription, data)
}
