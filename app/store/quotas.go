package store

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"allotment/app"
)

// Quota returns an organization's quota with what is used of it; one that limits nothing where none was set.
func (t *Tx) Quota(ctx context.Context, organization app.ID) (app.Quota, error) {
	var q app.Quota
	err := t.tx.QueryRow(ctx, `
		SELECT services, used_services, guests, used_guests, vcpu, used_vcpu, memory_mib, used_memory_mib, disk_gib, used_disk_gib
		FROM quotas WHERE organization_id = $1`, organization).
		Scan(&q.Services.Max, &q.Services.Used, &q.Guests.Max, &q.Guests.Used, &q.VCPU.Max, &q.VCPU.Used, &q.MemoryMiB.Max, &q.MemoryMiB.Used,
			&q.DiskGiB.Max, &q.DiskGiB.Used)
	if errors.Is(err, pgx.ErrNoRows) {
		return app.Quota{}, nil
	}
	return q, classify(err)
}

// SetQuota limits what an organization uses with everybody below it; what they use already is counted. A limit below that is kept:
// nothing more can be ordered then. A quota that limits nothing is taken away, and nobody waits for it any more.
func (t *Tx) SetQuota(ctx context.Context, organization app.ID, q app.Quota, now time.Time) error {
	if !q.Limited() {
		_, err := t.tx.Exec(ctx, `DELETE FROM quotas WHERE organization_id = $1`, organization)
		return classify(err)
	}
	_, err := t.tx.Exec(ctx, `
		INSERT INTO quotas (organization_id, services, guests, vcpu, memory_mib, disk_gib, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (organization_id) DO UPDATE SET services = $2, guests = $3, vcpu = $4, memory_mib = $5, disk_gib = $6, changed_at = $7`,
		organization, q.Services.Max, q.Guests.Max, q.VCPU.Max, q.MemoryMiB.Max, q.DiskGiB.Max, now)
	return classify(err)
}

// Uncount takes a failed service, of which nothing is left, off the quotas above it. It counts again as soon as it is tried again.
func (t *Tx) Uncount(ctx context.Context, service app.ID) error {
	_, err := t.tx.Exec(ctx, `UPDATE services SET counted = false WHERE id = $1 AND state = 'failed'`, service)
	return classify(err)
}

// quotaError says which limit does not allow something, and what is left of it as far as the reader may know; nil for any other error.
func quotaError(broken *pgconn.PgError) error {
	limit, ok := strings.CutPrefix(broken.ConstraintName, "quotas_")
	if !ok {
		return nil
	}
	var is struct {
		Name         string
		Left, Wanted int64
	}
	if limit != "above" {
		if err := json.Unmarshal([]byte(broken.Detail), &is); err != nil {
			return nil
		}
	}
	switch limit {
	case "above":
		return app.Because(app.Conflict, broken, "Your provider has no room for this under its own quota at the moment. Please ask them.")
	case "services":
		return app.Because(app.Conflict, broken, "The quota of %s has room for %d more services, and this needs %d.", is.Name, is.Left, is.Wanted)
	case "guests":
		return app.Because(app.Conflict, broken, "The quota of %s has room for %d more servers, and this needs %d.", is.Name, is.Left, is.Wanted)
	case "vcpu":
		return app.Because(app.Conflict, broken, "The quota of %s has room for %d more processors, and this needs %d.", is.Name, is.Left, is.Wanted)
	case "memory":
		return app.Because(app.Conflict, broken, "The quota of %s has room for %d MB more memory, and this needs %d MB.", is.Name, is.Left, is.Wanted)
	case "disk":
		return app.Because(app.Conflict, broken, "The quota of %s has room for %d GB more disk, and this needs %d GB.", is.Name, is.Left, is.Wanted)
	}
	return nil
}
