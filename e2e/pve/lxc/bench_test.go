package lxc_test

import (
	"context"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"allotment/app/template"
	"allotment/e2e/pve"
	"allotment/e2e/pve/lxc"
)

// bench is a lab with the base template, or a skipped test where containers cannot run.
func bench(t *testing.T) (*lxc.Runtime, string) {
	t.Helper()
	r, err := open(t)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error("close:", err)
		}
	})
	return r, archive(t)
}

// open starts a lab in a folder of its own.
func open(t *testing.T) (*lxc.Runtime, error) {
	t.Helper()
	if err := lxc.Possible(); err != nil {
		t.Skip(err)
	}
	return lxc.New(lxc.Options{Dir: t.TempDir(), CacheDir: filepath.Join(cacheDir(t), "unpacked")})
}

func cacheDir(t *testing.T) string {
	t.Helper()
	dir, err := template.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// archive is the base template, built once per machine.
func archive(t *testing.T) string {
	t.Helper()
	if err := template.Possible(); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	name, err := template.Cached(ctx, cacheDir(t), template.Options{Name: "allotment-base"})
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// guest is container vmid at 198.18.1.(vmid mod 256).
func guest(t *testing.T, vmid int) pve.Guest {
	return pve.Guest{
		VMID: vmid, Kind: pve.KindLXC, Hostname: fmt.Sprintf("guest%d", vmid), Cores: 1, MemoryMiB: 512, DiskGiB: 4,
		Address: netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, 1, byte(vmid)}), 16),
		Gateway: netip.MustParseAddr("198.18.0.1"), Dir: filepath.Join(t.TempDir(), "guest"),
	}
}

func create(t *testing.T, r *lxc.Runtime, g pve.Guest, archive string) {
	t.Helper()
	if err := r.Create(t.Context(), g, archive, func(line string) { t.Log("create:", line) }); err != nil {
		t.Fatal("create:", err)
	}
}

func start(t *testing.T, r *lxc.Runtime, g pve.Guest) {
	t.Helper()
	if err := r.Start(t.Context(), g); err != nil {
		t.Fatal("start:", err)
	}
	if !r.Running(g) {
		t.Fatal("a started guest does not run")
	}
}

func stop(t *testing.T, r *lxc.Runtime, g pve.Guest) {
	t.Helper()
	if err := r.Stop(t.Context(), g, true); err != nil {
		t.Fatal("stop:", err)
	}
	if r.Running(g) {
		t.Fatal("a stopped guest runs")
	}
}

// booted returns when all that g starts by itself has started, and fails when a part of it did not.
func booted(t *testing.T, r *lxc.Runtime, g pve.Guest) {
	t.Helper()
	eventually(t, "the guest has booted without a failed unit", time.Minute, func() bool {
		return r.Command(t.Context(), g, "systemctl", "is-system-running", "--wait").Run() == nil
	})
}

// inGuest runs a shell command in g and returns what it printed.
func inGuest(t *testing.T, r *lxc.Runtime, g pve.Guest, script string) string {
	t.Helper()
	out, err := r.Command(t.Context(), g, "sh", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("in the guest: %s: %v: %s", script, err, out)
	}
	return strings.TrimSpace(string(out))
}

// eventually waits until holds says yes.
func eventually(t *testing.T, what string, patience time.Duration, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("not within %s: %s", patience, what)
}

// processes lists the processes in cgroups whose path holds label.
func processes(label string) []string {
	var found []string
	tables, _ := filepath.Glob("/proc/[0-9]*/cgroup")
	for _, table := range tables {
		if raw, err := os.ReadFile(table); err == nil && strings.Contains(string(raw), label) {
			found = append(found, filepath.Dir(table))
		}
	}
	return found
}

// leftovers lists processes, cgroups and mounts of containers whose name begins with label and ends with suffix.
func leftovers(t *testing.T, label, suffix string) []string {
	t.Helper()
	var found []string
	for _, p := range processes(label) {
		if raw, err := os.ReadFile(p + "/cgroup"); err == nil && strings.Contains(string(raw), suffix) {
			found = append(found, p)
		}
	}
	_ = filepath.WalkDir("/sys/fs/cgroup", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && strings.Contains(entry.Name(), label) && strings.HasSuffix(entry.Name(), suffix) {
			found = append(found, name)
		}
		return nil
	})
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(mounts), label) || strings.Contains(string(mounts), t.Name()) {
		found = append(found, "a mount")
	}
	return found
}
