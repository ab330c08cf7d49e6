package store

import (
	"context"
	"time"

	"allotment/app"
)

// SetPlan makes another plan a service's own, with what is wanted of its server from now on.
func (t *Tx) SetPlan(ctx context.Context, service app.ID, plan string, guest app.Resource, now time.Time) error {
	if _, err := t.tx.Exec(ctx, `UPDATE services SET plan = $2 WHERE id = $1`, service, plan); err != nil {
		return classify(err)
	}
	_, err := t.tx.Exec(ctx, `UPDATE resources SET spec = $2, changed_at = $3 WHERE id = $1`, guest.Resource, guest.Spec, now)
	return classify(err)
}

// CountAtLeast charges every quota above a service with a size that it is going to have, where that is larger than what is charged already.
// A quota without room for it is a Conflict that says which. What a smaller size gives back is given by CountAsWanted, once it is smaller.
func (t *Tx) CountAtLeast(ctx context.Context, service app.ID, takes app.Amounts) error {
	_, err := t.tx.Exec(ctx, `
		UPDATE services SET guests = greatest(guests, $2), vcpu = greatest(vcpu, $3), memory_mib = greatest(memory_mib, $4), disk_gib = greatest(disk_gib, $5)
		WHERE id = $1`, service, takes.Guests, takes.VCPU, takes.MemoryMiB, takes.DiskGiB)
	return classify(err)
}

// CountAsWanted charges the quotas above a service with exactly what is wanted of its servers.
func (t *Tx) CountAsWanted(ctx context.Context, service app.ID) error {
	_, err := t.tx.Exec(ctx, `
		UPDATE services s SET guests = r.guests, vcpu = r.vcpu, memory_mib = r.memory_mib, disk_gib = r.disk_gib
		FROM (
			SELECT count(*) AS guests, sum((spec ->> 'vcpu')::int) AS vcpu, sum((spec ->> 'memory_mib')::int) AS memory_mib,
			       sum((spec ->> 'disk_gib')::int) AS disk_gib
			FROM resources WHERE service_id = $1 AND kind = 'guest' HAVING count(*) > 0
		) r WHERE s.id = $1`, service)
	return classify(err)
}
