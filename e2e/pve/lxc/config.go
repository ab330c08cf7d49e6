package lxc

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"allotment/e2e/pve"
)

// Files of a guest in its Dir.
func upper(g pve.Guest) string   { return filepath.Join(g.Dir, "upper") }       // its own layer over the template
func lower(g pve.Guest) string   { return filepath.Join(g.Dir, "template") }    // names the unpacked template; written last by Create
func config(g pve.Guest) string  { return filepath.Join(g.Dir, "lxc.conf") }    // written by each Start
func console(g pve.Guest) string { return filepath.Join(g.Dir, "console.log") } // what the guest prints while it boots
func trace(g pve.Guest) string   { return filepath.Join(g.Dir, "lxc.log") }     // lxc's own words

// writeConfig writes lxc.container.conf(5) for one start of g.
func (r *Runtime) writeConfig(g pve.Guest) error {
	template, err := os.ReadFile(lower(g))
	if err != nil {
		return fmt.Errorf("container %d was never created: %w", g.VMID, err)
	}
	if !isFolder(string(template)) {
		return fmt.Errorf("container %d: its unpacked template %s is gone; create the container again", g.VMID, template)
	}
	lines := []string{
		"lxc.include = /usr/share/lxc/config/common.conf",
		"lxc.apparmor.profile = unconfined",
		"lxc.apparmor.allow_nesting = 1",
		"lxc.uts.name = " + g.Hostname,
		"lxc.rootfs.path = overlay:" + string(template) + ":" + upper(g),
		"lxc.tty.max = 0",
		"lxc.console.logfile = " + console(g),
		"lxc.log.level = NOTICE",
		"lxc.log.file = " + trace(g),
		"lxc.net.0.type = veth",
		"lxc.net.0.link = br0",
		"lxc.net.0.name = eth0",
		"lxc.net.0.flags = up",
		fmt.Sprintf("lxc.net.0.hwaddr = bc:24:11:%02x:%02x:%02x", byte(g.VMID>>16), byte(g.VMID>>8), byte(g.VMID)),
	}
	lines = append(lines, limits(g)...)
	lines = append(lines, environment(g)...)
	for _, line := range lines {
		if strings.ContainsAny(line, "\n\x00") {
			return fmt.Errorf("container %d: a line break in %q", g.VMID, line)
		}
	}
	// The environment holds the enrolment token, so the file is root's alone.
	return os.WriteFile(config(g), []byte(strings.Join(lines, "\n")+"\n"), 0o600)
}

// limits are g's memory and processors, in the words of the cgroup version that this machine has.
func limits(g pve.Guest) []string {
	var lines []string
	memory, quota := int64(g.MemoryMiB)<<20, g.Cores*100_000
	if unified() {
		if memory > 0 {
			lines = append(lines, fmt.Sprintf("lxc.cgroup2.memory.max = %d", memory))
		}
		if quota > 0 {
			lines = append(lines, fmt.Sprintf("lxc.cgroup2.cpu.max = %d 100000", quota))
		}
		return lines
	}
	mounted := hierarchies()
	has := func(controller string) bool {
		return slices.ContainsFunc(mounted, func(tree string) bool {
			return slices.Contains(strings.Split(filepath.Base(tree), ","), controller)
		})
	}
	if memory > 0 && has("memory") {
		lines = append(lines, fmt.Sprintf("lxc.cgroup.memory.limit_in_bytes = %d", memory))
	}
	if quota > 0 && has("cpu") {
		lines = append(lines, "lxc.cgroup.cpu.cfs_period_us = 100000", fmt.Sprintf("lxc.cgroup.cpu.cfs_quota_us = %d", quota))
	}
	return lines
}

// environment is what PID 1 gets, as Proxmox hands its `env` option over.
func environment(g pve.Guest) []string {
	lines := []string{"lxc.environment = container=lxc"}
	for name, value := range g.Env {
		lines = append(lines, "lxc.environment = "+name+"="+value)
	}
	slices.Sort(lines)
	return lines
}
