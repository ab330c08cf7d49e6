package pve

import (
	"context"
	"time"
)

// contextWithTimeout is context.WithTimeout that lets a zero timeout pass once: a stop with timeout 0 still asks.
func contextWithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, max(d, 100*time.Millisecond))
}
