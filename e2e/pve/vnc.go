package pve

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

// vncWait is how long a console waits for its viewer.
const vncWait = 10 * time.Second

var vncPort atomic.Int64

// vncProxyVM: POST …/qemu/{vmid}/vncproxy. The port is real only in name: nothing listens there, and the task ends
// as it does when no viewer comes.
func vncProxyVM(s *Server, c *call) (any, error) { return s.vncProxy(c, KindQEMU) }

// vncProxyCT: POST …/lxc/{vmid}/vncproxy.
func vncProxyCT(s *Server, c *call) (any, error) { return s.vncProxy(c, KindLXC) }

func (s *Server) vncProxy(c *call, kind string) (any, error) {
	if _, err := s.find(kind, c.vmid()); err != nil {
		return nil, err
	}
	upid, err := s.fork(c, "vncproxy", vmids(c.vmid()), func(t *task) error {
		if err := t.sleep(vncWait); err != nil {
			return err
		}
		return die("connection timed out")
	})
	if err != nil {
		return nil, err
	}
	plain := fmt.Sprintf("PVEVNC:%08X", time.Now().Unix())
	out := map[string]any{"user": c.user, "upid": upid, "port": strconv.FormatInt(5900+vncPort.Add(1)%100, 10), "cert": s.certPEM(),
		"ticket": plain + "::" + base64.StdEncoding.EncodeToString([]byte(s.sign(plain+c.user)))}
	if c.params.flag("generate-password") {
		out["password"] = randomHex(4)
	}
	return out, nil
}

func (s *Server) certPEM() string {
	b, err := os.ReadFile(s.opts.Dir + "/pve-ssl.pem")
	if err != nil {
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE"}))
	}
	return string(b)
}
