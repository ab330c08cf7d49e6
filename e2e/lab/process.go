package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"
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
	// death is what the kernel sends when we have gone and there is no namespace to end. 0 is SIGKILL.
	death syscall.Signal
	// switches says that the program changes its own user for a moment, at which the kernel forgets what to send it when we
	// have gone (prctl(2)). A shell then stands between us and it, as process 1 of the namespace.
	switches bool
}

// process is a server that was started.
type process struct {
	command
	log   string // path
	proc  *os.Process
	probe func(context.Context) error // tells whether it answers; set by ready
	up    atomic.Bool                 // it has answered, and nobody has ended it
	ended chan struct{}               // closed when it has ended
	err   error                       // why; valid after ended
}

// run starts c. As root it becomes process 1 of its own PID namespace, so that the kernel ends all that it ever starts
// together with it (pid_namespaces(7)), and gets its own System V memory, which a killed PostgreSQL would leave behind.
func (l *Lab) run(c command) (*process, error) {
	p := &process{command: c, log: l.folder.path("log", c.name+".log"), ended: make(chan struct{})}
	if err := os.MkdirAll(filepath.Dir(p.log), 0o755); err != nil {
		return nil, err
	}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := c.exec(l.namespaces)
	cmd.Stdout, cmd.Stderr = out, out
	started := make(chan error)
	go func() {
		p.attend(cmd, started)
		if p.up.Load() {
			l.say("%s ended by itself: %v; its log is %s", c.name, p.err, p.log)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	l.mu.Lock()
	l.procs = append(l.procs, p)
	l.mu.Unlock()
	return p, nil
}

// shell runs its arguments as a child and passes on the request to end.
const shell = `trap 'kill -TERM $!' TERM; "$@" & wait $!; trap - TERM; wait $!`

func (c command) exec(namespaces bool) *exec.Cmd {
	argv := append([]string{c.path}, c.args...)
	if c.switches {
		argv = append([]string{"/bin/sh", "-c", shell, "sh"}, argv...)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = "/"
	cmd.Env = append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"}, c.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	switch {
	case namespaces:
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC
	case c.death != 0:
		cmd.SysProcAttr.Pdeathsig = c.death
	}
	if c.user != nil {
		cmd.SysProcAttr.Credential = c.user.credential()
	}
	return cmd
}

// canIsolate tells whether we may make namespaces: as root, and outside of a container that forbids it.
func canIsolate() bool {
	return os.Geteuid() == 0 && command{path: "/bin/true"}.exec(true).Run() == nil
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
		p.err = errors.New("exit status 0")
	}
}

// ready asks try every few milliseconds until it succeeds, the process has ended, or ctx has.
func (p *process) ready(ctx context.Context, try func(context.Context) error) error {
	p.probe = try
	for {
		one, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := try(one)
		cancel()
		if err == nil {
			p.up.Store(true)
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s did not start: %w%s", p.name, p.err, tail(p.log))
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return errNotStarted
			}
			return fmt.Errorf("%s does not answer: %w%s", p.name, err, tail(p.log))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// end ends the process and returns when it has gone. hard spends no time on good order, for data that is thrown away.
func (p *process) end(hard bool) {
	p.up.Store(false)
	if !hard {
		p.proc.Signal(p.stop) //nolint:errcheck // it may have ended already
		select {
		case <-p.ended:
			return
		case <-time.After(stopLimit):
		}
	}
	p.proc.Kill() //nolint:errcheck // as above
	<-p.ended
}
