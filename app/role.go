package app

import "slices"

// Permission is one thing that a role may allow. Every verb of portal names exactly one in its first line.
type Permission string

// The permissions.
const (
	SeeCatalog       Permission = "catalog.see"
	SeeServices      Permission = "services.see"
	OrderServices    Permission = "services.order"
	ChangeServices   Permission = "services.change"    // retry, cancel, change
	TerminateService Permission = "services.terminate" // remove for good
	SeeSecrets       Permission = "secrets.see"        // access data, shown once
	SeeOperations    Permission = "operations.see"     // the operator's queue with raw errors
	RunOperations    Permission = "operations.run"     // the operator's retry
	SeeMembers       Permission = "members.see"
	ManageMembers    Permission = "members.manage"
	SeeBilling       Permission = "billing.see"
	ManageBilling    Permission = "billing.manage"
	ManageCustomers  Permission = "customers.manage"
)

// Role is what a membership allows.
type Role string

// The roles: three of the operator's staff, three of a reseller, five of a customer.
const (
	RoleOperatorAdmin     Role = "operator_admin"
	RoleOperator          Role = "operator"
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
	useServices  = []Permission{SeeCatalog, SeeServices, OrderServices, ChangeServices, TerminateService, SeeSecrets}
	seeServices  = []Permission{SeeCatalog, SeeServices}
	runServices  = append(slices.Clone(useServices), SeeOperations, RunOperations)
	peopleAndPay = []Permission{SeeMembers, ManageMembers, SeeBilling, ManageBilling}
)

// rolePermissions is the one table of what each role may do. What is not here is refused.
var rolePermissions = map[Role][]Permission{
	RoleOperatorAdmin:     join(runServices, peopleAndPay, []Permission{ManageCustomers}),
	RoleOperator:          join(runServices, []Permission{SeeMembers, SeeBilling}),
	RoleOperatorViewer:    join(seeServices, []Permission{SeeOperations, SeeMembers, SeeBilling}),
	RoleResellerOwner:     join(useServices, peopleAndPay, []Permission{ManageCustomers}),
	RoleResellerManager:   join(useServices, []Permission{SeeMembers, ManageCustomers}),
	RoleResellerBilling:   join(seeServices, []Permission{SeeBilling, ManageBilling}),
	RoleCustomerOwner:     join(useServices, peopleAndPay),
	RoleCustomerAdmin:     join(useServices, []Permission{SeeMembers, ManageMembers}),
	RoleCustomerDeveloper: useServices,
	RoleCustomerBilling:   join(seeServices, []Permission{SeeBilling, ManageBilling}),
	RoleCustomerViewer:    seeServices,
	roleSystem:            runServices,
}

// Roles lists every role that a membership may have, in the order of the table above.
func Roles() []Role {
	return []Role{
		RoleOperatorAdmin, RoleOperator, RoleOperatorViewer, RoleResellerOwner, RoleResellerManager, RoleResellerBilling,
		RoleCustomerOwner, RoleCustomerAdmin, RoleCustomerDeveloper, RoleCustomerBilling, RoleCustomerViewer,
	}
}

// Allows reports whether the role has the permission. An unknown role allows nothing.
func (r Role) Allows(p Permission) bool { return slices.Contains(rolePermissions[r], p) }

func join(sets ...[]Permission) []Permission { return slices.Concat(sets...) }
