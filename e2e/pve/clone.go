package pve

import (
	"strings"
	"time"
)

// cloning is one clone on its way from the request to its task.
type cloning struct {
	kind        string
	from, to    int
	pool        string
	full        bool
	config      map[string]string // of the clone, disks still the source's
	description string
	name        string
}

// cloneVM: POST …/qemu/{vmid}/clone. Two clones to one number both get a task, and the second fails in it. The task
// carries the number of the source.
func cloneVM(s *Server, c *call) (any, error) {
	k, err := s.checkClone(c, KindQEMU)
	if err != nil {
		return nil, err
	}
	return s.fork(c, "qmclone", vmids(k.from), func(t *task) error { return s.cloneVM(t, c, k) })
}

// cloneCT: POST …/lxc/{vmid}/clone. Source and number are locked at once, so the second of two is refused at once.
func cloneCT(s *Server, c *call) (any, error) {
	k, err := s.checkClone(c, KindLXC)
	if err != nil {
		return nil, err
	}
	if err := s.change(KindLXC, k.from, func(g *guest) error {
		if err := g.checkLock(); err != nil {
			return err
		}
		g.Config["lock"] = "disk"
		return nil
	}); err != nil {
		return nil, err
	}
	if err := s.reserve(KindLXC, k.to, "create"); err != nil {
		s.unlock(KindLXC, k.from)
		return nil, err
	}
	if err := s.startCloneCT(c, k); err != nil {
		s.unlock(KindLXC, k.from)
		s.forgetGuest(k.to)
		return nil, err
	}
	return s.fork(c, "vzclone", vmids(k.from), func(t *task) error { return s.cloneCT(t, k) })
}

// startCloneCT writes the clone's configuration, without its disks, before the task begins.
func (s *Server) startCloneCT(c *call, k *cloning) error {
	g, err := s.find(KindLXC, k.from)
	if err != nil {
		return err
	}
	if k.full && s.running(g) && !c.params.has("snapname") {
		return die("Full clone of a running container is only possible from a snapshot")
	}
	if !k.full && !g.template() {
		return die("Linked clone feature for '%s' is not available", drive(KindLXC, "rootfs", g.Config["rootfs"])["volume"])
	}
	return s.change(KindLXC, k.to, func(clone *guest) error {
		clone.SSHKeys = g.SSHKeys
		for name, v := range k.config {
			if !isDisk(KindLXC, name) {
				clone.Config[name] = v
			}
		}
		clone.nameClone(k)
		clone.Config["lock"] = "create"
		return nil
	})
}

func (g *guest) nameClone(k *cloning) {
	if k.name != "" && g.Kind == KindLXC {
		g.Config["hostname"] = k.name
	} else if k.name != "" {
		g.Config["name"] = k.name
	}
	if k.description != "" {
		g.Config["description"] = k.description
	}
}

// checkClone checks a clone's source, before and inside the task.
func (s *Server) checkClone(c *call, kind string) (*cloning, error) {
	k := &cloning{kind: kind, from: c.vmid(), to: c.params.integer("newid"), pool: c.params.str("pool"),
		description: c.params.str("description"), name: c.params.or("hostname", c.params.str("name"))}
	g := s.anyGuest(k.from)
	if g == nil || g.Kind != kind {
		return nil, s.lost(kind, k.from)
	}
	if k.pool != "" {
		found := false
		s.readAccess(func(a *access) { found = a.Pools[k.pool] != nil })
		if !found {
			return nil, die("pool '%s' does not exist", k.pool)
		}
	}
	if err := g.checkLock(); err != nil {
		return nil, err
	}
	source, err := g.state(c.params.str("snapname"))
	if err != nil {
		return nil, err
	}
	k.full = c.params.flag("full") || !c.params.has("full") && !g.template()
	for _, option := range []string{"storage", "format"} {
		if c.params.has(option) && !k.full {
			return nil, die("parameter '%s' not allowed for linked clones", option)
		}
	}
	if err := s.mayClone(c, kind, source); err != nil {
		return nil, err
	}
	if kind == KindQEMU && s.anyGuest(k.to) != nil {
		return nil, die("unable to create VM %d: config file already exists", k.to)
	}
	k.config = cloneConfig(kind, source)
	return k, nil
}

// state is the configuration that is cloned: the present one or that of a snapshot.
func (g *guest) state(name string) (map[string]string, error) {
	if name == "" {
		return g.Config, nil
	}
	if shot := g.snapshot(name); shot != nil {
		return shot.Config, nil
	}
	return nil, die("snapshot '%s' does not exist", name)
}

// mayClone wants space on the storage and the use of the bridges.
func (s *Server) mayClone(c *call, kind string, source map[string]string) error {
	if target := c.params.str("storage"); target != "" && target != storageID {
		return die("storage '%s' does not exist", target)
	}
	for _, k := range disks(kind, source) {
		if !cdrom(drive(kind, k, source[k])) {
			if err := s.check(c.user, "/storage/"+storageID, "Datastore.AllocateSpace"); err != nil {
				return err
			}
		}
	}
	for _, b := range bridgesOf(source) {
		if err := s.check(c.user, "/sdn/zones/"+s.zoneOf(b)+"/"+b, "SDN.Use"); err != nil {
			return err
		}
	}
	return nil
}

// cloneConfig is a configuration with what must differ made anew: MAC addresses and UUIDs.
func cloneConfig(kind string, source map[string]string) map[string]string {
	config := map[string]string{}
	for k, v := range source {
		switch {
		case k == "lock" || k == "template" || unusedRE.MatchString(k):
		case strings.HasPrefix(k, "net") && numbered.MatchString(k):
			p := properties(kind, k, v)
			delete(p, "macaddr")
			delete(p, "hwaddr")
			config[k] = network(kind, k, printed(p, "", "model", "name"))
		case k == "smbios1":
			p := parsePairs(v)
			p["uuid"] = randomUUID()
			config[k] = printed(p, "")
		case k == "vmgenid":
			config[k] = randomUUID()
		default:
			config[k] = v
		}
	}
	return config
}

// workerStart is how long a forked worker takes to begin. In that moment a second clone to the same number is still
// accepted, as on a real node.
const workerStart = 20 * time.Millisecond

// cloneVM is the task: a placeholder, the disks one by one, then the whole configuration, then the pool.
func (s *Server) cloneVM(t *task, c *call, k *cloning) error {
	_ = sleep(t.ctx, workerStart)
	release, err := s.locks.take(t.ctx, k.to, min(s.opts.LockWait, shortWait))
	if err != nil {
		return die("can't lock file '%s' - got timeout", lockFile(k.kind, k.to))
	}
	defer release()
	if _, err := s.checkClone(c, k.kind); err != nil {
		return err
	}
	if err := s.reserve(k.kind, k.to, "clone"); err != nil {
		return die("unable to create VM %d: config file already exists", k.to)
	}
	if err := s.copyDisks(t, k, func(so map[string]string) error { return s.showProgress(k, so) }); err != nil {
		s.dropVolumes(k.to)
		s.forgetGuest(k.to)
		return dieAs("clone failed:", interrupted(err))
	}
	if err := s.createClone(t, k); err != nil {
		return err
	}
	err = s.change(k.kind, k.to, func(g *guest) error { g.Config = k.named(); return nil })
	s.addToPool(k.to, k.pool)
	return err
}

// interrupted is how a clone words its cancellation.
func interrupted(err error) error {
	if err.Error() == errInterrupted.Error() {
		return die("interrupted by signal")
	}
	return err
}

// named is the clone's final configuration.
func (k *cloning) named() map[string]string {
	g := &guest{Kind: k.kind, Config: k.config}
	if k.name == "" && k.kind == KindQEMU {
		g.Config["name"] = "Copy-of-VM-" + first(k.config["name"], vmids(k.from))
	}
	g.nameClone(k)
	return g.Config
}

// showProgress writes the configuration after a disk: from the first one on, the clone has its name and description.
func (s *Server) showProgress(k *cloning, so map[string]string) error {
	return s.change(k.kind, k.to, func(g *guest) error {
		g.Config = map[string]string{"lock": "clone"}
		for name, v := range k.named() {
			if !isDisk(k.kind, name) || so[name] != "" {
				g.Config[name] = v
			}
		}
		return nil
	})
}

// cloneCT is the task of a container's clone.
func (s *Server) cloneCT(t *task, k *cloning) error {
	done := func() { s.unlock(KindLXC, k.from) }
	err := s.copyDisks(t, k, func(so map[string]string) error {
		return s.change(KindLXC, k.to, func(g *guest) error {
			for name := range so {
				g.Config[name] = k.config[name]
			}
			return nil
		})
	})
	if err != nil {
		done()
		s.dropVolumes(k.to)
		s.forgetGuest(k.to)
		return dieAs("clone failed:", interrupted(err))
	}
	s.addToPool(k.to, k.pool)
	if err := s.createClone(t, k); err != nil {
		return err
	}
	done()
	s.unlock(KindLXC, k.to)
	return nil
}

// createClone has the runtime make the clone. A runtime has no copies: the clone begins as its template did.
func (s *Server) createClone(t *task, k *cloning) error {
	g, err := s.find(k.kind, k.to)
	if err != nil {
		return err
	}
	source, err := s.find(k.kind, k.from)
	if err != nil {
		return err
	}
	if err := s.change(k.kind, k.to, func(g *guest) error {
		g.Template, g.Imported = source.Template, source.Imported
		return nil
	}); err != nil {
		return err
	}
	return t.check(s.runtime(k.kind).Create(t.ctx, s.asGuest(g), source.Template, func(line string) { t.log("%s", line) }))
}

// unlock removes the lock from a configuration.
func (s *Server) unlock(kind string, vmid int) {
	_ = s.change(kind, vmid, func(g *guest) error { delete(g.Config, "lock"); return nil })
}
