package pve

import "strings"

// templateVM: POST …/qemu/{vmid}/template.
func templateVM(s *Server, c *call) (any, error) {
	if _, err := s.checkTemplate(KindQEMU, c.vmid()); err != nil {
		return nil, err
	}
	vmid := c.vmid()
	return s.fork(c, "qmtemplate", vmids(vmid), func(t *task) error {
		release, err := s.lockGuest(t.ctx, KindQEMU, vmid)
		if err != nil {
			return err
		}
		defer release()
		return s.makeTemplate(KindQEMU, vmid)
	})
}

// templateCT: POST …/lxc/{vmid}/template, which is done at once and answers nothing.
func templateCT(s *Server, c *call) (any, error) {
	if _, err := s.checkTemplate(KindLXC, c.vmid()); err != nil {
		return nil, err
	}
	release, err := s.lockGuest(c.request.Context(), KindLXC, c.vmid())
	if err != nil {
		return nil, err
	}
	defer release()
	return nil, s.makeTemplate(KindLXC, c.vmid())
}

func (s *Server) checkTemplate(kind string, vmid int) (*guest, error) {
	g, err := s.find(kind, vmid)
	if err != nil {
		return nil, err
	}
	if err := g.checkLock(); err != nil {
		return nil, err
	}
	what := "VM"
	if kind == KindLXC {
		what = "CT"
	}
	switch {
	case len(g.Shots) > 0:
		return nil, die("unable to create template, because %s contains snapshots", what)
	case g.template():
		return nil, die("you can't convert a template to a template")
	case s.running(g):
		return nil, die("you can't convert a %s to template if %s is running", what, map[string]string{"VM": "VM", "CT": "the CT"}[what])
	}
	return g, nil
}

// makeTemplate renames the disks to base-… and marks the guest.
func (s *Server) makeTemplate(kind string, vmid int) error {
	g, err := s.checkTemplate(kind, vmid)
	if err != nil {
		return err
	}
	config := g.Config
	for _, k := range disks(kind, config) {
		p := drive(kind, k, config[k])
		if id := p[bareKey(kind)]; !cdrom(p) && !strings.Contains(id, "/base-") {
			p[bareKey(kind)] = s.rename(id)
			config[k] = printDrive(kind, p)
		}
	}
	config["template"] = "1"
	return s.change(kind, vmid, func(g *guest) error { g.Config = config; return nil })
}

// rename turns vm-100-disk-0 into base-100-disk-0.
func (s *Server) rename(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.volumes[id]
	if v == nil {
		return id
	}
	next := *v
	next.ID = strings.Replace(id, "/vm-", "/base-", 1)
	delete(s.volumes, id)
	s.volumes[next.ID] = &next
	s.save("volumes", s.volumes)
	return next.ID
}
