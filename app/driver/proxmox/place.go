package proxmox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	pve "github.com/luthermonson/go-proxmox"

	"allotment/app"
)

// usable leaves the nodes that the configuration names; all when it names none.
func (c Config) usable(all []pve.NodeStatus) []pve.NodeStatus {
	if len(c.Nodes) == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(n pve.NodeStatus) bool { return !slices.Contains(c.Nodes, n.Node) })
}

// choose returns the node with the most free memory that has room for the guest and holds its template.
func (d *Driver) choose(ctx context.Context, spec app.GuestSpec) (string, error) {
	nodes, err := d.nodes(ctx)
	if err != nil {
		return "", err
	}
	slices.SortStableFunc(nodes, func(x, y pve.NodeStatus) int { return cmp.Compare(freeMiB(y), freeMiB(x)) })
	none := app.Errorf(app.Full, "There is no room for this server at the moment.")
	for _, n := range nodes {
		room, err := d.hasRoom(ctx, n, spec)
		if err != nil {
			return "", err
		}
		if !room {
			continue
		}
		_, err = d.template(ctx, n.Node, spec.Container, spec.Template)
		if errors.Is(err, errNoTemplate) {
			none = err
			continue
		}
		return n.Node, err
	}
	return "", none
}

func freeMiB(n pve.NodeStatus) int64 { return (int64(n.MaxMem) - int64(n.Mem)) >> 20 }

// hasRoom reports whether the node is up, has the memory, and its disk storage has room for the disk.
func (d *Driver) hasRoom(ctx context.Context, n pve.NodeStatus, spec app.GuestSpec) (bool, error) {
	if n.Status != "online" {
		return false, nil
	}
	if n.MaxMem == 0 {
		cause := fmt.Errorf("the API token lacks Sys.Audit on /nodes/%s", n.Node)
		return false, app.Because(app.Permanent, cause, "We may not make this change to the server.")
	}
	if freeMiB(n) < int64(spec.MemoryMiB) {
		return false, nil
	}
	var storage pve.Storage
	err := d.get(ctx, nodePath(n.Node, "storage", d.config.DiskStorage, "status"), nil, &storage)
	if said(err, "not available on node", "does not exist", "is disabled") {
		return false, nil
	}
	return storage.Avail>>30 >= uint64(spec.DiskGiB), err
}
