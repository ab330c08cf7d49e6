package pve

import (
	"encoding/json"
	"regexp"
	"strings"
)

// The rules follow PVE::RPCEnvironment and PVE::AccessControl::roles.

// grants maps what somebody has on a path to whether it also holds below.
type grants map[string]bool

// permit applies the permissions that the schema states for a method. Only root@pam in person skips them; what the
// schema leaves to the method ("user": "all") is checked by its handler.
func (s *Server) permit(c *call, spec *Spec) error {
	var rule struct {
		User  string            `json:"user"`
		Check []json.RawMessage `json:"check"`
	}
	if len(spec.Permissions) > 0 {
		if err := json.Unmarshal(spec.Permissions, &rule); err != nil {
			return err
		}
	}
	switch {
	case c.user == "" && rule.User == "world":
		return nil
	case c.user == "":
		return forbidden("user != null")
	case c.user == "root@pam", rule.User == "all", rule.User == "world":
		return nil
	case len(rule.Check) > 0:
		return s.rule(c, rule.Check)
	}
	return forbidden("user != root@pam")
}

// rule carries out one check of the schema: ["perm", path, [privileges], options…], and, or, userid-…, perm-modify.
func (s *Server) rule(c *call, check []json.RawMessage) error {
	kind := text(check[0])
	switch kind {
	case "and", "or":
		return s.combine(c, kind, check[1:])
	case "perm":
		return s.permRule(c, check)
	case "perm-modify":
		return s.mayModify(c.user, template(text(check[1]), c.params))
	case "userid-param":
		return s.userRule(c, text(check[1]))
	case "userid-group":
		var privs []string
		_ = json.Unmarshal(check[1], &privs)
		return s.checkAny(c.user, "/access/groups", privs...)
	}
	return forbidden("")
}

func (s *Server) combine(c *call, kind string, checks []json.RawMessage) error {
	for _, raw := range checks {
		var sub []json.RawMessage
		if err := json.Unmarshal(raw, &sub); err != nil {
			return err
		}
		err := s.rule(c, sub)
		if kind == "and" && err != nil {
			return err
		}
		if kind == "or" && err == nil {
			return nil
		}
	}
	if kind == "or" {
		return forbidden("")
	}
	return nil
}

func (s *Server) permRule(c *call, check []json.RawMessage) error {
	var privs []string
	if err := json.Unmarshal(check[2], &privs); err != nil {
		return err
	}
	any := false
	for i := 3; i+1 < len(check); i += 2 {
		switch text(check[i]) {
		case "any":
			any = true
		case "require_param":
			if !c.params.has(text(check[i+1])) {
				return forbidden("")
			}
		}
	}
	path := template(text(check[1]), c.params)
	if any {
		return s.checkAny(c.user, path, privs...)
	}
	return s.check(c.user, path, privs...)
}

func (s *Server) userRule(c *call, kind string) error {
	id := c.params.str("userid")
	if kind == "self" {
		if c.user == id {
			return nil
		}
		return forbidden("")
	}
	_, realm, _ := strings.Cut(id, "@")
	return s.check(c.user, "/access/realm/"+realm, "Realm.AllocateUser")
}

// mayModify is check_perm_modify: Permissions.Modify on the path, or what stands for it there.
func (s *Server) mayModify(user, path string) error {
	privs := []string{"Permissions.Modify"}
	switch {
	case strings.HasPrefix(path, "/storage"):
		privs = append(privs, "Datastore.Allocate")
	case strings.HasPrefix(path, "/vms"):
		privs = append(privs, "VM.Allocate")
	case strings.HasPrefix(path, "/pool"):
		privs = append(privs, "Pool.Allocate")
	}
	return s.checkAny(user, path, privs...)
}

// check wants all privileges on a path and names the first that is missing.
func (s *Server) check(user, path string, privs ...string) error {
	have := s.grants(user, path)
	for _, p := range privs {
		if _, ok := have[p]; !ok {
			return forbidden(path + ", " + p)
		}
	}
	return nil
}

// checkAny wants one of the privileges.
func (s *Server) checkAny(user, path string, privs ...string) error {
	have := s.grants(user, path)
	for _, p := range privs {
		if _, ok := have[p]; ok {
			return nil
		}
	}
	return forbidden(path + ", " + strings.Join(privs, "|"))
}

// checkGuest wants privileges on a guest, or on the pool that it is being made in (check_vm_perm).
func (s *Server) checkGuest(user string, vmid int, pool string, privs ...string) error {
	if pool != "" && s.check(user, "/pool/"+pool, privs...) == nil {
		return nil
	}
	return s.check(user, "/vms/"+vmids(vmid), privs...)
}

func (s *Server) grants(user, path string) grants {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.access.grants(user, path)
}

// grants works out what user has on a path. A token without separation has what its user has; a separated one has
// what both have.
func (a *access) grants(user, path string) grants {
	if user == "root@pam" {
		all := grants{}
		for p := range privileges {
			all[p] = true
		}
		return all
	}
	own := a.compiled(user, path)
	owner, _, isToken := strings.Cut(user, "!")
	if !isToken {
		return own
	}
	t := a.token(user)
	if t == nil {
		return grants{}
	}
	theirs := a.grants(owner, path)
	if !t.Separate {
		return theirs
	}
	if owner == "root@pam" {
		return own
	}
	both := grants{}
	for p, propagate := range own {
		if further, ok := theirs[p]; ok {
			both[p] = propagate && further
		}
	}
	return both
}

// compiled turns roles, those of the pools included, into privileges.
func (a *access) compiled(user, path string) grants {
	roles := a.rolesOn(user, path)
	if _, denied := roles["NoAccess"]; !denied {
		a.addPoolRoles(roles, user, path)
	}
	out := grants{}
	for id, propagate := range roles {
		for p := range a.role(id) {
			out[p] = out[p] || propagate
		}
	}
	return out
}

// addPoolRoles gives a guest or storage what its pool has, without propagation. NoAccess of a pool trumps all.
func (a *access) addPoolRoles(roles grants, user, path string) {
	for id, p := range a.Pools {
		if !p.holds(path) {
			continue
		}
		for role := range a.rolesOn(user, "/pool/"+id) {
			if role == "NoAccess" {
				clear(roles)
				roles[role] = false
				return
			}
			if _, have := roles[role]; !have {
				roles[role] = false
			}
		}
	}
}

func (p *pool) holds(path string) bool {
	for vmid := range p.Guests {
		if path == "/vms/"+vmids(vmid) {
			return true
		}
	}
	for id := range p.Storages {
		if path == "/storage/"+id {
			return true
		}
	}
	return false
}

// rolesOn walks from / down to the path; roles set further down replace those from above.
func (a *access) rolesOn(user, path string) grants {
	roles := grants{}
	for _, at := range ancestors(path) {
		here := grants{}
		for _, e := range a.ACL {
			if e.Path == at && e.Who == user && (e.Propagate || at == path) {
				here[e.Role] = e.Propagate
			}
		}
		if len(here) > 0 {
			roles = here
		}
	}
	if propagate, denied := roles["NoAccess"]; denied {
		return grants{"NoAccess": propagate}
	}
	return roles
}

// ancestors lists /, /a, /a/b for /a/b.
func ancestors(path string) []string {
	list := []string{"/"}
	at := ""
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if part != "" {
			at += "/" + part
			list = append(list, at)
		}
	}
	return list
}

func text(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s)
	return s
}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

// template fills parameters into a path such as /vms/{vmid}.
func template(path string, params values) string {
	return placeholder.ReplaceAllStringFunc(path, func(m string) string { return params.str(m[1 : len(m)-1]) })
}
