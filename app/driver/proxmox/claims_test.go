package proxmox_test

import (
	"context"
	"errors"
	"sync"

	"allotment/app"
)

// memoryClaims are claims in a map. It hands out the lowest free number.
type memoryClaims struct {
	mu          sync.Mutex
	first, last int
	claims      map[app.ID]app.GuestClaim
	quarantined map[int]string // number -> reason
}

func newClaims(first, last int) *memoryClaims {
	return &memoryClaims{first: first, last: last, claims: map[app.ID]app.GuestClaim{}, quarantined: map[int]string{}}
}

func (m *memoryClaims) Claim(ctx context.Context, ref app.Ref) (app.GuestClaim, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return app.GuestClaim{}, err
	}
	if claim, ok := m.claims[ref.Resource]; ok {
		return claim, nil
	}
	return m.fresh(ref)
}

func (m *memoryClaims) fresh(ref app.Ref) (app.GuestClaim, error) {
	number := m.next()
	if number == 0 {
		return app.GuestClaim{}, app.Errorf(app.Full, "There is no room for this server at the moment.")
	}
	m.claims[ref.Resource] = app.GuestClaim{Resource: ref.Resource, Number: number}
	return m.claims[ref.Resource], nil
}

// next returns the number that the next claim gets, 0 when none is left.
func (m *memoryClaims) next() int {
	used := map[int]bool{}
	for _, claim := range m.claims {
		used[claim.Number] = true
	}
	for number := m.first; number <= m.last; number++ {
		if _, bad := m.quarantined[number]; !bad && !used[number] {
			return number
		}
	}
	return 0
}

func (m *memoryClaims) Place(ctx context.Context, ref app.Ref, node string) error {
	return m.update(ctx, ref, func(c *app.GuestClaim) { c.Node = node })
}

func (m *memoryClaims) Task(ctx context.Context, ref app.Ref, upid string) error {
	return m.update(ctx, ref, func(c *app.GuestClaim) { c.Task = upid })
}

func (m *memoryClaims) update(ctx context.Context, ref app.Ref, change func(*app.GuestClaim)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	claim, ok := m.claims[ref.Resource]
	if err := ctx.Err(); err != nil || !ok {
		return errors.Join(err, errors.New("no claim to change"))
	}
	change(&claim)
	m.claims[ref.Resource] = claim
	return nil
}

func (m *memoryClaims) Quarantine(ctx context.Context, ref app.Ref, reason string) (app.GuestClaim, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return app.GuestClaim{}, err
	}
	m.quarantined[m.claims[ref.Resource].Number] = reason
	return m.fresh(ref)
}

func (m *memoryClaims) Release(ctx context.Context, ref app.Ref) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.claims, ref.Resource)
	return ctx.Err()
}

func (m *memoryClaims) of(ref app.Ref) app.GuestClaim {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.claims[ref.Resource]
}

// mortalClaims are claims as a process sees them that may have died.
type mortalClaims struct {
	*memoryClaims
	dead func() bool
}

var errDead = errors.New("the process has ended")

func (m mortalClaims) Claim(ctx context.Context, ref app.Ref) (app.GuestClaim, error) {
	if m.dead() {
		return app.GuestClaim{}, errDead
	}
	return m.memoryClaims.Claim(ctx, ref)
}

func (m mortalClaims) Place(ctx context.Context, ref app.Ref, node string) error {
	if m.dead() {
		return errDead
	}
	return m.memoryClaims.Place(ctx, ref, node)
}

func (m mortalClaims) Task(ctx context.Context, ref app.Ref, upid string) error {
	if m.dead() {
		return errDead
	}
	return m.memoryClaims.Task(ctx, ref, upid)
}

func (m mortalClaims) Quarantine(ctx context.Context, ref app.Ref, reason string) (app.GuestClaim, error) {
	if m.dead() {
		return app.GuestClaim{}, errDead
	}
	return m.memoryClaims.Quarantine(ctx, ref, reason)
}

func (m mortalClaims) Release(ctx context.Context, ref app.Ref) error {
	if m.dead() {
		return errDead
	}
	return m.memoryClaims.Release(ctx, ref)
}
