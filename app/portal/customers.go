package portal

import (
	"context"
	"strings"

	"allotment/app"
	"allotment/app/store"
)

// Customer is an organization below the actor's, as a list shows it.
type Customer = store.Customer

// mostCounted is up to how many customers a list counts.
const mostCounted = 1000

// CustomerFilter selects a page of the organizations below another. The zero value is the first page of all below the actor's own.
type CustomerFilter struct {
	Top   app.ID // below which reseller; the zero ID for the actor's own organization
	Text  string // part of the name, the short name or an owner's e-mail address
	Kind  app.OrganizationKind
	State app.OrganizationState // "" for all but closed ones
	After string                // CustomerPage.Next of the page before
	Limit int                   // 1 to 200; 0 means 50
}

// CustomerPage is one page of customers, in the order of their names.
type CustomerPage struct {
	Top       app.Organization // below which they are
	Customers []Customer
	Next      string // "" on the last page
	Count     int    // how many fit the filter, at most 1000
	More      bool   // there are more than Count
}

// Customers returns a page of the organizations below the actor's, resellers and their customers included.
func (p *Portal) Customers(ctx context.Context, actor app.Actor, f CustomerFilter) (CustomerPage, error) {
	var page CustomerPage
	if err := actor.May(app.SeeCustomers); err != nil {
		return page, err
	}
	after, limit, err := pageOf(f.After, f.Limit)
	if err != nil {
		return page, err
	}
	if f.Top == (app.ID{}) {
		f.Top = actor.Organization
	}
	q := store.CustomerQuery{Top: f.Top, Text: clip(strings.TrimSpace(f.Text)), Kind: f.Kind, State: f.State, After: after, Limit: limit + 1}
	err = p.see(ctx, actor, app.SeeCustomers, func(tx *store.Tx) (err error) {
		if page.Top, err = tx.Organization(ctx, f.Top); err != nil {
			return err
		}
		page.Customers, page.Count, err = tx.Customers(ctx, q, mostCounted+1)
		return err
	})
	if page.Count > mostCounted {
		page.Count, page.More = mostCounted, true
	}
	if len(page.Customers) > limit {
		page.Customers = page.Customers[:limit]
		page.Next = page.Customers[limit-1].ID.String()
	}
	return page, err
}

// OrganizationDetail is all that an organization's page shows.
type OrganizationDetail struct {
	Organization app.Organization
	Seller       app.Organization // whom it buys from: its ID and name; the zero value for the operator
	Owners       []store.Owner
	Invited      *app.Invitation // the newest invitation to own it, where it has no owner; only for a seller's look, and nil for none
	Quota        app.Quota
	Services     []app.Service // the newest that live, at most ten; only for a seller's look
	Counts       map[app.ServiceState]int
	Remains      store.Remains // what keeps it from being closed
	Transfer     *app.Transfer // the move to another seller that is open; nil for none
}

// Customer returns all that a seller sees of an organization below it, or NotFound.
func (p *Portal) Customer(ctx context.Context, actor app.Actor, id app.ID) (OrganizationDetail, error) {
	var d OrganizationDetail
	err := p.see(ctx, actor, app.SeeCustomers, func(tx *store.Tx) error {
		var err error
		if id == actor.Organization {
			return app.Errorf(app.NotFound, "There is nothing at this address.")
		}
		if d, err = p.organizationDetail(ctx, tx, id); err != nil {
			return err
		}
		if d.Seller, err = tx.Organization(ctx, d.Organization.Parent); err != nil {
			return err
		}
		if d.Invited, err = invitedOwner(ctx, tx, d); err != nil {
			return err
		}
		found, err := tx.Services(ctx, store.ServiceQuery{Organization: id, States: living, Limit: 10})
		d.Services, d.Counts = found.Services, found.Counts
		return err
	})
	for i := range d.Services {
		d.Services[i].AppName = p.appName(d.Services[i].App)
	}
	return d, err
}

// Organization returns what its people see of the actor's own organization.
func (p *Portal) Organization(ctx context.Context, actor app.Actor) (OrganizationDetail, error) {
	var d OrganizationDetail
	err := p.see(ctx, actor, app.SeeOrganization, func(tx *store.Tx) (err error) {
		if d, err = p.organizationDetail(ctx, tx, actor.Organization); err != nil || actor.Kind == app.Operator {
			return err
		}
		d.Seller, err = tx.Seller(ctx)
		return err
	})
	return d, err
}

func (p *Portal) organizationDetail(ctx context.Context, tx *store.Tx, id app.ID) (d OrganizationDetail, err error) {
	if d.Organization, err = tx.Organization(ctx, id); err != nil {
		return d, err
	}
	if d.Owners, err = tx.Owners(ctx, id); err != nil {
		return d, err
	}
	if d.Quota, err = tx.Quota(ctx, id); err != nil {
		return d, err
	}
	if d.Remains, err = tx.Remains(ctx, id); err != nil {
		return d, err
	}
	open, err := tx.OpenTransfer(ctx, id)
	if err == nil && open.At(p.now()) == app.TransferOpen {
		d.Transfer = &open
	}
	if app.CodeOf(err) == app.NotFound {
		err = nil
	}
	return d, err
}
