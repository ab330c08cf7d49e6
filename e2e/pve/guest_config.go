package pve

import (
	"strings"
)

// normalOption is how the configuration keeps an option: MAC addresses made up, tags sorted, descriptions of
// containers ended by a newline.
func normalOption(kind, name, text string) string {
	switch {
	case strings.HasPrefix(name, "net") && numbered.MatchString(name):
		return network(kind, name, text)
	case name == "tags":
		return uniqueTags(text)
	case name == "cipassword":
		return hashedPassword(text)
	case isDisk(kind, name):
		return printDrive(kind, drive(kind, name, text))
	case name == "nameserver" || name == "searchdomain":
		return strings.Join(splitList(text), " ")
	}
	return text
}

// shown is an option as the API shows it: numbers as numbers, passwords as stars.
func shown(kind, name, text string) any {
	if name == "cipassword" {
		return "**********"
	}
	if kind == KindLXC && name == "description" && !strings.HasSuffix(text, "\n") {
		return text + "\n"
	}
	if name == "template" || name == "unprivileged" {
		return number(text)
	}
	p := specs()["POST /nodes/{node}/"+kind].property(name)
	if p != nil && (p.Type == "integer" || p.Type == "boolean") {
		return number(text)
	}
	return text
}

// number makes a JSON number of what is one.
func number(text string) any {
	if n, ok := asInt(text); ok {
		return n
	}
	return text
}

// effective is the configuration with its pending changes, or as it is now.
func (g *guest) effective(current bool) map[string]string {
	out := map[string]string{}
	for k, v := range g.Config {
		out[k] = v
	}
	if current {
		return out
	}
	for k, v := range g.Pending {
		out[k] = v
	}
	for k := range g.Drop {
		delete(out, k)
	}
	return out
}

// vmConfig: GET …/qemu/{vmid}/config.
func vmConfig(s *Server, c *call) (any, error) { return s.config(c, KindQEMU) }

// ctConfig: GET …/lxc/{vmid}/config.
func ctConfig(s *Server, c *call) (any, error) { return s.config(c, KindLXC) }

func (s *Server) config(c *call, kind string) (any, error) {
	g, err := s.find(kind, c.vmid())
	if err != nil {
		return nil, err
	}
	config := g.effective(c.params.flag("current"))
	if name := c.params.str("snapshot"); name != "" {
		if c.params.flag("current") {
			const m = "cannot use 'snapshot' parameter with 'current'"
			return nil, badParams(map[string]string{"snapshot": m, "current": m})
		}
		shot := g.snapshot(name)
		if shot == nil {
			return nil, die("snapshot '%s' does not exist", name)
		}
		config = shot.Config
	}
	out := map[string]any{"digest": g.digest()}
	if g.Parent != "" {
		out["parent"] = g.Parent
	}
	for k, v := range config {
		out[k] = shown(kind, k, v)
	}
	return out, nil
}

// vmPending: GET …/qemu/{vmid}/pending.
func vmPending(s *Server, c *call) (any, error) { return s.pending(c, KindQEMU) }

// ctPending: GET …/lxc/{vmid}/pending.
func ctPending(s *Server, c *call) (any, error) { return s.pending(c, KindLXC) }

// pending lists each option with its value now and the one to come.
func (s *Server) pending(c *call, kind string) (any, error) {
	g, err := s.find(kind, c.vmid())
	if err != nil {
		return nil, err
	}
	list := []any{map[string]any{"key": "digest", "value": g.digest()}}
	for _, k := range keys(g.Config) {
		item := map[string]any{"key": k, "value": shown(kind, k, g.Config[k])}
		if v, ok := g.Pending[k]; ok {
			item["pending"] = shown(kind, k, v)
		}
		if g.Drop[k] {
			item["delete"] = 1
		}
		list = append(list, item)
	}
	for _, k := range keys(g.Pending) {
		if _, now := g.Config[k]; !now {
			list = append(list, map[string]any{"key": k, "pending": shown(kind, k, g.Pending[k])})
		}
	}
	return list, nil
}

// applyPending makes waiting changes real: at a start or stop of the guest.
func (g *guest) applyPending() {
	for k, v := range g.Pending {
		g.Config[k] = v
	}
	for k := range g.Drop {
		delete(g.Config, k)
	}
	g.Pending, g.Drop = nil, nil
}
