package pve

import (
	"net/url"
	"strings"
)

// handler answers one method of the API. Its result becomes "data"; an error becomes the status, reason and
// "errors" that the real API gives (see fail.go).
type handler func(s *Server, c *call) (any, error)

// route is one method of the API. Its parameters and permissions come from the schema (data/schema.json).
type route struct {
	method, path string
	handle       handler
}

// routes is everything that the emulator answers.
var routes = []route{
	{"GET", "/version", version},
	{"POST", "/access/ticket", createTicket},
	{"GET", "/access/permissions", effectivePermissions},
	{"GET", "/access/acl", listACL},
	{"PUT", "/access/acl", updateACL},
	{"GET", "/access/roles", listRoles},
	{"POST", "/access/roles", createRole},
	{"DELETE", "/access/roles/{roleid}", deleteRole},
	{"GET", "/access/users", listUsers},
	{"POST", "/access/users", createUser},
	{"GET", "/access/users/{userid}", showUser},
	{"DELETE", "/access/users/{userid}", deleteUser},
	{"GET", "/access/users/{userid}/token", listTokens},
	{"GET", "/access/users/{userid}/token/{tokenid}", showToken},
	{"POST", "/access/users/{userid}/token/{tokenid}", createToken},
	{"DELETE", "/access/users/{userid}/token/{tokenid}", deleteToken},

	{"GET", "/cluster/nextid", nextID},
	{"GET", "/cluster/resources", clusterResources},
	{"GET", "/cluster/status", clusterStatus},
	{"GET", "/cluster/tasks", clusterTasks},
	{"GET", "/cluster/ha/resources", listHA},
	{"POST", "/cluster/ha/resources", createHA},
	{"DELETE", "/cluster/ha/resources/{sid}", deleteHA},
	{"PUT", "/cluster/sdn", applySDN},
	{"GET", "/cluster/sdn/zones", listZones},
	{"POST", "/cluster/sdn/zones", createZone},
	{"GET", "/cluster/sdn/zones/{zone}", showZone},
	{"DELETE", "/cluster/sdn/zones/{zone}", deleteZone},
	{"GET", "/cluster/sdn/vnets", listVNets},
	{"POST", "/cluster/sdn/vnets", createVNet},
	{"GET", "/cluster/sdn/vnets/{vnet}", showVNet},
	{"PUT", "/cluster/sdn/vnets/{vnet}", updateVNet},
	{"DELETE", "/cluster/sdn/vnets/{vnet}", deleteVNet},

	{"GET", "/pools", listPools},
	{"POST", "/pools", createPool},
	{"PUT", "/pools", updatePool},
	{"DELETE", "/pools", deletePool},
	{"GET", "/pools/{poolid}", showPool},
	{"PUT", "/pools/{poolid}", updatePool},
	{"DELETE", "/pools/{poolid}", deletePool},

	{"GET", "/nodes", listNodes},
	{"GET", "/nodes/{node}/status", nodeStatus},
	{"GET", "/nodes/{node}/version", version},
	{"GET", "/nodes/{node}/network", nodeNetwork},
	{"GET", "/nodes/{node}/rrddata", nodeRRD},
	{"GET", "/nodes/{node}/tasks", listTasks},
	{"GET", "/nodes/{node}/tasks/{upid}/status", taskStatus},
	{"GET", "/nodes/{node}/tasks/{upid}/log", taskLog},
	{"DELETE", "/nodes/{node}/tasks/{upid}", stopTask},
	{"POST", "/nodes/{node}/vzdump", createBackup},

	{"GET", "/nodes/{node}/storage", listStorage},
	{"GET", "/nodes/{node}/storage/{storage}/status", storageStatus},
	{"GET", "/nodes/{node}/storage/{storage}/content", listContent},
	{"GET", "/nodes/{node}/storage/{storage}/content/{volume}", showVolume},
	{"DELETE", "/nodes/{node}/storage/{storage}/content/{volume}", deleteVolume},
	{"POST", "/nodes/{node}/storage/{storage}/upload", uploadFile},

	{"GET", "/nodes/{node}/qemu", listVMs},
	{"POST", "/nodes/{node}/qemu", createVM},
	{"DELETE", "/nodes/{node}/qemu/{vmid}", deleteVM},
	{"GET", "/nodes/{node}/qemu/{vmid}/config", vmConfig},
	{"POST", "/nodes/{node}/qemu/{vmid}/config", updateVMAsync},
	{"PUT", "/nodes/{node}/qemu/{vmid}/config", updateVM},
	{"GET", "/nodes/{node}/qemu/{vmid}/pending", vmPending},
	{"PUT", "/nodes/{node}/qemu/{vmid}/resize", resizeVM},
	{"POST", "/nodes/{node}/qemu/{vmid}/clone", cloneVM},
	{"POST", "/nodes/{node}/qemu/{vmid}/template", templateVM},
	{"GET", "/nodes/{node}/qemu/{vmid}/status/current", vmStatus},
	{"POST", "/nodes/{node}/qemu/{vmid}/status/start", startVM},
	{"POST", "/nodes/{node}/qemu/{vmid}/status/stop", stopVM},
	{"POST", "/nodes/{node}/qemu/{vmid}/status/shutdown", shutdownVM},
	{"POST", "/nodes/{node}/qemu/{vmid}/status/reboot", rebootVM},
	{"GET", "/nodes/{node}/qemu/{vmid}/snapshot", listVMSnapshots},
	{"POST", "/nodes/{node}/qemu/{vmid}/snapshot", createVMSnapshot},
	{"DELETE", "/nodes/{node}/qemu/{vmid}/snapshot/{snapname}", deleteVMSnapshot},
	{"POST", "/nodes/{node}/qemu/{vmid}/snapshot/{snapname}/rollback", rollbackVM},
	{"GET", "/nodes/{node}/qemu/{vmid}/rrddata", guestRRD},
	{"POST", "/nodes/{node}/qemu/{vmid}/vncproxy", vncProxyVM},
	{"GET", "/nodes/{node}/qemu/{vmid}/cloudinit/dump", cloudinitDump},
	{"POST", "/nodes/{node}/qemu/{vmid}/agent/ping", agentPing},
	{"GET", "/nodes/{node}/qemu/{vmid}/agent/network-get-interfaces", agentInterfaces},
	{"POST", "/nodes/{node}/qemu/{vmid}/agent/exec", agentExec},
	{"GET", "/nodes/{node}/qemu/{vmid}/agent/exec-status", agentExecStatus},
	{"GET", "/nodes/{node}/qemu/{vmid}/firewall/options", firewallOptions},
	{"PUT", "/nodes/{node}/qemu/{vmid}/firewall/options", setFirewallOptions},

	{"GET", "/nodes/{node}/lxc", listCTs},
	{"POST", "/nodes/{node}/lxc", createCT},
	{"DELETE", "/nodes/{node}/lxc/{vmid}", deleteCT},
	{"GET", "/nodes/{node}/lxc/{vmid}/config", ctConfig},
	{"PUT", "/nodes/{node}/lxc/{vmid}/config", updateCT},
	{"GET", "/nodes/{node}/lxc/{vmid}/pending", ctPending},
	{"PUT", "/nodes/{node}/lxc/{vmid}/resize", resizeCT},
	{"POST", "/nodes/{node}/lxc/{vmid}/clone", cloneCT},
	{"POST", "/nodes/{node}/lxc/{vmid}/template", templateCT},
	{"GET", "/nodes/{node}/lxc/{vmid}/status/current", ctStatus},
	{"POST", "/nodes/{node}/lxc/{vmid}/status/start", startCT},
	{"POST", "/nodes/{node}/lxc/{vmid}/status/stop", stopCT},
	{"POST", "/nodes/{node}/lxc/{vmid}/status/shutdown", shutdownCT},
	{"POST", "/nodes/{node}/lxc/{vmid}/status/reboot", rebootCT},
	{"GET", "/nodes/{node}/lxc/{vmid}/snapshot", listCTSnapshots},
	{"POST", "/nodes/{node}/lxc/{vmid}/snapshot", createCTSnapshot},
	{"DELETE", "/nodes/{node}/lxc/{vmid}/snapshot/{snapname}", deleteCTSnapshot},
	{"POST", "/nodes/{node}/lxc/{vmid}/snapshot/{snapname}/rollback", rollbackCT},
	{"GET", "/nodes/{node}/lxc/{vmid}/rrddata", guestRRD},
	{"POST", "/nodes/{node}/lxc/{vmid}/vncproxy", vncProxyCT},
	{"GET", "/nodes/{node}/lxc/{vmid}/interfaces", ctInterfaces},
	{"GET", "/nodes/{node}/lxc/{vmid}/firewall/options", firewallOptions},
	{"PUT", "/nodes/{node}/lxc/{vmid}/firewall/options", setFirewallOptions},
}

// Methods lists what the emulator answers as "METHOD /path/{parameter}", as the schema spells it.
func Methods() []string {
	names := make([]string, len(routes))
	for i, r := range routes {
		names[i] = r.method + " " + r.path
	}
	return names
}

// find returns the route of a request and the parameters in its path, or nil.
func find(method, path string) (*route, map[string]string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i := range routes {
		if routes[i].method != method {
			continue
		}
		if params, ok := match(routes[i].path, parts); ok {
			return &routes[i], params
		}
	}
	return nil, nil
}

// match compares escaped path segments with a template. A {volume} takes all that is left: volume IDs have slashes.
func match(template string, parts []string) (map[string]string, bool) {
	params := map[string]string{}
	want := strings.Split(strings.Trim(template, "/"), "/")
	for i, w := range want {
		if i >= len(parts) {
			return nil, false
		}
		have := parts[i]
		if w == "{volume}" {
			have, parts = strings.Join(parts[i:], "/"), parts[:i+1]
		}
		have, err := url.PathUnescape(have)
		if err != nil {
			return nil, false
		}
		if name, ok := strings.CutPrefix(w, "{"); ok {
			params[strings.TrimSuffix(name, "}")] = have
		} else if w != have {
			return nil, false
		}
	}
	return params, len(want) == len(parts)
}
