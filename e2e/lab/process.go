package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// stopLimit is how long a server may take to end in good order before it is killed.
const stopLimit = 5 * time.Second

// command is a server to run.
type command struct {
	name string // also of its log: log/<name>.log
	path string
	args []string
	env  []string
	user *account       // nil: as we are
	stop syscall.Signal // asks for an end in good order
	// death is what the kernel sends when we have gone. 0 is SIGKILL.
	death syscall.Signal
	// switches says that the program changes its own user for a moment, at which the kernel forgets what to send it when we
	// have gone (prctl(2)). A shell then stands between us and it, as process 1 of the namespace.
	switches bool
}

// shell runs its arguments as a child and passes on the request to end.
var shell = []string{"/bin/sh", "-c", `trap 'kill -TERM $!' TERM; "$@" & wait $!; trap - TERM; wait $!`, "sh"}

// process is a server that was started.
type process struct {
	name  string
	log   string
	proc  *os.Process
	asks  syscall.Signal
	ended chan struct{} // closed when it has ended
	err   error         // why; valid after ended
}

// run starts c. As root it becomes process 1 of its own PID namespace, so that the kernel ends all that it ever starts
// together with it (pid_namespaces(7)), and gets its own System V memory, which a killed PostgreSQL would leave behind.
func (l *Lab) run(c command) (*process, error) {
	p := &process{name: c.name, log: l.folder.path("log", c.name+".log"), asks: c.stop, ended: make(chan struct{})}
	if err := os.MkdirAll(filepath.Dir(p.log), 0o755); err != nil {
		return nil, err
	}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	argv := append([]string{c.path}, c.args...)
	if c.switches {
		argv = append(append([]string{}, shell...), argv...)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = "/", out, out
	cmd.Env = append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"}, c.env...)
	cmd.SysProcAttr = attributes(c)
	started := make(chan error)
	go p.attend(cmd, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	l.mu.Lock()
	l.procs = append(l.procs, p)
	l.mu.Unlock()
	return p, nil
}

func attributes(c command) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	switch {
	case os.Geteuid() == 0:
		a.Cloneflags = syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC
	case c.death != 0:
		a.Pdeathsig = c.death
	}
	if c.user != nil {
		a.Credential = c.user.credential()
	}
	return a
}

// attend starts cmd and waits for its end on one OS thread that does nothing else: the kernel's parent-death signal is bound
// to the thread that started the child, and Go ends idle threads as it likes (prctl(2), PR_SET_PDEATHSIG).
func (p *process) attend(cmd *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer close(p.ended)
	err := cmd.Start()
	p.proc = cmd.Process
	started <- err
	if err != nil {
		return
	}
	if p.err = cmd.Wait(); p.err == nil {
		p.err = errors.New("it ended by itself")
	}
}

// ready asks try every few milliseconds until it succeeds, the process has ended, or ctx has.
func (p *process) ready(ctx context.Context, try func(context.Context) error) error {
	for {
		one, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := try(one)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s did not start: %w%s", p.name, p.err, p.tail())
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return errNotStarted
			}
			return fmt.Errorf("%s does not answer: %w%s", p.name, err, p.tail())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// tail is the end of the process's log, for an error.
func (p *process) tail() string { return tail(p.log) }

// tail is the last lines of a log, indented; "" when there are none.
func tail(path string) string {
	data, _ := os.ReadFile(path)
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	if len(lines) > 12 {
		lines = lines[len(lines)-12:]
	}
	if text := string(bytes.Join(lines, []byte("\n  "))); text != "" {
		return "\n  " + text
	}
	return ""
}

// stop ends the process and returns when it has gone. hard spends no time on good order, for data that is thrown away.
func (p *process) stop(hard bool) {
	if !hard {
		p.proc.Signal(p.asks) //nolint:errcheck // it may have ended already
		select {
		case <-p.ended:
			return
		case <-time.After(stopLimit):
		}
	}
	p.proc.Kill() //nolint:errcheck // as above
	<-p.ended
}

// tool runs a program to its end as user (nil: as we are) and returns what it printed; its complaints are in the error.
func tool(ctx context.Context, user *account, input, path string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Stdin, cmd.Env = "/", strings.NewReader(input), []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"}
	if user != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user.credential()}
	}
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if errors.Is(ctx.Err(), context.Canceled) {
		return "", errNotStarted
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", filepath.Base(path), err, out, complaints.Bytes())
	}
	return string(out), nil
}
