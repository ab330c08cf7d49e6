package proxmox

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"allotment/app"
)

// shutdownSeconds is how long a guest may take to shut down before it is stopped.
const shutdownSeconds = 60

// converge makes a guest that is there as spec says, and returns it as it is then.
func (a *attempt) converge(ctx context.Context, g guest, spec app.GuestSpec) (guest, error) {
	steps := []func(context.Context, guest, app.GuestSpec) (bool, error){a.grow, a.configure, a.power, a.apply, a.tidy}
	for _, step := range steps {
		changed, err := step(ctx, g, spec)
		if err != nil {
			return g, err
		}
		if !changed {
			continue
		}
		if g, err = a.d.refresh(ctx, g); err != nil {
			return g, err
		}
	}
	if g.running != spec.Running {
		return g, app.Errorf(app.Retryable, "The server is changing its power state.")
	}
	return g, nil
}

// grow makes the first disk larger, to an absolute size, so that a repeated call does not add twice.
func (a *attempt) grow(ctx context.Context, g guest, spec app.GuestSpec) (bool, error) {
	if g.config.text(g.kind.disk()) == "" || g.diskMiB() >= spec.DiskGiB*1024 {
		return false, nil
	}
	params := map[string]any{"disk": g.kind.disk(), "size": fmt.Sprintf("%dG", spec.DiskGiB)}
	upid, err := a.d.put(ctx, g.path("resize"), params)
	return true, a.begun(ctx, upid, err, "The server's disk is being made larger.")
}

// configure sets sizes, what happens when the node starts, and the seed. Taking an enrolment away empties the drive first: a machine whose attached disc is gone does
// not start.
func (a *attempt) configure(ctx context.Context, g guest, spec app.GuestSpec) (bool, error) {
	params := map[string]any{}
	if err := a.resize(ctx, g, spec, params); err != nil {
		return false, err
	}
	if g.config.number("onboot", 0) != onBoot(spec) {
		params["onboot"] = onBoot(spec)
	}
	if !g.tagged() {
		params["tags"] = strings.Trim(g.config.text("tags")+";"+tag, ";")
	}
	if err := a.reseed(ctx, g, spec, params); err != nil {
		return false, err
	}
	if len(params) == 0 {
		return false, nil
	}
	upid, err := a.d.put(ctx, g.path("config"), params)
	return true, a.begun(ctx, upid, err, "The server is being changed.")
}

// resize adds to params what changes vCPUs and memory, unless that was asked for already and waits for the machine's restart.
func (a *attempt) resize(ctx context.Context, g guest, spec app.GuestSpec, params map[string]any) error {
	if g.sized(spec) {
		return nil
	}
	if g.kind == machine && g.running {
		config, err := a.d.askedOf(ctx, g)
		if err != nil {
			return err
		}
		g.config = config
	}
	if g.vcpu() != spec.VCPU {
		params["cores"] = spec.VCPU
		if g.config.number("sockets", 1) != 1 {
			params["sockets"] = 1
		}
	}
	if g.memoryMiB() != spec.MemoryMiB {
		params["memory"] = spec.MemoryMiB
	}
	return nil
}

// reseed adds to params what makes the attached enrolment the wanted one.
func (a *attempt) reseed(ctx context.Context, g guest, spec app.GuestSpec, params map[string]any) error {
	switch {
	case spec.Enrolment == nil && g.seeded() && g.kind == container:
		params["delete"] = "env"
	case spec.Enrolment == nil && g.seeded():
		params["ide2"] = "none,media=cdrom"
	case spec.Enrolment == nil || g.running:
	case g.kind == container:
		return a.reseedContainer(ctx, g, spec.Enrolment, params)
	default:
		return a.reseedMachine(ctx, g, spec, params)
	}
	return nil
}

func (a *attempt) reseedContainer(ctx context.Context, g guest, e *app.Enrolment, params map[string]any) error {
	if g.config.text("env") == environment(e) {
		return nil
	}
	has, err := a.d.hasEnv(ctx)
	if has {
		params["env"] = environment(e)
	}
	return err
}

func (a *attempt) reseedMachine(ctx context.Context, g guest, spec app.GuestSpec, params map[string]any) error {
	_, name, err := a.seedImage(spec)
	if err != nil || g.disc() == fmt.Sprintf("%s:iso/%s", a.d.config.ISOStorage, name) {
		return err
	}
	params["ide2"], err = a.seedMachine(ctx, g.node, spec)
	return err
}

// tidy deletes the seeds of a machine that are no longer attached.
func (a *attempt) tidy(ctx context.Context, g guest, _ app.GuestSpec) (bool, error) {
	if g.kind == container {
		return false, nil
	}
	return false, a.dropSeeds(ctx, g.node, g.disc())
}

// power starts or stops. A guest that is stopped shuts down first, and after a minute is switched off.
func (a *attempt) power(ctx context.Context, g guest, spec app.GuestSpec) (bool, error) {
	if g.running == spec.Running {
		return false, nil
	}
	if spec.Running {
		return true, a.act(ctx, g, "start", nil, "The server is starting.")
	}
	if !a.stubborn {
		params := map[string]any{"timeout": shutdownSeconds, "forceStop": 1}
		if err := a.act(ctx, g, "shutdown", params, "The server is shutting down."); err != nil || !a.stubborn {
			return true, err
		}
	}
	return true, a.act(ctx, g, "stop", nil, "The server is being stopped.")
}

// apply restarts a machine whose changed sizes wait for that: they were ordered.
func (a *attempt) apply(ctx context.Context, g guest, spec app.GuestSpec) (bool, error) {
	if g.kind == container || !g.running || g.sized(spec) {
		return false, nil
	}
	if a.stubborn {
		return true, a.act(ctx, g, "stop", nil, "The server is restarting with its new size.")
	}
	return true, a.act(ctx, g, "reboot", map[string]any{"timeout": shutdownSeconds}, "The server is restarting with its new size.")
}

// act sends a power action. That it is so already is success.
func (a *attempt) act(ctx context.Context, g guest, action string, params map[string]any, words string) error {
	upid, err := a.d.change(ctx, http.MethodPost, g.path("status", action), params)
	if said(err, "already running", "not running") {
		return nil
	}
	return a.begun(ctx, upid, err, words)
}
