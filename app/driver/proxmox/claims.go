package proxmox

import (
	"context"

	"allotment/app"
)

// Claims keeps, in a place that outlives the process, which number belongs to which resource and what is under way for it.
// Numbers are unique among all claims, and one that was quarantined is never given out again.
type Claims interface {
	// Claim returns the claim of ref's resource; where there is none it makes one with a fresh number of the range.
	Claim(ctx context.Context, ref app.Ref) (app.GuestClaim, error)
	// Place writes the node down on which the guest is made or was found.
	Place(ctx context.Context, ref app.Ref, node string) error
	// Task writes the ID of the task down that is under way; "" when it ended.
	Task(ctx context.Context, ref app.Ref, upid string) error
	// Quarantine gives the resource's number up for good, tells the operator why, and returns a claim with a fresh number and
	// neither node nor task.
	Quarantine(ctx context.Context, ref app.Ref, reason string) (app.GuestClaim, error)
	// Release forgets the claim; its number may be used again. No claim is success.
	Release(ctx context.Context, ref app.Ref) error
}
