package pve

import (
	"context"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// asGuest is what the runtime learns of a guest: its configuration in plain terms.
func (s *Server) asGuest(g *guest) Guest {
	out := Guest{VMID: g.VMID, Kind: g.Kind, Hostname: g.name(), Cores: g.cpus(s.opts.Cores), MemoryMiB: g.memoryMiB(),
		DiskGiB: int((g.diskBytes() + 1<<30 - 1) >> 30), Nameserver: g.Config["nameserver"], Dir: s.privateDir(g.VMID)}
	network := parsePairs(g.Config["net0"])
	if g.Kind == KindQEMU {
		network = parsePairs(g.Config["ipconfig0"])
		out.SSHKeys, _ = url.PathUnescape(g.Config["sshkeys"])
	} else {
		out.SSHKeys, out.Env = g.SSHKeys, environment(g.Config["env"])
	}
	out.Address, _ = netip.ParsePrefix(network["ip"])
	out.Gateway, _ = netip.ParseAddr(network["gw"])
	return out
}

// environment splits NAME=value pairs separated by NULs.
func environment(text string) map[string]string {
	env := map[string]string{}
	for pair := range strings.SplitSeq(text, "\x00") {
		if k, v, ok := strings.Cut(pair, "="); ok {
			env[k] = v
		}
	}
	return env
}

// parsePairs reads key=value,key=value without judging; a part without key is stored under "".
func parsePairs(text string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		if k, v, ok := strings.Cut(part, "="); ok {
			out[k] = v
		} else {
			out[""] = part
		}
	}
	return out
}

// running asks the runtime whether a guest runs.
func (s *Server) running(g *guest) bool {
	return g.Running && s.runtime(g.Kind).Running(Guest{VMID: g.VMID, Kind: g.Kind, Dir: s.opts.Dir + "/private/" + vmids(g.VMID)})
}

// resume starts the guests that ran when the server ended. It returns at once: a node, too, starts its guests one by
// one after it is up.
func (s *Server) resume(ctx context.Context) {
	var list []*guest
	for _, g := range s.guests {
		if g.Running && g.Config["lock"] == "" {
			list = append(list, g.copied())
		}
	}
	if len(list) == 0 {
		return
	}
	s.tasks.wg.Add(1)
	go func() {
		defer s.tasks.wg.Done()
		for _, g := range list {
			s.resumeOne(ctx, g)
		}
	}()
}

func (s *Server) resumeOne(ctx context.Context, g *guest) {
	release, err := s.locks.take(ctx, g.VMID, time.Minute)
	if err != nil {
		return
	}
	defer release()
	if err := s.runtime(g.Kind).Start(ctx, s.asGuest(g)); err != nil {
		s.opts.Log.Error("pve: guest not started again", "vmid", g.VMID, "error", err)
		_ = s.change(g.Kind, g.VMID, func(g *guest) error { g.Running = false; return nil })
	}
}
