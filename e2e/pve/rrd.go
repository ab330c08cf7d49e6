package pve

import "time"

// steps are how far apart the points of a timeframe lie, in seconds.
var steps = map[string]int64{"hour": 60, "day": 1800, "week": 10800, "month": 43200, "year": 604800, "decade": 604800}

// points makes the time axis of a timeframe: as many points as a real answer, the last of them just past.
func points(timeframe string, since int64, fields func() map[string]any) []any {
	step := steps[timeframe]
	end := time.Now().Unix() / step * step
	list := []any{}
	for i := int64(69); i >= 0; i-- {
		m := map[string]any{"time": end - i*step}
		if end-i*step >= since {
			for k, v := range fields() {
				m[k] = v
			}
		}
		list = append(list, m)
	}
	return list
}

// guestRRD: GET …/rrddata of a guest.
func guestRRD(s *Server, c *call) (any, error) {
	g := s.anyGuest(c.vmid())
	if g == nil {
		return []any{}, nil
	}
	st := s.statistics(g)
	return points(c.params.str("timeframe"), g.Seen/1000, func() map[string]any {
		return map[string]any{"cpu": st["cpu"], "maxcpu": st["cpus"], "mem": st["mem"], "maxmem": st["maxmem"], "disk": st["disk"],
			"maxdisk": st["maxdisk"], "netin": 0, "netout": 0, "diskread": 0, "diskwrite": 0}
	}), nil
}

// nodeRRD: GET /nodes/{node}/rrddata.
func nodeRRD(s *Server, c *call) (any, error) {
	st := s.nodeStats()
	return points(c.params.str("timeframe"), s.began.Unix(), func() map[string]any {
		return map[string]any{"cpu": st["cpu"], "maxcpu": st["maxcpu"], "memused": st["mem"], "memtotal": st["maxmem"], "rootused": st["disk"],
			"roottotal": st["maxdisk"], "loadavg": 0.1, "iowait": 0, "netin": 0, "netout": 0, "swapused": 0, "swaptotal": 0}
	}), nil
}
