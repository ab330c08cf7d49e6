package crash

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// worker is a running worker process.
type worker struct {
	proc  *os.Process
	lines chan string   // what it says: "working", then perhaps the point at which it ends itself
	ended chan struct{} // closed when it has ended
	log   string
}

// start starts a worker that kills itself at the first of the points that it reaches.
func (w *world) start(t *testing.T, kills []point) *worker {
	t.Helper()
	dir := t.TempDir()
	data, err := json.Marshal(orders{Config: w.cfg, Kills: kills})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "orders.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	c := &worker{lines: make(chan string, 10), ended: make(chan struct{}), log: filepath.Join(dir, "log")}
	started := make(chan error)
	go c.attend(file, started)
	if err := <-started; err != nil {
		t.Fatalf("a worker does not start: %v", err)
	}
	t.Cleanup(c.kill)
	return c
}

// attend starts the process and waits for it on one OS thread, since the kernel's parent-death signal hangs on the thread that
// started the child (prctl(2), PR_SET_PDEATHSIG).
func (c *worker) attend(file string, started chan<- error) {
	runtime.LockOSThread()
	defer close(c.ended)
	log, err := os.Create(c.log)
	if err != nil {
		started <- err
		return
	}
	defer log.Close()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), workerEnv+"="+file)
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	c.proc = cmd.Process
	started <- err
	if err != nil {
		return
	}
	for s := bufio.NewScanner(out); s.Scan(); {
		c.lines <- s.Text()
	}
	close(c.lines)
	_ = cmd.Wait() // how it ended does not matter: it is killed most of the time
}

// kill ends the worker at once, wherever it is.
func (c *worker) kill() {
	_ = c.proc.Kill() // it may have ended
	<-c.ended
}

// stop lets the worker end in good order.
func (c *worker) stop(t *testing.T) {
	t.Helper()
	_ = c.proc.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-c.ended:
	case <-time.After(20 * time.Second):
		t.Errorf("the worker does not stop when it is asked to")
		c.kill()
	}
}

// last waits for the worker's end and returns the last line that it said.
func (c *worker) last() (line string) {
	for said := range c.lines {
		line = said
	}
	<-c.ended
	return line
}

// tail returns the last lines of a file.
func tail(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(string(data), "\n")
	return strings.Join(lines[max(0, len(lines)-40):], "\n")
}
