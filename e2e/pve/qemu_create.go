package pve

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// createVM: POST /nodes/{node}/qemu. Everything that can be refused at once is; the rest happens in a task "qmcreate".
func createVM(s *Server, c *call) (any, error) {
	vmid, pool := c.vmid(), c.params.str("pool")
	config, err := s.checkVM(c, vmid, pool)
	if err != nil {
		return nil, err
	}
	if err := s.reserve(KindQEMU, vmid, "create"); err != nil {
		return nil, dieAs(fmt.Sprintf("unable to create VM %d -", vmid), err)
	}
	start := c.params.flag("start")
	return s.fork(c, "qmcreate", vmids(vmid), func(t *task) error { return s.makeVM(t, vmid, pool, config, start) })
}

// checkVM checks a VM before its number is taken and returns its future configuration, disks still as asked.
func (s *Server) checkVM(c *call, vmid int, pool string) (map[string]string, error) {
	if err := checkSSHKeys(c); err != nil {
		return nil, err
	}
	if id := c.params.str("storage"); id != "" {
		if err := s.checkStorage(c, id); err != nil {
			return nil, err
		}
	}
	if err := s.mayCreate(c, vmid, pool); err != nil {
		return nil, err
	}
	options := c.params.without("node", "vmid", "archive", "bwlimit", "force", "pool", "start", "ha-managed", "storage", "unique",
		"live-restore", "import-working-storage")
	if err := s.mayDrives(c, vmid, options); err != nil {
		return nil, err
	}
	if err := s.mayConfigure(c, KindQEMU, vmid, pool, withoutName(options.names(), "tags"), false, nil); err != nil {
		return nil, err
	}
	config := map[string]string{}
	for _, name := range options.names() {
		config[name] = options.str(name)
		if name != "tags" { // a create keeps tags as they came; a change sorts and lowers them
			config[name] = normalOption(KindQEMU, name, options.str(name))
		}
	}
	return config, nil
}

// checkSSHKeys checks the percent-encoded keys of a VM.
func checkSSHKeys(c *call) error {
	if !c.params.has("sshkeys") {
		return nil
	}
	plain, err := url.PathUnescape(c.params.str("sshkeys"))
	if err != nil || !publicKeys(plain) {
		return die("SSH public key validation error")
	}
	return nil
}

// mayDrives checks that the caller may use the volumes of all drives among the options.
func (s *Server) mayDrives(c *call, vmid int, options values) error {
	for _, name := range options.names() {
		if !driveRE.MatchString(name) {
			continue
		}
		if err := s.mayDriveVolume(c, vmid, name, drive(KindQEMU, name, options.str(name))); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) mayDriveVolume(c *call, vmid int, name string, p map[string]string) error {
	volume := p["file"]
	id, _, isNew := newDisk(volume, c.params.str("storage"))
	switch {
	case volume == "none" || cloudinitDrive(volume):
	case cdrom(p) && volume == "cdrom":
		return s.check(c.user, "/", "Sys.Console")
	case isNew && !cdrom(p):
		if id == "" {
			return die("no storage ID specified (and no default storage)")
		}
		if err := s.checkStorage(c, id); err != nil {
			return err
		}
	default:
		if err := s.mayUse(c, vmid, volume, ""); err != nil {
			return err
		}
		_, rest, _ := strings.Cut(volume, ":")
		if content, _ := contentOf(rest); content != "images" && content != "iso" {
			return badParam(name, "content type needs to be 'images' or 'iso'")
		}
	}
	if from := p["import-from"]; from != "" {
		return s.mayUse(c, vmid, from, "")
	}
	return nil
}

// makeVM is the task of a create: disks, configuration, pool.
func (s *Server) makeVM(t *task, vmid int, pool string, config map[string]string, start bool) error {
	release, err := s.lockGuest(t.ctx, KindQEMU, vmid)
	if err != nil {
		return err
	}
	defer release()
	if err := s.fillVM(t, vmid, config); err != nil {
		s.dropVolumes(vmid)
		s.forgetGuest(vmid)
		return dieAs(fmt.Sprintf("unable to create VM %d -", vmid), err)
	}
	s.addToPool(vmid, pool)
	if !start {
		return nil
	}
	t.log("Execute autostart")
	return s.boot(t, KindQEMU, vmid)
}

func (s *Server) fillVM(t *task, vmid int, config map[string]string) error {
	imported := false
	for _, name := range disks(KindQEMU, config) {
		imported = imported || drive(KindQEMU, name, config[name])["import-from"] != ""
		text, err := s.makeDrive(t, vmid, name, config[name])
		if err != nil {
			return err
		}
		config[name] = text
	}
	if err := t.sleep(s.opts.WorkerDelay); err != nil {
		return err
	}
	t.halfway()
	defaultsOfVM(config)
	err := s.change(KindQEMU, vmid, func(g *guest) error { g.Config, g.Imported = config, imported; return nil })
	if err != nil {
		return err
	}
	g, err := s.find(KindQEMU, vmid)
	if err != nil {
		return err
	}
	return t.check(s.opts.QEMU.Create(t.ctx, s.asGuest(g), "", func(line string) { t.log("%s", line) }))
}

// qemuVersion is the one that Proxmox VE 9.1.6 makes guests with.
const qemuVersion = "10.0.13"

// defaultsOfVM fills in what a create makes up.
func defaultsOfVM(config map[string]string) {
	config["meta"] = fmt.Sprintf("creation-qemu=%s,ctime=%d", qemuVersion, time.Now().Unix())
	fallbackTo(config, map[string]string{"boot": defaultBoot(config), "smbios1": "uuid=" + randomUUID()})
	if config["vmgenid"] == "" || config["vmgenid"] == "1" {
		config["vmgenid"] = randomUUID()
	}
}

// defaultBoot is the first disk, the first CD and the first network device.
func defaultBoot(config map[string]string) string {
	var disk, cd, net string
	for _, k := range disks(KindQEMU, config) {
		if cdrom(drive(KindQEMU, k, config[k])) {
			cd = first(cd, k)
		} else if !strings.HasPrefix(k, "efidisk") && !strings.HasPrefix(k, "tpmstate") {
			disk = first(disk, k)
		}
	}
	for _, k := range keys(config) {
		if strings.HasPrefix(k, "net") {
			net = first(net, k)
		}
	}
	var order []string
	for _, k := range []string{disk, cd, net} {
		if k != "" {
			order = append(order, k)
		}
	}
	return "order=" + strings.Join(order, ";")
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func withoutName(names []string, drop string) []string {
	var kept []string
	for _, n := range names {
		if n != drop {
			kept = append(kept, n)
		}
	}
	return kept
}
