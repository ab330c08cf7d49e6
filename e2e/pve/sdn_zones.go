package pve

// listZones: GET /cluster/sdn/zones.
func listZones(s *Server, c *call) (any, error) {
	wanted, running := s.networksNow()
	list := []any{}
	for _, id := range both(c, wanted.Zones, running.Zones) {
		if s.checkAny(c.user, "/sdn/zones/"+id, "SDN.Audit", "SDN.Allocate") != nil {
			continue
		}
		m := view(c, "zone", id, wanted.Zones[id], running.Zones[id], sdnDigest(wanted.Zones))
		if want := c.params.str("type"); want == "" || want == m["type"] {
			list = append(list, m)
		}
	}
	return list, nil
}

// showZone: GET /cluster/sdn/zones/{zone}.
func showZone(s *Server, c *call) (any, error) {
	wanted, running := s.networksNow()
	id := c.params.str("zone")
	if !contains(both(c, wanted.Zones, running.Zones), id) {
		return nil, die("sdn '%s' does not exist", id)
	}
	return view(c, "zone", id, wanted.Zones[id], running.Zones[id], sdnDigest(wanted.Zones)), nil
}

// zoneNeeds are the options that a type of zone cannot do without.
var zoneNeeds = map[string][]string{"vlan": {"bridge"}, "qinq": {"bridge", "tag"}, "evpn": {"vrf-vxlan", "controller"}}

// createZone: POST /cluster/sdn/zones.
func createZone(s *Server, c *call) (any, error) {
	id := c.params.str("zone")
	options := sdnOptions(c, "zone")
	for _, k := range zoneNeeds[options["type"]] {
		if options[k] == "" {
			return nil, die("missing value for required option '%s'", k)
		}
	}
	return nil, s.changeSDN("create sdn zone object failed", func(n *networks) error {
		if n.Zones[id] != nil {
			return die("sdn zone object ID '%s' already defined", id)
		}
		n.Zones[id] = options
		return nil
	})
}

// deleteZone: DELETE /cluster/sdn/zones/{zone}. A zone with vnets stays.
func deleteZone(s *Server, c *call) (any, error) {
	id := c.params.str("zone")
	return nil, s.changeSDN("delete sdn zone object failed", func(n *networks) error {
		if n.Zones[id] == nil {
			return die("sdn '%s' does not exist", id)
		}
		for _, vnet := range keys(n.VNets) {
			if n.VNets[vnet]["zone"] == id {
				return die("zone %s is used by vnet %s at /usr/share/perl5/PVE/Network/SDN/Zones/Plugin.pm line 160.", id, vnet)
			}
		}
		delete(n.Zones, id)
		return nil
	})
}
