package pve

import (
	"regexp"
	"strings"
)

// optionRule says which privileges a configuration option needs.
type optionRule struct {
	re    *regexp.Regexp
	any   bool
	privs []string
}

func options(list string, privs ...string) optionRule {
	return optionRule{re: regexp.MustCompile(`^(?:` + list + `)$`), privs: privs}
}

// vmOptions follow PVE::API2::Qemu; an option in none of them is root@pam's.
var vmOptions = []optionRule{
	options(`cores|cpu|cpulimit|cpuunits|numa|numa\d+|smp|sockets|vcpus|affinity`, "VM.Config.CPU"),
	options(`memory|balloon|shares|allow-ksm`, "VM.Config.Memory"),
	options(`acpi|hotplug|kvm|machine|scsihw|smbios1|tablet|vga|watchdog|audio0|rng0`, "VM.Config.HWType"),
	options(`agent|autostart|bios|description|keyboard|localtime|migrate_downtime|migrate_speed|name|onboot|ostype|`+
		`protection|reboot|startdate|startup|tdf|template|tags`, "VM.Config.Options"),
	options(`freeze`, "VM.PowerMgmt"),
	options(`boot|bootdisk|vmstatestorage`, "VM.Config.Disk"),
	options(`net\d+|running-nets-host-mtu`, "VM.Config.Network"),
	{regexp.MustCompile(`^(?:cicustom|cipassword|citype|ciuser|ciupgrade|nameserver|searchdomain|sshkeys|ipconfig\d+)$`), true,
		[]string{"VM.Config.Cloudinit", "VM.Config.Network"}},
}

// ctOptions follow PVE::LXC; what is in none of them is VM.Config.Options.
var ctOptions = []optionRule{
	options(`cores|cpuunits|cpulimit`, "VM.Config.CPU"),
	options(`rootfs|mp\d+|unused\d+`, "VM.Config.Disk"),
	options(`memory|swap`, "VM.Config.Memory"),
	options(`net\d+|nameserver|searchdomain|hostname`, "VM.Config.Network"),
}

// mayConfigure checks the privileges for changing options of a guest. Root's own tokens are not root@pam, but have
// every privilege.
func (s *Server) mayConfigure(c *call, kind string, vmid int, pool string, names []string, unprivileged bool, old map[string]string) error {
	if c.root() {
		return nil
	}
	for _, name := range names {
		var err error
		if kind == KindLXC {
			err = s.mayConfigureCT(c, vmid, pool, name, unprivileged, old)
		} else {
			err = s.mayConfigureVM(c, vmid, pool, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) apply(c *call, rule optionRule, vmid int, pool string) error {
	if rule.any {
		if s.checkAny(c.user, "/pool/"+pool, rule.privs...) == nil && pool != "" {
			return nil
		}
		return s.checkAny(c.user, "/vms/"+vmids(vmid), rule.privs...)
	}
	return s.checkGuest(c.user, vmid, pool, rule.privs...)
}

func (s *Server) mayConfigureVM(c *call, vmid int, pool, name string) error {
	if driveRE.MatchString(name) {
		return s.mayDrive(c, vmid, pool, name)
	}
	if strings.HasPrefix(name, "serial") {
		if c.params.has(name) && c.params.str(name) != "socket" {
			return die("only root can set '%s' config for real devices", name)
		}
		return s.checkGuest(c.user, vmid, pool, "VM.Config.HWType")
	}
	if unusedRE.MatchString(name) {
		return s.checkGuest(c.user, vmid, pool, "VM.Config.Disk")
	}
	for _, rule := range vmOptions {
		if rule.re.MatchString(name) {
			if err := s.apply(c, rule, vmid, pool); err != nil {
				return err
			}
			return s.mayBridge(c, KindQEMU, name)
		}
	}
	return die("only root can set '%s' config", name)
}

// mayDrive tells a CD from a disk.
func (s *Server) mayDrive(c *call, vmid int, pool, name string) error {
	p := drive(KindQEMU, name, c.params.str(name))
	if cdrom(p) {
		return s.checkGuest(c.user, vmid, pool, "VM.Config.CDROM")
	}
	return s.checkGuest(c.user, vmid, pool, "VM.Config.Disk")
}

func (s *Server) mayConfigureCT(c *call, vmid int, pool, name string, unprivileged bool, old map[string]string) error {
	switch {
	case name == "features":
		return s.mayFeatures(c, vmid, pool, unprivileged, old)
	case name == "tags": // the pool does not help here (assert_tag_permissions)
		return s.check(c.user, "/vms/"+vmids(vmid), "VM.Config.Options")
	case name == "hookscript":
		return forbidden("changing the hookscript is only allowed for root@pam")
	case strings.HasPrefix(name, "dev"):
		return forbidden("configuring device passthrough is only allowed for root@pam")
	}
	for _, rule := range ctOptions {
		if rule.re.MatchString(name) {
			if err := s.apply(c, rule, vmid, pool); err != nil {
				return err
			}
			return s.mayVolume(c, name)
		}
	}
	return s.checkGuest(c.user, vmid, pool, "VM.Config.Options")
}

// mayFeatures lets others than root@pam change nesting alone, and only without privileges in the container.
func (s *Server) mayFeatures(c *call, vmid int, pool string, unprivileged bool, old map[string]string) error {
	if !unprivileged {
		return forbidden("changing feature flags for privileged container is only allowed for root@pam")
	}
	had, wanted := parsePairs(old["features"]), parsePairs(c.params.str("features"))
	for _, m := range []map[string]string{had, wanted} {
		for k := range m {
			if k != "nesting" && k != "" && had[k] != wanted[k] {
				return forbidden("changing feature flags (except nesting) is only allowed for root@pam")
			}
		}
	}
	if had["nesting"] == wanted["nesting"] {
		return nil
	}
	return s.checkGuest(c.user, vmid, pool, "VM.Allocate")
}

// mayVolume checks a container's disk and network beyond the option itself.
func (s *Server) mayVolume(c *call, name string) error {
	if !mountRE.MatchString(name) || !c.params.has(name) {
		return s.mayBridge(c, KindLXC, name)
	}
	volume := drive(KindLXC, name, c.params.str(name))["volume"]
	if strings.HasPrefix(volume, "/") {
		return forbidden("mount point type bind is only allowed for root@pam")
	}
	if id, _, ok := newDisk(volume, storageID); ok {
		return s.check(c.user, "/storage/"+id, "Datastore.AllocateSpace")
	}
	return nil
}

// mayBridge wants SDN.Use on the bridge of a network device.
func (s *Server) mayBridge(c *call, kind, name string) error {
	if !strings.HasPrefix(name, "net") || !c.params.has(name) {
		return nil
	}
	p := properties(kind, name, c.params.str(name))
	if p["bridge"] == "" {
		return nil
	}
	path := "/sdn/zones/" + s.zoneOf(p["bridge"]) + "/" + p["bridge"]
	if p["tag"] != "" {
		if s.check(c.user, path, "SDN.Use") == nil {
			return nil
		}
		path += "/" + p["tag"]
	}
	return s.check(c.user, path, "SDN.Use")
}
