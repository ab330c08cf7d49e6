package planner

import (
	"encoding/json"
	"fmt"

	"allotment/app"
	"allotment/catalog"
)

// Resizing is what a change of plan does to a service's server.
type Resizing struct {
	Guest    app.Resource // as it is wanted from then on
	From, To app.GuestSpec
	Restart  bool // it is away for a minute or two: a machine takes other processors and memory with a restart only
}

// Takes is how much the resized service takes of a quota.
func (r Resizing) Takes() app.Amounts {
	return app.Amounts{Services: 1, Guests: 1, VCPU: int64(r.To.VCPU), MemoryMiB: int64(r.To.MemoryMiB), DiskGiB: int64(r.To.DiskGiB)}
}

// Resize returns the server of a service as another plan wants it.
//
// Errors: Conflict where the plan's disk is smaller than the service's, which a disk cannot become.
func Resize(resources []app.Resource, plan *catalog.Plan) (Resizing, error) {
	for _, r := range resources {
		if r.Kind != app.KindGuest {
			continue
		}
		var is app.GuestSpec
		if err := json.Unmarshal(r.Spec, &is); err != nil {
			return Resizing{}, fmt.Errorf("spec of %s: %w", r.Role, err)
		}
		has := is.DiskGiB
		var seen app.GuestState
		if len(r.Observed) > 0 && json.Unmarshal(r.Observed, &seen) == nil && seen.DiskGiB > 0 {
			has = seen.DiskGiB // an earlier change may have failed before it grew
		}
		to := is
		to.VCPU, to.MemoryMiB, to.DiskGiB = plan.VCPU, plan.MemoryMiB, plan.DiskGiB
		if to.DiskGiB < has {
			return Resizing{}, app.Errorf(app.Conflict, "Its disk has %d GB, and this size has %d GB. A disk can grow, but it cannot shrink.",
				has, to.DiskGiB)
		}
		spec, err := json.Marshal(to)
		if err != nil {
			return Resizing{}, fmt.Errorf("spec of %s: %w", r.Role, err)
		}
		r.Spec = spec
		return Resizing{Guest: r, From: is, To: to, Restart: !to.Container && (to.VCPU != is.VCPU || to.MemoryMiB != is.MemoryMiB)}, nil
	}
	return Resizing{}, app.Errorf(app.Conflict, "This service has no server whose size could be changed.")
}
