package proxmox

import (
	"context"
	"net/url"
	"strconv"
	"time"

	pve "github.com/luthermonson/go-proxmox"
)

// standing is what lies under a claimed number.
type standing int

const (
	absent  standing = iota
	ours             // carries our mark
	foreign          // someone else's
	started          // a placeholder whose task, which makes or removes it, is alive
	stuck            // a placeholder that nobody works on, locked for ever
)

// find is what look saw: where the guest is, and for started the task.
type find struct {
	standing standing
	guest    guest
	upid     string
}

// look says what lies under the claimed number, by the guest's own configuration wherever in the cluster it is. It changes
// nothing.
func (a *attempt) look(ctx context.Context) (find, error) {
	if a.claim.Node == "" {
		free, err := a.d.free(ctx, a.claim.Number)
		if err != nil || free {
			return find{standing: absent}, err
		}
		return a.lookAround(ctx)
	}
	f, err := a.lookOn(ctx, a.claim.Node)
	if err != nil || f.standing != absent {
		return f, err
	}
	upid, err := a.d.liveTask(ctx, a.claim.Node, a.claim.Number)
	if err != nil || upid != "" {
		return find{standing: started, upid: upid}, err
	}
	free, err := a.d.free(ctx, a.claim.Number)
	if err != nil || free {
		return find{standing: absent}, err
	}
	return a.lookAround(ctx)
}

// lookOn looks on one node, for the likelier kind first.
func (a *attempt) lookOn(ctx context.Context, node string) (find, error) {
	for _, k := range a.kinds() {
		g := guest{node: node, kind: k, number: a.claim.Number}
		config, err := a.d.configOf(ctx, g)
		if missing(err) {
			continue
		}
		if err != nil {
			return find{}, err
		}
		g.config = config
		return a.judge(ctx, g)
	}
	return find{standing: absent}, nil
}

// lookAround looks on all nodes: the operator may have moved the guest, or two attempts chose different nodes.
func (a *attempt) lookAround(ctx context.Context) (find, error) {
	nodes, err := a.d.nodes(ctx)
	if err != nil {
		return find{}, err
	}
	for _, n := range nodes {
		if n.Status != "online" {
			continue
		}
		f, err := a.lookOn(ctx, n.Node)
		if err != nil || f.standing != absent {
			return f, err
		}
	}
	return find{standing: foreign}, nil // the number is taken, and by nothing that we may see
}

// judge says whose g is. A placeholder carries nothing but its lock until its first disk is there, and again after its disks are
// gone.
func (a *attempt) judge(ctx context.Context, g guest) (find, error) {
	switch g.config.text("lock") {
	case "create", "clone", "destroyed":
		return a.judgePlaceholder(ctx, g)
	}
	if owner, ok := g.owner(); ok && owner == a.ref.Resource {
		return find{standing: ours, guest: g}, nil
	}
	return find{standing: foreign, guest: g}, nil
}

// judgePlaceholder waits out the moment between a placeholder and its task, and between the task's end and the lock's.
func (a *attempt) judgePlaceholder(ctx context.Context, g guest) (find, error) {
	for until := time.Now().Add(a.d.grace); ; {
		upid, err := a.d.liveTask(ctx, g.node, g.number)
		if err != nil || upid != "" {
			return find{standing: started, guest: g, upid: upid}, err
		}
		config, err := a.d.configOf(ctx, g)
		if missing(err) {
			return find{standing: absent}, nil
		}
		if err != nil {
			return find{}, err
		}
		g.config = config
		if g.config.text("lock") == "" {
			return a.judge(ctx, g)
		}
		if time.Now().After(until) {
			return find{standing: stuck, guest: g}, nil
		}
		if err := sleep(ctx, a.d.grace/8); err != nil {
			return find{}, err
		}
	}
}

// free reports whether no guest in the cluster has the number. It reserves nothing.
func (d *Driver) free(ctx context.Context, number int) (bool, error) {
	err := d.get(ctx, "/cluster/nextid", url.Values{"vmid": {strconv.Itoa(number)}}, nil)
	if taken(err) {
		return false, nil
	}
	return err == nil, err
}

// nodes lists the nodes that we may use.
func (d *Driver) nodes(ctx context.Context) ([]pve.NodeStatus, error) {
	var all []pve.NodeStatus
	if err := d.get(ctx, "/nodes", nil, &all); err != nil {
		return nil, err
	}
	return d.config.usable(all), nil
}
