package views

import (
	"allotment/app"
	"allotment/app/portal"
)

// foreseeable reports whether the reader can have a proforma of what is invoiced next for a service.
func foreseeable(p Page, d portal.ServiceDetail) bool {
	if !p.May(app.SeeBilling) || (p.Actor.Organization != d.Service.Organization && p.Actor.Organization != d.Agreement.Seller) {
		return false
	}
	if d.Agreement.Begun() {
		return d.Next != nil && d.Next.Trouble == nil
	}
	return d.Agreement.Seller != (app.ID{}) && removable(d.Service.State) && d.Subscription.Price.Minor > 0
}
