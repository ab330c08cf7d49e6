package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

const transferColumns = `id, organization_id, giver_id, receiver_id, customer_name, giver_name, receiver_name, started_by, message, state,
	giver_at, customer_at, receiver_at, ended_by, created_at, expires_at, ended_at`

func scanTransfer(row pgx.CollectableRow) (app.Transfer, error) {
	var t app.Transfer
	var giver, customer, receiver, ended *time.Time
	err := row.Scan(&t.ID, &t.Customer, &t.Giver, &t.Receiver, &t.CustomerName, &t.GiverName, &t.ReceiverName, &t.StartedBy, &t.Message, &t.State,
		&giver, &customer, &receiver, &t.EndedBy, &t.CreatedAt, &t.ExpiresAt, &ended)
	t.EndedAt, t.Agreed = value(ended), map[app.TransferSide]time.Time{}
	for side, at := range map[app.TransferSide]*time.Time{app.TransferGiver: giver, app.TransferCustomer: customer, app.TransferReceiver: receiver} {
		if at != nil {
			t.Agreed[side] = *at
		}
	}
	return t, err
}

// InsertTransfer begins a customer's move. While another one is open it is a Conflict.
func (t *Tx) InsertTransfer(ctx context.Context, m app.Transfer) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO transfers (id, organization_id, giver_id, receiver_id, customer_name, giver_name, receiver_name, started_by, message,
			giver_at, customer_at, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		m.ID, m.Customer, m.Giver, m.Receiver, m.CustomerName, m.GiverName, m.ReceiverName, m.StartedBy, m.Message,
		moment(m.Agreed[app.TransferGiver]), moment(m.Agreed[app.TransferCustomer]), m.CreatedAt, m.ExpiresAt)
	return classify(err)
}

// Transfer returns a move that concerns the actor's organization or one below it, or NotFound.
func (t *Tx) Transfer(ctx context.Context, id app.ID) (app.Transfer, error) {
	return t.oneTransfer(ctx, `WHERE id = $1`, id)
}

// LockTransfer is Transfer, and nobody else answers it until this transaction ends.
func (t *Tx) LockTransfer(ctx context.Context, id app.ID) (app.Transfer, error) {
	return t.oneTransfer(ctx, `WHERE id = $1 FOR UPDATE`, id)
}

// OpenTransfer returns the customer's move that is open, or NotFound.
func (t *Tx) OpenTransfer(ctx context.Context, customer app.ID) (app.Transfer, error) {
	return t.oneTransfer(ctx, `WHERE organization_id = $1 AND state = 'open'`, customer)
}

func (t *Tx) oneTransfer(ctx context.Context, where string, arg any) (app.Transfer, error) {
	rows, err := t.tx.Query(ctx, `SELECT `+transferColumns+` FROM transfers `+where, arg)
	if err != nil {
		return app.Transfer{}, classify(err)
	}
	m, err := pgx.CollectExactlyOneRow(rows, scanTransfer)
	return m, classify(err)
}

// Transfers returns the moves in which the actor's organization is one of the three, newest first.
func (t *Tx) Transfers(ctx context.Context, before app.ID, limit int) ([]app.Transfer, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+transferColumns+` FROM transfers
		WHERE id IN (
			(SELECT id FROM transfers WHERE organization_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3)
			UNION (SELECT id FROM transfers WHERE giver_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3)
			UNION (SELECT id FROM transfers WHERE receiver_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3))
		ORDER BY id DESC LIMIT $3`, t.actor.Organization, optional(before), limit)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, scanTransfer)
}

// agreements is the column that says when each side agreed.
var agreements = map[app.TransferSide]string{app.TransferGiver: "giver_at", app.TransferCustomer: "customer_at", app.TransferReceiver: "receiver_at"}

// AgreeTransfer says that a side has agreed. The caller holds the move's lock.
func (t *Tx) AgreeTransfer(ctx context.Context, id app.ID, side app.TransferSide, now time.Time) error {
	return t.changeOne(ctx, `UPDATE transfers SET `+agreements[side]+` = $2 WHERE id = $1`, id, now)
}

// CompleteTransfer moves the customer, with all that is counted of it. Where its new seller has no room for it, it is a Conflict.
func (t *Tx) CompleteTransfer(ctx context.Context, id app.ID, by string, now time.Time) error {
	if err := t.changeOne(ctx, `UPDATE transfers SET ended_by = $2 WHERE id = $1`, id, by); err != nil {
		return err
	}
	_, err := t.tx.Exec(ctx, `SELECT complete_transfer($1, $2)`, id, now)
	return classify(err)
}

// EndTransfer ends a move without moving anybody. The caller holds its lock.
func (t *Tx) EndTransfer(ctx context.Context, id app.ID, state app.TransferState, by string, now time.Time) error {
	return t.changeOne(ctx, `UPDATE transfers SET state = $2, ended_by = $3, ended_at = $4 WHERE id = $1 AND state = 'open'`, id, state, by, now)
}

// ExpireTransfers ends what was not agreed on in time for a customer.
func (t *Tx) ExpireTransfers(ctx context.Context, customer app.ID, now time.Time) error {
	_, err := t.tx.Exec(ctx, `
		UPDATE transfers SET state = 'expired', ended_at = expires_at WHERE organization_id = $1 AND state = 'open' AND expires_at <= $2`, customer, now)
	return classify(err)
}

// SellerCalled returns the active seller with a short name, whoever's sub-tree it is in, or NotFound.
func (t *Tx) SellerCalled(ctx context.Context, slug string) (app.Organization, error) {
	o := app.Organization{Slug: slug}
	err := t.tx.QueryRow(ctx, `SELECT id, name FROM seller_called($1)`, slug).Scan(&o.ID, &o.Name)
	return o, classify(err)
}

// TransferPeople returns the owners of the three whom a move concerns.
func (t *Tx) TransferPeople(ctx context.Context, id app.ID) ([]Owner, error) {
	return t.people(ctx, `SELECT organization_id, email, name, language FROM transfer_people($1)`, id)
}
