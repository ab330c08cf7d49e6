package portal

import (
	"context"

	"allotment/app"
	"allotment/app/store"
)

// moved reports whether a customer buys from somebody else by now: then its former seller sees nothing of it but what they did together.
func moved(ctx context.Context, tx *store.Tx, customer app.ID) (bool, error) {
	_, err := tx.Organization(ctx, customer)
	if app.CodeOf(err) == app.NotFound {
		return true, nil
	}
	return false, err
}

// noting fills in the audit row of what is done about a customer's invoice.
type noting func(organization app.ID, target string, before, after any)

// doInBooks is do for a verb about an invoice that the actor's organization issued. Where the customer has moved to another seller, it works in
// the seller's books alone, and the row stands in the seller's own audit log; the customer reads the documents.
//
// Errors: NotFound for what the organization did not issue, and those of fn.
func (p *Portal) doInBooks(ctx context.Context, actor app.Actor, v verb, id app.ID, fn func(*store.Tx, noting) error) error {
	return p.do(ctx, actor, v, func(tx *store.Tx) error {
		issued, _, err := tx.Invoice(ctx, id)
		if err == nil && issued.Seller != actor.Organization {
			err = errNotHere
		}
		if err != nil {
			return err
		}
		gone, err := moved(ctx, tx, issued.Buyer)
		if err != nil {
			return err
		}
		if !gone {
			return fn(tx, tx.NoteIn)
		}
		return tx.ForSeller(ctx, func() error {
			return fn(tx, func(customer app.ID, target string, before, after any) { tx.Note(target, before, after) })
		})
	})
}
