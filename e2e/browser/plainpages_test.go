package browser

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"allotment/app"
	"allotment/app/web"
)

// sellerWalk is walk for an organization's own page and for a seller's customers.
var sellerWalk = map[string][]stop{
	"/customers":                  {{"operator", "/customers", "Demo Walk"}, {"operator", "/customers?q=nothing", "Nobody fits"}},
	"/customers/new":              {{"operator", "/customers/new", "Add a customer"}},
	"/customers/:id":              {{"operator", "/customers/{customer}", "Demo Walk"}},
	"/customers/:id/order":        {{"operator", "/customers/{customer}/order", "Demo Walk"}},
	"/organization":               {{"tenant", "/organization", "Demo Walk"}, {"operator", "/organization", "Demo Hosting"}},
	"/organization/transfers":     {{"tenant", "/organization/transfers", "Moves"}},
	"/organization/transfers/:id": {{"tenant", "/organization/transfers/{transfer}", "Demo Reseller"}},
}

// moneyWalk is walk for what a service costs, what was invoiced for it, and what a seller sees of that.
var moneyWalk = map[string][]stop{
	"/services/:id/plan":          {{"tenant", "/services/{active}/plan", "Garden files"}},
	"/services/:id/plan/review":   {{"tenant", "/services/{active}/plan/review?plan=medium&when=now", ""}},
	"/services/:id/cancel":        {{"tenant", "/services/{active}/cancel", "Garden files"}},
	"/services/:id/cancel/review": {{"tenant", "/services/{active}/cancel/review?when=now", ""}},
	"/billing/invoices/:id":       {{"tenant", "/billing/invoices/{invoice}", "Nextcloud"}},
	"/sales/invoices/:id":         {{"operator", "/sales/invoices/{invoice}", "Nextcloud"}},
	"/billing/pay/:id":            {{"tenant", "/billing/pay/{invoice}", "Pay by bank transfer"}},
	"/sales/payments":             {{"operator", "/sales/payments", "How you are paid"}, {"operator", "/sales/payments?state=failed", "No payment failed"}},
	"/sales/payments/note":        {{"operator", "/sales/payments/note", "Day on which it arrived"}},
	"/sales/payments/account":     {{"operator", "/sales/payments/account", "Online, by Stripe"}},
	"/sales/payments/refunds/:id": {{"operator", "/sales/payments/refunds/{paid}", "Nothing can go back yet"}},
	"/sales/prices/edit":          {{"operator", "/sales/prices/edit?app=redmine&plan=small&interval=month", "Redmine"}},
	"/sales/ledger/customers/:id": {{"operator", "/sales/ledger/customers/{customer}", "Demo Walk"}},
	"/customers/:id/billing":      {{"operator", "/customers/{customer}/billing", ""}},
}

// wholeWalk is every page: those that say what must be read on them, and each other one whose address names nothing, as whoever may see it.
func wholeWalk() map[string][]stop {
	all := maps.Clone(walk)
	maps.Copy(all, accountWalk)
	maps.Copy(all, sellerWalk)
	maps.Copy(all, moneyWalk)
	for _, r := range new(web.Server).Routes() {
		if _, known := all[r.Path]; known || r.Method != http.MethodGet || strings.ContainsAny(r.Path, ":*") || slices.Contains(slices.Concat(noPages, doorPages), r.Path) {
			continue
		}
		all[r.Path] = plainStops(r)
	}
	return all
}

// plainStops are the looks at a page that any of its readers opens by its address alone.
func plainStops(r web.Route) (stops []stop) {
	if r.Permission == "" {
		return []stop{{"nobody", r.Path, ""}}
	}
	if app.RoleCustomerOwner.Allows(r.Permission) && !strings.HasPrefix(r.Path, "/sales") && !strings.HasPrefix(r.Path, "/operator") {
		stops = append(stops, stop{"tenant", r.Path, ""}, stop{"newcomer", r.Path, ""})
	}
	if app.RoleOperatorAdmin.Allows(r.Permission) {
		stops = append(stops, stop{"operator", r.Path, ""})
	}
	return stops
}
