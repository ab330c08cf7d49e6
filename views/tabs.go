package views

import (
	"context"
	"slices"
	"strings"

	"allotment/app"
	"allotment/views/words"
)

// tab is one page of a section, shown to those who have its permission.
type tab struct {
	href       string
	label      func(context.Context) string
	permission app.Permission
	sellers    bool // only for those who sell
}

func labelled(say func(context.Context) string, href string, permission app.Permission) tab {
	return tab{href: href, label: say, permission: permission}
}

// forSellers shows a tab only to those who sell: the operator and resellers.
func forSellers(t tab) tab {
	t.sellers = true
	return t
}

// organizationTabs are the pages of the acting organization, billingTabs those of what it pays, salesTabs those of what it sells, accountTabs those
// of the person. A new page is a new line.
var (
	organizationTabs = []tab{
		labelled(func(ctx context.Context) string { return words.T(ctx, "Overview") }, organizationPath, app.SeeOrganization),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Members") }, membersBase, app.SeeMembers),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Roles") }, "/organization/roles", app.SeeOrganization),
		labelled(func(ctx context.Context) string { return words.T(ctx, "API keys") }, "/organization/keys", app.ManageKeys),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Audit log") }, "/organization/audit", app.SeeAudit),
		forSellers(labelled(func(ctx context.Context) string { return words.T(ctx, "Brand") }, "/organization/brand", app.ManageOrganization)),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Moves") }, transfersBase, app.SeeOrganization),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Where people sign in") }, "/organization/providers", app.ManageProviders),
	}
	billingTabs = []tab{
		labelled(func(ctx context.Context) string { return words.T(ctx, "Overview") }, billingPath, app.SeeBilling),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Invoices") }, InvoicesPath, app.SeeBilling),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Credit") }, CreditPath, app.SeeBilling),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Billing details") }, BillingDetailsPath, app.SeeBilling),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Ways to pay") }, MethodsPath, app.SeeBilling),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Exports") }, BoughtExportsPath, app.SeeBilling),
	}
	salesTabs = []tab{
		labelled(func(ctx context.Context) string { return words.T(ctx, "Figures") }, salesPath, app.SeeBilling),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Invoices") }, SoldPath, app.SeeBilling),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Payments") }, SalesPaymentsPath, app.SeeBilling),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Who owes what") }, "/sales/ageing", app.SeeBilling),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Parked subscriptions") }, "/sales/parked", app.SeeBilling),
		labelled(func(ctx context.Context) string { return words.T(ctx, "VAT") }, "/sales/vat", app.SeeBilling),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Ledger") }, ledgerPath, app.SeeBilling),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Wholesale") }, "/sales/wholesale", app.SeeBilling),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Billing runs") }, RunsPath, app.SeeOperations),
		labelled(func(ctx context.Context) string { return words.T(ctx, "SEPA mandates") }, MandatesPath, app.SeeBilling),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Exports") }, SoldExportsPath, app.SeeBilling),
		forSellers(labelled(func(ctx context.Context) string { return words.T(ctx, "Prices") }, PricesPath, app.SeeCustomers)),
		forSellers(labelled(func(ctx context.Context) string { return words.T(ctx, "Coupons") }, CouponsPath, app.SeeCustomers)),
		forSellers(labelled(func(ctx context.Context) string { return words.T(ctx, "Terms of sale") }, TermsPath, app.SeeBilling)),
		forSellers(labelled(func(ctx context.Context) string { return words.T(ctx, "VAT rates") }, RatesPath, app.SeeBilling)),
	}
	accountTabs = []tab{
		labelled(func(ctx context.Context) string { return words.T(ctx, "About you") }, accountPath, app.SeeAccount),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Sign-in and security") }, "/account/security", app.SeeAccount),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Where you are signed in") }, "/account/sessions", app.SeeAccount),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Apps and mail") }, "/account/apps", app.SeeAccount),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Your organizations") }, ownBase, app.SeeAccount),
		labelled(func(ctx context.Context) string { return words.T(ctx, "Other ways to sign in") }, "/account/identities", app.SeeAccount),
	}
)

// shown returns the tabs that the page's reader may open.
func shown(p Page, tabs []tab) []tab {
	var mine []tab
	for _, t := range tabs {
		if p.May(t.permission) && (!t.sellers || p.Actor.Kind != app.Customer) {
			mine = append(mine, t)
		}
	}
	return mine
}

// The first pages of the sections; the others lie below them and have tabs of their own.
const (
	accountPath      = "/account"
	organizationPath = "/organization"
	billingPath      = "/billing"
	salesPath        = "/sales"
)

// within reports whether the page is the tab's or lies below it.
func within(p Page, t tab) bool {
	first := slices.Contains([]string{accountPath, organizationPath, billingPath, salesPath}, t.href)
	return p.Path == t.href || !first && strings.HasPrefix(p.Path, t.href+"/")
}

func organizationTitle(ctx context.Context, p Page) string {
	if p.Actor.OrganizationName != "" {
		return p.Actor.OrganizationName
	}
	return words.T(ctx, "Organization")
}
