package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

const invitationColumns = `id, email, role, language, state, mails, invited_by, created_at, sent_at, expires_at`

func scanInvitation(row pgx.CollectableRow) (app.Invitation, error) {
	var i app.Invitation
	err := row.Scan(&i.ID, &i.Email, &i.Role, &i.Language, &i.State, &i.Mails, &i.InvitedBy, &i.CreatedAt, &i.SentAt, &i.ExpiresAt)
	return i, err
}

// Invitations returns a page of the acting organization's invitations, newest first. With openOnly those that were accepted, revoked or
// replaced are left out; those past their time are not.
func (t *Tx) Invitations(ctx context.Context, openOnly bool, before app.ID, limit int) ([]app.Invitation, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+invitationColumns+` FROM invitations
		WHERE organization_id = $1 AND ($2::uuid IS NULL OR id < $2) AND (NOT $3 OR state = 'open')
		ORDER BY id DESC LIMIT $4`, t.actor.Organization, optional(before), openOnly, limit)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, scanInvitation)
}

// LockInvitation returns an invitation of the acting organization, or NotFound; nobody else changes it until this transaction ends.
func (t *Tx) LockInvitation(ctx context.Context, id app.ID) (app.Invitation, error) {
	return t.invitation(ctx, `organization_id = $1 AND id = $2 FOR UPDATE`, t.actor.Organization, id)
}

// OwnerInvitation returns the newest invitation to own an organization of the actor's sub-tree, whatever became of it, or NotFound. In a
// transaction that can change something nobody else changes it until that ends.
func (t *Tx) OwnerInvitation(ctx context.Context, organization app.ID) (app.Invitation, error) {
	return t.invitation(ctx, `organization_id = $1 AND role IN ('reseller_owner', 'customer_owner') ORDER BY id DESC LIMIT 1 `+t.locking("FOR UPDATE"), organization)
}

func (t *Tx) invitation(ctx context.Context, which string, args ...any) (app.Invitation, error) {
	rows, err := t.tx.Query(ctx, `SELECT `+invitationColumns+` FROM invitations WHERE `+which, args...)
	if err != nil {
		return app.Invitation{}, classify(err)
	}
	i, err := pgx.CollectExactlyOneRow(rows, scanInvitation)
	return i, classify(err)
}

// ReplaceInvitations takes back what is open of an organization's invitations with a role, or to an address: another one comes instead. It
// waits for whoever accepts one at this moment.
func (t *Tx) ReplaceInvitations(ctx context.Context, organization app.ID, role app.Role, email string, now time.Time) error {
	_, err := t.tx.Exec(ctx, `
		UPDATE invitations SET state = 'revoked', ended_at = $4
		WHERE organization_id = $1 AND state = 'open' AND (role = $2 OR email = $3)`, organization, role, email, now)
	return classify(err)
}

// InsertInvitation stores an invitation by the hash of its link. One of the same address that is past its time makes room for it; one that
// is not is a Conflict at email.
func (t *Tx) InsertInvitation(ctx context.Context, organization app.ID, i app.Invitation, hash []byte) error {
	_, err := t.tx.Exec(ctx, `
		UPDATE invitations SET state = 'expired', ended_at = $3
		WHERE organization_id = $1 AND email = $2 AND state = 'open' AND expires_at <= $3`, organization, i.Email, i.CreatedAt)
	if err != nil {
		return classify(err)
	}
	_, err = t.tx.Exec(ctx, `
		INSERT INTO invitations (organization_id, id, email, role, language, token_hash, invited_by, created_at, sent_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)`,
		organization, i.ID, i.Email, i.Role, i.Language, hash, i.InvitedBy, i.CreatedAt, i.ExpiresAt)
	return classify(err)
}

// RenewInvitation gives an invitation another link and more time; the link before works no more.
func (t *Tx) RenewInvitation(ctx context.Context, organization, id app.ID, hash []byte, now, until time.Time) error {
	return t.changeOne(ctx, `
		UPDATE invitations SET token_hash = $3, sent_at = $4, expires_at = $5, mails = mails + 1
		WHERE organization_id = $1 AND id = $2 AND state = 'open'`, organization, id, hash, now, until)
}

// EndInvitation says what became of an invitation that is open. Of two who end it, one gets NotFound.
func (t *Tx) EndInvitation(ctx context.Context, organization, id app.ID, state app.InvitationState, now time.Time) error {
	return t.changeOne(ctx, `
		UPDATE invitations SET state = $3, ended_at = $4 WHERE organization_id = $1 AND id = $2 AND state = 'open'`, organization, id, state, now)
}

// Invited returns the invitation whose link has this hash, whatever became of it, or NotFound.
func (s *Store) Invited(ctx context.Context, hash []byte) (app.Invited, error) {
	var i app.Invited
	o := &i.Organization
	err := s.pool.QueryRow(ctx, `
		SELECT organization_id, organization_name, kind, organization_state, id, email, role, language, state, invited_by, expires_at, known
		FROM invitation_of($1)`, hash).
		Scan(&o.ID, &o.Name, &o.Kind, &o.State, &i.ID, &i.Email, &i.Role, &i.Language, &i.State, &i.InvitedBy, &i.ExpiresAt, &i.Known)
	return i, classify(err)
}

// AnyInvitation reports whether an address has an invitation that can be accepted at a moment, from any organization of the actor's sub-tree.
func (t *Tx) AnyInvitation(ctx context.Context, email string, now time.Time) (any bool, err error) {
	err = t.tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM invitations WHERE email = $1 AND state = 'open' AND expires_at > $2)`, email, now).Scan(&any)
	return any, classify(err)
}

// InsertInvited adds a person who came by an invitation: that they read mails to the address is proved.
func (t *Tx) InsertInvited(ctx context.Context, u app.User, now time.Time) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO users (id, email, name, password_hash, language, created_at, verified_at, password_changed_at) VALUES ($1, $2, $3, $4, $5, $6, $6, $6)`,
		u.ID, u.Email, u.Name, u.PasswordHash, u.Language, now)
	return classify(err)
}
