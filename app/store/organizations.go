package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// Bootstrap runs fn as the operator's staff before any organization exists: for the first operator only.
func (s *Store) Bootstrap(ctx context.Context, operator app.ID, fn func(*Tx) error) error {
	return s.InTenant(ctx, app.SystemStaff(operator), fn)
}

// Operator returns the operator's ID, or NotFound before there is one.
func (s *Store) Operator(ctx context.Context) (app.ID, error) {
	var operator app.Organization
	err := s.Bootstrap(ctx, app.NewID(), func(tx *Tx) (err error) {
		operator, err = tx.OperatorOrganization(ctx)
		return err
	})
	return operator.ID, err
}

// InsertOrganization adds an organization below its parent, which must be in the actor's sub-tree and sell. The tree follows by itself.
func (t *Tx) InsertOrganization(ctx context.Context, o app.Organization) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO organizations (id, parent_id, kind, name, slug, state, created_at, currency) VALUES ($1, $2, $3, $4, $5, 'active', $6, nullif($7, ''))`,
		o.ID, optional(o.Parent), o.Kind, o.Name, o.Slug, o.CreatedAt, o.Currency)
	return classify(err)
}

// OperatorOrganization returns the operator, or NotFound before there is one.
func (t *Tx) OperatorOrganization(ctx context.Context) (app.Organization, error) {
	var o app.Organization
	err := t.tx.QueryRow(ctx, `
		SELECT id, kind, name, slug, state, created_at FROM organizations WHERE kind = 'operator'`).
		Scan(&o.ID, &o.Kind, &o.Name, &o.Slug, &o.State, &o.CreatedAt)
	if err != nil {
		return app.Organization{}, classify(err)
	}
	return o, nil
}

// Organization returns one organization of the actor's sub-tree, or NotFound.
func (t *Tx) Organization(ctx context.Context, id app.ID) (app.Organization, error) {
	rows, err := t.tx.Query(ctx, `SELECT `+organizationColumns+` FROM organizations o WHERE o.id = $1`, id)
	if err != nil {
		return app.Organization{}, classify(err)
	}
	o, err := pgx.CollectExactlyOneRow(rows, scanOrganization)
	return o, classify(err)
}

const organizationColumns = `o.id, o.parent_id, o.kind, o.name, o.slug, o.state, o.reason, coalesce(o.idle_minutes, 0), coalesce(o.currency, ''), o.created_at`

func scanOrganization(row pgx.CollectableRow) (app.Organization, error) {
	var o app.Organization
	var parent *app.ID
	err := row.Scan(organizationFields(&o, &parent)...)
	o.Parent = value(parent)
	return o, err
}

func organizationFields(o *app.Organization, parent **app.ID) []any {
	return []any{&o.ID, parent, &o.Kind, &o.Name, &o.Slug, &o.State, &o.Reason, &o.IdleMinutes, &o.Currency, &o.CreatedAt}
}

// InsertUser adds a person.
func (t *Tx) InsertUser(ctx context.Context, u app.User, now time.Time) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO users (id, email, name, password_hash, language, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		u.ID, u.Email, u.Name, u.PasswordHash, u.Language, now)
	return classify(err)
}

// InsertMembership makes a person a member of an organization.
func (t *Tx) InsertMembership(ctx context.Context, organization, user app.ID, role app.Role, now time.Time) error {
	_, err := t.tx.Exec(ctx, `
		INSERT INTO memberships (organization_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)`,
		organization, user, role, now)
	return classify(err)
}

// HasBought reports whether an organization has ever had a subscription, or an account with its seller.
func (t *Tx) HasBought(ctx context.Context, id app.ID) (bought bool, err error) {
	err = t.tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM subscriptions WHERE organization_id = $1) OR EXISTS (SELECT FROM billing_accounts WHERE organization_id = $1)`, id).Scan(&bought)
	return bought, classify(err)
}

// SetCurrency sets in which currency an organization is asked. The caller holds its lock.
func (t *Tx) SetCurrency(ctx context.Context, id app.ID, currency string, now time.Time) error {
	_, err := t.tx.Exec(ctx, `UPDATE organizations SET currency = $2, changed_at = $3 WHERE id = $1`, id, currency, now)
	return classify(err)
}
