package pve

import (
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// hot are the options that take effect in a running guest; all others wait for its restart.
var hot = map[string]*regexp.Regexp{
	KindQEMU: regexp.MustCompile(`^(?:description|hookscript|lock|migrate_downtime|migrate_speed|name|onboot|protection|shares|startup|` +
		`tags|vmstatestorage|cicustom|cipassword|citype|ciuser|ciupgrade|nameserver|searchdomain|sshkeys|ipconfig\d+|net\d+|scsi\d+|virtio\d+|unused\d+)$`),
	KindLXC: regexp.MustCompile(`^(?:description|onboot|startup|protection|hookscript|tags|lock|cores|cpulimit|cpuunits|memory|swap|` +
		`net\d+|hostname|mp\d+|unused\d+)$`),
}

// update is one wanted change of a configuration.
type update struct {
	kind   string
	vmid   int
	set    map[string]string
	drop   []string
	revert []string
	digest string
}

// updateVM: PUT …/qemu/{vmid}/config, which waits for the change.
func updateVM(s *Server, c *call) (any, error) {
	u, err := s.vmUpdate(c)
	if err != nil {
		return nil, err
	}
	return nil, s.applyUpdate(c, u, nil)
}

// updateVMAsync: POST …/qemu/{vmid}/config, which makes a task of it.
func updateVMAsync(s *Server, c *call) (any, error) {
	u, err := s.vmUpdate(c)
	if err != nil {
		return nil, err
	}
	g, err := s.find(KindQEMU, u.vmid)
	if err != nil {
		return nil, err
	}
	if err := g.accepts(u); err != nil {
		return nil, err
	}
	words := u.words()
	return s.fork(c, "qmconfig", vmids(u.vmid), func(t *task) error {
		t.log("update VM %d: %s", u.vmid, words)
		return s.applyUpdate(c, u, t)
	})
}

func (s *Server) vmUpdate(c *call) (*update, error) {
	if err := rootOnly(c, "skiplock"); err != nil {
		return nil, err
	}
	if err := checkSSHKeys(c); err != nil {
		return nil, err
	}
	options := c.params.without("node", "vmid", "digest", "background_delay", "skiplock", "delete", "revert", "force", "import-working-storage")
	u, err := newUpdate(c, KindQEMU, options)
	if err != nil {
		return nil, err
	}
	if err := s.mayConfigure(c, KindQEMU, u.vmid, "", append(append([]string{}, withoutDrives(u.drop)...), options.names()...), false, nil); err != nil {
		return nil, err
	}
	return u, s.mayDrives(c, u.vmid, options)
}

// withoutDrives leaves out disks, whose removal is judged by what they are.
func withoutDrives(names []string) []string {
	var list []string
	for _, n := range names {
		if !driveRE.MatchString(n) {
			list = append(list, n)
		}
	}
	return list
}

// updateCT: PUT …/lxc/{vmid}/config.
func updateCT(s *Server, c *call) (any, error) {
	options := c.params.without("node", "vmid", "digest", "delete", "revert")
	if len(options) == 0 && !c.params.has("delete") && !c.params.has("revert") {
		return nil, die("no options specified")
	}
	g, err := s.find(KindLXC, c.vmid())
	if err != nil {
		return nil, err
	}
	u, err := newUpdate(c, KindLXC, options)
	if err != nil {
		return nil, err
	}
	names := append(append([]string{}, u.drop...), options.names()...)
	if err := s.mayConfigure(c, KindLXC, u.vmid, "", names, g.Config["unprivileged"] == "1", g.Config); err != nil {
		return nil, err
	}
	return nil, s.applyUpdate(c, u, nil)
}

// newUpdate reads the wanted change and refuses contradictions.
func newUpdate(c *call, kind string, options values) (*update, error) {
	u := &update{kind: kind, vmid: c.vmid(), set: map[string]string{}, digest: c.params.str("digest"),
		drop: c.params.items("delete"), revert: c.params.items("revert")}
	if len(options) == 0 && len(u.drop) == 0 && len(u.revert) == 0 {
		return nil, die("no options specified")
	}
	for _, name := range options.names() {
		u.set[name] = normalOption(kind, name, options.str(name))
	}
	for _, k := range u.revert {
		if err := u.clash("revert", k); err != nil {
			return nil, err
		}
	}
	for _, k := range u.drop {
		if err := u.clash("delete", k); err != nil {
			return nil, err
		}
		if contains(u.revert, k) {
			return nil, badParam("revert", fmt.Sprintf("you can't use '-delete %s' and -revert %s' at the same time", k, k))
		}
	}
	return u, nil
}

// clash refuses an unknown option, and one that is also set.
func (u *update) clash(verb, name string) error {
	if specs()["PUT /nodes/{node}/"+u.kind+"/{vmid}/config"].property(name) == nil {
		return badParam(verb, fmt.Sprintf("unknown option '%s'", name))
	}
	if _, set := u.set[name]; set {
		return badParam("delete", fmt.Sprintf("you can't use '-%s' and -%s %s' at the same time", name, verb, name))
	}
	return nil
}

// accepts checks digest and lock; VMs and containers differ in order and words.
func (g *guest) accepts(u *update) error {
	changed := u.digest != "" && u.digest != g.digest()
	if changed && g.Kind == KindQEMU {
		return die("checksum mismatch (file change by other user?)")
	}
	if err := g.checkLock(); err != nil {
		return err
	}
	if changed {
		return errModified
	}
	return nil
}

// errModified is what most digests that do not match say.
var errModified = die("detected modified configuration - file changed by other user? Try again.")

// applyUpdate waits for the guest's lock and changes its configuration: at once, or for after its restart.
func (s *Server) applyUpdate(c *call, u *update, t *task) error {
	release, err := s.lockGuest(c.request.Context(), u.kind, u.vmid)
	if err != nil {
		return err
	}
	defer release()
	g, err := s.find(u.kind, u.vmid)
	if err != nil {
		return err
	}
	if err := g.accepts(u); err != nil {
		return err
	}
	if err := s.makeNewDisks(c, u, t); err != nil {
		return err
	}
	running := s.running(g)
	return s.change(u.kind, u.vmid, func(g *guest) error {
		u.reverted(g)
		for _, k := range u.drop {
			g.drop(k, running)
		}
		for _, k := range sorted(u.set) {
			g.set(k, u.set[k], running)
		}
		return nil
	})
}

// makeNewDisks makes the disks and cloud-init drives that a change asks for.
func (s *Server) makeNewDisks(c *call, u *update, t *task) error {
	if t == nil {
		t = &task{ctx: c.request.Context(), full: c.is(Full)}
	}
	for _, k := range disks(u.kind, u.set) {
		var err error
		if u.kind == KindQEMU {
			u.set[k], err = s.makeDrive(t, u.vmid, k, u.set[k])
		} else {
			err = s.makeMount(t, u.vmid, k, u.set)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// reverted takes pending changes back.
func (u *update) reverted(g *guest) {
	for _, k := range u.revert {
		delete(g.Pending, k)
		delete(g.Drop, k)
	}
}

// set changes one option now, or notes it for later when the guest runs and cannot take it live.
func (g *guest) set(k, v string, running bool) {
	delete(g.Drop, k)
	if !running || hot[g.Kind].MatchString(k) || g.swapsCD(k, v) {
		delete(g.Pending, k)
		g.Config[k] = v
		return
	}
	if g.Config[k] == v {
		delete(g.Pending, k)
		return
	}
	if g.Pending == nil {
		g.Pending = map[string]string{}
	}
	g.Pending[k] = v
}

// swapsCD tells whether a change only puts another medium into a CD drive, which works while the VM runs.
func (g *guest) swapsCD(k, v string) bool {
	old, now := g.Config[k], v
	return g.Kind == KindQEMU && driveRE.MatchString(k) && cdrom(drive(g.Kind, k, old)) && cdrom(drive(g.Kind, k, now))
}

// drop removes one option now, or notes it for later. A removed disk stays as an unused one.
func (g *guest) drop(k string, running bool) {
	delete(g.Pending, k)
	old, ok := g.Config[k]
	if !ok {
		return
	}
	if running && !hot[g.Kind].MatchString(k) {
		if g.Drop == nil {
			g.Drop = map[string]bool{}
		}
		g.Drop[k] = true
		return
	}
	delete(g.Config, k)
	if isDisk(g.Kind, k) {
		g.keepUnused(drive(g.Kind, k, old))
	}
}

// keepUnused notes a disk that no drive uses any more.
func (g *guest) keepUnused(p map[string]string) {
	id := p[bareKey(g.Kind)]
	if content, _ := contentOf(afterColon(id)); content != "images" || cdrom(p) {
		return
	}
	for n := 0; ; n++ {
		k := "unused" + strconv.Itoa(n)
		if g.Config[k] == "" {
			g.Config[k] = id
			return
		}
	}
}

// words are the change as the task's log tells it.
func (u *update) words() string {
	var parts []string
	for _, k := range sorted(u.set) {
		v := u.set[k]
		if k == "cipassword" {
			v = "<hidden>"
		}
		parts = append(parts, "-"+k, v)
	}
	if len(u.drop) > 0 {
		parts = append(parts, "-delete", strings.Join(u.drop, ","))
	}
	return strings.Join(parts, " ")
}

func sorted(m map[string]string) []string {
	list := keys(m)
	sort.Strings(list)
	return list
}

func asInt(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil
}
