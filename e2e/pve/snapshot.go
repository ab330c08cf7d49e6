package pve

import (
	"strings"
	"time"
)

// snapshot is a kept state of a guest.
type snapshot struct {
	Name        string            `json:"name"`
	Parent      string            `json:"parent,omitempty"`
	Description string            `json:"description"`
	Time        int64             `json:"snaptime"`
	VMState     bool              `json:"vmstate,omitempty"` // with the memory of a running VM
	Config      map[string]string `json:"config"`
}

// snapshot finds a snapshot by its name, or returns nil.
func (g *guest) snapshot(name string) *snapshot {
	for i := range g.Shots {
		if g.Shots[i].Name == name {
			return &g.Shots[i]
		}
	}
	return nil
}

// listVMSnapshots: GET …/qemu/{vmid}/snapshot.
func listVMSnapshots(s *Server, c *call) (any, error) { return s.snapshots(c, KindQEMU) }

// listCTSnapshots: GET …/lxc/{vmid}/snapshot.
func listCTSnapshots(s *Server, c *call) (any, error) { return s.snapshots(c, KindLXC) }

func (s *Server) snapshots(c *call, kind string) (any, error) {
	g, err := s.find(kind, c.vmid())
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, shot := range g.Shots {
		m := map[string]any{"name": shot.Name, "description": shot.Description, "snaptime": shot.Time}
		if kind == KindQEMU {
			m["vmstate"] = oneIf(shot.VMState)
		}
		if shot.Parent != "" {
			m["parent"] = shot.Parent
		}
		list = append(list, m)
	}
	current := map[string]any{"name": "current", "description": "You are here!", "digest": g.digest(), "running": oneIf(s.running(g))}
	if g.Parent != "" {
		current["parent"] = g.Parent
	}
	return append(list, current), nil
}

// createVMSnapshot: POST …/qemu/{vmid}/snapshot.
func createVMSnapshot(s *Server, c *call) (any, error) { return s.takeSnapshot(c, KindQEMU) }

// createCTSnapshot: POST …/lxc/{vmid}/snapshot.
func createCTSnapshot(s *Server, c *call) (any, error) { return s.takeSnapshot(c, KindLXC) }

func (s *Server) takeSnapshot(c *call, kind string) (any, error) {
	name, vmid := c.params.str("snapname"), c.vmid()
	for _, reserved := range []string{"current", "pending"} {
		if strings.ToLower(name) == reserved {
			return nil, die("unable to use snapshot name '%s' (reserved name)", reserved)
		}
	}
	if kind == KindQEMU {
		if _, err := s.find(kind, vmid); err != nil {
			return nil, err
		}
	}
	shot := snapshot{Name: name, Description: c.params.str("description"), VMState: c.params.flag("vmstate")}
	if shot.Description != "" && kind == KindLXC {
		shot.Description += "\n"
	}
	return s.fork(c, taskPrefix[kind]+"snapshot", vmids(vmid), func(t *task) error { return s.keepSnapshot(t, kind, vmid, shot) })
}

func (s *Server) keepSnapshot(t *task, kind string, vmid int, shot snapshot) error {
	release, err := s.lockGuest(t.ctx, kind, vmid)
	if err != nil {
		return err
	}
	defer release()
	var running bool
	err = s.change(kind, vmid, func(g *guest) error {
		if err := g.checkLock(); err != nil {
			return err
		}
		if g.template() {
			return die("you can't take a snapshot if it's a template")
		}
		if g.snapshot(shot.Name) != nil {
			return die("snapshot name '%s' already used", shot.Name)
		}
		if kind == KindLXC {
			return die("snapshot feature is not available") // raw images in a directory have none
		}
		running = s.running(g)
		shot.Config = g.copied().Config
		g.Config["lock"] = "snapshot"
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.logSnapshot(t, kind, vmid, running); err != nil {
		s.unlock(kind, vmid)
		return err
	}
	t.halfway()
	shot.VMState = shot.VMState && running
	return s.change(kind, vmid, func(g *guest) error {
		delete(g.Config, "lock")
		shot.Time, shot.Parent = time.Now().Unix(), g.Parent
		g.Shots, g.Parent = append(g.Shots, shot), shot.Name
		return nil
	})
}

// logSnapshot writes what is frozen and kept.
func (s *Server) logSnapshot(t *task, kind string, vmid int, running bool) error {
	g, err := s.find(kind, vmid)
	if err != nil {
		return err
	}
	if agentEnabled(g) && !running {
		t.log("still waiting on guest fs freeze - timeout in 50 minutes")
		t.log("querying status after freezing guest fs failed - VM %d not running", vmid)
	}
	for _, k := range disks(kind, g.Config) {
		if p := drive(kind, k, g.Config[k]); !cdrom(p) {
			t.log("snapshotting 'drive-%s' (%s)", k, p["file"])
		}
	}
	return t.sleep(s.opts.WorkerDelay)
}

// deleteVMSnapshot: DELETE …/qemu/{vmid}/snapshot/{snapname}.
func deleteVMSnapshot(s *Server, c *call) (any, error) { return s.dropSnapshot(c, KindQEMU) }

// deleteCTSnapshot: DELETE …/lxc/{vmid}/snapshot/{snapname}.
func deleteCTSnapshot(s *Server, c *call) (any, error) { return s.dropSnapshot(c, KindLXC) }

func (s *Server) dropSnapshot(c *call, kind string) (any, error) {
	name, vmid := c.params.str("snapname"), c.vmid()
	return s.fork(c, taskPrefix[kind]+"delsnapshot", vmids(vmid), func(t *task) error {
		release, err := s.lockGuest(t.ctx, kind, vmid)
		if err != nil {
			return err
		}
		defer release()
		return s.change(kind, vmid, func(g *guest) error { return g.dropShot(name) })
	})
}

func (g *guest) dropShot(name string) error {
	if err := g.checkLock(); err != nil {
		return err
	}
	gone := g.snapshot(name)
	if gone == nil {
		return die("snapshot '%s' does not exist", name)
	}
	parent := gone.Parent
	var kept []snapshot
	for _, shot := range g.Shots {
		if shot.Name == name {
			continue
		}
		if shot.Parent == name {
			shot.Parent = parent
		}
		kept = append(kept, shot)
	}
	g.Shots = kept
	if g.Parent == name {
		g.Parent = parent
	}
	return nil
}

// rollbackVM: POST …/qemu/{vmid}/snapshot/{snapname}/rollback.
func rollbackVM(s *Server, c *call) (any, error) { return s.rollback(c, KindQEMU) }

// rollbackCT: POST …/lxc/{vmid}/snapshot/{snapname}/rollback.
func rollbackCT(s *Server, c *call) (any, error) { return s.rollback(c, KindLXC) }

func (s *Server) rollback(c *call, kind string) (any, error) {
	name, vmid, start := c.params.str("snapname"), c.vmid(), c.params.flag("start")
	return s.fork(c, taskPrefix[kind]+"rollback", vmids(vmid), func(t *task) error {
		release, err := s.lockGuest(t.ctx, kind, vmid)
		if err != nil {
			return err
		}
		defer release()
		if err := s.stopIn(t, kind, vmid, false, 0, false); err != nil {
			return err
		}
		err = s.change(kind, vmid, func(g *guest) error {
			if err := g.checkLock(); err != nil {
				return err
			}
			shot := g.snapshot(name)
			if shot == nil {
				return die("snapshot '%s' does not exist", name)
			}
			g.Config, g.Pending, g.Drop, g.Parent = (&guest{Config: shot.Config}).copied().Config, nil, nil, name
			return nil
		})
		if err != nil || !start {
			return err
		}
		return s.boot(t, kind, vmid)
	})
}
