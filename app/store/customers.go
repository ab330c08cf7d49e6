package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
)

// Customer is an organization below the actor's, as a list shows it.
type Customer struct {
	app.Organization
	SellerName string
	Owners     []string // their e-mail addresses
	Services   int      // that live
}

// CustomerQuery selects a page of the organizations below another, in the order of their names.
type CustomerQuery struct {
	Top   app.ID // below which; the actor's own organization or one of its sub-tree
	Text  string // part of the name, the short name or an owner's address
	Kind  app.OrganizationKind
	State app.OrganizationState // "": all but closed ones
	After app.ID                // the last one of the page before
	Limit int
}

// Customers returns a page of the organizations below the query's top, and how many fit, counted up to most.
func (t *Tx) Customers(ctx context.Context, q CustomerQuery, most int) ([]Customer, int, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+organizationColumns+`, coalesce(s.name, ''),
		       ARRAY(SELECT u.email FROM memberships m JOIN users u ON u.id = m.user_id
		             WHERE m.organization_id = o.id AND m.role IN ('reseller_owner', 'customer_owner') ORDER BY m.created_at LIMIT 3),
		       (SELECT count(*) FROM services v WHERE v.organization_id = o.id AND v.terminated_at IS NULL)
		FROM organizations_below($1, $2, $3, $4, $5, $6) page (id)
		JOIN organizations o ON o.id = page.id
		LEFT JOIN organizations s ON s.id = o.parent_id
		ORDER BY lower(o.name), o.id`, q.Top, q.Text, q.Kind, q.State, optional(q.After), q.Limit)
	if err != nil {
		return nil, 0, classify(err)
	}
	customers, err := pgx.CollectRows(rows, scanCustomer)
	if err != nil || q.After == (app.ID{}) && len(customers) < q.Limit { // the first page holds all that fit
		return customers, len(customers), classify(err)
	}
	var count int
	err = t.tx.QueryRow(ctx, `SELECT count(*) FROM organizations_below($1, $2, $3, $4, NULL, $5)`, q.Top, q.Text, q.Kind, q.State, most).Scan(&count)
	return customers, count, classify(err)
}

func scanCustomer(row pgx.CollectableRow) (Customer, error) {
	var c Customer
	var parent *app.ID
	err := row.Scan(append(organizationFields(&c.Organization, &parent), &c.SellerName, &c.Owners, &c.Services)...)
	c.Parent = value(parent)
	return c, err
}

// Owner is a person who owns an organization.
type Owner struct {
	Organization app.ID
	Email        string
	Name         string
	Language     string
}

// Owners returns the owners of an organization of the actor's sub-tree, the first ones first.
func (t *Tx) Owners(ctx context.Context, organization app.ID) ([]Owner, error) {
	return t.people(ctx, `
		SELECT m.organization_id, u.email, u.name, u.language FROM memberships m JOIN users u ON u.id = m.user_id
		WHERE m.organization_id = $1 AND m.role IN ('operator_admin', 'reseller_owner', 'customer_owner') AND NOT u.disabled
		ORDER BY m.created_at`, organization)
}

// Payers returns those who pay for an organization: its owners, and those with the role for billing.
func (t *Tx) Payers(ctx context.Context, organization app.ID) ([]Owner, error) {
	return t.people(ctx, payersOf, []app.ID{organization})
}

const payersOf = `
	SELECT m.organization_id, u.email, u.name, u.language FROM memberships m JOIN users u ON u.id = m.user_id
	WHERE m.organization_id = ANY ($1)
	  AND m.role IN ('operator_admin', 'reseller_owner', 'customer_owner', 'reseller_billing', 'customer_billing') AND NOT u.disabled
	ORDER BY m.created_at`

func (t *Tx) people(ctx context.Context, sql string, arg any) ([]Owner, error) {
	rows, err := t.tx.Query(ctx, sql, arg)
	if err != nil {
		return nil, classify(err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Owner])
}

// Seller returns whom the actor's organization buys from, or NotFound for the operator.
func (t *Tx) Seller(ctx context.Context) (app.Organization, error) {
	var o app.Organization
	err := t.tx.QueryRow(ctx, `SELECT id, name, kind FROM seller()`).Scan(&o.ID, &o.Name, &o.Kind)
	return o, classify(err)
}

// Remains says what an organization still has that keeps it from being closed.
type Remains struct {
	Services  int // that are not removed
	Customers int // below it, that are not closed
}

// Remains counts what an organization of the actor's sub-tree still has.
func (t *Tx) Remains(ctx context.Context, organization app.ID) (Remains, error) {
	var r Remains
	err := t.tx.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM services WHERE organization_id = $1 AND terminated_at IS NULL),
		       (SELECT count(*) FROM (SELECT FROM organizations WHERE parent_id = $1 AND state <> 'closed' LIMIT 1000) below)`, organization).
		Scan(&r.Services, &r.Customers)
	return r, classify(err)
}

// RenameOrganization gives an organization another name. Its short name stays.
func (t *Tx) RenameOrganization(ctx context.Context, id app.ID, name string, now time.Time) error {
	return t.changeOne(ctx, `UPDATE organizations SET name = $2, changed_at = $3 WHERE id = $1`, id, name, now)
}

// SetIdle sets after how many minutes without a call an organization's people sign in again; 0 for the installation's own time.
func (t *Tx) SetIdle(ctx context.Context, id app.ID, minutes int, now time.Time) error {
	return t.changeOne(ctx, `UPDATE organizations SET idle_minutes = nullif($2, 0), changed_at = $3 WHERE id = $1`, id, minutes, now)
}

// LockOrganization is Organization, and its state stays until this transaction ends.
func (t *Tx) LockOrganization(ctx context.Context, id app.ID) (app.Organization, error) {
	rows, err := t.tx.Query(ctx, `SELECT `+organizationColumns+` FROM organizations o WHERE o.id = $1 FOR NO KEY UPDATE`, id)
	if err != nil {
		return app.Organization{}, classify(err)
	}
	o, err := pgx.CollectExactlyOneRow(rows, scanOrganization)
	return o, classify(err)
}

// MoveOrganization changes an organization's state if the state machine allows it from the one that it is in. The caller holds its lock.
func (t *Tx) MoveOrganization(ctx context.Context, o app.Organization, next app.OrganizationState, reason string, now time.Time) error {
	if err := o.State.To(next); err != nil {
		return err
	}
	_, err := t.tx.Exec(ctx, `UPDATE organizations SET state = $2, reason = $3, changed_at = $4 WHERE id = $1`, o.ID, next, reason, now)
	return classify(err)
}

// changeOne runs a change of one row; where there is none it is NotFound.
func (t *Tx) changeOne(ctx context.Context, sql string, args ...any) error {
	tag, err := t.tx.Exec(ctx, sql, args...)
	if err == nil && tag.RowsAffected() == 0 {
		err = pgx.ErrNoRows
	}
	return classify(err)
}
