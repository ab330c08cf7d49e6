package pve

import (
	"strings"
	"testing"
	"time"
)

// TestRestart: configuration, tasks, tokens and the certificate survive, and what ran runs again.
func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := startServer(t, Options{Dir: dir})
	root := rootOf(first)
	root.must(t, "POST", "/nodes/pve1/lxc", map[string]string{"vmid": "100", "ostemplate": root.template(t), "hostname": "a"})
	root.must(t, "POST", "/nodes/pve1/qemu", map[string]string{"vmid": "101", "scsi0": "local:1"})
	upid := root.must(t, "POST", "/nodes/pve1/lxc/100/status/start", nil).(string)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := startServer(t, Options{Dir: dir})
	again := rootOf(second)
	if again.token != root.token || second.Fingerprint() != first.Fingerprint() {
		t.Error("the token or the certificate changed")
	}
	if exit := again.wait(t, upid); exit != "OK" {
		t.Errorf("the old task ended with %q", exit)
	}
	for vmid, want := range map[string]string{"lxc/100": "running", "qemu/101": "stopped"} {
		if got := eventually(t, again, "/nodes/pve1/"+vmid+"/status/current", want); got != want {
			t.Errorf("%s is %s, want %s", vmid, got, want)
		}
	}
	if a := again.do(t, "POST", "/nodes/pve1/qemu", map[string]string{"vmid": "100"}); a.status != 500 {
		t.Errorf("the number is free again: %d", a.status)
	}
}

func eventually(t *testing.T, c client, path, want string) string {
	t.Helper()
	got := ""
	for range 100 {
		got = c.do(t, "GET", path, nil).data(t).(map[string]any)["status"].(string)
		if got == want {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return got
}

// TestKilledNode: a task that ran when the server ended has an unexpected status afterwards, and its lock stays.
func TestKilledNode(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := startServer(t, Options{Dir: dir, WorkerDelay: time.Minute, Grace: -1})
	upid := rootOf(first).do(t, "POST", "/nodes/pve1/qemu", map[string]string{"vmid": "100", "scsi0": "local:1"}).data(t).(string)
	_ = first.Close()
	root := rootOf(startServer(t, Options{Dir: dir}))
	if exit := root.wait(t, upid); exit != "unexpected status" {
		t.Errorf("task ended with %q", exit)
	}
	config := root.do(t, "GET", "/nodes/pve1/qemu/100/config", nil).data(t).(map[string]any)
	if config["lock"] != "create" {
		t.Errorf("configuration is %v", config)
	}
}

// TestFullNode: a full storage fails in the task and leaves nothing; too little memory fails the start.
func TestFullNode(t *testing.T) {
	t.Parallel()
	s := startServer(t, Options{Storage: 5 << 30, Memory: 1 << 30})
	root := rootOf(s)
	template := root.template(t)
	exit := root.exit(t, "POST", "/nodes/pve1/lxc", map[string]string{"vmid": "100", "ostemplate": template, "rootfs": "local:8"})
	if !strings.HasPrefix(exit, "unable to create CT 100 - unable to create image: ") || !strings.HasSuffix(exit, "No space left on device") {
		t.Errorf("task ended with %q", exit)
	}
	if a := root.do(t, "GET", "/nodes/pve1/lxc/100/config", nil); a.status != 500 {
		t.Errorf("something is left: %d", a.status)
	}
	for _, vmid := range []string{"101", "102"} {
		root.must(t, "POST", "/nodes/pve1/qemu", map[string]string{"vmid": vmid, "memory": "700"})
	}
	root.must(t, "POST", "/nodes/pve1/qemu/101/status/start", nil)
	if exit := root.exit(t, "POST", "/nodes/pve1/qemu/102/status/start", nil); exit != "start failed: QEMU exited with code 1" {
		t.Errorf("second start ended with %q", exit)
	}
	_ = s.Inject(Fault{PathPattern: "/lxc$", Effect: Full})
	exit = root.exit(t, "POST", "/nodes/pve1/lxc", map[string]string{"vmid": "103", "ostemplate": template, "rootfs": "local:1"})
	if !strings.HasSuffix(exit, "No space left on device") {
		t.Errorf("injected: task ended with %q", exit)
	}
}

// TestPendingChanges: what a running VM cannot take live waits for its stop.
func TestPendingChanges(t *testing.T) {
	t.Parallel()
	root := rootOf(startServer(t, Options{}))
	root.must(t, "POST", "/nodes/pve1/qemu", map[string]string{"vmid": "100", "cores": "1", "tags": "B;a"})
	root.must(t, "POST", "/nodes/pve1/qemu/100/status/start", nil)
	root.must(t, "PUT", "/nodes/pve1/qemu/100/config", map[string]string{"cores": "2", "tags": "c,B;b", "description": "x"})
	config := func(current string) map[string]any {
		return root.do(t, "GET", "/nodes/pve1/qemu/100/config", map[string]string{"current": current}).data(t).(map[string]any)
	}
	now, wanted := config("1"), config("0")
	if now["cores"] != 1.0 || wanted["cores"] != 2.0 || now["tags"] != "b;c" || now["description"] != "x" {
		t.Errorf("now %v, wanted %v", now, wanted)
	}
	if a := root.do(t, "PUT", "/nodes/pve1/qemu/100/config", map[string]string{"cores": "4", "digest": now["digest"].(string)}); a.status != 200 {
		t.Errorf("with the right digest: %d %s", a.status, a.reason)
	}
	if a := root.do(t, "PUT", "/nodes/pve1/qemu/100/config", map[string]string{"cores": "4", "digest": now["digest"].(string)}); a.status != 500 {
		t.Errorf("with an old digest: %d %s", a.status, a.reason)
	}
	root.must(t, "POST", "/nodes/pve1/qemu/100/status/stop", nil)
	if got := config("1"); got["cores"] != 4.0 {
		t.Errorf("after the stop: %v", got)
	}
}

// TestEnvironment: an LXC's env option reaches the runtime and is shown by GET config.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	s := startServer(t, Options{})
	root := rootOf(s)
	root.must(t, "POST", "/nodes/pve1/lxc", map[string]string{"vmid": "100", "ostemplate": root.template(t), "env": "A=1\x00B=x=y",
		"net0": "name=eth0,bridge=vmbr0,ip=10.0.0.5/24,gw=10.0.0.1", "rootfs": "local:8", "cores": "2", "memory": "256", "description": "d"})
	config := root.do(t, "GET", "/nodes/pve1/lxc/100/config", nil).data(t).(map[string]any)
	if config["env"] != "A=1\x00B=x=y" || config["description"] != "d\n" || config["rootfs"] != "local:100/vm-100-disk-0.raw,size=8G" {
		t.Errorf("configuration is %v", config)
	}
	g, err := s.find(KindLXC, 100)
	if err != nil {
		t.Fatal(err)
	}
	got := s.asGuest(g)
	if got.Env["B"] != "x=y" || got.Address.String() != "10.0.0.5/24" || got.Gateway.String() != "10.0.0.1" || got.DiskGiB != 8 || got.MemoryMiB != 256 {
		t.Errorf("the runtime gets %+v", got)
	}
}

// TestHighAvailability: a managed guest's start only asks for it, and its deletion needs purge.
func TestHighAvailability(t *testing.T) {
	t.Parallel()
	root := rootOf(startServer(t, Options{}))
	root.must(t, "POST", "/nodes/pve1/qemu", map[string]string{"vmid": "100"})
	root.must(t, "POST", "/cluster/ha/resources", map[string]string{"sid": "vm:100", "state": "stopped"})
	if id := root.must(t, "POST", "/nodes/pve1/qemu/100/status/start", nil).(string); !strings.Contains(id, ":hastart:100:") {
		t.Errorf("the task is %s", id)
	}
	eventually(t, root, "/nodes/pve1/qemu/100/status/current", "running")
	root.must(t, "POST", "/nodes/pve1/qemu/100/status/stop", nil)
	eventually(t, root, "/nodes/pve1/qemu/100/status/current", "stopped")
	if a := root.do(t, "DELETE", "/nodes/pve1/qemu/100", nil); a.reason != "unable to remove VM 100 - used in HA resources and purge parameter not set." {
		t.Errorf("delete: %d %s", a.status, a.reason)
	}
	root.must(t, "DELETE", "/nodes/pve1/qemu/100", map[string]string{"purge": "1"})
}

// TestSeedISO: a deleted but attached ISO keeps a VM from starting until it is ejected.
func TestSeedISO(t *testing.T) {
	t.Parallel()
	root := rootOf(startServer(t, Options{}))
	up := root.upload(t, "/nodes/pve1/storage/local/upload", "seed.iso", make([]byte, 4096), map[string]string{"content": "iso"}, false)
	root.finished(t, "upload", up)
	root.must(t, "POST", "/nodes/pve1/qemu", map[string]string{"vmid": "100", "ide2": "local:iso/seed.iso,media=cdrom"})
	root.must(t, "DELETE", "/nodes/pve1/storage/local/content/local:iso/seed.iso", nil)
	if exit := root.exit(t, "POST", "/nodes/pve1/qemu/100/status/start", nil); exit != "volume 'local:iso/seed.iso' does not exist" {
		t.Errorf("start ended with %q", exit)
	}
	root.must(t, "PUT", "/nodes/pve1/qemu/100/config", map[string]string{"ide2": "none,media=cdrom"})
	root.must(t, "POST", "/nodes/pve1/qemu/100/status/start", nil)
}
