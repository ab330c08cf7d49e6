package pve

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestFaults: each effect shows to the caller as it should, and the guest is there exactly when it should be.
func TestFaults(t *testing.T) {
	t.Parallel()
	s := startServer(t, Options{})
	root := rootOf(s)
	for i, tt := range []struct {
		fault  Fault
		status int // 0: the connection is cut
		made   bool
	}{
		{Fault{Effect: Error}, 500, false},
		{Fault{Effect: Error, Status: 503, Message: "busy"}, 503, false},
		{Fault{Effect: StatusBefore, Status: 595}, 595, false},
		{Fault{Effect: StatusBefore, Status: 599}, 599, false},
		{Fault{Effect: StatusAfter, Status: 596}, 596, true},
		{Fault{Effect: StatusAfter, Status: 599}, 599, true},
		{Fault{Effect: CutBefore}, 0, false},
		{Fault{Effect: CutAfter}, 0, true},
		{Fault{Effect: Latency, Delay: 30 * time.Millisecond}, 200, true},
	} {
		vmid := vmids(100 + i)
		tt.fault.Method, tt.fault.PathPattern = "POST", "/qemu$"
		s.ClearFaults()
		if err := s.Inject(tt.fault); err != nil {
			t.Fatal(err)
		}
		req, _ := http.NewRequest("POST", s.URL()+"/nodes/pve1/qemu", strings.NewReader("vmid="+vmid))
		a, err := root.try(req)
		if a.status != tt.status || (err != nil) != (tt.status == 0) {
			t.Errorf("%s: status %d, error %v, want %d", tt.fault.Effect, a.status, err, tt.status)
		}
		if tt.status > 590 && len(a.body) != 0 {
			t.Errorf("%s: body %q, want none", tt.fault.Effect, a.body)
		}
		made := root.do(t, "GET", "/nodes/pve1/qemu/"+vmid+"/config", nil).status == 200
		if made != tt.made {
			t.Errorf("%s: guest made: %v, want %v", tt.fault.Effect, made, tt.made)
		}
	}
}

// TestFaultsAreCounted: nth and every strike the calls that they name.
func TestFaultsAreCounted(t *testing.T) {
	t.Parallel()
	s := startServer(t, Options{})
	root := rootOf(s)
	_ = s.Inject(Fault{PathPattern: "^/version$", Nth: 2, Effect: Error})
	_ = s.Inject(Fault{PathPattern: "^/nodes$", Every: 3, Effect: Error})
	for path, want := range map[string]string{"/version": "200 500 200 200", "/nodes": "200 200 500 200 200 500"} {
		var got []string
		for range strings.Fields(want) {
			got = append(got, map[int]string{200: "200", 500: "500"}[root.do(t, "GET", path, nil).status])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", path, got, want)
		}
	}
	if s.Inject(Fault{Effect: "explode"}) == nil || s.Inject(Fault{Effect: Error, PathPattern: "("}) == nil {
		t.Error("a fault that means nothing was taken")
	}
}

// TestKilledWorker: the task ends with "unexpected status", its lock stays, and nobody but a person on the node can
// remove it.
func TestKilledWorker(t *testing.T) {
	t.Parallel()
	s := startServer(t, Options{LockWait: 200 * time.Millisecond})
	root := rootOf(s)
	_ = s.Inject(Fault{Method: "POST", PathPattern: "/qemu$", Effect: KillWorker})
	if exit := root.exit(t, "POST", "/nodes/pve1/qemu", map[string]string{"vmid": "100", "scsi0": "local:1", "name": "a"}); exit != "unexpected status" {
		t.Fatalf("task ended with %q", exit)
	}
	config := root.do(t, "GET", "/nodes/pve1/qemu/100/config", nil).data(t).(map[string]any)
	if config["lock"] != "create" || config["name"] != nil {
		t.Errorf("configuration is %v, want only the lock", config)
	}
	if a := root.do(t, "PUT", "/nodes/pve1/qemu/100/config", map[string]string{"cores": "1"}); a.reason != "VM is locked (create)" {
		t.Errorf("change: %d %s", a.status, a.reason)
	}
	for method, path := range map[string]string{"POST": "/nodes/pve1/qemu/100/status/start", "DELETE": "/nodes/pve1/qemu/100"} {
		if exit := root.exit(t, method, path, nil); exit != "VM is locked (create)" {
			t.Errorf("%s: task ended with %q", method, exit)
		}
	}
}

// TestControl: another program can inject and remove faults.
func TestControl(t *testing.T) {
	t.Parallel()
	s := startServer(t, Options{})
	control := httptest.NewServer(Control(s))
	defer control.Close()
	post := func(body string) int {
		resp, err := http.Post(control.URL+"/faults", "application/json", bytes.NewBufferString(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if got := post(`{"path_pattern":"^/version$","effect":"status-before","status":599}`); got != 204 {
		t.Fatalf("inject: %d", got)
	}
	if got := post(`{"effect":"explode"}`); got != 400 {
		t.Errorf("unknown effect: %d", got)
	}
	if a := rootOf(s).do(t, "GET", "/version", nil); a.status != 599 {
		t.Errorf("version: %d", a.status)
	}
	req, _ := http.NewRequest("DELETE", control.URL+"/faults", nil)
	if resp, err := http.DefaultClient.Do(req); err != nil || resp.StatusCode != 204 {
		t.Fatalf("clear: %v %v", resp, err)
	}
	if a := rootOf(s).do(t, "GET", "/version", nil); a.status != 200 {
		t.Errorf("version afterwards: %d", a.status)
	}
}
