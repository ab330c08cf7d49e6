package proxmox

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"allotment/app"
)

// kind is how the API spells a kind of guest in its paths.
type kind string

const (
	container kind = "lxc"
	machine   kind = "qemu"
)

func kindOf(isContainer bool) kind {
	if isContainer {
		return container
	}
	return machine
}

// disk is the name of a guest's first disk.
func (k kind) disk() string {
	if k == container {
		return "rootfs"
	}
	return "scsi0"
}

// guest is one guest as its own configuration and status tell it. (The cluster's list of resources lags by ten seconds.)
type guest struct {
	node    string
	kind    kind
	number  int
	config  settings
	running bool
	upFor   time.Duration // since it was started; 0 where that was not asked for
}

// settings is a guest's configuration as the API gives it: numbers come as numbers or as text, depending on kind and version.
type settings map[string]any

func (s settings) text(key string) string {
	switch v := s[key].(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

func (s settings) number(key string, otherwise int) int {
	if n, err := strconv.Atoi(s.text(key)); err == nil {
		return n
	}
	return otherwise
}

// path is the API path of the guest, or of something below it.
func (g guest) path(parts ...string) string {
	return nodePath(g.node, append([]string{string(g.kind), strconv.Itoa(g.number)}, parts...)...)
}

// id is the external ID: kind and number, as "lxc/402". A guest keeps it when the operator moves it to another node.
func (g guest) id() string { return fmt.Sprintf("%s/%d", g.kind, g.number) }

// configOf reads a guest's configuration. Of a machine it is what runs now; a container applies changes at once, or (its
// environment) at the next start, and then what was asked for counts.
func (d *Driver) configOf(ctx context.Context, g guest) (settings, error) {
	if g.kind == container {
		return d.askedOf(ctx, g)
	}
	var config settings
	err := d.get(ctx, g.path("config"), url.Values{"current": {"1"}}, &config)
	return config, err
}

// askedOf reads the configuration with the changes that wait for a restart.
func (d *Driver) askedOf(ctx context.Context, g guest) (settings, error) {
	var config settings
	err := d.get(ctx, g.path("config"), nil, &config)
	return config, err
}

// refresh reads configuration and power state.
func (d *Driver) refresh(ctx context.Context, g guest) (guest, error) {
	config, err := d.configOf(ctx, g)
	if err != nil {
		return g, err
	}
	g.config = config
	g.running, err = d.isRunning(ctx, g)
	return g, err
}

func (d *Driver) isRunning(ctx context.Context, g guest) (bool, error) {
	running, _, err := d.power(ctx, g)
	return running, err
}

// power reads whether a guest runs, and for how long it has.
func (d *Driver) power(ctx context.Context, g guest) (running bool, upFor time.Duration, err error) {
	var status struct {
		Status string `json:"status"`
		Uptime int64  `json:"uptime"` // in seconds
	}
	err = d.get(ctx, g.path("status", "current"), nil, &status)
	if status.Status != "running" {
		return false, 0, err
	}
	return true, time.Duration(status.Uptime) * time.Second, err
}

func (g guest) state() app.GuestState {
	return app.GuestState{Node: g.node, Number: g.number, Running: g.running, UpFor: g.upFor, Seeded: g.seeded(), VCPU: g.vcpu(),
		MemoryMiB: g.memoryMiB(), DiskGiB: g.diskMiB() / 1024}
}

func (g guest) vcpu() int { return g.config.number("cores", 1) * g.config.number("sockets", 1) }

func (g guest) memoryMiB() int { return g.config.number("memory", 512) }

// sized reports whether vCPUs and memory are as wanted.
func (g guest) sized(spec app.GuestSpec) bool {
	return g.vcpu() == spec.VCPU && g.memoryMiB() == spec.MemoryMiB
}

// diskMiB reads the first disk's size from its volume's options: "local:402/vm-402-disk-0.raw,size=4G". 0 when none is given.
func (g guest) diskMiB() int {
	size := option(g.config.text(g.kind.disk()), "size")
	if size == "" {
		return 0
	}
	n, err := strconv.ParseFloat(strings.TrimRight(size, "KMGT"), 64)
	if err != nil {
		return 0
	}
	switch size[len(size)-1] {
	case 'T':
		return int(n * 1024 * 1024)
	case 'G':
		return int(n * 1024)
	case 'M':
		return int(n)
	case 'K':
		return int(n / 1024)
	}
	return int(n / 1024 / 1024)
}

// option returns the value of name in a comma-separated list of options, "" when it is not there.
func option(list, name string) string {
	for part := range strings.SplitSeq(list, ",") {
		if key, value, ok := strings.Cut(part, "="); ok && key == name {
			return value
		}
	}
	return ""
}

// tag marks our guests for the eye; the description is what counts. It is set after a guest is made: with the making request a
// token would need VM.Config.Options on /vms, the pool does not help there.
const tag = "allotment"

func (g guest) tagged() bool {
	separator := func(r rune) bool { return r == ';' || r == ',' || r == ' ' }
	return slices.Contains(strings.FieldsFunc(g.config.text("tags"), separator), tag)
}

// mark is the description of ref's guest.
func mark(resource app.ID, number int) string {
	return fmt.Sprintf("allotment resource=%s vmid=%d", resource, number)
}

// owner returns the resource that the description names, if it also names this guest's own number: a clone or a restored copy
// carries its source's description.
func (g guest) owner() (app.ID, bool) {
	for line := range strings.Lines(g.config.text("description")) {
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[0] != "allotment" || fields[2] != "vmid="+strconv.Itoa(g.number) {
			continue
		}
		name, ok := strings.CutPrefix(fields[1], "resource=")
		if id, err := app.ParseID(name); ok && err == nil {
			return id, true
		}
	}
	return app.ID{}, false
}
