package pve

import "time"

// taskPrefix begins the names of a VM's and a container's tasks.
var taskPrefix = map[string]string{KindQEMU: "qm", KindLXC: "vz"}

// rootOnly refuses options that only root@pam in person may use.
func rootOnly(c *call, names ...string) error {
	for _, name := range names {
		if v := c.params.str(name); v != "" && v != "0" && !c.root() {
			return badParam(name, "Only root may use this option.")
		}
	}
	return nil
}

// startVM: POST …/qemu/{vmid}/status/start. A VM that runs, or is not there, fails in the task.
func startVM(s *Server, c *call) (any, error) {
	if err := rootOnly(c, "skiplock", "stateuri", "migratedfrom", "migration_type", "migration_network", "targetstorage", "force-cpu"); err != nil {
		return nil, err
	}
	if upid, managed := s.byHA(c, KindQEMU, "started"); managed {
		return upid, nil
	}
	vmid := c.vmid()
	return s.fork(c, "qmstart", vmids(vmid), func(t *task) error {
		release, err := s.lockGuest(t.ctx, KindQEMU, vmid)
		if err != nil {
			return err
		}
		defer release()
		return s.boot(t, KindQEMU, vmid)
	})
}

// startCT: POST …/lxc/{vmid}/status/start. A container that runs is refused at once.
func startCT(s *Server, c *call) (any, error) {
	if err := rootOnly(c, "skiplock"); err != nil {
		return nil, err
	}
	vmid := c.vmid()
	if g, err := s.find(KindLXC, vmid); err == nil && s.running(g) {
		return nil, die("CT %d already running", vmid)
	}
	if upid, managed := s.byHA(c, KindLXC, "started"); managed {
		return upid, nil
	}
	return s.fork(c, "vzstart", vmids(vmid), func(t *task) error {
		release, err := s.lockGuest(t.ctx, KindLXC, vmid)
		if err != nil {
			return err
		}
		defer release()
		return s.boot(t, KindLXC, vmid)
	})
}

// boot starts a guest inside a task that holds its lock.
func (s *Server) boot(t *task, kind string, vmid int) error {
	g, err := s.find(kind, vmid)
	if err != nil {
		return err
	}
	if err := s.mayBoot(t, g); err != nil {
		return err
	}
	if err := s.change(kind, vmid, func(g *guest) error { g.applyPending(); return nil }); err != nil {
		return err
	}
	if g, err = s.find(kind, vmid); err != nil {
		return err
	}
	s.logBoot(t, g)
	t.halfway()
	if err := t.check(s.runtime(kind).Start(t.ctx, s.asGuest(g))); err != nil {
		if kind == KindLXC {
			return die("startup for container '%d' failed: %s", vmid, err)
		}
		return die("start failed: %s", err)
	}
	return s.change(kind, vmid, func(g *guest) error {
		g.Running, g.Started = true, time.Now().Unix()
		return nil
	})
}

// mayBoot checks what keeps a guest from starting.
func (s *Server) mayBoot(t *task, g *guest) error {
	if g.Kind == KindLXC && g.template() {
		return die("you can't start a CT if it's a template")
	}
	if err := g.checkLock(); err != nil {
		return err
	}
	if g.template() {
		return die("you can't start a vm if it's a template")
	}
	if s.running(g) {
		return die("%s %d already running", noun(g.Kind), g.VMID)
	}
	for _, k := range disks(g.Kind, g.Config) {
		id := drive(g.Kind, k, g.Config[k])[bareKey(g.Kind)]
		if content, _ := contentOf(afterColon(id)); content == "iso" {
			if _, err := s.statFile(id); err != nil {
				return err
			}
		}
	}
	if t.full || s.memoryUsed()+int64(g.memoryMiB())<<20 > s.opts.Memory {
		return s.noMemory(t, g)
	}
	return nil
}

// noMemory fails as KVM and LXC do when the node has no memory left.
func (s *Server) noMemory(t *task, g *guest) error {
	if g.Kind == KindLXC {
		return die("startup for container '%d' failed: Cannot allocate memory", g.VMID)
	}
	t.log("kvm: cannot set up guest memory 'pc.ram': Cannot allocate memory")
	return die("start failed: QEMU exited with code 1")
}

// memoryUsed is the memory of all running guests.
func (s *Server) memoryUsed() int64 {
	var sum int64
	for _, g := range s.allGuests() {
		if s.running(g) {
			sum += int64(g.memoryMiB()) << 20
		}
	}
	return sum
}

// logBoot writes what the start of a VM with a cloud-init drive says. Without a search domain, neither in the
// configuration nor on the node, 9.1.6 complains from within Perl.
func (s *Server) logBoot(t *task, g *guest) {
	for _, k := range disks(g.Kind, g.Config) {
		if g.Kind == KindQEMU && cloudinitDrive(drive(g.Kind, k, g.Config[k])["file"]) {
			if g.Config["searchdomain"] == "" {
				t.log("Use of uninitialized value in split at /usr/share/perl5/PVE/QemuServer/Cloudinit.pm line 115.")
			}
			t.log("generating cloud-init ISO")
		}
	}
}
