package pve

import (
	"sort"
	"strings"
	"time"
)

// allGuests returns copies of all guests, in the order of their numbers as text.
func (s *Server) allGuests() []*guest {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*guest, 0, len(s.guests))
	for _, g := range s.guests {
		list = append(list, g.copied())
	}
	sort.Slice(list, func(i, j int) bool { return vmids(list[i].VMID) < vmids(list[j].VMID) })
	return list
}

// anyGuest returns a copy of a guest of either kind, or nil.
func (s *Server) anyGuest(vmid int) *guest {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.guests[vmid]; g != nil {
		return g.copied()
	}
	return nil
}

// statistics are what the node measures of a guest. The emulator has no meters, so what a real guest uses is made up
// from what it may use.
func (s *Server) statistics(g *guest) map[string]any {
	memory := int64(g.memoryMiB()) << 20
	m := map[string]any{"name": g.name(), "status": "stopped", "cpus": g.cpus(s.opts.Cores), "maxmem": memory, "maxdisk": s.maxDisk(g),
		"mem": 0, "disk": 0, "cpu": 0, "uptime": 0, "netin": 0, "netout": 0, "diskread": 0, "diskwrite": 0, "vmid": g.VMID}
	if s.running(g) {
		m["status"], m["uptime"], m["pid"] = "running", max(0, time.Now().Unix()-g.Started), 100000+g.VMID
		m["mem"], m["cpu"] = memory/4, 0.01
		if g.Kind == KindLXC {
			m["disk"] = s.maxDisk(g) / 10
		}
	}
	for _, k := range []string{"tags", "lock"} {
		if v := g.Config[k]; v != "" {
			m[k] = v
		}
	}
	if g.template() {
		m["template"] = 1
	}
	return m
}

// maxDisk is the size of the first disk. A container without one counts as 4 GiB.
func (s *Server) maxDisk(g *guest) int64 {
	if n := g.diskBytes(); n > 0 || g.Kind == KindQEMU {
		return n
	}
	return 4 << 30
}

// vmFields adds what only VMs have.
func (s *Server) vmFields(g *guest) map[string]any {
	m := s.statistics(g)
	m["memhost"] = 0
	if s.running(g) {
		m["memhost"] = m["mem"]
	}
	return m
}

// ctFields adds what only containers have.
func (s *Server) ctFields(g *guest) map[string]any {
	m := s.statistics(g)
	m["type"], m["swap"] = "lxc", 0
	swap, _ := asInt(g.Config["swap"])
	m["maxswap"] = int64(swap) << 20
	if s.running(g) {
		for _, what := range []string{"cpu", "io", "memory"} {
			m["pressure"+what+"some"], m["pressure"+what+"full"] = "0.00", "0.00"
		}
	}
	return m
}

// listVMs: GET …/qemu.
func listVMs(s *Server, c *call) (any, error) {
	return s.list(c, KindQEMU, func(g *guest) map[string]any {
		m := s.vmFields(g)
		if c.params.flag("full") {
			m["qmpstatus"] = m["status"]
		}
		return m
	}), nil
}

// listCTs: GET …/lxc.
func listCTs(s *Server, c *call) (any, error) { return s.list(c, KindLXC, s.ctFields), nil }

// list shows the guests of a kind that the caller may see.
func (s *Server) list(c *call, kind string, fields func(*guest) map[string]any) []any {
	out := []any{}
	for _, g := range s.allGuests() {
		if g.Kind == kind && s.check(c.user, "/vms/"+vmids(g.VMID), "VM.Audit") == nil {
			out = append(out, fields(g))
		}
	}
	return out
}

// vmStatus: GET …/qemu/{vmid}/status/current.
func vmStatus(s *Server, c *call) (any, error) {
	g, err := s.find(KindQEMU, c.vmid())
	if err != nil {
		return nil, err
	}
	m := s.vmFields(g)
	m["qmpstatus"], m["ha"] = m["status"], s.haFields(g)
	if s.running(g) {
		m["running-machine"], m["running-qemu"] = "pc-i440fx-10.0+pve1", qemuVersion
	}
	if agentEnabled(g) {
		m["agent"] = 1
	}
	return m, nil
}

// ctStatus: GET …/lxc/{vmid}/status/current.
func ctStatus(s *Server, c *call) (any, error) {
	g, err := s.find(KindLXC, c.vmid())
	if err != nil {
		return nil, err
	}
	m := s.ctFields(g)
	m["ha"] = s.haFields(g)
	return m, nil
}

func (s *Server) haFields(g *guest) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	state, ok := s.ha[haID(g.Kind, g.VMID)]
	if !ok {
		return map[string]any{"managed": 0}
	}
	return map[string]any{"managed": 1, "state": state}
}

func agentEnabled(g *guest) bool {
	p := properties(KindQEMU, "agent", g.Config["agent"])
	return p["enabled"] == "1"
}

// zoneOf is the SDN zone of a bridge: that of a vnet, or localnetwork for the node's own bridges.
func (s *Server) zoneOf(bridge string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.sdn.Running.VNets[bridge]; v != nil {
		return v["zone"]
	}
	return "localnetwork"
}

func bridgesOf(config map[string]string) []string {
	var list []string
	for _, k := range keys(config) {
		if strings.HasPrefix(k, "net") {
			if b := parsePairs(config[k])["bridge"]; b != "" {
				list = append(list, b)
			}
		}
	}
	return list
}
