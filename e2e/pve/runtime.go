// Package pve emulates the HTTP API of a Proxmox VE 9.1 node, as far as a hosting portal needs it: guests, tasks,
// storage, pools, permissions and networks, with the errors, locks and delays of the real thing.
//
// It exists so that a program which drives Proxmox can be run and tested on a machine that has none. What it
// answers is checked against exchanges recorded from a genuine node (testdata/golden.jsonl).
package pve

import (
	"context"
	"net/netip"
)

// The two kinds of guest, as they are spelt in the API's paths.
const (
	KindLXC  = "lxc"
	KindQEMU = "qemu"
)

// Runtime runs the guests behind the API. Calls for one guest never overlap; each may take long and honours ctx.
type Runtime interface {
	// Create makes g from the template archive (an absolute path; empty for a VM). It is idempotent: what a
	// broken-off call left behind is replaced. Each line given to log appears in the log of the task.
	Create(ctx context.Context, g Guest, template string, log func(string)) error
	// Start boots g. Starting a running guest is fine.
	Start(ctx context.Context, g Guest) error
	// Stop ends g: gracefully (as its own shutdown would) or at once. Stopping a stopped guest is fine.
	Stop(ctx context.Context, g Guest, graceful bool) error
	// Running tells whether g runs now. It is called often and must be cheap; g has VMID, Kind and Dir only.
	Running(g Guest) bool
	// Destroy removes g with all its data. An absent guest is fine.
	Destroy(ctx context.Context, g Guest) error
}

// Guest is what a Runtime needs to know of one guest. The fields follow the guest's configuration at the time of
// the call, so a changed memory or environment takes effect with the next start.
type Guest struct {
	VMID       int
	Kind       string // KindLXC or KindQEMU
	Hostname   string
	Cores      int
	MemoryMiB  int
	DiskGiB    int               // size of the first disk
	Address    netip.Prefix      // invalid when none is configured (DHCP or no network)
	Gateway    netip.Addr        // invalid when none is configured
	Nameserver string            // blank when none is configured
	SSHKeys    string            // authorized_keys lines
	Env        map[string]string // environment of PID 1 (containers only)
	Dir        string            // private folder of this guest, owned by the runtime
}
