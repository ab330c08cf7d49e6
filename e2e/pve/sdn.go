package pve

import (
	"crypto/sha1"
	"encoding/hex"
	"maps"
	"strings"
)

// networks are zones and vnets, each with its options as text.
type networks struct {
	Zones map[string]map[string]string `json:"zones"`
	VNets map[string]map[string]string `json:"vnets"`
}

// sdn is the wanted configuration and the one that PUT /cluster/sdn last made real.
type sdn struct {
	Wanted  networks `json:"wanted"`
	Running networks `json:"running"`
}

// numberKeys are the options that the API shows as numbers.
var numberKeys = map[string]bool{"tag": true, "mtu": true, "vlanaware": true, "isolate-ports": true}

// changeSDN changes the wanted configuration. Whatever goes wrong is a 500 with the given prefix, failed checks of
// parameters included: the lock around it turns them into words.
func (s *Server) changeSDN(prefix string, do func(n *networks) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := &s.sdn.Wanted
	if n.Zones == nil {
		n.Zones = map[string]map[string]string{}
	}
	if n.VNets == nil {
		n.VNets = map[string]map[string]string{}
	}
	if err := do(n); err != nil {
		return dieAs(prefix+":", asWords(err))
	}
	s.save("sdn", &s.sdn)
	return nil
}

// asWords spells a failed check as Perl prints the exception: code, message, one line for each parameter.
func asWords(err error) error {
	f := asFailure(err)
	if len(f.errors) == 0 {
		return err
	}
	text := "400 " + f.message
	for _, k := range keys(f.errors) {
		text += k + ": " + f.errors[k] + "\n"
	}
	return die("%s", strings.TrimSuffix(text, "\n"))
}

// typed is an object's options with numbers as numbers.
func typed(options map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range options {
		out[k] = v
		if numberKeys[k] {
			out[k] = number(v)
		}
	}
	return out
}

// view is one object as asked: as wanted, as running, or the difference.
func view(c *call, idKey, id string, wanted, running map[string]string, digest string) map[string]any {
	var out map[string]any
	switch {
	case c.params.flag("pending"):
		out = difference(wanted, running)
		out["digest"] = nil
	case c.params.flag("running"):
		out = typed(running)
		out["digest"] = nil
	default:
		out = typed(wanted)
		out["digest"] = digest
	}
	out[idKey] = id
	return out
}

// difference is what PVE::Network::SDN::pending_config makes: the running values, and under "pending" what will be.
func difference(wanted, running map[string]string) map[string]any {
	out, next := typed(running), map[string]any{}
	state := ""
	for k := range running {
		switch v, still := wanted[k]; {
		case wanted == nil:
			state = "deleted"
		case !still:
			next[k], state = "deleted", "changed"
		case v != running[k]:
			state = "changed"
		}
	}
	for k, v := range wanted {
		if k == "type" {
			out[k] = v
		} else if old, have := running[k]; !have || old != v {
			next[k] = typed(map[string]string{k: v})[k]
			state = first(state, "changed")
		}
	}
	if running == nil {
		state = "new"
	}
	if state != "" {
		out["state"], out["pending"] = state, next
	}
	return out
}

// both returns the IDs of wanted and running objects that the query asks for.
func both(c *call, wanted, running map[string]map[string]string) []string {
	all := map[string]map[string]string{}
	if !c.params.flag("running") {
		maps.Copy(all, wanted)
	}
	if c.params.flag("pending") || c.params.flag("running") {
		maps.Copy(all, running)
	}
	return keys(all)
}

func sdnDigest(objects map[string]map[string]string) string {
	var b strings.Builder
	for _, id := range keys(objects) {
		b.WriteString(id + " " + printed(objects[id], "") + "\n")
	}
	sum := sha1.Sum([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}

// networksNow is a copy of both configurations.
func (s *Server) networksNow() (wanted, running networks) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sdn.Wanted.copied(), s.sdn.Running.copied()
}

func (n networks) copied() networks {
	out := networks{Zones: map[string]map[string]string{}, VNets: map[string]map[string]string{}}
	for id, o := range n.Zones {
		out.Zones[id] = maps.Clone(o)
	}
	for id, o := range n.VNets {
		out.VNets[id] = maps.Clone(o)
	}
	return out
}

// applySDN: PUT /cluster/sdn makes the wanted configuration real.
func applySDN(s *Server, c *call) (any, error) {
	s.mu.Lock()
	s.sdn.Running = s.sdn.Wanted.copied()
	s.save("sdn", &s.sdn)
	s.mu.Unlock()
	return s.fork(c, "reloadnetworkall", "", func(t *task) error { return t.sleep(s.opts.WorkerDelay) })
}

// options are the parameters of an SDN object less those that only steer the call.
func sdnOptions(c *call, id string) map[string]string {
	out := map[string]string{}
	given := c.params.without(id, "lock-token", "digest", "delete")
	for _, k := range given.names() {
		out[k] = given.str(k)
	}
	return out
}
