package pve

import (
	"context"
	"sync"
	"time"
)

// Simulated is a Runtime whose guests exist in memory only: they are "running" from Start to Stop. It serves
// where real guests are not possible, and for virtual machines.
type Simulated struct {
	// Delay is how long Create, Start, Stop and Destroy take.
	Delay time.Duration

	mu      sync.Mutex
	running map[int]bool
}

var _ Runtime = (*Simulated)(nil)

// NewSimulated returns a runtime whose actions take delay.
func NewSimulated(delay time.Duration) *Simulated {
	return &Simulated{Delay: delay, running: map[int]bool{}}
}

// Create only takes its time.
func (s *Simulated) Create(ctx context.Context, _ Guest, _ string, _ func(string)) error {
	return sleep(ctx, s.Delay)
}

// Start marks the guest as running.
func (s *Simulated) Start(ctx context.Context, g Guest) error { return s.set(ctx, g, true) }

// Stop marks the guest as stopped.
func (s *Simulated) Stop(ctx context.Context, g Guest, _ bool) error { return s.set(ctx, g, false) }

// Destroy forgets the guest.
func (s *Simulated) Destroy(ctx context.Context, g Guest) error { return s.set(ctx, g, false) }

// Running tells what the last Start or Stop said.
func (s *Simulated) Running(g Guest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running[g.VMID]
}

func (s *Simulated) set(ctx context.Context, g Guest, running bool) error {
	if err := sleep(ctx, s.Delay); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if running {
		s.running[g.VMID] = true
	} else {
		delete(s.running, g.VMID)
	}
	return nil
}

// sleep waits for d, or less when ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
