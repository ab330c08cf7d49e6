package app

import (
	"slices"
	"strings"
)

// Permission is one thing that a role may allow. Every verb of portal names exactly one in its first line.
type Permission string

// The permissions.
const (
	SeeAccount         Permission = "account.see" // one's own account: everybody's
	SeeCatalog         Permission = "catalog.see"
	SeeServices        Permission = "services.see"
	OrderServices      Permission = "services.order"
	ChangeServices     Permission = "services.change"    // retry, cancel, change
	TerminateService   Permission = "services.terminate" // remove for good
	SeeSecrets         Permission = "secrets.see"        // access data, shown once
	SeeOperations      Permission = "operations.see"     // the operator's queue with raw errors
	RunOperations      Permission = "operations.run"     // the operator's retry
	SeeMembers         Permission = "members.see"
	ManageMembers      Permission = "members.manage"
	SeeBilling         Permission = "billing.see"
	ManageBilling      Permission = "billing.manage"
	SeeCustomers       Permission = "customers.see"
	ManageCustomers    Permission = "customers.manage" // create, change, suspend, order for them
	ActAsCustomers     Permission = "customers.act"    // sign in in their name, with a reason
	ReportUsage        Permission = "usage.report"     // what customers have used, as a program measures it
	SeeOrganization    Permission = "organization.see" // its settings, brand and quota
	ManageOrganization Permission = "organization.manage"
	SeeAudit           Permission = "audit.see"
	ManageAccess       Permission = "access.manage"    // who may use which service
	ManageKeys         Permission = "keys.manage"      // API keys
	ManageProviders    Permission = "providers.manage" // where people sign in
)

// Role is what a membership allows.
type Role string

// The roles: three of the operator's staff, three of a reseller, five of a customer.
const (
	RoleOperatorAdmin     Role = "operator_admin"
	RoleOperator          Role = "operator"
	RoleOperatorBilling   Role = "operator_billing"
	RoleOperatorViewer    Role = "operator_viewer"
	RoleResellerOwner     Role = "reseller_owner"
	RoleResellerManager   Role = "reseller_manager"
	RoleResellerBilling   Role = "reseller_billing"
	RoleCustomerOwner     Role = "customer_owner"
	RoleCustomerAdmin     Role = "customer_admin"
	RoleCustomerDeveloper Role = "customer_developer"
	RoleCustomerBilling   Role = "customer_billing"
	RoleCustomerViewer    Role = "customer_viewer"
	roleSystem            Role = "system" // the engine itself, for one organization
)

var (
	seeServices  = []Permission{SeeAccount, SeeOrganization, SeeCatalog, SeeServices}
	useServices  = append(slices.Clone(seeServices), OrderServices, ChangeServices, TerminateService, SeeSecrets)
	runServices  = append(slices.Clone(useServices), SeeOperations, RunOperations)
	seePeople    = []Permission{SeeMembers}
	people       = []Permission{SeeMembers, ManageMembers, ManageAccess, SeeAudit}
	seeMoney     = []Permission{SeeBilling}
	money        = []Permission{SeeBilling, ManageBilling}
	seeCustomers = []Permission{SeeCustomers}
	customers    = []Permission{SeeCustomers, ManageCustomers, ActAsCustomers, ReportUsage}
	house        = []Permission{ManageOrganization, ManageKeys, ManageProviders}
)

// rolePermissions is the one table of what each role may do. What is not here is refused.
var rolePermissions = map[Role][]Permission{
	RoleOperatorAdmin:     join(runServices, people, money, customers, house),
	RoleOperator:          join(runServices, seePeople, seeMoney, customers, []Permission{SeeAudit}),
	RoleOperatorBilling:   join(seeServices, money, seeCustomers, []Permission{SeeOperations, SeeAudit}),
	RoleOperatorViewer:    join(seeServices, seePeople, seeMoney, seeCustomers, []Permission{SeeOperations, SeeAudit}),
	RoleResellerOwner:     join(useServices, people, money, customers, house),
	RoleResellerManager:   join(useServices, seePeople, customers),
	RoleResellerBilling:   join(seeServices, money, seeCustomers),
	RoleCustomerOwner:     join(useServices, people, money, house),
	RoleCustomerAdmin:     join(useServices, people),
	RoleCustomerDeveloper: useServices,
	RoleCustomerBilling:   join(seeServices, money),
	RoleCustomerViewer:    seeServices,
	roleSystem:            runServices,
}

// RolesOf lists the roles that members of such an organization may have, the most powerful first.
func RolesOf(kind OrganizationKind) []Role {
	switch kind {
	case Operator:
		return Roles()[:4]
	case Reseller:
		return Roles()[4:7]
	}
	return Roles()[7:]
}

// OwnerOf is the role of those who own such an organization: at least one member always has it.
func OwnerOf(kind OrganizationKind) Role { return RolesOf(kind)[0] }

// Permissions lists every permission, in the order of the page that shows them.
func Permissions() []Permission {
	return []Permission{
		SeeAccount, SeeCatalog, SeeServices, OrderServices, ChangeServices, TerminateService, SeeSecrets, ManageAccess, SeeMembers, ManageMembers,
		SeeBilling, ManageBilling, SeeOrganization, ManageOrganization, ManageKeys, ManageProviders, SeeCustomers, ManageCustomers, ActAsCustomers,
		ReportUsage, SeeAudit, SeeOperations, RunOperations,
	}
}

// keeps reports whether a suspended organization still has the permission: it may look, and pay.
func (p Permission) keeps() bool { return strings.HasSuffix(string(p), ".see") || p == ManageBilling }

// Roles lists every role that a membership may have, in the order of the table above.
func Roles() []Role {
	return []Role{
		RoleOperatorAdmin, RoleOperator, RoleOperatorBilling, RoleOperatorViewer, RoleResellerOwner, RoleResellerManager, RoleResellerBilling,
		RoleCustomerOwner, RoleCustomerAdmin, RoleCustomerDeveloper, RoleCustomerBilling, RoleCustomerViewer,
	}
}

// Allows reports whether the role has the permission. An unknown role allows nothing.
func (r Role) Allows(p Permission) bool { return slices.Contains(rolePermissions[r], p) }

func join(sets ...[]Permission) []Permission { return slices.Concat(sets...) }
