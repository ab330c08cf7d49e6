package web_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/vault"
)

// party is an organization of the walk with a person and a key for each role, and one of everything that a path can name. Whatever can be
// read of it holds its mark; its name, which those below it see as their seller's, holds another.
type party struct {
	id       app.ID
	kind     app.OrganizationKind
	above    *party
	mark     string
	nameMark string
	state    app.OrganizationState
	sessions map[app.Role]string // the cookies' values
	users    map[app.Role]app.ID
	keys     map[app.Role]string // the tokens
	things   map[string]string   // what a path can name -> an ID
	personal map[app.Role]map[string]string
}

// thing is the ID of what a path can name: of the person with the role where it is a person's own.
func (p *party) thing(role app.Role, name string) string {
	if id, ok := p.personal[role][name]; ok {
		return id
	}
	if id, ok := p.personal[app.OwnerOf(p.kind)][name]; ok {
		return id
	}
	return p.things[name]
}

// estate makes parties, past the pages.
type estate struct {
	*portaltest.World
	pool *pgxpool.Pool // as the superuser
}

func newEstate(t *testing.T, w *portaltest.World) *estate {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), w.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return &estate{World: w, pool: pool}
}

func (e *estate) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := e.pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
}

func (e *estate) word() string {
	id := app.NewID()
	return fmt.Sprintf("m%x", id[9:])
}

// plant makes an organization below another, with people, keys and things.
func (e *estate) plant(t *testing.T, above *party, kind app.OrganizationKind) *party {
	t.Helper()
	p := &party{id: app.NewID(), kind: kind, above: above, nameMark: e.word()}
	e.exec(t, `INSERT INTO organizations (id, parent_id, kind, name, slug, state, created_at) VALUES ($1, $2, $3, $4, $5, 'active', now())`,
		p.id, above.id, kind, "Org "+p.nameMark, "org-"+p.nameMark)
	portaltest.Billable(t, e.Store, p.id, "Org "+p.nameMark, kind == app.Reseller)
	e.furnish(t, p)
	return p
}

// furnish gives a party fresh people, keys and things under a fresh mark.
func (e *estate) furnish(t *testing.T, p *party) {
	t.Helper()
	p.mark, p.state = e.word(), app.OrganizationActive
	p.sessions, p.users, p.keys, p.things = map[app.Role]string{}, map[app.Role]app.ID{}, map[app.Role]string{}, map[string]string{}
	p.personal = map[app.Role]map[string]string{}
	for _, role := range app.RolesOf(p.kind) {
		e.person(t, p, role)
	}
	owner := p.actor(app.OwnerOf(p.kind))
	for _, role := range app.KeyRoles(owner) {
		key, token, err := e.Portal.CreateKey(t.Context(), owner, portal.KeyRequest{Name: p.mark + " " + string(role), Role: role})
		if err != nil {
			t.Fatal(err)
		}
		p.keys[role], p.things["key"] = token, key.ID.String()
	}
	e.service(t, p, owner)
	e.export(t, p)
	e.customers(t, p)
	e.provider(t, p, owner)
	e.invoice(t, p)
	e.payments(t, p)
	e.refunds(t, p)
	e.mails(t, p, owner)
	e.sales(t, p)
	e.coupon(t, p)
	roles := app.RolesOf(p.kind)
	p.things["member"] = p.users[roles[len(roles)-1]].String()
	p.things["organization"] = p.id.String()
}

// person makes a member with a role, who is signed in.
func (e *estate) person(t *testing.T, p *party, role app.Role) {
	t.Helper()
	user, session, passkey, token, now := app.NewID(), app.NewID(), app.NewID(), app.NewID().String()+app.NewID().String(), time.Now()
	e.exec(t, `INSERT INTO users (id, email, name, created_at, verified_at) VALUES ($1, $2, $3, $4, $4)`,
		user, string(role)+"."+p.mark+"@example.test", "Person "+p.mark, now)
	e.exec(t, `INSERT INTO memberships (organization_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)`, p.id, user, role, now)
	elsewhere := app.NewID() // the same person in another browser
	for id, secret := range map[app.ID]string{session: token, elsewhere: "elsewhere" + token} {
		e.exec(t, `INSERT INTO sessions (token_hash, id, user_id, acting, address, agent, method, created_at, seen_at, confirmed_at, expires_at)
			VALUES ($1, $2, $3, $4, '192.0.2.1', $5, 'password', $6, $6, $6, $7)`,
			vault.Hash(secret), id, user, p.id, "agent "+p.mark, now, now.Add(time.Hour))
	}
	e.exec(t, `INSERT INTO passkeys (id, user_id, credential_id, credential, name, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		passkey, user, passkey[:], `{}`, "passkey "+p.mark, now)
	p.users[role], p.sessions[role] = user, token
	p.personal[role] = map[string]string{"session": elsewhere.String(), "passkey": passkey.String()}
}

// coupon is one of the party's own.
func (e *estate) coupon(t *testing.T, p *party) {
	t.Helper()
	coupon := app.NewID()
	e.exec(t, `INSERT INTO coupons (organization_id, id, code, percent, currency, periods, valid_from, created_at) VALUES ($1, $2, $3, 10, 'EUR', 1, now(), now())`,
		p.id, coupon, "MARK-"+strings.ToUpper(p.mark))
	p.things["coupon"] = coupon.String()
}

// customers gives a seller a customer, and everybody a move of a customer to another seller.
func (e *estate) customers(t *testing.T, p *party) {
	t.Helper()
	bare := func(above app.ID, kind app.OrganizationKind) app.ID {
		id := app.NewID()
		e.exec(t, `INSERT INTO organizations (id, parent_id, kind, name, slug, state, created_at) VALUES ($1, $2, $3, $4, $5, 'active', now())`,
			id, above, kind, "Below "+p.mark, "below-"+e.word())
		return id
	}
	customer, giver := p.id, p.id
	if p.kind == app.Customer {
		giver = p.above.id
	} else {
		customer = bare(p.id, app.Customer)
	}
	transfer := app.NewID()
	e.exec(t, `INSERT INTO transfers (organization_id, id, giver_id, receiver_id, customer_name, giver_name, receiver_name, started_by, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $5, $5, 'giver', now(), now() + interval '1 day')`,
		customer, transfer, giver, bare(e.Operator.Organization, app.Reseller), "Move "+p.mark)
	p.things["customer"], p.things["transfer"] = customer.String(), transfer.String()
}

// sales gives a seller a subscription that could not be invoiced, and everybody a run; only staff see theirs.
func (e *estate) sales(t *testing.T, p *party) {
	t.Helper()
	run, seller := app.NewID(), p.id
	if p.kind == app.Customer {
		seller = p.above.id
	}
	e.exec(t, `INSERT INTO billing_runs (organization_id, id, kind, asked_by, asked_at, error) VALUES ($1, $2, 'verify', $3, now(), $3)`, p.id, run, "run "+p.mark)
	e.exec(t, `UPDATE subscriptions SET seller_id = $3, parked = $2 WHERE service_id::text = $1`, p.things["service"], "parked "+p.mark, seller)
	var subscription app.ID
	if err := e.pool.QueryRow(t.Context(), `SELECT id FROM subscriptions WHERE service_id::text = $1`, p.things["service"]).Scan(&subscription); err != nil {
		t.Fatal(err)
	}
	p.things["run"], p.things["parked"] = run.String(), subscription.String()
}

// service orders one, and writes the party's mark wherever something will be told of it.
func (e *estate) service(t *testing.T, p *party, owner app.Actor) {
	t.Helper()
	order, err := e.Portal.PlaceOrder(t.Context(), owner, portal.OrderRequest{
		App: "redmine", Plan: "small", Name: "Service " + p.mark, Host: p.host(), Answers: map[string]string{"title": p.mark}, Key: p.mark,
	})
	if err != nil {
		t.Fatal(err)
	}
	p.things["service"], p.things["operation"], p.things["order"] = order.Service.String(), order.Operation.String(), order.ID.String()
	e.exec(t, `UPDATE services SET failure = $2 WHERE id = $1`, order.Service, "failure "+p.mark)
	e.exec(t, `UPDATE steps SET raw_error = $2, message = $2, progress = ARRAY[$2] WHERE service_id = $1`, order.Service, "step "+p.mark)
	sealed, err := e.Vault.Seal("secret " + p.mark)
	if err != nil {
		t.Fatal(err)
	}
	e.exec(t, `INSERT INTO secrets (organization_id, id, service_id, name, label, shown, ciphertext, created_at)
		VALUES ($1, $2, $3, 'admin_password', $4, 'once', $5, now())`, p.id, app.NewID(), order.Service, "label "+p.mark, sealed)
}

// provider makes a directory of the party's, and another one to which its owner is linked. Their names are public: the sign-in page shows them.
func (e *estate) provider(t *testing.T, p *party, owner app.Actor) {
	t.Helper()
	e.exec(t, `DELETE FROM providers WHERE organization_id = $1`, p.id) // there may only be a few
	var last app.ID
	for range 2 {
		made, err := e.Portal.AddProvider(t.Context(), owner, portal.ProviderRequest{
			Kind: app.ProviderLDAP, Name: "Directory " + e.word(), Secret: p.mark,
			Settings: app.ProviderSettings{LDAP: app.LDAPSettings{URI: "ldaps://" + p.mark + ".example.test", BindDN: "cn=" + p.mark, BaseDN: "dc=" + p.mark}},
		})
		if err != nil {
			t.Fatal(err)
		}
		last, p.things["provider"] = made.ID, last.String()
	}
	identity := app.NewID()
	e.exec(t, `INSERT INTO identities (organization_id, id, provider_id, subject, user_id, email, linked_at, used_at) VALUES ($1, $2, $3, $4, $5, $4, now(), now())`,
		p.id, identity, last, p.mark, owner.User)
	p.things["identity"] = identity.String()
}

// mails makes an invitation, a mail, and somebody who acts in the party's name at this moment: the notice stands on every page of its people.
func (e *estate) mails(t *testing.T, p *party, owner app.Actor) {
	t.Helper()
	invitation, mail, visit, sealed := app.NewID(), app.NewID(), app.NewID(), []byte(p.mark)
	e.exec(t, `INSERT INTO invitations (organization_id, id, email, role, token_hash, invited_by, created_at, sent_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, now(), now(), now() + interval '1 day')`,
		p.id, invitation, "invited."+p.mark+"@example.test", app.RolesOf(p.kind)[len(app.RolesOf(p.kind))-1], invitation[:], "Inviter "+p.mark)
	e.exec(t, `INSERT INTO mails (organization_id, id, key, kind, recipient, language, sealed, problem, created_at, next_at, until)
		VALUES ($1, $2, $3, 'verify', $4, 'en', $5, $6, now(), now(), now() + interval '1 day')`,
		p.id, mail, "walk "+p.mark, "mail."+p.mark+"@example.test", sealed, "problem "+p.mark)
	e.exec(t, `INSERT INTO impersonations (organization_id, id, user_id, user_name, seller_id, seller_name, reason, started_at, ends_at)
		VALUES ($1, $2, $3, $4, $1, $4, $5, now(), now() + interval '1 hour')`, p.id, visit, owner.User, "Visitor "+p.mark, "Reason "+p.mark)
	p.things["invitation"], p.things["mail"], p.things["visit"] = invitation.String(), mail.String(), visit.String()
}

func (p *party) host() string { return p.mark + "." + portaltest.Zone }

// actor is who a role of the party is, as the table of roles sees them.
func (p *party) actor(role app.Role) app.Actor {
	return app.Actor{
		User: p.users[role], Name: "Person " + p.mark, Organization: p.id, OrganizationName: "Org " + p.nameMark, OrganizationSlug: "org-" + p.nameMark,
		Kind: p.kind, Role: role, State: p.state, Language: "en", ConfirmedAt: time.Now(), Session: app.NewID(),
	}
}

// sees reports whether another party is the same one or below it.
func (p *party) sees(other *party) bool {
	for ; other != nil; other = other.above {
		if other.id == p.id {
			return true
		}
	}
	return false
}

// betrays returns what of another party stands in a text that this party must not read.
func (p *party) betrays(text string, other *party) string {
	switch {
	case p != nil && p.sees(other):
		return ""
	case strings.Contains(text, other.mark):
		return other.mark
	case strings.Contains(text, other.nameMark) && (p == nil || !other.sees(p)): // a seller's name is known to those below it
		return other.nameMark
	}
	return ""
}

// fingerprint is over every row of an organization, in every table that has rows of organizations, and over its people.
func (e *estate) fingerprint(t *testing.T, p *party) map[string]string {
	t.Helper()
	rows, err := e.pool.Query(t.Context(), `
		SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id'
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, name)
	}
	prints := map[string]string{}
	look := func(name, sql string, args ...any) {
		var print string
		if err := e.pool.QueryRow(context.WithoutCancel(t.Context()), sql, args...).Scan(&print); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		prints[name] = print
	}
	for _, table := range tables {
		look(table, `SELECT coalesce(md5(string_agg(r::text, ',' ORDER BY r::text)), '') FROM `+table+` r WHERE organization_id = $1`, p.id)
	}
	look("users", `SELECT coalesce(md5(string_agg(u::text, ',' ORDER BY u::text)), '') FROM users u WHERE email LIKE '%' || $1 || '%'`, p.mark)
	look("organizations", `SELECT o::text FROM organizations o WHERE id = $1`, p.id)
	return prints
}
