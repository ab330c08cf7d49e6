package pve

import (
	"regexp"
	"strings"
)

var resizeRE = regexp.MustCompile(`^(\+)?(\d+(?:\.\d+)?[KMGT]?)$`)

// resizeVM: PUT …/qemu/{vmid}/resize. What is wrong with the disk shows in the task.
func resizeVM(s *Server, c *call) (any, error) {
	if err := rootOnly(c, "skiplock"); err != nil {
		return nil, err
	}
	return s.fork(c, "resize", c.params.str("vmid"), func(t *task) error { return s.resizeDisk(t, c) })
}

// resizeCT: PUT …/lxc/{vmid}/resize. Everything is checked at once, and again in the task.
func resizeCT(s *Server, c *call) (any, error) {
	check := func() (*guest, error) {
		g, err := s.find(KindLXC, c.vmid())
		if err != nil {
			return nil, err
		}
		if err := g.checkLock(); err != nil {
			return nil, err
		}
		if err := s.check(c.user, "/vms/"+vmids(g.VMID), "VM.Config.Options"); err != nil {
			return nil, err
		}
		if want := c.params.str("digest"); want != "" && want != g.digest() {
			return nil, errModified
		}
		return g, s.mayGrowCT(c, g)
	}
	if _, err := check(); err != nil {
		return nil, err
	}
	return s.fork(c, "resize", c.params.str("vmid"), func(t *task) error {
		release, err := s.lockGuest(t.ctx, KindLXC, c.vmid())
		if err != nil {
			return err
		}
		defer release()
		g, err := check()
		if err != nil {
			return err
		}
		name := c.params.str("disk")
		p := drive(KindLXC, name, g.Config[name])
		t.halfway()
		return s.grow(t, g, name, p["volume"], p, c.params.str("size"))
	})
}

// mayGrowCT refuses a smaller disk and the same size.
func (s *Server) mayGrowCT(c *call, g *guest) error {
	name := c.params.str("disk")
	id := drive(KindLXC, name, g.Config[name])["volume"]
	if err := s.check(c.user, "/storage/"+storageID, "Datastore.AllocateSpace"); err != nil {
		return err
	}
	s.mu.Lock()
	v := s.volumes[id]
	s.mu.Unlock()
	if v == nil {
		return die("unable to parse volume ID '%s'", id)
	}
	switch bytes := newSize(v.Size, c.params.str("size")); {
	case bytes < v.Size:
		return die("unable to shrink disk size")
	case bytes == v.Size:
		return die("disk is already at specified size")
	}
	return nil
}

// newSize works out 8G or +1G from the size now.
func newSize(now int64, text string) int64 {
	m := resizeRE.FindStringSubmatch(text)
	if m[1] != "" {
		return now + parseSize(m[2])
	}
	return parseSize(m[2])
}

func (s *Server) resizeDisk(t *task, c *call) error {
	const kind = KindQEMU
	vmid, name := c.vmid(), c.params.str("disk")
	release, err := s.lockGuest(t.ctx, kind, vmid)
	if err != nil {
		return err
	}
	defer release()
	g, err := s.find(kind, vmid)
	if err != nil {
		return err
	}
	if err := g.accepts(&update{digest: c.params.str("digest")}); err != nil {
		return err
	}
	p := drive(kind, name, g.Config[name])
	id := p[bareKey(kind)]
	switch {
	case g.Config[name] == "":
		return die("disk '%s' does not exist", name)
	case cdrom(p):
		return die("you can't resize a cdrom")
	}
	if err := s.check(c.user, "/storage/"+storageID, "Datastore.AllocateSpace"); err != nil {
		return err
	}
	t.halfway()
	return s.grow(t, g, name, id, p, c.params.str("size"))
}

// grow makes a disk larger, which also leaves it alone when it has the size already.
func (s *Server) grow(t *task, g *guest, name, id string, p map[string]string, size string) error {
	s.mu.Lock()
	v := s.volumes[id]
	used := s.usedLocked()
	s.mu.Unlock()
	if v == nil {
		return die("Could not determine current size of volume '%s'", id)
	}
	bytes := newSize(v.Size, size)
	switch {
	case bytes < v.Size:
		return die("shrinking disks is not supported")
	case bytes == v.Size:
		return nil
	case t.full || used+bytes-v.Size > s.opts.Storage:
		return die("command '/usr/bin/qemu-img resize -f %s %s/images/%s %d' failed: exit code 1", v.Format, shownDir, v.name(), bytes)
	}
	s.mu.Lock()
	v.Size = bytes
	s.save("volumes", s.volumes)
	s.mu.Unlock()
	t.log("Image resized.")
	if g.Kind == KindLXC {
		t.logGrown(v, s.running(g))
	}
	p["size"] = formatSize(bytes)
	return s.change(g.Kind, g.VMID, func(g *guest) error { g.Config[name] = printDrive(g.Kind, p); return nil })
}

// logGrown writes what the check and growth of a file system say.
func (t *task) logGrown(v *volume, online bool) {
	path, blocks := shownDir+"/images/"+v.name(), v.Size/4096
	if !online {
		t.log("e2fsck 1.47.2 (1-Jan-2025)")
		for _, pass := range []string{"1: Checking inodes, blocks, and sizes", "2: Checking directory structure", "3: Checking directory connectivity",
			"4: Checking reference counts", "5: Checking group summary information"} {
			t.log("%s", "Pass "+pass)
		}
		t.log("%s", path+": 55/65536 files (0.0% non-contiguous), 13542/262144 blocks")
	}
	t.log("resize2fs 1.47.2 (1-Jan-2025)")
	t.log("Resizing the filesystem on %s to %d (4k) blocks.", path, blocks)
	t.log("The filesystem on %s is now %d (4k) blocks long.", path, blocks)
	t.log("")
}

// human writes bytes as qemu-img's progress does.
func human(n int64) string { return strings.TrimSuffix(formatSize(n), "B") + "iB" }
