package lxc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"allotment/e2e/pve"
)

// process is a running container: lxc-start in the foreground.
type process struct {
	done chan struct{} // closed when it has ended
}

func (p *process) alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Create implements pve.Runtime.
func (r *Runtime) Create(ctx context.Context, g pve.Guest, template string, log func(string)) error {
	if _, err := os.Stat(lower(g)); err == nil {
		return nil
	}
	root, err := r.unpack(ctx, template, log)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(g.Dir); err != nil {
		return err
	}
	if err := os.MkdirAll(upper(g), 0o755); err != nil {
		return err
	}
	if err := writeKeys(g); err != nil {
		return err
	}
	if err := r.writeFiles(g); err != nil {
		return err
	}
	log("Creating an overlay over the unpacked template.")
	return os.WriteFile(lower(g), []byte(root), 0o644)
}

// Start implements pve.Runtime. It returns when the guest's PID 1 runs, as on a genuine node: long before it is set up.
func (r *Runtime) Start(ctx context.Context, g pve.Guest) error {
	if r.Running(g) {
		return nil
	}
	if err := r.writeConfig(g); err != nil {
		return err
	}
	if err := r.writeFiles(g); err != nil {
		return err
	}
	p, err := r.launch(g)
	if err != nil {
		return err
	}
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer cancel()
		_ = r.ended(waiting, p, time.Minute)
	}()
	wait := r.lab.command(waiting, "lxc-wait", "-P", g.Dir, "-n", r.name(g), "-s", "RUNNING", "-t", "20")
	if err := wait.Run(); err == nil && p.alive() {
		return nil
	}
	_ = r.Stop(context.WithoutCancel(ctx), g, false)
	return fmt.Errorf("container %d does not start: %s", g.VMID, complaint(g))
}

// launch runs lxc-start in the lab. Its life is the lab's, not a request's: there is no context.
func (r *Runtime) launch(g pve.Guest) (*process, error) {
	_ = os.Remove(trace(g))
	cmd := r.lab.command(context.Background(), "lxc-start", "-P", g.Dir, "-n", r.name(g), "-f", config(g), "-F")
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{done: make(chan struct{})}
	go func() { _ = cmd.Wait(); close(p.done) }()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.guests[g.VMID] = p
	return p, nil
}

// complaint is what lxc said when it failed.
func complaint(g pve.Guest) string {
	raw, err := os.ReadFile(trace(g))
	if err != nil {
		return "lxc said nothing"
	}
	var errs []string
	for line := range strings.Lines(string(raw)) {
		if strings.Contains(line, " ERROR ") {
			errs = append(errs, strings.TrimSpace(line))
		}
	}
	return strings.Join(errs, "; ")
}

// Running implements pve.Runtime.
func (r *Runtime) Running(g pve.Guest) bool {
	p := r.process(g)
	return p != nil && p.alive()
}

func (r *Runtime) process(g pve.Guest) *process {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.guests[g.VMID]
}

// graceful is how long a guest may take to shut down, as Proxmox's default.
const graceful = 60 * time.Second

// Stop implements pve.Runtime. A graceful stop fails when the guest has not ended after a minute; it runs on then.
func (r *Runtime) Stop(ctx context.Context, g pve.Guest, gently bool) error {
	p := r.process(g)
	if p == nil || !p.alive() {
		return nil
	}
	how := []string{"--kill"}
	if gently {
		how = []string{"--nokill", "--timeout", fmt.Sprint(int(graceful.Seconds()))}
	}
	stop := r.lab.command(ctx, append([]string{"lxc-stop", "-P", g.Dir, "-n", r.name(g)}, how...)...)
	out, err := stop.CombinedOutput()
	if err := r.ended(ctx, p, 10*time.Second); err == nil {
		removeCgroups(ctx, r.name(g))
		return nil
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("container %d does not stop: %s", g.VMID, strings.TrimSpace(string(out)))
	}
	return fmt.Errorf("container %d does not stop", g.VMID)
}

// ended waits for the end of p.
func (r *Runtime) ended(ctx context.Context, p *process, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Destroy implements pve.Runtime.
func (r *Runtime) Destroy(ctx context.Context, g pve.Guest) error {
	if err := r.Stop(ctx, g, false); err != nil {
		return err
	}
	r.mu.Lock()
	delete(r.guests, g.VMID)
	r.mu.Unlock()
	return os.RemoveAll(g.Dir)
}

// Command prepares a command that runs inside the running guest g, as root. Tests and repairs use it; the portal does not.
func (r *Runtime) Command(ctx context.Context, g pve.Guest, argv ...string) *exec.Cmd {
	attach := []string{"lxc-attach", "-P", g.Dir, "-n", r.name(g), "--clear-env", "--"}
	return r.lab.command(ctx, append(attach, argv...)...)
}
