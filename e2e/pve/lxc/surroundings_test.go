package lxc_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"allotment/app/template/mirror"
	"allotment/e2e/pve/lxc"
)

func TestGuestReachesTheMirrorOnly(t *testing.T) {
	t.Parallel()
	if err := lxc.Possible(); err != nil {
		t.Skip(err)
	}
	r, err := lxc.New(lxc.Options{
		Dir: t.TempDir(), CacheDir: filepath.Join(cacheDir(t), "unpacked"),
		AptProxy: "http://198.18.0.1:3142", Hosts: []string{"198.18.0.1 portal.example.org"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	archive := archive(t)
	proxy := mirror.Proxy{Hosts: mirror.HostHosts(), Cache: filepath.Join(cacheDir(t), "packages")}
	address, err := proxy.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Forward(3142, address); err != nil {
		t.Fatal(err)
	}
	g := guest(t, 107)
	create(t, r, g, archive)
	start(t, r, g)
	booted(t, r, g)
	if got := inGuest(t, r, g, "curl -s -o /dev/null -w '%{http_code}' -x http://198.18.0.1:3142 http://example.org/"); got != "403" {
		t.Errorf("another host through the proxy: %s, want 403", got)
	}
	if got := inGuest(t, r, g, "ping -c1 -W2 192.0.2.1 || true"); !strings.Contains(got, "Unreachable") {
		t.Errorf("an outside address: %s, want it unreachable at once", got)
	}
	if got := inGuest(t, r, g, "getent hosts portal.example.org"); !strings.HasPrefix(got, "198.18.0.1 ") {
		t.Errorf("a name of Options.Hosts: %q", got)
	}
	inGuest(t, r, g, "apt-get update -qq && cd /var/tmp && apt-get download -qq netbase && test -s netbase_*.deb")
}

func TestGuestHasItsMemoryOnly(t *testing.T) {
	t.Parallel()
	r, archive := bench(t)
	g := guest(t, 108)
	g.MemoryMiB = 300
	create(t, r, g, archive)
	start(t, r, g)
	limits := map[string]string{"memory.limit_in_bytes": "", "memory.max": ""}
	_ = filepath.WalkDir("/sys/fs/cgroup", func(name string, entry fs.DirEntry, err error) error {
		payload := err == nil && entry.IsDir() && strings.HasPrefix(entry.Name(), fmt.Sprintf("lxc.payload.allotment-%d-", os.Getpid())) &&
			strings.HasSuffix(entry.Name(), "-000000108")
		if !payload {
			return nil
		}
		for file := range limits {
			if raw, err := os.ReadFile(filepath.Join(name, file)); err == nil {
				limits[file] = strings.TrimSpace(string(raw))
			}
		}
		return fs.SkipDir
	})
	if want := fmt.Sprint(300 << 20); limits["memory.limit_in_bytes"] != want && limits["memory.max"] != want {
		t.Errorf("the guest's memory limits are %v, want %s in the one that this machine has", limits, want)
	}
}
