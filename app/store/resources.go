package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

func queueResources(batch *pgx.Batch, resources []app.Resource) {
	for _, r := range resources {
		batch.Queue(`
			INSERT INTO resources (organization_id, id, service_id, kind, role, name, state, spec, created_at, changed_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)`,
			r.Organization, r.Resource, r.Service, r.Kind, r.Role, r.Name, r.State, r.Spec, r.CreatedAt)
	}
}

const resourceColumns = `organization_id, id, service_id, kind, role, name, external_id, state, spec, observed, created_at, changed_at`

func scanResource(row pgx.CollectableRow) (app.Resource, error) {
	var r app.Resource
	err := row.Scan(&r.Organization, &r.Resource, &r.Service, &r.Kind, &r.Role, &r.Name, &r.ExternalID, &r.State, &r.Spec,
		&r.Observed, &r.CreatedAt, &r.ChangedAt)
	return r, err
}

// Resources returns a service's resources in the order in which they were planned.
func (t *Tx) Resources(ctx context.Context, service app.ID) ([]app.Resource, error) {
	rows, err := t.tx.Query(ctx, `SELECT `+resourceColumns+` FROM resources WHERE service_id = $1 ORDER BY id`, service)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, scanResource)
}

// SaveResource stores what is known of a resource after a call.
func (t *Tx) SaveResource(ctx context.Context, r app.Resource, now time.Time) error {
	_, err := t.tx.Exec(ctx, `
		UPDATE resources SET external_id = $2, state = $3, observed = $4, changed_at = $5 WHERE id = $1`,
		r.Resource, r.ExternalID, r.State, r.Observed, now)
	return classify(err)
}

// GuestKnown reports whether a resource that is not removed has claimed the hypervisor's number. It looks at every organization:
// for the sweep of guests that nobody knows.
func (s *Store) GuestKnown(ctx context.Context, resource app.ID, number int) (known bool, err error) {
	err = s.Bootstrap(ctx, app.NewID(), func(t *Tx) error {
		return t.tx.QueryRow(ctx, `
			SELECT EXISTS (
				SELECT 1 FROM resources r JOIN guest_claims c ON c.organization_id = r.organization_id AND c.resource_id = r.id
				WHERE r.id = $1 AND c.number = $2 AND r.state <> 'removed')`, resource, number).Scan(&known)
	})
	return known, err
}
