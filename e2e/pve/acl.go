package pve

import (
	"regexp"
	"strings"
)

// aclPath is the list of paths that may carry permissions (PVE::AccessControl::check_path).
var aclPath = regexp.MustCompile(`^(/|/access(/(groups|realm)(/[\w.\-]+)?)?|/nodes(/[\w.\-]+)?|/pool(/[\w.\-]+){0,3}|/sdn` +
	`(/(controllers|dns|fabrics|ipams)(/[\w\-]+)?|/zones(/[\w.\-]+){0,3})?|/storage(/[\w.\-]+)?|/vms(/[1-9]\d{2,})?|/mapping(/[\w.\-]+){0,2})$`)

// listACL: GET /access/acl. It shows what the caller may change.
func listACL(s *Server, c *call) (any, error) {
	audit := s.check(c.user, "/access", "Sys.Audit") == nil
	var all []acl
	s.readAccess(func(a *access) { all = append(all, a.ACL...) })
	list := []any{}
	for _, e := range all {
		if audit || s.mayModify(c.user, e.Path) == nil {
			list = append(list, map[string]any{"path": e.Path, "type": e.Type, "ugid": e.Who, "roleid": e.Role,
				"propagate": oneIf(e.Propagate)})
		}
	}
	return list, nil
}

// updateACL: PUT /access/acl.
func updateACL(s *Server, c *call) (any, error) {
	p := c.params
	if !p.has("users") && !p.has("groups") && !p.has("tokens") {
		const m = "either 'users', 'groups' or 'tokens' is required."
		return nil, badParams(map[string]string{"users": m, "groups": m, "tokens": m})
	}
	path := normalPath(p.str("path"))
	if path == "" || !p.flag("delete") && !aclPath.MatchString(path) {
		return nil, badParam("path", "invalid ACL path '"+p.str("path")+"'")
	}
	return nil, s.changeAccess(func(a *access) error {
		for _, role := range p.items("roles") {
			if a.role(role) == nil {
				return die("ACL update failed: role '%s' does not exist", role)
			}
			for kind, field := range map[string]string{"user": "users", "token": "tokens"} {
				for _, who := range p.items(field) {
					if err := a.change(p, acl{path, kind, who, role, p.or("propagate", "1") == "1"}); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
}

// change sets or deletes one entry.
func (a *access) change(p values, e acl) error {
	if !p.flag("delete") && e.Type == "user" && a.Users[e.Who] == nil {
		return die("ACL update failed: user '%s' does not exist", e.Who)
	}
	if !p.flag("delete") && e.Type == "token" && a.token(e.Who) == nil {
		return die("ACL update failed: no such token '%s'", e.Who)
	}
	kept := []acl{}
	for _, old := range a.ACL {
		if old.Path != e.Path || old.Who != e.Who || old.Role != e.Role {
			kept = append(kept, old)
		}
	}
	if !p.flag("delete") {
		kept = append(kept, e)
	}
	a.ACL = kept
	return nil
}

// normalPath squeezes slashes; a relative path is none.
func normalPath(path string) string {
	if !strings.HasPrefix(path, "/") {
		return ""
	}
	list := ancestors(path)
	return list[len(list)-1]
}

// effectivePermissions: GET /access/permissions.
func effectivePermissions(s *Server, c *call) (any, error) {
	who := c.params.or("userid", c.user)
	owner, _, _ := strings.Cut(who, "!")
	if who != c.user && owner != c.user {
		if err := s.check(c.user, "/access", "Sys.Audit"); err != nil {
			return nil, err
		}
	}
	out := map[string]any{}
	s.readAccess(func(a *access) {
		if path := c.params.str("path"); path != "" {
			out[path] = a.grants(who, path).numbers()
			return
		}
		for path := range a.knownPaths() {
			if g := a.grants(who, path); len(g) > 0 {
				out[path] = g.numbers()
			}
		}
	})
	return out, nil
}

func (g grants) numbers() map[string]int {
	out := map[string]int{}
	for p, propagate := range g {
		out[p] = oneIf(propagate)
	}
	return out
}

// knownPaths are the top paths, those with permissions and those of pool members.
func (a *access) knownPaths() map[string]bool {
	paths := map[string]bool{}
	for _, p := range []string{"/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms"} {
		paths[p] = true
	}
	for _, e := range a.ACL {
		for _, p := range ancestors(e.Path) {
			paths[p] = true
		}
	}
	for _, p := range a.Pools {
		for vmid := range p.Guests {
			paths["/vms/"+vmids(vmid)] = true
		}
		for id := range p.Storages {
			paths["/storage/"+id] = true
		}
	}
	return paths
}
