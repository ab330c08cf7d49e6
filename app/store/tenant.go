package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"allotment/app"
)

// Tx is one transaction of one tenant. Row-level security shows it the tenant's own sub-tree, or everything to staff.
type Tx struct {
	tx    pgx.Tx
	store *Store
	actor app.Actor
	audit []app.AuditEntry // one row in a transaction of Write, none in others
	looks bool             // it can change nothing
	last  pgx.Batch        // statements that go with the commit
}

// locking is a clause that locks rows, or nothing in a transaction that can change nothing: PostgreSQL refuses it there.
func (t *Tx) locking(clause string) string {
	if t.looks {
		return ""
	}
	return clause
}

// InTenant runs fn in one transaction for the actor's organization and commits when fn returns nil: for the engine's own work. The verbs of
// people go through Read and Write.
func (s *Store) InTenant(ctx context.Context, actor app.Actor, fn func(*Tx) error) error {
	return s.inTenant(ctx, actor, "BEGIN", fn)
}

// beginBulk keeps plans, whatever the numbers of rows, and makes them with keys: one that was made while a table was almost empty would read
// all of it ever after.
const beginBulk = "BEGIN; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off; SET LOCAL jit = off"

// InBulk is InTenant for work that does the same few statements over and over, each of which finds its rows by keys.
func (s *Store) InBulk(ctx context.Context, actor app.Actor, fn func(*Tx) error) error {
	return s.inTenant(ctx, actor, beginBulk, fn)
}

// errNotBegun is in the chain of an error after which nothing can have happened: the transaction did not begin.
var errNotBegun = errors.New("database")

// inTenant is the only way to tenant data. An actor without an organization is refused before anything is sent. The rows of the audit log come
// last, filled in by fn.
func (s *Store) inTenant(ctx context.Context, actor app.Actor, mode string, fn func(*Tx) error, audit ...app.AuditEntry) error {
	if actor.Organization == (app.ID{}) {
		return app.Errorf(app.Unauthenticated, "Please sign in first.")
	}
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotBegun, err)
	}
	defer conn.Release()
	t := &Tx{store: s, actor: actor, audit: audit, looks: mode == beginRead}
	if t.looks {
		t.tx = &look{conn: conn, actor: actor}
	} else if t.tx, err = begin(ctx, conn, actor, mode); err != nil {
		return err
	}
	err = fn(t)
	if err == nil {
		if err = t.commit(ctx); err == nil {
			return nil
		}
		err = fmt.Errorf("commit: %w", err)
	}
	t.tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // the first error is the one to tell
	return classify(err)
}

// begin opens a transaction that is the actor's, in one round trip: the IDs are UUIDs in their own format, so they need no quoting beyond this.
func begin(ctx context.Context, conn *pgxpool.Conn, actor app.Actor, mode string) (pgx.Tx, error) {
	open := fmt.Sprintf("%s; SET LOCAL allotment.organization = '%s'; SET LOCAL allotment.person = '%s'", mode, actor.Organization, actor.User)
	if actor.Staff() {
		open += "; SET LOCAL ROLE allotment_operator"
	}
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: open})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotBegun, err)
	}
	return tx, nil
}

// Actor returns who acts in this transaction.
func (t *Tx) Actor() app.Actor { return t.actor }

// constraintErrors says in words what a broken constraint means, by its name.
var constraintErrors = map[string]struct {
	code           app.Code
	field, message string
}{
	"services_host_key":          {app.Conflict, "host", "This address already has a service."},
	"operations_open_key":        {app.Conflict, "", "Something else is being done with this service. Please wait until it has ended."},
	"users_email_key":            {app.Conflict, "email", "This e-mail address already has an account."},
	"organizations_slug_key":     {app.Conflict, "slug", "This short name is taken."},
	"organizations_parent_sells": {app.Conflict, "", "A customer has nobody below it."},
	"organizations_parent_open":  {app.Conflict, "", "Nothing can be added below a closed organization."},
	"organizations_no_cycle":     {app.Conflict, "", "An organization cannot be below itself."},
	"organizations_state_stays":  {app.Forbidden, "", "An organization cannot do this to itself."},
	"services_owner_active":      {app.Conflict, "", "This organization is not active, so nothing can be ordered for it."},
	"transfers_open_key":         {app.Conflict, "", "Another move of this customer is open already."},
	"transfers_agreed":           {app.Conflict, "", "This move cannot be completed any more: something has changed meanwhile."},
	"transfers_receiver_open":    {app.Conflict, "", "The seller that would take the customer is not active."},
	"organizations_one_operator": {app.Conflict, "", "There is an operator already."},
	"coupon_over":                {app.Invalid, "coupon", "This code does not hold any more."},
	"coupon_total":               {app.Invalid, "coupon", "This code has been used up."},
	"coupon_per_customer":        {app.Invalid, "coupon", "You have used this code already."},
	"coupons_code_key":           {app.Conflict, "code", "You have a coupon with this code already. Please choose another one."},
	"payments_once":              {app.Conflict, "", "This payment was noted already."},
	"charges_once":               {app.Conflict, "", "This was invoiced already."},
	"payment_accounts_key":       {app.Conflict, "account", "Another seller uses this account."},
	"payment_attempts_once":      {app.Conflict, "", "This invoice is being collected already."},
	"payment_attempts_open":      {app.Conflict, "", "This invoice is being collected already."},
	"brands_host_key":            {app.Conflict, "host", "Another seller uses this host name."},
	"providers_name_key":         {app.Conflict, "name", "Another provider has this name already."},
	"identities_subject_key":     {app.Conflict, "", "This account of the provider is linked to somebody already."},
	"identities_user_key":        {app.Conflict, "", "You are linked to another account of this provider already. Unlink that one first."},
	"sessions_within_provider":   {app.Forbidden, "", "You came in by a provider of one organization. Sign in with your own account to act for another one."},
	"memberships_last_owner":     {app.Conflict, "", "An organization keeps at least one owner. Please make somebody else an owner first."},
	"memberships_pkey":           {app.Conflict, "", "This person is a member already."},
	"invitations_open_key":       {app.Conflict, "email", "This address has an invitation already. You can send it again."},
	"orders_key_key":             {app.Conflict, "key", "This order was placed already."},
	"mandates_reference_key":     {app.Conflict, "reference", "Another mandate has this reference already."},
	"mandates_one":               {app.Conflict, "customer", "This customer has a mandate already. Please revoke that one first."},
	"api_keys_name_key":          {app.Conflict, "name", "Another key has this name. Please choose one that tells them apart."},
}

// classify turns what PostgreSQL says into an app.Error where the reader can do something about it.
func classify(err error) error {
	var classified *app.Error
	if errors.As(err, &classified) {
		return err
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return app.Because(app.NotFound, err, "There is nothing at this address.")
	}
	var broken *pgconn.PgError
	if errors.As(err, &broken) {
		if full := quotaError(broken); full != nil {
			return full
		}
		if broken.Code == "42501" && strings.Contains(broken.Message, "row-level security") { // it was moved out of the sub-tree meanwhile
			return app.Because(app.Conflict, err, "This belongs to somebody else now.")
		}
		if c, ok := constraintErrors[broken.ConstraintName]; ok {
			e := &app.Error{Code: c.code, Message: c.message, Format: c.message, Err: err}
			if c.field != "" {
				e.Fields = map[string]string{c.field: c.message}
			}
			return e
		}
	}
	return err
}
