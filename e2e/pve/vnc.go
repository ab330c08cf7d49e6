package pve

import (
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"time"
)

// vncProxyVM: POST …/qemu/{vmid}/vncproxy. The port is real only in name: nothing listens there, and the task ends
// as it does when no viewer comes.
func vncProxyVM(s *Server, c *call) (any, error) { return s.vncProxy(c, KindQEMU) }

// vncProxyCT: POST …/lxc/{vmid}/vncproxy.
func vncProxyCT(s *Server, c *call) (any, error) { return s.vncProxy(c, KindLXC) }

func (s *Server) vncProxy(c *call, kind string) (any, error) {
	if _, err := s.find(kind, c.vmid()); err != nil {
		return nil, err
	}
	port := s.freePort()
	upid, err := s.fork(c, "vncproxy", vmids(c.vmid()), func(t *task) error {
		if err := t.sleep(s.opts.VNCWait); err != nil {
			return err
		}
		return die("connection timed out")
	})
	if err != nil {
		return nil, err
	}
	plain := fmt.Sprintf("PVEVNC:%08X", time.Now().Unix())
	out := map[string]any{"user": c.user, "upid": upid, "port": strconv.Itoa(port), "cert": s.certPEM(),
		"ticket": plain + "::" + base64.StdEncoding.EncodeToString([]byte(s.sign(plain+c.user)))}
	if c.params.flag("generate-password") {
		out["password"] = randomHex(4)
	}
	return out, nil
}

// freePort is the first port for consoles that no waiting one has.
func (s *Server) freePort() int {
	port := 5900
	for _, t := range s.tasks.all() {
		if t.running() && t.Type == "vncproxy" {
			port++
		}
	}
	return port
}

// certPEM is the node's certificate; an emulator that does not listen has none.
func (s *Server) certPEM() string {
	b, err := os.ReadFile(s.opts.Dir + "/pve-ssl.pem")
	if err != nil {
		return ""
	}
	return string(b)
}
