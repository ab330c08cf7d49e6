package pve

// firewallOptions: GET …/firewall/options. Options of guests that do not exist are kept, as on a real node.
func firewallOptions(s *Server, c *call) (any, error) {
	options := s.firewallOf(c.vmid())
	out := map[string]any{}
	for k, v := range options {
		out[k] = number(v)
	}
	out["digest"] = (&guest{Config: options}).digest()
	return out, nil
}

func (s *Server) firewallOf(vmid int) map[string]string {
	if g := s.anyGuest(vmid); g != nil && g.Firewall != nil {
		return g.Firewall
	}
	options := map[string]string{}
	if err := s.disk.load("firewall/"+vmids(vmid), &options); err != nil {
		s.opts.Log.Error("pve: firewall options not read", "vmid", vmid, "error", err)
	}
	return options
}

// setFirewallOptions: PUT …/firewall/options.
func setFirewallOptions(s *Server, c *call) (any, error) {
	options := s.firewallOf(c.vmid())
	if want := c.params.str("digest"); want != "" && want != (&guest{Config: options}).digest() {
		return nil, errModified
	}
	next := map[string]string{}
	for k, v := range options {
		next[k] = v
	}
	for _, k := range c.params.items("delete") {
		delete(next, k)
	}
	given := c.params.without("node", "vmid", "digest", "delete")
	for _, k := range given.names() {
		next[k] = given.str(k)
	}
	s.save("firewall/"+vmids(c.vmid()), next)
	return nil, nil
}
