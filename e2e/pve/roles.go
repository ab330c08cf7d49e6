package pve

import "strings"

// group is the privileges of one area, by who usually has them (PVE::AccessControl).
type group struct{ root, admin, user, audit []string }

var privilegeGroups = map[string]group{
	"VM": {
		admin: []string{"VM.Config.Disk", "VM.Config.CPU", "VM.Config.Memory", "VM.Config.Network", "VM.Config.HWType",
			"VM.Config.Options", "VM.Allocate", "VM.Clone", "VM.GuestAgent.Unrestricted", "VM.Migrate", "VM.Replicate",
			"VM.Snapshot", "VM.Snapshot.Rollback"},
		user: []string{"VM.Config.CDROM", "VM.Config.Cloudinit", "VM.Console", "VM.Backup", "VM.GuestAgent.FileRead",
			"VM.GuestAgent.FileSystemMgmt", "VM.GuestAgent.FileWrite", "VM.PowerMgmt"},
		audit: []string{"VM.Audit", "VM.GuestAgent.Audit"},
	},
	"Sys": {
		root:  []string{"Sys.PowerMgmt", "Sys.Modify", "Sys.Incoming", "Sys.AccessNetwork"},
		admin: []string{"Sys.Console", "Sys.Syslog"},
		audit: []string{"Sys.Audit"},
	},
	"Datastore": {
		admin: []string{"Datastore.Allocate", "Datastore.AllocateTemplate"},
		user:  []string{"Datastore.AllocateSpace"},
		audit: []string{"Datastore.Audit"},
	},
	"SDN": {
		admin: []string{"SDN.Allocate", "SDN.Audit"}, user: []string{"SDN.Use"}, audit: []string{"SDN.Audit"},
	},
	"User": {
		root: []string{"Realm.Allocate"}, admin: []string{"User.Modify", "Group.Allocate", "Realm.AllocateUser"},
	},
	"Pool": {
		admin: []string{"Pool.Allocate"}, user: []string{"Pool.Audit"}, audit: []string{"Pool.Audit"},
	},
	"Mapping": {
		admin: []string{"Mapping.Modify"}, user: []string{"Mapping.Use"}, audit: []string{"Mapping.Audit"},
	},
}

// privileges are all that exist; builtinRoles are the roles that every node has.
var privileges, builtinRoles = makeRoles()

func makeRoles() (map[string]bool, map[string]map[string]bool) {
	all := map[string]bool{"Permissions.Modify": true}
	roles := map[string]map[string]bool{"NoAccess": {}, "Administrator": all,
		"PVETemplateUser": {"VM.Clone": true, "VM.Audit": true}}
	grant := func(role string, lists ...[]string) {
		for _, list := range lists {
			for _, p := range list {
				if roles[role] == nil {
					roles[role] = map[string]bool{}
				}
				roles[role][p], all[p] = true, true
			}
		}
	}
	for area, g := range privilegeGroups {
		grant("Administrator", g.root)
		grant("PVE"+area+"Admin", g.admin, g.user, g.audit)
		grant("PVEAdmin", g.admin, g.user, g.audit)
		if len(g.user) > 0 {
			grant("PVE"+area+"User", g.user, g.audit)
		}
		grant("PVEAuditor", g.audit)
	}
	delete(roles["PVEAdmin"], "Mapping.Modify")
	return all, roles
}

// role returns a role's privileges, or nil.
func (a *access) role(id string) map[string]bool {
	if r := builtinRoles[id]; r != nil {
		return r
	}
	return a.Roles[id]
}

// listRoles: GET /access/roles.
func listRoles(s *Server, _ *call) (any, error) {
	list := []any{}
	s.readAccess(func(a *access) {
		for _, roles := range []map[string]map[string]bool{builtinRoles, a.Roles} {
			for _, id := range keys(roles) {
				list = append(list, map[string]any{"roleid": id, "privs": strings.Join(keys(roles[id]), ","),
					"special": oneIf(builtinRoles[id] != nil)})
			}
		}
	})
	return list, nil
}

// createRole: POST /access/roles.
func createRole(s *Server, c *call) (any, error) {
	id := c.params.str("roleid")
	return nil, s.changeAccess(func(a *access) error {
		if a.role(id) != nil {
			return die("create role failed: role '%s' already exists", id)
		}
		if strings.HasPrefix(id, "PVE") {
			return badParam("roleid", "role ID may not start with 'PVE' (reserved namespace)")
		}
		a.Roles[id] = map[string]bool{}
		for _, p := range c.params.items("privs") {
			a.Roles[id][p] = true
		}
		return nil
	})
}

// deleteRole: DELETE /access/roles/{roleid}.
func deleteRole(s *Server, c *call) (any, error) {
	id := c.params.str("roleid")
	return nil, s.changeAccess(func(a *access) error {
		switch {
		case builtinRoles[id] != nil:
			return badParam("roleid", "auto-generated role '"+id+"' cannot be deleted")
		case a.Roles[id] == nil:
			return die("delete role failed: role '%s' does not exist", id)
		}
		delete(a.Roles, id)
		return nil
	})
}
