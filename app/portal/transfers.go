package portal

import (
	"context"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/store"
)

// transferFor is how long a move waits for everybody to agree.
const transferFor = 14 * 24 * time.Hour

// The verbs of moves: those of a customer need its owner, those of a seller somebody who looks after customers.
var (
	startTransfer    = verb{action: "transfer.start", permission: app.ManageCustomers, confirmed: true}
	askTransfer      = verb{action: "transfer.start", permission: app.ManageOrganization, confirmed: true, personal: true}
	agreeTransfer    = verb{action: "transfer.agree", permission: app.ManageCustomers, confirmed: true, personal: true}
	agreeAsOwner     = verb{action: "transfer.agree", permission: app.ManageOrganization, confirmed: true, personal: true}
	declineTransfer  = verb{action: "transfer.decline", permission: app.ManageCustomers}
	declineAsOwner   = verb{action: "transfer.decline", permission: app.ManageOrganization}
	withdrawTransfer = verb{action: "transfer.withdraw", permission: app.ManageCustomers}
	withdrawAsOwner  = verb{action: "transfer.withdraw", permission: app.ManageOrganization}
)

// asOwner is the verb of a customer, or that of a seller.
func asOwner(actor app.Actor, owner, seller verb) verb {
	if actor.Kind == app.Customer {
		return owner
	}
	return seller
}

// StartTransfer begins to move a customer to the seller with a short name: by its seller, or by its own owner. Whoever begins has agreed; the
// move happens when the others have, within two weeks.
//
// Errors: NotFound; Invalid at receiver or message; Conflict while another move of it is open.
func (p *Portal) StartTransfer(ctx context.Context, actor app.Actor, customer app.ID, receiver, message string) (app.Transfer, error) {
	var started app.Transfer
	err := p.do(ctx, actor, ownOr(actor, customer, askTransfer, startTransfer), func(tx *store.Tx) error {
		m, err := p.newTransfer(ctx, tx, actor, customer, receiver, message)
		if err != nil {
			return err
		}
		tx.NoteIn(customer, "transfer "+m.ID.String(), map[string]string{"seller": m.GiverName}, map[string]string{"seller": m.ReceiverName})
		if err := tx.ExpireTransfers(ctx, customer, p.now()); err != nil {
			return err
		}
		if err := tx.InsertTransfer(ctx, m); err != nil {
			return err
		}
		started = m
		return p.tellOfTransfer(ctx, tx, actor, m, "started")
	})
	return started, err
}

func (p *Portal) newTransfer(ctx context.Context, tx *store.Tx, actor app.Actor, customer app.ID, receiver, message string) (app.Transfer, error) {
	o, err := tx.Organization(ctx, customer)
	if err != nil {
		return app.Transfer{}, err
	}
	if o.Kind != app.Customer || o.State == app.OrganizationClosed {
		return app.Transfer{}, app.Errorf(app.Conflict, "Only customers that are not closed move to another seller.")
	}
	now := p.now()
	m := app.Transfer{
		ID: app.NewID(), Customer: o.ID, CustomerName: o.Name, Giver: o.Parent, StartedBy: app.TransferGiver, State: app.TransferOpen,
		CreatedAt: now, ExpiresAt: now.Add(transferFor),
	}
	var giver app.Organization
	if customer == actor.Organization {
		m.StartedBy = app.TransferCustomer
		giver, err = tx.Seller(ctx)
	} else {
		giver, err = tx.Organization(ctx, o.Parent)
	}
	if err != nil {
		return app.Transfer{}, err
	}
	m.GiverName, m.Agreed = giver.Name, map[app.TransferSide]time.Time{m.StartedBy: now}
	return p.toReceiver(ctx, tx, m, receiver, message)
}

// toReceiver fills in what the form says: to whom, and why.
func (p *Portal) toReceiver(ctx context.Context, tx *store.Tx, m app.Transfer, receiver, message string) (app.Transfer, error) {
	fields := map[string]string{}
	if message = strings.TrimSpace(message); message != "" {
		var wrong string
		if m.Message, wrong = cleanReason(message); wrong != "" {
			fields["message"] = "Please write 5 to 500 ordinary characters, or leave it empty."
		}
	}
	seller, err := tx.SellerCalled(ctx, strings.ToLower(strings.TrimSpace(receiver)))
	switch {
	case app.CodeOf(err) == app.NotFound:
		fields["receiver"] = "There is no seller with this short name."
	case err != nil:
		return m, err
	case seller.ID == m.Giver:
		fields["receiver"] = "This is the seller that it has already."
	}
	m.Receiver, m.ReceiverName = seller.ID, seller.Name
	return m, invalidFields(fields)
}

// Transfer returns a move that concerns the actor's organization, or NotFound.
func (p *Portal) Transfer(ctx context.Context, actor app.Actor, id app.ID) (m app.Transfer, err error) {
	err = p.see(ctx, actor, app.SeeOrganization, func(tx *store.Tx) error {
		m, err = tx.Transfer(ctx, id)
		return err
	})
	return m, err
}

// TransferPage is one page of moves, newest first.
type TransferPage struct {
	Transfers []app.Transfer
	Next      string
}

// Transfers returns a page of the moves in which the actor's organization is one of the three, newest first.
func (p *Portal) Transfers(ctx context.Context, actor app.Actor, after string) (TransferPage, error) {
	var page TransferPage
	if err := actor.May(app.SeeOrganization); err != nil {
		return page, err
	}
	before, limit, err := pageOf(after, 0)
	if err != nil {
		return page, err
	}
	err = p.see(ctx, actor, app.SeeOrganization, func(tx *store.Tx) error {
		page.Transfers, err = tx.Transfers(ctx, before, limit+1)
		return err
	})
	if len(page.Transfers) > limit {
		page.Transfers = page.Transfers[:limit]
		page.Next = page.Transfers[limit-1].ID.String()
	}
	return page, err
}

// AgreeTransfer agrees to a move on the actor's side. With the last of the three, the customer moves.
//
// Errors: NotFound; Forbidden for those who may not answer for their side; Conflict when it is over, or the receiver has no room for it.
func (p *Portal) AgreeTransfer(ctx context.Context, actor app.Actor, id app.ID) (app.Transfer, error) {
	return p.answerTransfer(ctx, actor, asOwner(actor, agreeAsOwner, agreeTransfer), id, func(tx *store.Tx, m *app.Transfer, side app.TransferSide) error {
		now := p.now()
		if err := tx.AgreeTransfer(ctx, id, side, now); err != nil {
			return err
		}
		m.Agreed[side] = now
		if len(m.Agreed) < 3 {
			return p.tellOfTransfer(ctx, tx, actor, *m, "agreed")
		}
		m.State = app.TransferDone
		if err := p.tellOfTransfer(ctx, tx, actor, *m, "done"); err != nil {
			return err
		}
		return tx.CompleteTransfer(ctx, id, actor.Name, now)
	})
}

// DeclineTransfer ends a move: by any of those who have not begun it.
//
// Errors: NotFound, Forbidden; Conflict when it is over, or this is for another side to do.
func (p *Portal) DeclineTransfer(ctx context.Context, actor app.Actor, id app.ID) (app.Transfer, error) {
	return p.endTransfer(ctx, actor, asOwner(actor, declineAsOwner, declineTransfer), id, app.TransferDeclined)
}

// WithdrawTransfer takes a move back: by whoever began it.
//
// Errors: NotFound, Forbidden; Conflict when it is over, or this is for another side to do.
func (p *Portal) WithdrawTransfer(ctx context.Context, actor app.Actor, id app.ID) (app.Transfer, error) {
	return p.endTransfer(ctx, actor, asOwner(actor, withdrawAsOwner, withdrawTransfer), id, app.TransferWithdrawn)
}

func (p *Portal) endTransfer(ctx context.Context, actor app.Actor, v verb, id app.ID, state app.TransferState) (app.Transfer, error) {
	return p.answerTransfer(ctx, actor, v, id, func(tx *store.Tx, m *app.Transfer, side app.TransferSide) error {
		if (side == m.StartedBy) != (state == app.TransferWithdrawn) {
			return app.Errorf(app.Conflict, "Whoever began a move takes it back; the others decline it.")
		}
		m.State = state
		if err := tx.EndTransfer(ctx, id, state, actor.Name, p.now()); err != nil {
			return err
		}
		return p.tellOfTransfer(ctx, tx, actor, *m, string(state))
	})
}

// answerTransfer looks a move up under its lock and lets fn answer it for the actor's side.
func (p *Portal) answerTransfer(ctx context.Context, actor app.Actor, v verb, id app.ID,
	fn func(*store.Tx, *app.Transfer, app.TransferSide) error,
) (app.Transfer, error) {
	var m app.Transfer
	err := p.do(ctx, actor, v, func(tx *store.Tx) (err error) {
		if m, err = tx.LockTransfer(ctx, id); err != nil {
			return err
		}
		side := m.Side(actor)
		tx.Note("transfer "+id.String(), nil, map[string]string{"customer": m.CustomerName, "from": m.GiverName, "to": m.ReceiverName, "side": string(side)})
		if m.At(p.now()) != app.TransferOpen {
			return app.Errorf(app.Conflict, "This move is over.")
		}
		return fn(tx, &m, side)
	})
	return m, err
}
