// Package lxc runs the emulator's containers for real: Debian's lxc, systemd and cloud-init, from the template that was
// uploaded through the API.
//
// Each Runtime is a lab of its own: a keeper process in its own network, mount and process namespaces. The lab's network
// is a bridge in there, so nothing is configured in the machine's own network, many labs use the same addresses side by
// side, and no packet leaves the machine. The keeper ends with the process that made it, also by kill -9, and all guests,
// mounts and devices end with the keeper. What crosses the border are connections: Dial goes in, Forward comes out.
//
// Differences from a genuine node, all of them in what confines a guest: containers are privileged (root in the guest is
// root on the machine, without the capabilities and devices that lxc's common.conf takes away), AppArmor does not
// confine them, and the size of their disk is not enforced. Run no strangers' software in them.
package lxc

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"allotment/e2e/pve"
)

// Options say where a Runtime keeps its things and what its network looks like.
type Options struct {
	Dir      string       // private folder of this runtime (scratch); required. Guests live in their own Guest.Dir
	CacheDir string       // unpacked templates, shared by all runtimes of the machine; required
	Network  netip.Prefix // the gateway's address in the lab's network; zero means 198.18.0.1/16 (RFC 2544)
	AptProxy string       // http://host:port, as guests see it, that their apt uses; blank configures none
	Hosts    []string     // lines that are added to each guest's /etc/hosts, e.g. "198.18.0.1 portal.example.org"
}

// Runtime is a pve.Runtime of real containers.
type Runtime struct {
	options Options
	network netip.Prefix
	label   string // prefix of container names and so of their cgroups; names this process and runtime
	lab     *lab

	mu     sync.Mutex
	guests map[int]*process // by VMID
}

var _ pve.Runtime = (*Runtime)(nil)

// count tells the runtimes of one process apart.
var count atomic.Int64

// programs that a Runtime calls, and the Debian package of each.
var programs = map[string]string{
	"lxc-start": "lxc", "lxc-stop": "lxc", "lxc-attach": "lxc", "lxc-wait": "lxc",
	"ip": "iproute2", "nsenter": "util-linux", "mount": "mount", "tar": "tar", "zstd": "zstd",
}

// Possible says, in words for the person who starts the lab, why containers cannot run here; nil when they can. It looks
// at rights and programs; New tries for real.
func Possible() error {
	if os.Geteuid() != 0 {
		return errors.New("real containers need root: start the same command with sudo")
	}
	var missing []string
	for program, pkg := range programs {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, pkg)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		missing = slices.Compact(missing)
		return fmt.Errorf("real containers need Debian's %s: run `apt-get install %s`", strings.Join(missing, " and "), strings.Join(missing, " "))
	}
	if len(hierarchies()) == 0 {
		return errors.New("real containers need control groups, and none are mounted in /sys/fs/cgroup")
	}
	return nil
}

// New starts an empty lab. Cgroups that dead runtimes left behind are removed. The caller closes it.
func New(o Options) (*Runtime, error) {
	if err := Possible(); err != nil {
		return nil, err
	}
	if o.Dir == "" || o.CacheDir == "" {
		return nil, errors.New("lxc: Options.Dir and Options.CacheDir are required")
	}
	if !o.Network.IsValid() {
		o.Network = netip.MustParsePrefix("198.18.0.1/16")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	if o.Dir = dir; os.MkdirAll(dir, 0o711) != nil {
		return nil, fmt.Errorf("lxc: cannot make the folder %s", dir)
	}
	sweep()
	label, err := ownLabel(int(count.Add(1)))
	if err != nil {
		return nil, err
	}
	l, err := startLab(o)
	if err != nil {
		return nil, err
	}
	return &Runtime{options: o, network: o.Network, label: label, lab: l, guests: map[int]*process{}}, nil
}

// Gateway is the lab's own address, at which Forward listens and which guests use as gateway and name server.
func (r *Runtime) Gateway() netip.Addr { return r.network.Addr() }

// Close ends all guests at once, as a power cut would, and the lab. Their files stay: a later runtime can start them.
func (r *Runtime) Close() error {
	err := r.lab.close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.guests {
		<-p.done
	}
	removeCgroups(context.Background(), r.label+"-")
	return err
}

// name of g's container, of fixed width so that none is the beginning of another's.
func (r *Runtime) name(g pve.Guest) string { return fmt.Sprintf("%s-%09d", r.label, g.VMID) }
