package pve

import (
	"crypto/sha1"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// guest is one container or virtual machine: its configuration file, and what the node knows beside it.
type guest struct {
	VMID     int               `json:"vmid"`
	Kind     string            `json:"kind"`
	Config   map[string]string `json:"config"`
	Pending  map[string]string `json:"pending,omitempty"` // changes that wait for a restart
	Drop     map[string]bool   `json:"drop,omitempty"`    // keys whose deletion waits for a restart
	Shots    []snapshot        `json:"snapshots,omitempty"`
	Parent   string            `json:"parent,omitempty"`   // the snapshot that the present state comes from
	Running  bool              `json:"running,omitempty"`  // started and not stopped: starts again with the server
	Started  int64             `json:"started,omitempty"`  // when it was started
	SSHKeys  string            `json:"ssh_keys,omitempty"` // of a container, given at create and shown nowhere
	Template string            `json:"archive,omitempty"`  // the template file that a container was made from
	Imported bool              `json:"imported,omitempty"` // a VM with a system: a disk of it was imported or cloned from such
	Firewall map[string]string `json:"firewall,omitempty"`
	Seen     int64             `json:"seen"` // when its statistics began, in Unix milliseconds
}

// copied is a copy that can be read without the lock.
func (g *guest) copied() *guest {
	c := *g
	c.Config, c.Pending, c.Drop = maps.Clone(g.Config), maps.Clone(g.Pending), maps.Clone(g.Drop)
	c.Firewall = maps.Clone(g.Firewall)
	c.Shots = append([]snapshot(nil), g.Shots...)
	return &c
}

// noun is what messages call the guest: VM or CT.
func noun(kind string) string {
	if kind == KindLXC {
		return "CT"
	}
	return "VM"
}

// configPath is the configuration file as messages name it.
func (s *Server) configPath(kind string, vmid int) string {
	if kind == KindLXC {
		return "nodes/" + s.opts.Node + "/lxc/" + vmids(vmid) + ".conf"
	}
	return "nodes/" + s.opts.Node + "/qemu-server/" + vmids(vmid) + ".conf"
}

// find returns a copy of a guest, or the error that loading its configuration gives.
func (s *Server) find(kind string, vmid int) (*guest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.guests[vmid]
	if g == nil || g.Kind != kind {
		return nil, s.noConfig(kind, vmid)
	}
	return g.copied(), nil
}

func (s *Server) noConfig(kind string, vmid int) error {
	return die("Configuration file '%s' does not exist", s.configPath(kind, vmid))
}

// change changes a guest and keeps the result, unless do fails.
func (s *Server) change(kind string, vmid int, do func(g *guest) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.guests[vmid]
	if g == nil || g.Kind != kind {
		return s.noConfig(kind, vmid)
	}
	next := g.copied()
	if err := do(next); err != nil {
		return err
	}
	s.guests[vmid] = next
	s.save(guestFile(vmid), next)
	return nil
}

// unused fails when a guest of either kind has the number.
func (s *Server) unused(vmid int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unusedLocked(vmid)
}

func (s *Server) unusedLocked(vmid int) error {
	if g := s.guests[vmid]; g != nil {
		return die("%s %d already exists on node '%s'", noun(g.Kind), vmid, s.opts.Node)
	}
	return nil
}

// reserve makes the placeholder configuration that holds a number while its guest is made: nothing but the lock.
func (s *Server) reserve(kind string, vmid int, lock string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.unusedLocked(vmid); err != nil {
		return err
	}
	g := &guest{VMID: vmid, Kind: kind, Config: map[string]string{"lock": lock}, Seen: time.Now().UnixMilli()}
	s.guests[vmid] = g
	s.save(guestFile(vmid), g)
	return nil
}

// forgetGuest removes a guest's configuration.
func (s *Server) forgetGuest(vmid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.guests, vmid)
	if err := s.disk.remove(guestFile(vmid)); err != nil {
		s.opts.Log.Error("pve: configuration not removed", "vmid", vmid, "error", err)
	}
}

func guestFile(vmid int) string { return "guests/" + vmids(vmid) }

// loadGuests reads all guests of earlier runs. Locks of tasks that died with the server stay, as on a real node.
func (s *Server) loadGuests() error {
	names, err := s.disk.names("guests")
	if err != nil {
		return err
	}
	for _, name := range names {
		g := &guest{}
		if err := s.disk.load(name, g); err != nil {
			return err
		}
		s.guests[g.VMID] = g
	}
	return nil
}

// digest is the fingerprint of a configuration, by which a client notices a change by somebody else.
func (g *guest) digest() string {
	var b strings.Builder
	for _, section := range []map[string]string{g.Config, g.Pending} {
		for _, k := range keys(section) {
			b.WriteString(k + ": " + section[k] + "\n")
		}
		b.WriteString("\n")
	}
	for _, k := range keys(g.Drop) {
		b.WriteString("delete: " + k + "\n")
	}
	for _, shot := range g.Shots {
		b.WriteString("[" + shot.Name + "]\n")
	}
	sum := sha1.Sum([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}

// name is what lists call the guest.
func (g *guest) name() string {
	key := "name"
	if g.Kind == KindLXC {
		key = "hostname"
	}
	if n := g.Config[key]; n != "" {
		return n
	}
	return noun(g.Kind) + map[string]string{KindLXC: "", KindQEMU: " "}[g.Kind] + vmids(g.VMID)
}

func (g *guest) template() bool { return g.Config["template"] == "1" }

// memoryMiB is the guest's memory; 512 where none is set.
func (g *guest) memoryMiB() int {
	text := strings.TrimPrefix(g.Config["memory"], "current=")
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return 512
}

// cpus is the number of processors: of a VM cores times sockets, of a container its limit or all.
func (g *guest) cpus(all int) int {
	cores, err := strconv.Atoi(g.Config["cores"])
	if err != nil && g.Kind == KindLXC {
		return all
	}
	sockets, _ := strconv.Atoi(g.Config["sockets"])
	return max(cores, 1) * max(sockets, 1)
}

// privateDir is the guest's folder for its runtime.
func (s *Server) privateDir(vmid int) string {
	dir := filepath.Join(s.opts.Dir, "private", vmids(vmid))
	_ = os.MkdirAll(dir, 0o755) // a runtime that cannot use it says so better
	return dir
}
