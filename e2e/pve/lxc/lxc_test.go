package lxc_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
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

func TestGuestEnrolsAndReports(t *testing.T) {
	t.Parallel()
	r, archive := bench(t)
	p := newPortal(t, r, `
echo ":: Reading the order"
test "$(allotment-guest get .domain)" = example.org
echo "a secret for the log only"
echo ":: Nearly there"
`)
	g := guest(t, 101)
	g.Env = p.env()
	create(t, r, g, archive)
	start(t, r, g)
	p.wait(t, r, g)
	want := `[{"line":"Reading the order"},{"line":"Nearly there"},{"done":true}]`
	if got := p.said(); got != want {
		t.Errorf("reports are %s, want %s", got, want)
	}
	// The address is used once: neither cloud-init nor a second boot asks again.
	stop(t, r, g)
	start(t, r, g)
	eventually(t, "the second boot ends", time.Minute, func() bool {
		return r.Command(t.Context(), g, "cloud-init", "status", "--wait").Run() == nil
	})
	if p.fetches() != 1 {
		t.Errorf("the configuration was fetched %d times, want once", p.fetches())
	}
	if got := inGuest(t, r, g, "stat -c %a /etc/allotment/order.json /etc/allotment/setup.sh /var/log/allotment-setup.log"); got != "600\n600\n600" {
		t.Errorf("modes of the secret files are %q, want 600 for each", got)
	}
	if got := inGuest(t, r, g, "grep -c secret /var/log/allotment-setup.log; systemctl --failed --no-legend"); got != "1" {
		t.Errorf("log and failed units: %q", got)
	}
}

func TestSetupThatFails(t *testing.T) {
	t.Parallel()
	r, archive := bench(t)
	p := newPortal(t, r, "echo ':: Step one'\necho why\n(exit 7)\necho ':: never'\n")
	g := guest(t, 102)
	g.Env = p.env()
	create(t, r, g, archive)
	start(t, r, g)
	p.wait(t, r, g)
	want := `[{"line":"Step one"},{"exit":7,"failed":true,"step":"Step one",` +
		`"tail":[":: Step one","why","setup.sh: line 3: exit 7: ( exit 7 )"]}]`
	if got := p.said(); got != want {
		t.Errorf("reports are %s, want %s", got, want)
	}
}

func TestEnrolmentBySSHKey(t *testing.T) {
	t.Parallel()
	r, archive := bench(t)
	p := newPortal(t, r, "echo ':: Hello'\n")
	g := guest(t, 103)
	comment, err := template.KeyComment(p.url, p.der)
	if err != nil {
		t.Fatal(err)
	}
	g.SSHKeys = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample admin\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample " + comment
	create(t, r, g, archive)
	start(t, r, g)
	p.wait(t, r, g)
	if got := inGuest(t, r, g, "cat /root/.ssh/authorized_keys"); !strings.HasSuffix(got, " admin") || strings.Contains(got, "enrol") {
		t.Errorf("authorized_keys is %q, want the admin's key alone", got)
	}
}

func TestStopStartDestroy(t *testing.T) {
	t.Parallel()
	r, archive := bench(t)
	g := guest(t, 104)
	create(t, r, g, archive)
	create(t, r, g, archive)
	start(t, r, g)
	start(t, r, g)
	inGuest(t, r, g, "systemctl is-system-running --wait; echo kept > /root/kept; ip route get 198.18.0.1")
	stop(t, r, g)
	stop(t, r, g)
	g.MemoryMiB, g.Hostname = 256, "renamed"
	start(t, r, g)
	if got := inGuest(t, r, g, "cat /root/kept; hostname"); got != "kept\nrenamed" {
		t.Errorf("after a stop and start the guest says %q", got)
	}
	if err := r.Destroy(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	if r.Running(g) {
		t.Error("a destroyed guest runs")
	}
	if _, err := os.Stat(g.Dir); !os.IsNotExist(err) {
		t.Errorf("the folder of a destroyed guest: %v, want it gone", err)
	}
	if left := leftovers(t, fmt.Sprintf("allotment-%d-", os.Getpid()), "-000000104"); len(left) > 0 {
		t.Errorf("destroy left %v", left)
	}
	if err := r.Destroy(t.Context(), g); err != nil {
		t.Errorf("destroying an absent guest: %v", err)
	}
}

func TestLabsSideBySide(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"one", "two"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, archive := bench(t)
			g := guest(t, 105)
			g.Hostname = name
			create(t, r, g, archive)
			start(t, r, g)
			inGuest(t, r, g, "systemctl is-active --wait network-online.target; echo 'it is '$(hostname) > /tmp/index.html")
			serve := r.Command(t.Context(), g, "python3", "-m", "http.server", "--directory", "/tmp", "80")
			if err := serve.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = serve.Process.Kill(); _ = serve.Wait() })
			client := http.Client{Transport: &http.Transport{DialContext: r.Dial}, Timeout: 2 * time.Second}
			defer client.CloseIdleConnections()
			eventually(t, "the guest answers", 20*time.Second, func() bool {
				answer, err := client.Get("http://198.18.1.105/")
				if err != nil {
					return false
				}
				defer answer.Body.Close()
				body, _ := io.ReadAll(answer.Body)
				return string(body) == "it is "+name+"\n"
			})
		})
	}
}

func TestForwardUDP(t *testing.T) {
	t.Parallel()
	r, err := open(t)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		packet := make([]byte, 100)
		n, from, err := server.ReadFrom(packet)
		if err == nil {
			_, _ = server.WriteTo([]byte("re: "+string(packet[:n])), from)
		}
	}()
	if _, err := r.ForwardUDP(53, server.LocalAddr().String()); err != nil {
		t.Fatal(err)
	}
	conn, err := r.Dial(t.Context(), "udp", "198.18.0.1:53")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = conn.Write([]byte("question"))
	answer := make([]byte, 100)
	if n, err := conn.Read(answer); err != nil || string(answer[:n]) != "re: question" {
		t.Errorf("answer %q, %v", answer[:n], err)
	}
}

// TestKilledParent starts this test program again as a parent with a guest, and kills it with SIGKILL.
func TestKilledParent(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv("LXC_TEST_PARENT"); dir != "" {
		parent(t, dir)
		return
	}
	if err := lxc.Possible(); err != nil {
		t.Skip(err)
	}
	archive(t)
	dir := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run=^TestKilledParent$")
	child.Env = append(os.Environ(), "LXC_TEST_PARENT="+dir)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	marker := filepath.Join(dir, "running")
	eventually(t, "the parent's guest runs", time.Minute, func() bool { _, err := os.Stat(marker); return err == nil })
	label := fmt.Sprintf("allotment-%d-", child.Process.Pid)
	if len(processes(label)) == 0 {
		t.Fatal("no process of the guest was found: the test would prove nothing")
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	eventually(t, "no process of the guest is left", 10*time.Second, func() bool { return len(processes(label)) == 0 })
	// The next start cleans what the kernel keeps of the dead.
	eventually(t, "no cgroup and no mount is left", 10*time.Second, func() bool {
		r, err := lxc.New(lxc.Options{Dir: t.TempDir(), CacheDir: filepath.Join(cacheDir(t), "unpacked")})
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Close()
		return len(leftovers(t, label, "")) == 0
	})
}

// parent is the process that TestKilledParent kills.
func parent(t *testing.T, dir string) {
	r, archive := bench(t)
	g := guest(t, 106)
	g.Dir = filepath.Join(dir, "guest")
	create(t, r, g, archive)
	start(t, r, g)
	if err := os.WriteFile(filepath.Join(dir, "running"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute)
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

func stop(t *testing.T, r *lxc.Runtime, g pve.Guest) {
	t.Helper()
	if err := r.Stop(t.Context(), g, true); err != nil {
		t.Fatal("stop:", err)
	}
	if r.Running(g) {
		t.Fatal("a stopped guest runs")
	}
}
