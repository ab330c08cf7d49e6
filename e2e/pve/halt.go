package pve

import (
	"fmt"
	"time"
)

// stopVM: POST …/qemu/{vmid}/status/stop. A stopped VM is fine.
func stopVM(s *Server, c *call) (any, error) {
	if err := rootOnly(c, "skiplock", "keepActive", "migratedfrom"); err != nil {
		return nil, err
	}
	return s.halt(c, KindQEMU, "stop", false)
}

// shutdownVM: POST …/qemu/{vmid}/status/shutdown.
func shutdownVM(s *Server, c *call) (any, error) {
	if err := rootOnly(c, "skiplock", "keepActive"); err != nil {
		return nil, err
	}
	return s.halt(c, KindQEMU, "shutdown", true)
}

// stopCT: POST …/lxc/{vmid}/status/stop. A stopped container is refused at once.
func stopCT(s *Server, c *call) (any, error) {
	if err := rootOnly(c, "skiplock"); err != nil {
		return nil, err
	}
	if err := s.mustRun(c, "CT"); err != nil {
		return nil, err
	}
	return s.halt(c, KindLXC, "stop", false)
}

// shutdownCT: POST …/lxc/{vmid}/status/shutdown.
func shutdownCT(s *Server, c *call) (any, error) {
	if err := s.mustRun(c, "CT"); err != nil {
		return nil, err
	}
	return s.halt(c, KindLXC, "shutdown", true)
}

// mustRun refuses a guest that does not run, or is not there.
func (s *Server) mustRun(c *call, noun string) error {
	if g := s.anyGuest(c.vmid()); g == nil || !s.running(g) {
		return die("%s %d not running", noun, c.vmid())
	}
	return nil
}

// halt stops a guest in a task.
func (s *Server) halt(c *call, kind, verb string, graceful bool) (any, error) {
	if upid, managed := s.byHA(c, kind, "stopped"); managed {
		return upid, nil
	}
	vmid := c.vmid()
	timeout := 60
	if c.params.has("timeout") {
		timeout = c.params.integer("timeout")
	}
	force := c.params.flag("forceStop")
	return s.fork(c, taskPrefix[kind]+verb, vmids(vmid), func(t *task) error {
		release, err := s.lockGuest(t.ctx, kind, vmid)
		if err != nil {
			return err
		}
		defer release()
		return s.stopIn(t, kind, vmid, graceful, time.Duration(timeout)*time.Second, force)
	})
}

// stopIn stops a guest inside a task that holds its lock.
func (s *Server) stopIn(t *task, kind string, vmid int, graceful bool, timeout time.Duration, force bool) error {
	g := s.anyGuest(vmid)
	if g == nil || g.Kind != kind {
		return s.lost(kind, vmid)
	}
	if !s.running(g) {
		return nil
	}
	if err := g.checkLock(); err != nil {
		return err
	}
	t.halfway()
	if err := s.stopRuntime(t, g, graceful, timeout, force); err != nil {
		return err
	}
	return s.change(kind, vmid, func(g *guest) error {
		g.Running, g.Started = false, 0
		g.applyPending()
		return nil
	})
}

func (s *Server) stopRuntime(t *task, g *guest, graceful bool, timeout time.Duration, force bool) error {
	r := s.runtime(g.Kind)
	if !graceful {
		return t.check(r.Stop(t.ctx, s.asGuest(g), false))
	}
	ctx, cancel := contextWithTimeout(t.ctx, timeout)
	defer cancel()
	err := r.Stop(ctx, s.asGuest(g), true)
	if err = t.check(err); err == nil {
		return nil
	}
	if !force {
		if g.Kind == KindLXC {
			return die("command 'lxc-stop -n %d --nokill --timeout %d' failed: exit code 1", g.VMID, int(timeout.Seconds()))
		}
		return die("VM quit/powerdown failed - got timeout")
	}
	if g.Kind == KindQEMU {
		t.log("VM still running - terminating now with SIGTERM")
	}
	return t.check(r.Stop(t.ctx, s.asGuest(g), false))
}

// lost is what looking for a missing guest's process says, which is not what loading its configuration says.
func (s *Server) lost(kind string, vmid int) error {
	if kind == KindLXC {
		return s.noConfig(kind, vmid)
	}
	return die("unable to find configuration file for VM %d on node '%s'", vmid, s.opts.Node)
}

// rebootVM: POST …/qemu/{vmid}/status/reboot.
func rebootVM(s *Server, c *call) (any, error) {
	if g := s.anyGuest(c.vmid()); g == nil || g.Kind != KindQEMU {
		return nil, s.lost(KindQEMU, c.vmid())
	}
	return s.reboot(c, KindQEMU)
}

// rebootCT: POST …/lxc/{vmid}/status/reboot.
func rebootCT(s *Server, c *call) (any, error) { return s.reboot(c, KindLXC) }

func (s *Server) reboot(c *call, kind string) (any, error) {
	if err := s.mustRun(c, "VM"); err != nil {
		return nil, err
	}
	vmid := c.vmid()
	return s.fork(c, taskPrefix[kind]+"reboot", vmids(vmid), func(t *task) error {
		release, err := s.lockGuest(t.ctx, kind, vmid)
		if err != nil {
			return err
		}
		defer release()
		if err := s.stopIn(t, kind, vmid, true, time.Minute, true); err != nil {
			return err
		}
		if err := s.boot(t, kind, vmid); err != nil {
			return fmt.Errorf("reboot: %w", err)
		}
		return nil
	})
}
