package lab

import (
	"os"
	"os/exec"
	"syscall"
)

// watcher is a shell that outlives us for a moment to remove a private folder. It reads from a pipe whose other end only we
// hold, so it notices every end of ours, kill -9 included, after which the kernel is ending the servers as well.
type watcher struct {
	held *os.File
	cmd  *exec.Cmd
}

// The second removal is for what a server wrote while it was dying.
const watchScript = `read -r _; rm -rf -- "$1"; sleep 0.3; rm -rf -- "$1"`

func watchFolder(dir string) (*watcher, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	cmd := exec.Command("/bin/sh", "-c", watchScript, "sh", dir)
	cmd.Dir, cmd.Stdin = "/", r
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // an interrupt typed at the terminal must not end it first
	if err := cmd.Start(); err != nil {
		w.Close()
		return nil, err
	}
	return &watcher{held: w, cmd: cmd}, nil
}

func (w *watcher) close() {
	if w == nil {
		return
	}
	w.held.Close()
	w.cmd.Wait() //nolint:errcheck // it has nothing left to do, and says so by ending
}
