package portal

import (
	"context"

	"allotment/app"
	"allotment/app/store"
)

// orderForCustomer is placeOrder by a seller for one of its customers.
var orderForCustomer = verb{action: "service.order", permission: app.ManageCustomers}

func orderVerb(actor app.Actor, r OrderRequest) verb {
	if r.For == (app.ID{}) || r.For == actor.Organization {
		return placeOrder
	}
	return orderForCustomer
}

// buyingPermission is what a look at offers needs: one's own permission, or that of a seller for its customers.
func buyingPermission(actor app.Actor, buyer app.ID, own app.Permission) app.Permission {
	if buyer == actor.Organization {
		return own
	}
	return app.ManageCustomers
}

// buyerOf returns the organization for which something is ordered: the actor's own, or one below it. One that the actor does not see is
// NotFound, one that may not order a Conflict.
func buyerOf(ctx context.Context, tx *store.Tx, actor app.Actor, id app.ID) (app.Organization, error) {
	if id == (app.ID{}) || id == actor.Organization {
		return app.Organization{
			ID: actor.Organization, Kind: actor.Kind, Name: actor.OrganizationName, Slug: actor.OrganizationSlug, State: actor.State,
		}, nil
	}
	o, err := tx.Organization(ctx, id)
	if err != nil {
		return app.Organization{}, err
	}
	if o.State != app.OrganizationActive {
		return app.Organization{}, app.Errorf(app.Conflict, "This organization is not active, so nothing can be ordered for it.")
	}
	return o, nil
}

// Buyer returns the organization for which the actor may order: its own, or one below it.
//
// Errors: NotFound; Conflict when it is not active.
func (p *Portal) Buyer(ctx context.Context, actor app.Actor, id app.ID) (buyer app.Organization, err error) {
	if id == (app.ID{}) || id == actor.Organization {
		if err := actor.May(app.OrderServices); err != nil {
			return app.Organization{}, err
		}
		return buyerOf(ctx, nil, actor, id)
	}
	err = p.see(ctx, actor, app.ManageCustomers, func(tx *store.Tx) error {
		buyer, err = buyerOf(ctx, tx, actor, id)
		return err
	})
	return buyer, err
}
