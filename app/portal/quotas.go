package portal

import (
	"context"
	"math"

	"allotment/app"
	"allotment/app/store"
)

var setQuota = verb{action: "quota.set", permission: app.ManageCustomers}

// SetQuota limits what an organization below the actor's may use, with everybody below it. A limit below what is used already is allowed:
// nothing more can be ordered then. Orders that are under way are counted.
//
// Errors: NotFound; Forbidden for the actor's own organization; Invalid at services, guests, vcpu, memory or disk.
func (p *Portal) SetQuota(ctx context.Context, actor app.Actor, id app.ID, q app.Quota) error {
	return p.do(ctx, actor, setQuota, func(tx *store.Tx) error {
		o, err := organizationBelow(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := invalidFields(wrongLimits(q)); err != nil {
			return err
		}
		before, err := tx.Quota(ctx, id)
		if err != nil {
			return err
		}
		tx.NoteIn(id, "organization "+id.String(), limits(before), limits(q))
		if o.State == app.OrganizationClosed {
			return app.Errorf(app.Conflict, "This organization is closed.")
		}
		return tx.SetQuota(ctx, id, q, p.now())
	})
}

// organizationBelow returns an organization below the actor's own: not itself, and nobody else's.
func organizationBelow(ctx context.Context, tx *store.Tx, actor app.Actor, id app.ID) (app.Organization, error) {
	if id == actor.Organization {
		return app.Organization{}, app.Errorf(app.Forbidden, "Only those above an organization may do this.")
	}
	return tx.Organization(ctx, id)
}

func wrongLimits(q app.Quota) map[string]string {
	fields := map[string]string{}
	for field, limit := range limits(q) {
		if limit != nil && (*limit < 0 || *limit > math.MaxInt32) {
			fields[field] = "Please give a whole number from 0 to 2147483647, or leave it empty."
		}
	}
	return fields
}

// limits are a quota's limits by the name of their field.
func limits(q app.Quota) map[string]*int64 {
	return map[string]*int64{
		"services": q.Services.Max, "guests": q.Guests.Max, "vcpu": q.VCPU.Max, "memory": q.MemoryMiB.Max, "disk": q.DiskGiB.Max,
	}
}
