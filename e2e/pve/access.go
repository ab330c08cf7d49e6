package pve

import (
	"sort"
	"strings"
)

// access is users, tokens, roles, permissions and pools: what a node keeps in user.cfg.
type access struct {
	Users map[string]*user           `json:"users"`
	Roles map[string]map[string]bool `json:"roles"` // those made through the API
	ACL   []acl                      `json:"acl"`
	Pools map[string]*pool           `json:"pools"`

	TokenValue string `json:"token_value"` // of root@pam!<TokenName>
	Password   string `json:"password"`    // of root@pam
	Secret     string `json:"secret"`      // signs tickets
}

// user is a person or a program; Password is kept as given, since this is a toy for tests.
type user struct {
	Enable   bool              `json:"enable"`
	Expire   int64             `json:"expire"`
	Comment  string            `json:"comment,omitempty"`
	Email    string            `json:"email,omitempty"`
	Password string            `json:"password,omitempty"`
	Tokens   map[string]*token `json:"tokens,omitempty"`
}

// token is an API token of a user. With Separate it has only what its own ACL and its user's both allow.
type token struct {
	Value    string `json:"value"`
	Separate bool   `json:"privsep"`
	Expire   int64  `json:"expire"`
	Comment  string `json:"comment,omitempty"`
}

// acl gives a role on a path to a user or token.
type acl struct {
	Path      string `json:"path"`
	Type      string `json:"type"` // user or token
	Who       string `json:"ugid"`
	Role      string `json:"roleid"`
	Propagate bool   `json:"propagate"`
}

// pool groups guests and storages for permissions.
type pool struct {
	Comment  string          `json:"comment,omitempty"`
	Guests   map[int]bool    `json:"vms"`
	Storages map[string]bool `json:"storage"`
}

// loadAccess reads the users, and makes root and its token on a fresh node.
func (s *Server) loadAccess() error {
	a := &s.access
	if err := s.disk.load("user", a); err != nil {
		return err
	}
	if a.Users == nil {
		a.Users = map[string]*user{"root@pam": {Enable: true}}
		a.Roles, a.Pools = map[string]map[string]bool{}, map[string]*pool{}
		a.TokenValue, a.Password, a.Secret = randomUUID(), randomHex(12), randomHex(32)
	}
	override(&a.TokenValue, s.opts.TokenValue)
	override(&a.Password, s.opts.Password)
	s.opts.TokenValue, s.opts.Password = a.TokenValue, a.Password
	root := a.Users["root@pam"]
	if root.Tokens == nil {
		root.Tokens = map[string]*token{}
	}
	root.Tokens[s.opts.TokenName] = &token{Value: a.TokenValue}
	s.save("user", a)
	return nil
}

func override(s *string, with string) {
	if with != "" {
		*s = with
	}
}

// changeAccess changes users, roles, permissions or pools and keeps the result, unless change fails.
func (s *Server) changeAccess(change func(a *access) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := change(&s.access); err != nil {
		return err
	}
	s.save("user", &s.access)
	return nil
}

// readAccess looks at users, roles, permissions and pools.
func (s *Server) readAccess(look func(a *access)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	look(&s.access)
}

// poolOf returns the pool of a guest, or "".
func (a *access) poolOf(vmid int) string {
	for id, p := range a.Pools {
		if p.Guests[vmid] {
			return id
		}
	}
	return ""
}

// forget removes a guest from its pool and its own permissions.
func (a *access) forget(vmid int) {
	for _, p := range a.Pools {
		delete(p.Guests, vmid)
	}
	kept := a.ACL[:0]
	for _, e := range a.ACL {
		if e.Path != "/vms/"+vmids(vmid) {
			kept = append(kept, e)
		}
	}
	a.ACL = kept
}

// token finds a token by its full ID, user@realm!name.
func (a *access) token(id string) *token {
	owner, name, ok := strings.Cut(id, "!")
	if u := a.Users[owner]; ok && u != nil {
		return u.Tokens[name]
	}
	return nil
}

// keys returns the keys of a map in order.
func keys[V any](m map[string]V) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	sort.Strings(list)
	return list
}

// oneIf is how the API writes booleans.
func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}
