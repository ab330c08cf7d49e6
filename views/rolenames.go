package views

import (
	"context"

	"allotment/app"
	"allotment/views/words"
)

// RoleName is a role as people read it.
func RoleName(ctx context.Context, r app.Role) string {
	switch r {
	case app.RoleOperatorAdmin:
		return words.T(ctx, "Administrator")
	case app.RoleOperator:
		return words.T(ctx, "Operator")
	case app.RoleOperatorBilling:
		return words.T(ctx, "Billing")
	case app.RoleOperatorViewer:
		return words.T(ctx, "Viewer")
	case app.RoleResellerOwner:
		return words.T(ctx, "Owner")
	case app.RoleResellerManager:
		return words.T(ctx, "Manager")
	case app.RoleResellerBilling:
		return words.T(ctx, "Billing")
	case app.RoleCustomerOwner:
		return words.T(ctx, "Owner")
	case app.RoleCustomerAdmin:
		return words.T(ctx, "Administrator")
	case app.RoleCustomerDeveloper:
		return words.T(ctx, "Developer")
	case app.RoleCustomerBilling:
		return words.T(ctx, "Billing")
	case app.RoleCustomerViewer:
		return words.T(ctx, "Viewer")
	}
	return string(r)
}
