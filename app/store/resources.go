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

// KnownResources says which of the IDs are resources that are not removed. For the sweep of strays; staff only.
func (t *Tx) KnownResources(ctx context.Context, ids []app.ID) (map[app.ID]bool, error) {
	rows, err := t.tx.Query(ctx, `SELECT id FROM resources WHERE id = ANY ($1) AND state <> 'removed'`, ids)
	if err != nil {
		return nil, classify(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[app.ID])
	known := make(map[app.ID]bool, len(found))
	for _, id := range found {
		known[id] = true
	}
	return known, classify(err)
}
