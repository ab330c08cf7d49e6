package proxmox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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
	var missing error
	var reasons []string
	for _, n := range nodes {
		reason, err := d.noRoom(ctx, n, spec)
		if err != nil {
			return "", err
		}
		if reason != "" {
			reasons = append(reasons, n.Node+": "+reason)
			continue
		}
		_, err = d.template(ctx, n.Node, spec.Container, spec.Template)
		if errors.Is(err, errNoTemplate) {
			missing = err
			continue
		}
		return n.Node, err
	}
	if missing != nil {
		return "", missing
	}
	cause := fmt.Errorf("no node has room (%s)", strings.Join(reasons, "; "))
	return "", app.Because(app.Full, cause, "There is no room for this server at the moment.")
}

func freeMiB(n pve.NodeStatus) int64 { return (int64(n.MaxMem) - int64(n.Mem)) >> 20 }

// noRoom says, for the operator, why the guest cannot be on the node: "" when the node is up, has the memory, and its disk storage
// has room for the disk.
func (d *Driver) noRoom(ctx context.Context, n pve.NodeStatus, spec app.GuestSpec) (string, error) {
	if n.Status != "online" {
		return "it is " + n.Status, nil
	}
	if n.MaxMem == 0 {
		cause := fmt.Errorf("the API token lacks Sys.Audit on /nodes/%s", n.Node)
		return "", app.Because(app.Permanent, cause, "We may not make this change to the server.")
	}
	if free := freeMiB(n); free < int64(spec.MemoryMiB) {
		return fmt.Sprintf("%d MiB of memory free, %d wanted", free, spec.MemoryMiB), nil
	}
	var storage pve.Storage
	err := d.get(ctx, nodePath(n.Node, "storage", d.config.DiskStorage, "status"), nil, &storage)
	if said(err, "not available on node", "does not exist", "is disabled") {
		return "it does not have the storage " + d.config.DiskStorage, nil
	}
	if free := storage.Avail >> 30; err == nil && free < uint64(spec.DiskGiB) {
		return fmt.Sprintf("%d GiB free on %s, %d wanted", free, d.config.DiskStorage, spec.DiskGiB), nil
	}
	return "", err
}
