package pve

import (
	"context"
	"sync"
	"time"
)

// guestLocks are the lock files of the guests: one holder at a time, and they die with their worker. The "lock" in a
// configuration is something else: it outlives its worker.
type guestLocks struct {
	mu   sync.Mutex
	held map[int]chan struct{}
}

// take waits at most for wait until the guest's lock is free and returns its release.
func (l *guestLocks) take(ctx context.Context, vmid int, wait time.Duration) (release func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[int]chan struct{}{}
	}
	if l.held[vmid] == nil {
		l.held[vmid] = make(chan struct{}, 1)
	}
	slot := l.held[vmid]
	l.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case slot <- struct{}{}:
		return func() { <-slot }, nil
	default:
	}
	select {
	case slot <- struct{}{}:
		return func() { <-slot }, nil
	case <-timer.C:
		return nil, errTimeout
	case <-ctx.Done():
		return nil, errTimeout
	}
}

var errTimeout = plain("got timeout")

// lockGuest takes a guest's lock file, waiting as long as a configuration change does.
func (s *Server) lockGuest(ctx context.Context, kind string, vmid int) (func(), error) {
	release, err := s.locks.take(ctx, vmid, s.opts.LockWait)
	if err != nil {
		return nil, die("can't lock file '%s' - got timeout", lockFile(kind, vmid))
	}
	return release, nil
}

func lockFile(kind string, vmid int) string {
	if kind == KindLXC {
		return "/run/lock/lxc/pve-config-" + vmids(vmid) + ".lock"
	}
	return "/var/lock/qemu-server/lock-" + vmids(vmid) + ".conf"
}

// checkLock fails when the configuration carries a lock.
func (g *guest) checkLock() error {
	if l := g.Config["lock"]; l != "" {
		return die("%s is locked (%s)", noun(g.Kind), l)
	}
	return nil
}
