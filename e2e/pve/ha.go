package pve

import (
	"strconv"
	"strings"
)

// haID is how high availability names a guest.
func haID(kind string, vmid int) string {
	if kind == KindLXC {
		return "ct:" + vmids(vmid)
	}
	return "vm:" + vmids(vmid)
}

func (s *Server) managed(kind string, vmid int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.ha[haID(kind, vmid)]
	return ok
}

func (s *Server) unmanage(kind string, vmid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.ha, haID(kind, vmid))
	s.save("ha", s.ha)
}

// byHA lets high availability answer for a guest that it manages: the task only asks it, so its OK does not mean that
// the guest runs. The guest follows a little later.
func (s *Server) byHA(c *call, kind, state string) (upid any, managed bool) {
	vmid := c.vmid()
	if !s.managed(kind, vmid) {
		return nil, false
	}
	verb := map[string]string{"started": "start", "stopped": "stop"}[state]
	upid, _ = s.fork(c, "ha"+verb, vmids(vmid), func(t *task) error {
		t.log("Requesting HA %s for %s %d", verb, noun(kind), vmid)
		s.mu.Lock()
		s.ha[haID(kind, vmid)] = state
		s.save("ha", s.ha)
		s.mu.Unlock()
		_, err := s.fork(&call{user: "root@pam"}, taskPrefix[kind]+verb, vmids(vmid), func(t *task) error { return s.follow(t, kind, vmid, state) })
		return err
	})
	return upid, true
}

// follow brings a guest into the state that high availability wants.
func (s *Server) follow(t *task, kind string, vmid int, state string) error {
	release, err := s.lockGuest(t.ctx, kind, vmid)
	if err != nil {
		return err
	}
	defer release()
	if state == "started" {
		return s.boot(t, kind, vmid)
	}
	return s.stopIn(t, kind, vmid, false, 0, false)
}

// listHA: GET /cluster/ha/resources.
func listHA(s *Server, c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []any{}
	for _, sid := range keys(s.ha) {
		kind, _, _ := strings.Cut(sid, ":")
		if want := c.params.str("type"); want == "" || want == kind {
			list = append(list, map[string]any{"sid": sid, "type": kind, "state": s.ha[sid]})
		}
	}
	return list, nil
}

// createHA: POST /cluster/ha/resources.
func createHA(s *Server, c *call) (any, error) {
	sid, err := s.serviceID(c.params.str("sid"))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.ha[sid]; taken {
		return nil, die("resource ID '%s' already defined", sid)
	}
	s.ha[sid] = c.params.or("state", "started")
	s.save("ha", s.ha)
	return nil, nil
}

// serviceID turns 100 into vm:100 and wants the guest to exist.
func (s *Server) serviceID(text string) (string, error) {
	vmid, _ := strconv.Atoi(text[strings.Index(text, ":")+1:])
	g := s.anyGuest(vmid)
	if g == nil {
		return "", die("unable to add resource '%s': guest does not exist", text)
	}
	return haID(g.Kind, vmid), nil
}

// deleteHA: DELETE /cluster/ha/resources/{sid}.
func deleteHA(s *Server, c *call) (any, error) {
	sid := c.params.str("sid")
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range []string{sid, "vm:" + sid, "ct:" + sid} {
		if _, ok := s.ha[id]; ok {
			delete(s.ha, id)
			s.save("ha", s.ha)
			return nil, nil
		}
	}
	return nil, die("cannot delete service '%s', not HA managed!", sid)
}
