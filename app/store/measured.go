package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing/cycle"
)

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
