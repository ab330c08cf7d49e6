package proxmox

import (
	"context"
	"errors"
	"net/url"

	pve "github.com/luthermonson/go-proxmox"

	"allotment/app"
)

// Stray is a guest with our mark that belongs to nothing we know.
type Stray struct {
	Resource app.ID // the resource that its mark names
	Node     string
	Number   int
	ID       string // the external ID, "lxc/402"
	Name     string
}

// Sweep lists the guests with our mark whose resource known does not know under that number. The list of guests is the
// cluster's, which lags by ten seconds; the mark is read from each guest's own configuration. It changes nothing.
func (d *Driver) Sweep(ctx context.Context, known func(resource app.ID, number int) bool) ([]Stray, error) {
	var all []pve.ClusterResource
	if err := d.get(ctx, "/cluster/resources", url.Values{"type": {"vm"}}, &all); err != nil {
		return nil, err
	}
	var strays []Stray
	for _, r := range all {
		g := guest{node: r.Node, kind: kind(r.Type), number: int(r.VMID)}
		config, err := d.configOf(ctx, g)
		if missing(err) || notOurs(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		g.config = config
		owner, marked := g.owner()
		if marked && !known(owner, g.number) {
			strays = append(strays, Stray{Resource: owner, Node: g.node, Number: g.number, ID: g.id(), Name: g.name()})
		}
	}
	return strays, nil
}

func (g guest) name() string {
	if g.kind == container {
		return g.config.text("hostname")
	}
	return g.config.text("name")
}

// notOurs: the token may not read this guest, so it is in nobody's reach through us.
func notOurs(err error) bool {
	var answer *Error
	return errors.As(err, &answer) && answer.Status == 403
}
