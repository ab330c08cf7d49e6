package pve

import (
	"regexp"
	"sort"
	"strconv"
	"strings"
)

var poolLeaf = regexp.MustCompile(`^(?:(.*)/)?([^/]+)$`)

// listPools: GET /pools; with poolid, that pool and its members.
func listPools(s *Server, c *call) (any, error) {
	if c.params.has("poolid") {
		p, err := showPool(s, c)
		if err != nil {
			return nil, err
		}
		return []any{p}, nil
	}
	list := []any{}
	s.readAccess(func(a *access) {
		for _, id := range keys(a.Pools) {
			if _, ok := a.grants(c.user, "/pool/"+id)["Pool.Audit"]; ok {
				list = append(list, a.Pools[id].fields(id))
			}
		}
	})
	return list, nil
}

func (p *pool) fields(id string) map[string]any {
	m := map[string]any{"poolid": id}
	if p.Comment != "" {
		m["comment"] = p.Comment
	}
	return m
}

// showPool: GET /pools/{poolid}. Members are described as late as cluster/resources is.
func showPool(s *Server, c *call) (any, error) {
	id, only := c.params.str("poolid"), c.params.str("type")
	var out map[string]any
	var guests []int
	var storages []string
	s.readAccess(func(a *access) {
		if p := a.Pools[id]; p != nil {
			out = p.fields(id)
			for vmid := range p.Guests {
				guests = append(guests, vmid)
			}
			storages = keys(p.Storages)
		}
	})
	if out == nil {
		return nil, die("pool '%s' does not exist", id)
	}
	sort.Slice(guests, func(i, j int) bool { return vmids(guests[i]) < vmids(guests[j]) })
	members := []any{}
	for _, vmid := range guests {
		if m := s.resource(vmid); m != nil && (only == "" || only == m["type"]) {
			delete(m, "tags")
			members = append(members, m)
		}
	}
	for range storages {
		if only == "" || only == "storage" {
			members = append(members, s.storageResource())
		}
	}
	out["members"] = members
	return out, nil
}

// createPool: POST /pools.
func createPool(s *Server, c *call) (any, error) {
	id := c.params.str("poolid")
	return nil, s.changeAccess(func(a *access) error {
		m := poolLeaf.FindStringSubmatch(id)
		switch {
		case a.Pools[id] != nil:
			return die("create pool failed: pool '%s' already exists", id)
		case m[1] != "" && a.Pools[m[1]] == nil:
			return die("create pool failed: parent '%s' of pool '%s' does not exist", m[1], id)
		case !strings.ContainsAny(m[2][:1], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"):
			return die("create pool failed: pool name must start with a letter")
		}
		a.Pools[id] = &pool{Comment: c.params.str("comment"), Guests: map[int]bool{}, Storages: map[string]bool{}}
		return nil
	})
}

// updatePool: PUT /pools and PUT /pools/{poolid}.
func updatePool(s *Server, c *call) (any, error) {
	id, p := c.params.str("poolid"), c.params
	for _, vmid := range p.items("vms") {
		if err := s.mayModify(c.user, "/vms/"+vmid); err != nil {
			return nil, err
		}
	}
	return nil, s.changeAccess(func(a *access) error {
		target := a.Pools[id]
		if target == nil {
			return die("update pools failed: pool '%s' does not exist", id)
		}
		if p.has("comment") {
			target.Comment = p.str("comment")
		}
		for _, item := range p.items("vms") {
			vmid, _ := strconv.Atoi(item)
			if err := a.movePoolGuest(target, vmid, p); err != nil {
				return err
			}
		}
		for _, storage := range p.items("storage") {
			if err := target.moveStorage(storage, p.flag("delete")); err != nil {
				return err
			}
		}
		return nil
	})
}

func (a *access) movePoolGuest(target *pool, vmid int, p values) error {
	old := a.poolOf(vmid)
	switch {
	case p.flag("delete") && !target.Guests[vmid]:
		return die("update pools failed: VM %d is not a pool member", vmid)
	case p.flag("delete"):
		delete(target.Guests, vmid)
		return nil
	case target.Guests[vmid]:
		return die("update pools failed: VM %d is already a pool member", vmid)
	case old != "" && !p.flag("allow-move"):
		return die("update pools failed: VM %d belongs already to pool '%s' and 'allow-move' is not set", vmid, old)
	case old != "":
		delete(a.Pools[old].Guests, vmid)
	}
	target.Guests[vmid] = true
	return nil
}

func (p *pool) moveStorage(id string, remove bool) error {
	switch {
	case remove && !p.Storages[id]:
		return die("update pools failed: Storage '%s' is not a pool member", id)
	case remove:
		delete(p.Storages, id)
	case p.Storages[id]:
		return die("update pools failed: Storage '%s' is already a pool member", id)
	default:
		p.Storages[id] = true
	}
	return nil
}

// deletePool: DELETE /pools and DELETE /pools/{poolid}. Members that exist keep it.
func deletePool(s *Server, c *call) (any, error) {
	id := c.params.str("poolid")
	return nil, s.changeAccess(func(a *access) error {
		p := a.Pools[id]
		if p == nil {
			return die("delete pool failed: pool '%s' does not exist", id)
		}
		for other := range a.Pools {
			if strings.HasPrefix(other, id+"/") {
				return die("delete pool failed: pool '%s' is not empty (contains pool '%s')", id, other)
			}
		}
		for vmid := range p.Guests {
			if s.guests[vmid] != nil {
				return die("delete pool failed: pool '%s' is not empty (contains VM %d)", id, vmid)
			}
		}
		for storage := range p.Storages {
			return die("delete pool failed: pool '%s' is not empty (contains storage '%s')", id, storage)
		}
		delete(a.Pools, id)
		kept := []acl{}
		for _, e := range a.ACL {
			if e.Path != "/pool/"+id {
				kept = append(kept, e)
			}
		}
		a.ACL = kept
		return nil
	})
}
