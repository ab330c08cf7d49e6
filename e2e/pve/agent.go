package pve

import (
	"strings"
	"sync"
	"time"
)

// agents remember the commands that were run through guest agents. A simulated guest has an agent when its
// configuration enables one and it runs; nothing is really executed in it.
type agents struct {
	mu   sync.Mutex
	next int
	runs map[int]map[string]any
}

// agentReady waits as long as the real call does when no agent answers, and says so.
func (s *Server) agentReady(c *call) (*guest, error) {
	g, err := s.find(KindQEMU, c.vmid())
	if err != nil {
		return nil, err
	}
	if g.Config["agent"] == "" {
		return nil, die("No QEMU guest agent configured")
	}
	if !s.running(g) {
		return nil, die("VM %d is not running", g.VMID)
	}
	if !s.agentUp(g) {
		_ = sleep(c.request.Context(), s.opts.AgentDelay)
		return nil, die("QEMU guest agent is not running")
	}
	return g, nil
}

// agentUp tells whether the guest's system has an agent. A disk made empty has no system; one that was imported has.
func (s *Server) agentUp(g *guest) bool {
	return agentEnabled(g) && g.Imported && time.Now().Unix()-g.Started >= 1
}

// agentPing: POST …/agent/ping.
func agentPing(s *Server, c *call) (any, error) {
	if _, err := s.agentReady(c); err != nil {
		return nil, err
	}
	return map[string]any{"result": map[string]any{}}, nil
}

// agentInterfaces: GET …/agent/network-get-interfaces.
func agentInterfaces(s *Server, c *call) (any, error) {
	g, err := s.agentReady(c)
	if err != nil {
		return nil, err
	}
	net := properties(KindQEMU, "net0", g.Config["net0"])
	list := []any{
		map[string]any{"name": "lo", "hardware-address": "00:00:00:00:00:00", "ip-addresses": []any{address("127.0.0.1/8"), address("::1/128")}},
	}
	eth := map[string]any{"name": "eth0", "hardware-address": strings.ToLower(net["macaddr"])}
	if ip := parsePairs(g.Config["ipconfig0"])["ip"]; strings.Contains(ip, "/") {
		eth["ip-addresses"] = []any{address(ip)}
	}
	return map[string]any{"result": append(list, eth)}, nil
}

func address(cidr string) map[string]any {
	ip, bits, _ := strings.Cut(cidr, "/")
	kind := "ipv4"
	if strings.Contains(ip, ":") {
		kind = "ipv6"
	}
	n, _ := asInt(bits)
	return map[string]any{"ip-address": ip, "ip-address-type": kind, "prefix": n}
}

// agentExec: POST …/agent/exec. An absolute path to nothing closes the connection in the real API (596).
func agentExec(s *Server, c *call) (any, error) {
	if _, err := s.agentReady(c); err != nil {
		return nil, err
	}
	command := c.params.items("command")
	if len(command) == 0 || !knownCommand(command[0]) {
		return nil, &failure{status: 596, message: "Connection timed out\n", bare: true}
	}
	out := ""
	if command[0] == "echo" || command[0] == "/bin/echo" {
		out = strings.Join(command[1:], " ") + "\n"
	}
	s.agents.mu.Lock()
	defer s.agents.mu.Unlock()
	s.agents.next++
	pid := 1000 + s.agents.next
	if s.agents.runs == nil {
		s.agents.runs = map[int]map[string]any{}
	}
	s.agents.runs[pid] = map[string]any{"exited": 1, "exitcode": 0, "out-data": out}
	return map[string]any{"pid": pid}, nil
}

// knownCommand is what a simulated guest can run.
func knownCommand(name string) bool {
	base := name[strings.LastIndex(name, "/")+1:]
	return contains([]string{"echo", "true", "sh", "bash", "cloud-init", "cat", "ls", "systemctl", "hostname", "uname"}, base)
}

// agentExecStatus: GET …/agent/exec-status.
func agentExecStatus(s *Server, c *call) (any, error) {
	if _, err := s.agentReady(c); err != nil {
		return nil, err
	}
	s.agents.mu.Lock()
	defer s.agents.mu.Unlock()
	run := s.agents.runs[c.params.integer("pid")]
	if run == nil {
		return nil, die("Agent error: PID %s does not exist", c.params.str("pid"))
	}
	return run, nil
}

// ctInterfaces: GET …/lxc/{vmid}/interfaces of a running container, as configured.
func ctInterfaces(s *Server, c *call) (any, error) {
	g, err := s.find(KindLXC, c.vmid())
	if err != nil {
		return nil, err
	}
	if !s.running(g) {
		return nil, nil
	}
	list := []any{map[string]any{"name": "lo", "hwaddr": "00:00:00:00:00:00", "hardware-address": "00:00:00:00:00:00", "inet": "127.0.0.1/8",
		"inet6": "::1/128", "ip-addresses": []any{ctAddress("127.0.0.1/8"), ctAddress("::1/128")}}}
	for _, k := range keys(g.Config) {
		if !strings.HasPrefix(k, "net") {
			continue
		}
		p := properties(KindLXC, k, g.Config[k])
		m := map[string]any{"name": p["name"], "hwaddr": strings.ToLower(p["hwaddr"]), "hardware-address": strings.ToLower(p["hwaddr"]),
			"ip-addresses": []any{}}
		if strings.Contains(p["ip"], "/") {
			m["inet"], m["ip-addresses"] = p["ip"], []any{ctAddress(p["ip"])}
		}
		list = append(list, m)
	}
	return list, nil
}

func ctAddress(cidr string) map[string]any {
	m := address(cidr)
	m["ip-address-type"] = map[string]string{"ipv4": "inet", "ipv6": "inet6"}[m["ip-address-type"].(string)]
	return m
}
