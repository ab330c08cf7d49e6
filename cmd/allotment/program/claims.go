package program

import (
	"context"
	"log/slog"

	"allotment/app"
	"allotment/app/store"
)

// alarmedClaims tells the operator whenever a number of the hypervisor is given up: something unclear stands under it.
type alarmedClaims struct {
	store.GuestClaims
	log *slog.Logger
}

// Quarantine gives the number up and says so.
func (c alarmedClaims) Quarantine(ctx context.Context, ref app.Ref, reason string) (app.GuestClaim, error) {
	fresh, err := c.GuestClaims.Quarantine(ctx, ref, reason)
	c.log.Warn("a number of the hypervisor was given up for good: look at what stands under it", "resource", ref.Resource, "name", ref.Name,
		"reason", reason, "new number", fresh.Number, "error", err)
	return fresh, err
}
