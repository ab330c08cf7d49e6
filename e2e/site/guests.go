package site

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"

	"allotment/catalog"
	"allotment/e2e/pve"
	"allotment/e2e/pve/lxc"
)

// placeholder is the content of a template that could not be built: guests made from it are simulated.
const placeholder = "allotment: a placeholder for a template that cannot be built here\n"

// guests runs real containers where there can be some, and pretends the others.
type guests struct {
	real    *lxc.Runtime // nil: none are possible
	pretend *pretend
}

func newGuests(entries *catalog.Catalog, ca string) (*guests, error) {
	p, err := startPretend(entries, ca)
	return &guests{pretend: p}, err
}

// of returns the runtime of one guest: the mark in its folder says which.
func (r *guests) of(g pve.Guest) pve.Runtime {
	if _, err := os.Stat(filepath.Join(g.Dir, "pretended")); err == nil || r.real == nil || g.Kind != pve.KindLXC {
		return r.pretend
	}
	return r.real
}

// Create makes the guest of its template, or notes that it is a pretended one.
func (r *guests) Create(ctx context.Context, g pve.Guest, template string, log func(string)) error {
	if r.real == nil || g.Kind != pve.KindLXC || isPlaceholder(template) {
		log("this guest is simulated: nothing is installed")
		if err := os.MkdirAll(g.Dir, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(g.Dir, "pretended"), nil, 0o600); err != nil {
			return err
		}
	}
	return r.of(g).Create(ctx, g, template, log)
}

// Start boots the guest.
func (r *guests) Start(ctx context.Context, g pve.Guest) error { return r.of(g).Start(ctx, g) }

// Stop ends the guest.
func (r *guests) Stop(ctx context.Context, g pve.Guest, graceful bool) error {
	return r.of(g).Stop(ctx, g, graceful)
}

// Running tells whether the guest runs.
func (r *guests) Running(g pve.Guest) bool { return r.of(g).Running(g) }

// Destroy removes the guest with its data.
func (r *guests) Destroy(ctx context.Context, g pve.Guest) error {
	if err := r.of(g).Destroy(ctx, g); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(g.Dir, "pretended"))
}

// dial connects to a guest's address.
func (r *guests) dial(ctx context.Context, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if r.real == nil || r.pretend.has(host) {
		return r.pretend.dial(ctx, host)
	}
	return r.real.Dial(ctx, "tcp", address)
}

func (r *guests) close() error {
	err := r.pretend.close()
	if r.real == nil {
		return err
	}
	return r.real.Close()
}

func isPlaceholder(template string) bool {
	file, err := os.Open(template)
	if err != nil {
		return false
	}
	defer file.Close()
	head, err := io.ReadAll(io.LimitReader(file, int64(len(placeholder))))
	return err == nil && bytes.Equal(head, []byte(placeholder))
}
