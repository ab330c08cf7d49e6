package pve

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"
)

// createCT: POST /nodes/{node}/lxc. Everything that can be refused at once is; the rest happens in a task "vzcreate".
func createCT(s *Server, c *call) (any, error) {
	vmid, pool := c.vmid(), c.params.str("pool")
	unprivileged := c.params.or("unprivileged", "1") == "1"
	config, err := s.checkCT(c, vmid, pool, unprivileged)
	if err != nil {
		return nil, err
	}
	if err := s.reserve(KindLXC, vmid, "create"); err != nil {
		return nil, dieAs(fmt.Sprintf("unable to create CT %d -", vmid), err)
	}
	_ = s.change(KindLXC, vmid, func(g *guest) error { g.SSHKeys = c.params.str("ssh-public-keys"); return nil })
	template, start := c.params.str("ostemplate"), c.params.flag("start")
	return s.fork(c, "vzcreate", vmids(vmid), func(t *task) error {
		return s.makeCT(t, vmid, pool, template, config, start)
	})
}

// checkCT checks a container before its number is taken, in the order of the real method, and returns its future
// configuration. The disk is still what was asked: "local:8".
func (s *Server) checkCT(c *call, vmid int, pool string, unprivileged bool) (map[string]string, error) {
	if !unprivileged {
		if err := s.check(c.user, "/", "Sys.Modify"); err != nil {
			return nil, err
		}
	}
	if err := s.unused(vmid); err != nil {
		return nil, err
	}
	if c.params.has("ssh-public-keys") && !publicKeys(c.params.str("ssh-public-keys")) {
		return nil, die("SSH public key validation error")
	}
	if err := s.mayCreate(c, vmid, pool); err != nil {
		return nil, err
	}
	options := c.params.without("node", "vmid", "pool", "ostemplate", "storage", "password", "ssh-public-keys", "unprivileged",
		"start", "force", "restore", "unique", "bwlimit", "ignore-unpack-errors", "ha-managed")
	if err := s.mayConfigure(c, KindLXC, vmid, pool, options.names(), unprivileged, nil); err != nil {
		return nil, err
	}
	if err := s.mayUse(c, vmid, c.params.str("ostemplate"), "vztmpl"); err != nil {
		return nil, err
	}
	return s.ctOptions(c, options, unprivileged)
}

// ctOptions turns the parameters of a create into a configuration.
func (s *Server) ctOptions(c *call, options values, unprivileged bool) (map[string]string, error) {
	config := map[string]string{}
	fallback := c.params.or("storage", storageID)
	for _, name := range options.names() {
		switch {
		case mountRE.MatchString(name):
			text, err := s.checkMount(c, name, options.str(name), fallback)
			if err != nil {
				return nil, err
			}
			config[name] = text
		case !unusedRE.MatchString(name):
			config[name] = normalOption(KindLXC, name, options.str(name))
		}
	}
	if config["rootfs"] == "" {
		if len(disks(KindLXC, config)) > 0 {
			return nil, die("mount points configured, but 'rootfs' not set - aborting")
		}
		if err := s.checkStorage(c, fallback); err != nil {
			return nil, err
		}
		config["rootfs"] = fallback + ":4"
	}
	if unprivileged {
		config["unprivileged"] = "1"
	}
	return config, nil
}

// checkMount checks one disk of a container and puts the storage before a bare size.
func (s *Server) checkMount(c *call, name, text, fallback string) (string, error) {
	p := drive(KindLXC, name, text)
	if strings.HasPrefix(p["volume"], "/") {
		if !c.root() {
			return "", die("Only root can pass arbitrary filesystem paths.")
		}
		return text, nil
	}
	if newDiskRE.MatchString(p["volume"]) && !strings.Contains(p["volume"], ":") {
		p["volume"] = fallback + ":" + p["volume"]
	}
	id, _, _ := strings.Cut(p["volume"], ":")
	return printDrive(KindLXC, p), s.checkStorage(c, id)
}

// checkStorage wants an existing storage that the caller may fill.
func (s *Server) checkStorage(c *call, id string) error {
	if id != storageID {
		return die("storage '%s' does not exist", id)
	}
	return s.check(c.user, "/storage/"+id, "Datastore.AllocateSpace")
}

// mayCreate wants VM.Allocate on the guest or on the pool that it goes into.
func (s *Server) mayCreate(c *call, vmid int, pool string) error {
	if pool != "" {
		exists := false
		s.readAccess(func(a *access) { exists = a.Pools[pool] != nil })
		if !exists {
			return die("pool '%s' does not exist", pool)
		}
	}
	if s.checkGuest(c.user, vmid, pool, "VM.Allocate") != nil {
		return forbidden("")
	}
	return nil
}

// makeCT is the task of a create: disk, file system, archive, configuration, pool.
func (s *Server) makeCT(t *task, vmid int, pool, template string, config map[string]string, start bool) error {
	release, err := s.lockGuest(t.ctx, KindLXC, vmid)
	if err != nil {
		return err
	}
	defer release()
	if err := s.fillCT(t, vmid, template, config); err != nil {
		s.dropVolumes(vmid)
		s.forgetGuest(vmid)
		return dieAs(fmt.Sprintf("unable to create CT %d -", vmid), err)
	}
	s.addToPool(vmid, pool)
	if start {
		return s.boot(t, KindLXC, vmid)
	}
	return nil
}

// fillCT makes the disks, unpacks the archive and writes the configuration.
func (s *Server) fillCT(t *task, vmid int, template string, config map[string]string) error {
	for _, name := range disks(KindLXC, config) {
		if err := s.makeMount(t, vmid, name, config); err != nil {
			return err
		}
	}
	archive, err := s.statFile(template)
	if err != nil {
		return err
	}
	t.log("extracting archive '%s/%s/%s'", shownDir, folders["vztmpl"], filepath.Base(archive.Path))
	if err := t.sleep(s.opts.WorkerDelay); err != nil {
		return err
	}
	t.halfway()
	t.log("Total bytes read: %d (%s, 126MiB/s)", archive.Size, strings.ReplaceAll(binaryUnits(archive.Size), " ", ""))
	fallbackTo(config, map[string]string{"arch": "amd64", "ostype": systemOf(archive.Path), "hostname": "CT" + vmids(vmid), "memory": "512", "swap": "512"})
	_ = s.change(KindLXC, vmid, func(g *guest) error { // once the system is recognised, still locked
		g.Template = archive.Path
		for k, v := range config {
			g.Config[k] = v
		}
		return nil
	})
	g, err := s.find(KindLXC, vmid)
	if err != nil {
		return err
	}
	if err := t.check(s.opts.LXC.Create(t.ctx, s.asGuest(g), archive.Path, func(line string) { t.log("%s", line) })); err != nil {
		return err
	}
	t.log("Detected container architecture: %s", config["arch"])
	return s.change(KindLXC, vmid, func(g *guest) error { delete(g.Config, "lock"); return nil })
}

// systems are those that Proxmox sets up by itself.
var systems = []string{"alpine", "archlinux", "centos", "debian", "devuan", "fedora", "gentoo", "nixos", "opensuse", "ubuntu"}

// systemOf tells the system in a template by the file's name. The real create looks inside.
func systemOf(path string) string {
	for _, name := range systems {
		if strings.Contains(filepath.Base(path), name) {
			return name
		}
	}
	return "unmanaged"
}

// makeMount makes one disk of a container: a raw image with a file system.
func (s *Server) makeMount(t *task, vmid int, name string, config map[string]string) error {
	p := drive(KindLXC, name, config[name])
	_, bytes, ok := newDisk(p["volume"], storageID)
	if !ok {
		return nil
	}
	v, err := s.allocate(t, volume{ID: s.freeName(vmid, "raw"), VMID: vmid, Size: bytes, Format: "raw", Rootfs: true})
	if err != nil {
		return err
	}
	t.logFileSystem(v)
	p["volume"], p["size"] = v.ID, formatSize(bytes)
	config[name] = printDrive(KindLXC, p)
	return nil
}

// logFileSystem writes what qemu-img and mkfs say.
func (t *task) logFileSystem(v *volume) {
	blocks := v.Size / 4096
	t.log("Formatting '%s/images/%s', fmt=raw size=%d preallocation=off", shownDir, v.name(), v.Size)
	t.log("Creating filesystem with %d 4k blocks and %d inodes", blocks, blocks/4)
	t.log("Filesystem UUID: %s", randomUUID())
	t.log("Superblock backups stored on blocks: ")
	t.log("\t%s", strings.Join(superblocks(blocks), ", "))
	t.log("")
}

// superblocks are where ext4 keeps copies: in block groups 1 and the powers of 3, 5 and 7.
func superblocks(blocks int64) []string {
	const group = 32768
	var at []int64
	for _, base := range []int64{3, 5, 7} {
		for n := base; n*group < blocks; n *= base {
			at = append(at, n*group)
		}
	}
	if group < blocks {
		at = append(at, group)
	}
	slices.Sort(at)
	list := make([]string, len(at))
	for i, n := range at {
		list[i] = strconv.FormatInt(n, 10)
	}
	return list
}

// publicKeys tells whether every line that is not blank is a public key.
func publicKeys(text string) bool {
	for line := range strings.SplitSeq(text, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line)); err != nil {
			return false
		}
	}
	return true
}

// fallbackTo sets what is missing.
func fallbackTo(config, defaults map[string]string) {
	for k, v := range defaults {
		if config[k] == "" {
			config[k] = v
		}
	}
}

// addToPool makes a guest a member, at the very end of its making.
func (s *Server) addToPool(vmid int, id string) {
	_ = s.changeAccess(func(a *access) error {
		if p := a.Pools[id]; p != nil {
			p.Guests[vmid] = true
		}
		return nil
	})
}

// dropVolumes deletes all disk images of a guest.
func (s *Server) dropVolumes(vmid int) {
	var ids []string
	for _, v := range s.volumesOf(vmid) {
		ids = append(ids, v.ID)
	}
	s.free(ids...)
}
