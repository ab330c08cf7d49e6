package pve

import "testing"

// poolToken makes pool p, a user with a role on it and space on the storage, and a token of that user.
func poolToken(t *testing.T, s *Server, role string) client {
	t.Helper()
	root := rootOf(s)
	root.must(t, "POST", "/pools", map[string]string{"poolid": "p"})
	root.must(t, "POST", "/access/users", map[string]string{"userid": "portal@pve", "password": "secret12"})
	root.must(t, "PUT", "/access/acl", map[string]string{"path": "/pool/p", "roles": role, "users": "portal@pve"})
	root.must(t, "PUT", "/access/acl", map[string]string{"path": "/storage/local", "roles": "PVEDatastoreUser", "users": "portal@pve"})
	made := root.must(t, "POST", "/access/users/portal@pve/token/t1", map[string]string{"privsep": "0"}).(map[string]any)
	return client{root.base, "portal@pve!t1=" + made["value"].(string)}
}

// TestPermissions: what a token with rights on a pool may do, and what each refusal says.
func TestPermissions(t *testing.T) {
	t.Parallel()
	s := startServer(t, Options{})
	root, portal := rootOf(s), poolToken(t, s, "PVEVMAdmin")
	template := root.template(t)
	root.must(t, "POST", "/nodes/pve1/qemu", map[string]string{"vmid": "100"})
	root.must(t, "POST", "/nodes/pve1/qemu", map[string]string{"vmid": "101", "pool": "p"})
	for _, tt := range []struct {
		method, path string
		params       map[string]string
		status       int
		reason       string
	}{
		{"GET", "/nodes/pve1/qemu/101/config", nil, 200, "OK"},
		{"GET", "/nodes/pve1/qemu/100/config", nil, 403, "Permission check failed (/vms/100, VM.Audit)"},
		{"GET", "/cluster/status", nil, 403, "Permission check failed (/, Sys.Audit)"},
		{"POST", "/nodes/pve1/qemu", map[string]string{"vmid": "102"}, 403, "Permission check failed"},
		{"POST", "/nodes/pve1/qemu", map[string]string{"vmid": "102", "pool": "none"}, 500, "pool 'none' does not exist"},
		{"POST", "/nodes/pve1/qemu", map[string]string{"vmid": "102", "pool": "p", "net0": "virtio,bridge=vmbr0"}, 403,
			"Permission check failed (/sdn/zones/localnetwork/vmbr0, SDN.Use)"},
		{"POST", "/nodes/pve1/qemu", map[string]string{"vmid": "102", "pool": "p", "args": "-x"}, 500, "only root can set 'args' config"},
		{"POST", "/nodes/pve1/lxc", map[string]string{"vmid": "103", "pool": "p", "ostemplate": template, "unprivileged": "0"}, 403,
			"Permission check failed (/, Sys.Modify)"},
		{"POST", "/nodes/pve1/lxc", map[string]string{"vmid": "103", "pool": "p", "ostemplate": template, "tags": "a"}, 403,
			"Permission check failed (/vms/103, VM.Config.Options)"},
		{"POST", "/nodes/pve1/lxc", map[string]string{"vmid": "103", "pool": "p", "ostemplate": template, "features": "nesting=1",
			"env": "A=1"}, 200, "OK"},
		{"POST", "/nodes/pve1/qemu/101/status/start", map[string]string{"skiplock": "1"}, 400, "Parameter verification failed."},
		{"POST", "/pools", map[string]string{"poolid": "q"}, 403, "Permission check failed (/pool/q, Pool.Allocate)"},
		{"POST", "/access/users", map[string]string{"userid": "x@pve"}, 403, "Permission check failed (/access/realm/pve, Realm.AllocateUser)"},
		{"POST", "/nodes/pve1/qemu/101/agent/exec", map[string]string{"command": "true"}, 500, "No QEMU guest agent configured"},
	} {
		if a := portal.do(t, tt.method, tt.path, tt.params); a.status != tt.status || a.reason != tt.reason {
			t.Errorf("%s %s %v: %d %s, want %d %s", tt.method, tt.path, tt.params, a.status, a.reason, tt.status, tt.reason)
		}
	}
}

// TestPrivilegeSeparation: a separated token has only what both it and its user have.
func TestPrivilegeSeparation(t *testing.T) {
	t.Parallel()
	s := startServer(t, Options{})
	root := rootOf(s)
	poolToken(t, s, "PVEVMAdmin")
	root.must(t, "POST", "/nodes/pve1/qemu", map[string]string{"vmid": "101", "pool": "p"})
	made := root.must(t, "POST", "/access/users/portal@pve/token/sep", nil).(map[string]any)
	apart := client{root.base, "portal@pve!sep=" + made["value"].(string)}
	if a := apart.do(t, "GET", "/nodes/pve1/qemu/101/config", nil); a.status != 403 {
		t.Errorf("without own rights: %d", a.status)
	}
	root.must(t, "PUT", "/access/acl", map[string]string{"path": "/", "roles": "Administrator", "tokens": "portal@pve!sep"})
	if a := apart.do(t, "GET", "/nodes/pve1/qemu/101/config", nil); a.status != 200 {
		t.Errorf("with rights of both: %d %s", a.status, a.reason)
	}
	if a := apart.do(t, "GET", "/cluster/status", nil); a.status != 403 {
		t.Errorf("more than the user has: %d", a.status)
	}
}

// TestTickets: a ticket works with its CSRF token, and a wrong password or token gets a bare 401.
func TestTickets(t *testing.T) {
	t.Parallel()
	s := startServer(t, Options{})
	poolToken(t, s, "PVEVMAdmin")
	nobody := client{base: s.URL()}
	if a := nobody.do(t, "POST", "/access/ticket", map[string]string{"username": "portal@pve", "password": "wrong"}); a.status != 401 {
		t.Errorf("wrong password: %d", a.status)
	}
	m := nobody.must(t, "POST", "/access/ticket", map[string]string{"username": "portal@pve", "password": "secret12"}).(map[string]any)
	if user, err := s.verifyTicket(m["ticket"].(string)); err != nil || user != "portal@pve" {
		t.Errorf("ticket is for %q, %v", user, err)
	}
	if !s.csrfOK("portal@pve", m["CSRFPreventionToken"].(string)) || s.csrfOK("root@pam", m["CSRFPreventionToken"].(string)) {
		t.Error("the CSRF token is not the user's own")
	}
	bad := client{s.URL(), "root@pam!ci=wrong"}
	if a := bad.do(t, "GET", "/version", nil); a.status != 401 || len(a.body) != 0 {
		t.Errorf("bad token: %d %q", a.status, a.body)
	}
}
