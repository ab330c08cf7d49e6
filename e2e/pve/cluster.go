package pve

import (
	"sync"
	"time"
)

// resourcesView is what cluster/resources knows: the statistics that the node last broadcast.
type resourcesView struct {
	mu    sync.Mutex
	taken time.Time
	stats map[int]map[string]any
}

// broadcast takes the statistics of all guests now.
func (s *Server) broadcast() {
	stats := map[int]map[string]any{}
	for _, g := range s.allGuests() {
		st := s.statistics(g)
		m := map[string]any{"maxcpu": st["cpus"], "template": oneIf(g.template()), "memhost": 0}
		for _, k := range []string{"name", "status", "maxmem", "maxdisk", "mem", "disk", "cpu", "uptime", "netin", "netout", "diskread", "diskwrite"} {
			m[k] = st[k]
		}
		stats[g.VMID] = m
	}
	s.view.mu.Lock()
	defer s.view.mu.Unlock()
	s.view.stats, s.view.taken = stats, time.Now()
}

// stats returns the last broadcast, after a new one when it is older than the lag. So an entry is between nothing and
// one lag behind, as on a real node.
func (s *Server) stats() map[int]map[string]any {
	s.view.mu.Lock()
	old := time.Since(s.view.taken) >= s.opts.ResourcesLag
	s.view.mu.Unlock()
	if old {
		s.broadcast()
	}
	s.view.mu.Lock()
	defer s.view.mu.Unlock()
	return s.view.stats
}

// resource is a guest's entry, or nil. Before the first broadcast that has it, its status is unknown and its name
// missing; tags and lock come straight from the configuration.
func (s *Server) resource(vmid int) map[string]any {
	g := s.anyGuest(vmid)
	if g == nil {
		return nil
	}
	m := map[string]any{"id": g.Kind + "/" + vmids(vmid), "type": g.Kind, "vmid": vmid, "node": s.opts.Node, "status": "unknown"}
	for k, v := range s.stats()[vmid] {
		m[k] = v
	}
	for _, k := range []string{"tags", "lock"} {
		if v := g.Config[k]; v != "" {
			m[k] = v
		}
	}
	return m
}

// clusterResources: GET /cluster/resources.
func clusterResources(s *Server, c *call) (any, error) {
	want := c.params.str("type")
	list := []any{}
	if want == "" || want == "vm" {
		list = append(list, s.guestResources(c)...)
	}
	if want == "" {
		list = append(list, s.poolResources(c)...)
	}
	if want == "" || want == "node" {
		list = append(list, s.nodeResource(c))
	}
	if (want == "" || want == "storage") && s.checkAny(c.user, "/storage/"+storageID, "Datastore.Audit", "Datastore.AllocateSpace") == nil {
		list = append(list, s.storageResource())
	}
	if want == "" || want == "sdn" {
		list = append(list, map[string]any{"id": "sdn/" + s.opts.Node + "/localnetwork", "sdn": "localnetwork", "node": s.opts.Node,
			"type": "sdn", "status": "ok"})
	}
	return list, nil
}

func (s *Server) guestResources(c *call) []any {
	list := []any{}
	for _, g := range s.allGuests() {
		if s.check(c.user, "/vms/"+vmids(g.VMID), "VM.Audit") != nil {
			continue
		}
		m := s.resource(g.VMID)
		if m == nil {
			continue
		}
		s.readAccess(func(a *access) {
			if id := a.poolOf(g.VMID); id != "" {
				m["pool"] = id
			}
		})
		if s.managed(g.Kind, g.VMID) {
			m["hastate"] = s.haFields(g)["state"]
		}
		list = append(list, m)
	}
	return list
}

func (s *Server) poolResources(c *call) []any {
	list := []any{}
	s.readAccess(func(a *access) {
		for _, id := range keys(a.Pools) {
			if _, ok := a.grants(c.user, "/pool/"+id)["Pool.Audit"]; ok {
				list = append(list, map[string]any{"id": "/pool/" + id, "pool": id, "type": "pool"})
			}
		}
	})
	return list
}

func (s *Server) nodeResource(c *call) map[string]any {
	m := map[string]any{"id": "node/" + s.opts.Node, "node": s.opts.Node, "type": "node", "status": "online"}
	if s.check(c.user, "/nodes/"+s.opts.Node, "Sys.Audit") == nil {
		for k, v := range s.nodeStats() {
			m[k] = v
		}
		m["cgroup-mode"], m["level"] = 2, ""
	}
	return m
}

func (s *Server) storageResource() map[string]any {
	f := s.storageFields()
	return map[string]any{"id": "storage/" + s.opts.Node + "/" + storageID, "storage": storageID, "node": s.opts.Node, "type": "storage",
		"status": "available", "plugintype": "dir", "content": f["content"], "shared": 0, "disk": f["used"], "maxdisk": f["total"]}
}

// nextID: GET /cluster/nextid. It reserves nothing.
func nextID(s *Server, c *call) (any, error) {
	if c.params.has("vmid") {
		if g := s.anyGuest(c.vmid()); g != nil {
			return nil, badParam("vmid", noun(g.Kind)+" "+vmids(c.vmid())+" already exists")
		}
		return c.params.str("vmid"), nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for vmid := 100; ; vmid++ {
		if s.guests[vmid] == nil {
			return vmids(vmid), nil
		}
	}
}

// clusterStatus: GET /cluster/status of a node that is in no cluster.
func clusterStatus(s *Server, _ *call) (any, error) {
	return []any{map[string]any{"id": "node/" + s.opts.Node, "type": "node", "name": s.opts.Node, "nodeid": 0, "local": 1, "online": 1,
		"level": "", "ip": "127.0.0.1"}}, nil
}
