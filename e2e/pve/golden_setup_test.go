package pve

import (
	"strings"
	"testing"
	"time"
)

// setup makes what the recorded node had: guests, files, networks, a pool and the portal's token.
func (r *replay) setup(t *testing.T) {
	t.Helper()
	root := r.who["root"]
	root.must(t, "POST", "/pools", map[string]string{"poolid": "portal"})
	r.setupPortal(t, root)
	template := root.template(t)
	vm := func(id string, more ...string) {
		root.must(t, "POST", "/nodes/pve1/qemu", with(map[string]string{"vmid": id}, more...))
	}
	ct := func(id string, more ...string) {
		root.must(t, "POST", "/nodes/pve1/lxc", with(map[string]string{"vmid": id, "ostemplate": template}, more...))
	}
	ct("402", "hostname", "ct402", "memory", "128", "rootfs", "local:4", "pool", "portal", "tags", "a")
	vm("500", "name", "n1", "memory", "64", "scsi0", "local:0.0625", "pool", "portal")
	vm("501", "name", "slowc", "scsi0", "local:0.0625", "tags", "op501")
	vm("600", "name", "j600", "memory", "64")
	ct("801", "hostname", "a", "rootfs", "local:1", "pool", "portal")
	vm("809", "scsi0", "local:1", "pool", "portal")
	vm("9001", "name", "cloudtmpl", "memory", "128", "scsi0", "local:0.0625")
	root.must(t, "POST", "/nodes/pve1/qemu/9001/template", nil)
	for _, name := range []string{"dup.iso", "seed2.iso", "x.iso"} {
		a := root.upload(t, "/nodes/pve1/storage/local/upload", name, make([]byte, 374784), map[string]string{"content": "iso"}, false)
		root.finished(t, name, a)
	}
	// What the API cannot make: a pool member whose guest is gone, and networks of types that need a router.
	_ = r.server.changeAccess(func(a *access) error { a.Pools["portal"].Guests[310] = true; return nil })
	r.server.mu.Lock()
	r.server.sdn.Wanted = networks{Zones: map[string]map[string]string{"vz1": {"type": "vlan", "bridge": "vmbr1"}, "tz1": {"type": "evpn"}},
		VNets: map[string]map[string]string{"t0001": {"type": "vnet", "zone": "vz1", "tag": "101"}, "t0002": {"type": "vnet", "zone": "tz1"}}}
	r.server.sdn.Running = r.server.sdn.Wanted.copied()
	r.server.mu.Unlock()
}

// setupPortal makes the token that "portal" stands for.
func (r *replay) setupPortal(t *testing.T, root client) {
	t.Helper()
	root.must(t, "POST", "/access/users", map[string]string{"userid": "portal@pve"})
	root.must(t, "POST", "/access/roles", map[string]string{"roleid": "Portal", "privs": strings.ReplaceAll(portalPrivileges, " ", ",")})
	made := root.must(t, "POST", "/access/users/portal@pve/token/t1", map[string]string{"privsep": "0"}).(map[string]any)
	for path, role := range map[string]string{"/pool/portal": "Portal", "/storage/local": "PVEDatastoreAdmin",
		"/sdn/zones/localnetwork": "PVESDNUser", "/vms/9001": "PVETemplateUser"} {
		root.must(t, "PUT", "/access/acl", map[string]string{"path": path, "roles": role, "users": "portal@pve"})
	}
	r.who["portal"] = client{root.base, "portal@pve!t1=" + made["value"].(string)}
}

const portalPrivileges = "Sys.Audit VM.Backup VM.Config.Network VM.PowerMgmt VM.Clone VM.Audit SDN.Use VM.Config.CDROM SDN.Audit " +
	"VM.Config.Options Pool.Audit VM.GuestAgent.FileWrite Datastore.Audit VM.GuestAgent.FileRead VM.Config.Cloudinit VM.Config.Memory " +
	"Datastore.AllocateSpace VM.Console VM.Snapshot.Rollback VM.GuestAgent.Unrestricted VM.Allocate VM.Config.HWType " +
	"Datastore.AllocateTemplate VM.Snapshot VM.GuestAgent.Audit VM.Config.CPU VM.Config.Disk"

// gap sends what the recording leaves out before a label, as far as what follows depends on it.
func (r *replay) gap(t *testing.T, label string) {
	t.Helper()
	root := r.who["root"]
	switch label {
	case "config":
		root.must(t, "POST", "/nodes/pve1/qemu", map[string]string{"vmid": "5000", "name": "a1", "description": "portal-op=1", "memory": "128",
			"serial0": "socket", "scsihw": "virtio-scsi-pci", "scsi0": "local:1", "ide2": "local:cloudinit", "agent": "1", "ostype": "l26",
			"net0": "virtio,bridge=vmbr0", "tags": "Zeta;alpha"})
	case "sshkeys-enc":
		root.must(t, "PUT", "/nodes/pve1/qemu/5000/config", map[string]string{"tags": "c,B;a;b", "cores": "2"})
	case "clone-config":
		r.server.broadcast()
		root.must(t, "POST", "/nodes/pve1/qemu/5000/clone", map[string]string{"newid": "5001", "full": "1", "name": "c1",
			"description": "portal-op=2", "pool": "portal"})
	case "delete-template-with-linked":
		r.consoleEnds(t)
	case "ct-dup":
		root.must(t, "POST", "/nodes/pve1/lxc", map[string]string{"vmid": "5005", "ostemplate": root.template(t), "rootfs": "local:1",
			"hostname": "ct1", "memory": "128", "swap": "0", "tags": "X", "cores": "2"})
	case "zone-dup":
		root.must(t, "POST", "/cluster/sdn/zones", map[string]string{"type": "vlan", "zone": "gz1", "bridge": "vmbr1"})
	case "zone-del":
		root.must(t, "DELETE", "/cluster/sdn/vnets/gv1", nil)
	}
}

// consoleEnds waits until the console that no viewer came to has ended.
func (r *replay) consoleEnds(t *testing.T) {
	t.Helper()
	for range 600 {
		a := r.who["root"].do(t, "GET", "/nodes/pve1/tasks", map[string]string{"source": "active", "typefilter": "vncproxy"})
		if len(a.data(t).([]any)) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the console does not end")
}

// with adds pairs of name and value.
func with(params map[string]string, more ...string) map[string]string {
	for i := 0; i+1 < len(more); i += 2 {
		params[more[i]] = more[i+1]
	}
	return params
}
