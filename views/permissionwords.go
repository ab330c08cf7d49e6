package views

import (
	"context"

	"allotment/app"
	"allotment/views/words"
)

// permissionName is a permission as people read it.
func permissionName(ctx context.Context, p app.Permission) string {
	switch p {
	case app.SeeAccount:
		return words.T(ctx, "Use one's own account and apps")
	case app.SeeCatalog:
		return words.T(ctx, "Look at the catalog and its prices")
	case app.SeeServices:
		return words.T(ctx, "See services and what happens with them")
	case app.OrderServices:
		return words.T(ctx, "Order services")
	case app.ChangeServices:
		return words.T(ctx, "Change services")
	case app.TerminateService:
		return words.T(ctx, "Remove services for good")
	case app.SeeSecrets:
		return words.T(ctx, "See first passwords and other access data")
	case app.ManageAccess:
		return words.T(ctx, "Decide who may use which service")
	case app.SeeMembers:
		return words.T(ctx, "See the members")
	case app.ManageMembers:
		return words.T(ctx, "Invite, change and remove members")
	case app.SeeBilling:
		return words.T(ctx, "See invoices and payments")
	case app.ManageBilling:
		return words.T(ctx, "Pay, and change what invoices say")
	}
	return housePermissionName(ctx, p)
}

// housePermissionName is permissionName for what concerns the organization itself, those it sells to, and the installation.
func housePermissionName(ctx context.Context, p app.Permission) string {
	switch p {
	case app.SeeOrganization:
		return words.T(ctx, "See the organization, its limits and roles")
	case app.ManageOrganization:
		return words.T(ctx, "Rename, brand, move and close the organization")
	case app.ManageKeys:
		return words.T(ctx, "Make and revoke API keys")
	case app.ManageProviders:
		return words.T(ctx, "Decide where people sign in")
	case app.SeeCustomers:
		return words.T(ctx, "See customers")
	case app.ManageCustomers:
		return words.T(ctx, "Add, limit and suspend customers, and order for them")
	case app.ActAsCustomers:
		return words.T(ctx, "Act in a customer's name, with a reason and for a time")
	case app.ReportUsage:
		return words.T(ctx, "Report what customers have used")
	case app.SeeAudit:
		return words.T(ctx, "Read the audit log")
	case app.SeeOperations:
		return words.T(ctx, "See what the machines are doing, and mails")
	case app.RunOperations:
		return words.T(ctx, "Have failed work and mails tried again")
	}
	return string(p)
}

// roleTable is the table of what the roles of one kind of organization allow.
type roleTable struct {
	kind        app.OrganizationKind
	roles       []app.Role
	permissions []app.Permission // without those that none of the roles has
}

// roleTables are the tables that a reader sees: of their own organization, and of those that they sell to.
func roleTables(p Page) []roleTable {
	kinds := []app.OrganizationKind{p.Actor.Kind}
	switch p.Actor.Kind {
	case app.Operator:
		kinds = append(kinds, app.Reseller, app.Customer)
	case app.Reseller:
		kinds = append(kinds, app.Customer)
	}
	var tables []roleTable
	for _, kind := range kinds {
		t := roleTable{kind: kind, roles: app.RolesOf(kind)}
		for _, permission := range app.Permissions() {
			if anyAllows(t.roles, permission) {
				t.permissions = append(t.permissions, permission)
			}
		}
		tables = append(tables, t)
	}
	return tables
}

func anyAllows(roles []app.Role, permission app.Permission) bool {
	for _, role := range roles {
		if role.Allows(permission) {
			return true
		}
	}
	return false
}

// roleTableTitle says whose roles a table is of.
func roleTableTitle(ctx context.Context, p Page, kind app.OrganizationKind) string {
	switch {
	case kind == p.Actor.Kind:
		return words.T(ctx, "Roles in %s", p.Actor.OrganizationName)
	case kind == app.Reseller:
		return words.T(ctx, "Roles of resellers")
	}
	return words.T(ctx, "Roles of customers")
}
