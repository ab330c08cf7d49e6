package pve

import "strings"

// deleteVM: DELETE …/qemu/{vmid}. A running VM is refused at once; a locked one fails in the task.
func deleteVM(s *Server, c *call) (any, error) {
	if err := rootOnly(c, "skiplock"); err != nil {
		return nil, err
	}
	vmid, purge := c.vmid(), c.params.flag("purge")
	early := func() (*guest, error) {
		g, err := s.find(KindQEMU, vmid)
		if err != nil {
			return nil, err
		}
		if g.Config["protection"] == "1" {
			return nil, die("can't remove VM %d - protection mode enabled", vmid)
		}
		if err := s.freeOfHA(g, purge); err != nil {
			return nil, err
		}
		if s.running(g) {
			return nil, die("VM %d is running - destroy failed", vmid)
		}
		return g, nil
	}
	if _, err := early(); err != nil {
		return nil, err
	}
	return s.fork(c, "qmdestroy", vmids(vmid), func(t *task) error {
		release, err := s.lockGuest(t.ctx, KindQEMU, vmid)
		if err != nil {
			return err
		}
		defer release()
		g, err := early()
		if err != nil {
			return err
		}
		return s.destroy(t, g, purge)
	})
}

// deleteCT: DELETE …/lxc/{vmid}. A running or locked container is refused at once, unless force stops it.
func deleteCT(s *Server, c *call) (any, error) {
	vmid, purge, force := c.vmid(), c.params.flag("purge"), c.params.flag("force")
	early := func() (*guest, error) {
		g, err := s.find(KindLXC, vmid)
		if err != nil {
			return nil, err
		}
		if g.Config["protection"] == "1" {
			return nil, die("can't remove CT %d - protection mode enabled", vmid)
		}
		if err := g.checkLock(); err != nil {
			return nil, err
		}
		if err := s.freeOfHA(g, purge); err != nil {
			return nil, err
		}
		if s.running(g) && !force {
			return nil, die("unable to destroy CT %d - container is running", vmid)
		}
		return g, nil
	}
	if _, err := early(); err != nil {
		return nil, err
	}
	return s.fork(c, "vzdestroy", vmids(vmid), func(t *task) error {
		release, err := s.lockGuest(t.ctx, KindLXC, vmid)
		if err != nil {
			return err
		}
		defer release()
		g, err := early()
		if err != nil {
			return err
		}
		if s.running(g) {
			t.log("forced to stop CT %d before destroying!", vmid)
			if err := s.stopIn(t, KindLXC, vmid, false, 0, false); err != nil {
				return err
			}
		}
		return s.destroy(t, g, purge)
	})
}

// freeOfHA refuses guests that high availability looks after, unless purge is given.
func (s *Server) freeOfHA(g *guest, purge bool) error {
	if s.managed(g.Kind, g.VMID) && !purge {
		return die("unable to remove %s %d - used in HA resources and purge parameter not set.", noun(g.Kind), g.VMID)
	}
	return nil
}

// destroy removes a guest inside a task that holds its lock. The configuration goes last, so that the number is not
// taken again too early.
func (s *Server) destroy(t *task, g *guest, purge bool) error {
	if err := g.checkLock(); err != nil {
		return err
	}
	for _, v := range s.volumesOf(g.VMID) {
		if s.hasClones(v.ID) {
			return die("base volume '%s' is still in use by linked cloned", v.ID)
		}
	}
	if err := t.check(s.runtime(g.Kind).Destroy(t.ctx, s.asGuest(g))); err != nil {
		return err
	}
	s.dropVolumes(g.VMID)
	// What is left until the end has nothing but a lock (PVE::LXC::destroy_lxc_container's replacement configuration).
	if err := s.change(g.Kind, g.VMID, func(g *guest) error { g.Config = map[string]string{"lock": "destroyed"}; return nil }); err != nil {
		return err
	}
	t.halfway()
	_ = s.changeAccess(func(a *access) error { a.forget(g.VMID); return nil })
	if purge {
		t.log("purging %s %d from related configurations..", noun(g.Kind), g.VMID)
		if s.managed(g.Kind, g.VMID) {
			s.unmanage(g.Kind, g.VMID)
			t.log("NOTE: removed %s %d from HA resource configuration.", noun(g.Kind), g.VMID)
		}
	}
	s.forgetGuest(g.VMID)
	return nil
}

// hasClones tells whether linked clones are based on a disk.
func (s *Server) hasClones(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.volumes {
		if v.Parent == id && !strings.HasPrefix(v.name(), strings.Split(afterColon(id), "/")[0]+"/") {
			return true
		}
	}
	return false
}
