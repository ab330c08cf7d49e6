package pve

// listVNets: GET /cluster/sdn/vnets.
func listVNets(s *Server, c *call) (any, error) {
	wanted, running := s.networksNow()
	list := []any{}
	for _, id := range both(c, wanted.VNets, running.VNets) {
		zone := first(running.VNets[id]["zone"], wanted.VNets[id]["zone"])
		if s.checkAny(c.user, "/sdn/zones/"+zone+"/"+id, "SDN.Audit", "SDN.Allocate") == nil {
			list = append(list, view(c, "vnet", id, wanted.VNets[id], running.VNets[id], sdnDigest(wanted.VNets)))
		}
	}
	return list, nil
}

// mayVNet wants an existing vnet and a privilege on it.
func (s *Server) mayVNet(c *call, privs ...string) error {
	wanted, _ := s.networksNow()
	id := c.params.str("vnet")
	if wanted.VNets[id] == nil {
		return die("sdn vnet '%s' does not exist", id)
	}
	return s.checkAny(c.user, "/sdn/zones/"+wanted.VNets[id]["zone"]+"/"+id, privs...)
}

// showVNet: GET /cluster/sdn/vnets/{vnet}.
func showVNet(s *Server, c *call) (any, error) {
	if err := s.mayVNet(c, "SDN.Audit", "SDN.Allocate"); err != nil {
		return nil, err
	}
	wanted, running := s.networksNow()
	id := c.params.str("vnet")
	return view(c, "vnet", id, wanted.VNets[id], running.VNets[id], sdnDigest(wanted.VNets)), nil
}

// createVNet: POST /cluster/sdn/vnets.
func createVNet(s *Server, c *call) (any, error) {
	id := c.params.str("vnet")
	options := sdnOptions(c, "vnet")
	options["type"] = "vnet"
	return nil, s.changeSDN("create sdn vnet object failed", func(n *networks) error {
		if n.VNets[id] != nil {
			return die("sdn vnet object ID '%s' already defined", id)
		}
		if err := n.checkVNet(id, options); err != nil {
			return err
		}
		n.VNets[id] = options
		return nil
	})
}

// checkVNet applies the rules of the vnet's zone: a tag, or none, and only once in a zone.
func (n *networks) checkVNet(id string, options map[string]string) error {
	zone := n.Zones[options["zone"]]
	if zone == nil {
		return die("zone %s does not exist", options["zone"])
	}
	tag := options["tag"]
	if zone["type"] == "simple" {
		if tag != "" {
			return badParam("tag", "vlan tag is not allowed on simple zone")
		}
		if options["mac"] == "" {
			options["mac"] = randomMAC()
		}
		return nil
	}
	if tag == "" {
		return badParam("tag", "missing vlan tag")
	}
	for _, other := range keys(n.VNets) {
		if o := n.VNets[other]; other != id && o["zone"] == options["zone"] && o["tag"] == tag {
			return badParam("tag", "tag "+tag+" already exist in vnet "+other)
		}
	}
	return nil
}

// updateVNet: PUT /cluster/sdn/vnets/{vnet}.
func updateVNet(s *Server, c *call) (any, error) {
	if err := s.mayVNet(c, "SDN.Allocate"); err != nil {
		return nil, err
	}
	id := c.params.str("vnet")
	return nil, s.changeSDN("update sdn vnet object failed", func(n *networks) error {
		if want := c.params.str("digest"); want != "" && want != sdnDigest(n.VNets) {
			return errModified
		}
		next := map[string]string{}
		for k, v := range n.VNets[id] {
			next[k] = v
		}
		for _, k := range c.params.items("delete") {
			delete(next, k)
		}
		for k, v := range sdnOptions(c, "vnet") {
			next[k] = v
		}
		if err := n.checkVNet(id, next); err != nil {
			return err
		}
		n.VNets[id] = next
		return nil
	})
}

// deleteVNet: DELETE /cluster/sdn/vnets/{vnet}.
func deleteVNet(s *Server, c *call) (any, error) {
	if err := s.mayVNet(c, "SDN.Allocate"); err != nil {
		return nil, err
	}
	return nil, s.changeSDN("delete sdn vnet object failed", func(n *networks) error {
		delete(n.VNets, c.params.str("vnet"))
		return nil
	})
}
