package lxc_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"allotment/e2e/pve/lxc"
)

func TestStopStartDestroy(t *testing.T) {
	t.Parallel()
	r, archive := bench(t)
	g := guest(t, 104)
	create(t, r, g, archive)
	create(t, r, g, archive)
	start(t, r, g)
	start(t, r, g)
	booted(t, r, g)
	inGuest(t, r, g, "echo kept > /root/kept; ip route get 198.18.0.1")
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
			booted(t, r, g)
			inGuest(t, r, g, "mkdir /srv/page; echo it is $(hostname) > /srv/page/index.html")
			serve := r.Command(t.Context(), g, "python3", "-m", "http.server", "--directory", "/srv/page", "80")
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
