package proxmox_test

import (
	"net/netip"
	"strings"
	"testing"

	"allotment/app"
)

func testSpec() app.GuestSpec {
	return app.GuestSpec{Container: true, Template: "demo", VCPU: 1, MemoryMiB: 1024, DiskGiB: 8, Running: true,
		Address: netip.MustParsePrefix("10.0.0.2/24"), Gateway: netip.MustParseAddr("10.0.0.1")}
}

func testRef() app.Ref {
	return app.Ref{Organization: app.NewID(), Service: app.NewID(), Resource: app.NewID(), Name: "wiki.demo.example"}
}

// TestChoose: the node with the most free memory of those with room and template.
func TestChoose(t *testing.T) {
	t.Parallel()
	const (
		gib      = "1073741824"
		roomy    = `{"avail":107374182400}`
		tight    = `{"avail":1073741824}`
		template = `[{"volid":"local:vztmpl/demo.tar.zst"}]`
		nothing  = `[]`
	)
	for name, c := range map[string]struct {
		nodes   string
		storage map[string]string // node -> its disk storage
		holds   map[string]string // node -> its templates
		only    []string
		node    string
		code    app.Code
	}{
		"most memory": {
			nodes:   `[{"node":"a","status":"online","maxmem":8589934592,"mem":4294967296},{"node":"b","status":"online","maxmem":8589934592,"mem":` + gib + `}]`,
			storage: map[string]string{"a": roomy, "b": roomy}, holds: map[string]string{"a": template, "b": template}, node: "b"},
		"disk is full there": {
			nodes:   `[{"node":"a","status":"online","maxmem":8589934592,"mem":4294967296},{"node":"b","status":"online","maxmem":8589934592,"mem":` + gib + `}]`,
			storage: map[string]string{"a": roomy, "b": tight}, holds: map[string]string{"a": template, "b": template}, node: "a"},
		"offline": {
			nodes:   `[{"node":"a","status":"online","maxmem":8589934592,"mem":4294967296},{"node":"b","status":"offline","maxmem":8589934592,"mem":0}]`,
			storage: map[string]string{"a": roomy}, holds: map[string]string{"a": template}, node: "a"},
		"template elsewhere": {
			nodes:   `[{"node":"a","status":"online","maxmem":8589934592,"mem":4294967296},{"node":"b","status":"online","maxmem":8589934592,"mem":` + gib + `}]`,
			storage: map[string]string{"a": roomy, "b": roomy}, holds: map[string]string{"a": template, "b": nothing}, node: "a"},
		"not ours to use": {
			nodes:   `[{"node":"a","status":"online","maxmem":8589934592,"mem":4294967296},{"node":"b","status":"online","maxmem":8589934592,"mem":` + gib + `}]`,
			storage: map[string]string{"a": roomy}, holds: map[string]string{"a": template}, only: []string{"a"}, node: "a"},
		"no memory": {
			nodes: `[{"node":"a","status":"online","maxmem":8589934592,"mem":8589934591}]`, code: app.Full},
		"no disk": {
			nodes: `[{"node":"a","status":"online","maxmem":8589934592,"mem":1}]`, storage: map[string]string{"a": tight}, code: app.Full},
		"no template": {
			nodes:   `[{"node":"a","status":"online","maxmem":8589934592,"mem":1}]`,
			storage: map[string]string{"a": roomy}, holds: map[string]string{"a": nothing}, code: app.Permanent},
		"memory not shown": {nodes: `[{"node":"a","status":"online"}]`, code: app.Permanent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := map[string]answer{"GET /cluster/nextid": data(`"5000"`), "GET /nodes": data(c.nodes)}
			for node, storage := range c.storage {
				answers["GET /nodes/"+node+"/storage/local/status"] = data(storage)
			}
			for node, templates := range c.holds {
				answers["GET /nodes/"+node+"/storage/local/content"] = data(templates)
			}
			s := newStub(t, answers)
			config := testConfig(s.URL)
			config.Nodes = c.only
			claims, ref := newClaims(5000, 5999), testRef()
			_, _, err := newDriver(t, config, claims).Ensure(t.Context(), ref, testSpec())
			if c.code != "" && app.CodeOf(err) != c.code {
				t.Errorf("code %q, want %q: %v", app.CodeOf(err), c.code, err)
			}
			if got := claims.of(ref).Node; got != c.node {
				t.Errorf("node %q, want %q (%v)", got, c.node, err)
			}
			if strings.Contains(app.Words(err), "Proxmox") {
				t.Errorf("not for a tenant: %q", app.Words(err))
			}
		})
	}
}

// TestLostPostIsNotRepeated: a POST whose answer never came is Unknown, and sent once.
func TestLostPostIsNotRepeated(t *testing.T) {
	t.Parallel()
	s := newStub(t, map[string]answer{
		"GET /cluster/nextid":                data(`"5000"`),
		"GET /nodes":                         data(`[{"node":"a","status":"online","maxmem":8589934592,"mem":1}]`),
		"GET /nodes/a/storage/local/status":  data(`{"avail":107374182400}`),
		"GET /nodes/a/storage/local/content": data(`[{"volid":"local:vztmpl/demo.tar.zst"}]`),
		"POST /nodes/a/lxc":                  {cut: true},
		"GET /nodes/a/lxc/5000/config":       {status: 500, reason: "Configuration file 'nodes/a/lxc/5000.conf' does not exist"},
		"GET /nodes/a/qemu/5000/config":      {status: 500, reason: "Configuration file 'nodes/a/qemu-server/5000.conf' does not exist"},
		"GET /nodes/a/tasks":                 data(`[{"upid":"UPID:a:1:1:1:vzcreate:5000:portal@pve!allotment:","type":"vzcreate"}]`),
		"GET /nodes/a/tasks/UPID:a:1:1:1:vzcreate:5000:portal@pve!allotment:/status": data(`{"status":"running","type":"vzcreate"}`),
	})
	claims, ref := newClaims(5000, 5999), testRef()
	d := newDriver(t, testConfig(s.URL), claims)
	_, _, err := d.Ensure(t.Context(), ref, testSpec())
	if app.CodeOf(err) != app.Unknown {
		t.Fatalf("code %q: %v", app.CodeOf(err), err)
	}
	_, _, err = d.Ensure(t.Context(), ref, testSpec())
	if app.CodeOf(err) != app.Retryable {
		t.Errorf("while the lost request's task runs: code %q: %v", app.CodeOf(err), err)
	}
	if n := s.count("POST /nodes/a/lxc"); n != 1 {
		t.Errorf("%d POSTs, want 1", n)
	}
	if claims.of(ref).Task == "" {
		t.Error("the task that was found is not written down")
	}
}
