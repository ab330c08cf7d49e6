package pve

import "strings"

// listUsers: GET /access/users.
func listUsers(s *Server, c *call) (any, error) {
	all := s.checkAny(c.user, "/access/groups", "User.Modify", "Sys.Audit") == nil
	list := []any{}
	s.readAccess(func(a *access) {
		for _, id := range keys(a.Users) {
			if all || id == c.user {
				list = append(list, a.Users[id].fields(id))
			}
		}
	})
	return list, nil
}

func (u *user) fields(id string) map[string]any {
	_, realm, _ := strings.Cut(id, "@")
	m := map[string]any{"userid": id, "enable": oneIf(u.Enable), "expire": u.Expire, "realm-type": realm}
	for k, v := range map[string]string{"comment": u.Comment, "email": u.Email} {
		if v != "" {
			m[k] = v
		}
	}
	return m
}

// showUser: GET /access/users/{userid}.
func showUser(s *Server, c *call) (any, error) {
	var out map[string]any
	err := s.withUser(c, func(_ *access, u *user) error {
		out = u.fields(c.params.str("userid"))
		delete(out, "userid")
		delete(out, "realm-type")
		return nil
	})
	return out, err
}

// withUser changes the user that a call names.
func (s *Server) withUser(c *call, change func(a *access, u *user) error) error {
	id := c.params.str("userid")
	return s.changeAccess(func(a *access) error {
		u := a.Users[id]
		if u == nil {
			return die("no such user ('%s')", id)
		}
		return change(a, u)
	})
}

// createUser: POST /access/users.
func createUser(s *Server, c *call) (any, error) {
	p := c.params
	id := p.str("userid")
	return nil, s.changeAccess(func(a *access) error {
		if a.Users[id] != nil {
			return die("create user failed: user '%s' already exists", id)
		}
		if _, realm, _ := strings.Cut(id, "@"); realm != "pam" && realm != "pve" {
			return die("create user failed: domain '%s' does not exist", realm)
		}
		a.Users[id] = &user{Enable: p.or("enable", "1") == "1", Expire: int64(p.integer("expire")),
			Comment: p.str("comment"), Email: p.str("email"), Password: p.str("password")}
		return nil
	})
}

// deleteUser: DELETE /access/users/{userid}, with the user's tokens and permissions.
func deleteUser(s *Server, c *call) (any, error) {
	id := c.params.str("userid")
	return nil, s.withUser(c, func(a *access, _ *user) error {
		if id == "root@pam" {
			return die("delete user failed: unable to delete '%s'", id)
		}
		delete(a.Users, id)
		a.dropACL(func(who string) bool { return who == id || strings.HasPrefix(who, id+"!") })
		return nil
	})
}

func (a *access) dropACL(of func(who string) bool) {
	kept := []acl{}
	for _, e := range a.ACL {
		if !of(e.Who) {
			kept = append(kept, e)
		}
	}
	a.ACL = kept
}

func (t *token) fields() map[string]any {
	m := map[string]any{"privsep": oneIf(t.Separate), "expire": t.Expire}
	if t.Comment != "" {
		m["comment"] = t.Comment
	}
	return m
}

// listTokens: GET /access/users/{userid}/token.
func listTokens(s *Server, c *call) (any, error) {
	list := []any{}
	err := s.withUser(c, func(_ *access, u *user) error {
		for _, id := range keys(u.Tokens) {
			m := u.Tokens[id].fields()
			m["tokenid"] = id
			list = append(list, m)
		}
		return nil
	})
	return list, err
}

// showToken: GET /access/users/{userid}/token/{tokenid}. The secret is shown only when it is made.
func showToken(s *Server, c *call) (any, error) {
	var out map[string]any
	err := s.withUser(c, func(_ *access, u *user) error {
		t, err := u.tokenNamed(c)
		if err == nil {
			out = t.fields()
		}
		return err
	})
	return out, err
}

func (u *user) tokenNamed(c *call) (*token, error) {
	t := u.Tokens[c.params.str("tokenid")]
	if t == nil {
		return nil, die("no such token '%s' for user '%s'", c.params.str("tokenid"), c.params.str("userid"))
	}
	return t, nil
}

// createToken: POST /access/users/{userid}/token/{tokenid}.
func createToken(s *Server, c *call) (any, error) {
	p := c.params
	name := p.str("tokenid")
	t := &token{Value: randomUUID(), Separate: p.or("privsep", "1") == "1", Expire: int64(p.integer("expire")), Comment: p.str("comment")}
	err := s.withUser(c, func(_ *access, u *user) error {
		if u.Tokens[name] != nil {
			return badParam("tokenid", "Token already exists.")
		}
		if u.Tokens == nil {
			u.Tokens = map[string]*token{}
		}
		u.Tokens[name] = t
		return nil
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{"info": tokenInfo(p), "value": t.Value, "full-tokenid": p.str("userid") + "!" + name}, nil
}

// tokenInfo echoes what was asked: text as it came, a number where the default was taken.
func tokenInfo(p values) map[string]any {
	info := map[string]any{"privsep": 1}
	for _, k := range []string{"privsep", "expire", "comment"} {
		if p.has(k) {
			info[k] = p.str(k)
		}
	}
	return info
}

// deleteToken: DELETE /access/users/{userid}/token/{tokenid}.
func deleteToken(s *Server, c *call) (any, error) {
	id := c.params.str("userid") + "!" + c.params.str("tokenid")
	return nil, s.withUser(c, func(a *access, u *user) error {
		if _, err := u.tokenNamed(c); err != nil {
			return err
		}
		delete(u.Tokens, c.params.str("tokenid"))
		a.dropACL(func(who string) bool { return who == id })
		return nil
	})
}
