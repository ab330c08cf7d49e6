package pve

import "time"

// The release that is emulated.
const (
	release      = "9.1"
	fullRelease  = "9.1.6"
	repositoryID = "c3897640"
	kernel       = "6.17.9-1-pve"
)

// version: GET /version and GET /nodes/{node}/version.
func version(*Server, *call) (any, error) {
	return map[string]any{"version": fullRelease, "release": release, "repoid": repositoryID}, nil
}

// nodeStats are the figures that lists of nodes show.
func (s *Server) nodeStats() map[string]any {
	s.mu.Lock()
	used := s.usedLocked()
	s.mu.Unlock()
	return map[string]any{"cpu": 0.01, "maxcpu": s.opts.Cores, "mem": s.nodeMemory(), "maxmem": s.opts.Memory, "disk": used,
		"maxdisk": s.opts.Storage, "uptime": s.uptime()}
}

func (s *Server) uptime() int64 { return int64(time.Since(s.began).Seconds()) }

// nodeMemory is what runs, and a little for the node itself.
func (s *Server) nodeMemory() int64 { return min(s.opts.Memory, s.memoryUsed()+1<<30) }

// listNodes: GET /nodes.
func listNodes(s *Server, c *call) (any, error) {
	m := map[string]any{"node": s.opts.Node, "id": "node/" + s.opts.Node, "type": "node", "status": "online",
		"ssl_fingerprint": s.fingerprint}
	if s.check(c.user, "/nodes/"+s.opts.Node, "Sys.Audit") == nil {
		for k, v := range s.nodeStats() {
			m[k] = v
		}
		m["level"] = ""
	}
	return []any{m}, nil
}

// nodeStatus: GET /nodes/{node}/status.
func nodeStatus(s *Server, _ *call) (any, error) {
	s.mu.Lock()
	used := s.usedLocked()
	s.mu.Unlock()
	mem := s.nodeMemory()
	return map[string]any{
		"uptime": s.uptime(), "cpu": 0.01, "wait": 0, "idle": 0, "loadavg": []string{"0.10", "0.10", "0.10"},
		"memory":     map[string]any{"total": s.opts.Memory, "used": mem, "free": s.opts.Memory - mem, "available": s.opts.Memory - mem},
		"swap":       map[string]any{"total": 0, "used": 0, "free": 0},
		"rootfs":     map[string]any{"total": s.opts.Storage, "used": used, "free": s.opts.Storage - used, "avail": s.opts.Storage - used},
		"ksm":        map[string]any{"shared": 0},
		"pveversion": "pve-manager/" + fullRelease + "/" + repositoryID,
		"kversion":   "Linux " + kernel + " #1 SMP PREEMPT_DYNAMIC",
		"current-kernel": map[string]any{"sysname": "Linux", "release": kernel, "version": "#1 SMP PREEMPT_DYNAMIC",
			"machine": "x86_64"},
		"boot-info": map[string]any{"mode": "efi", "secureboot": 0},
		"cpuinfo": map[string]any{"cpus": s.opts.Cores, "cores": s.opts.Cores, "sockets": 1, "model": "Emulated processor", "mhz": "2000.000",
			"hvm": "1", "user_hz": 100, "flags": ""},
	}, nil
}

// nodeNetwork: GET /nodes/{node}/network, the one bridge of a fresh installation.
func nodeNetwork(_ *Server, c *call) (any, error) {
	if want := c.params.str("type"); want != "" && want != "bridge" && want != "any_bridge" && want != "any_local_bridge" {
		return []any{}, nil
	}
	return []any{map[string]any{"iface": "vmbr0", "type": "bridge", "active": 1, "autostart": 1, "bridge_ports": "", "bridge_stp": "off",
		"bridge_fd": "0", "method": "manual", "method6": "manual", "families": []string{"inet"}, "priority": 3}}, nil
}
