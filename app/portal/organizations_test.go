package portal_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
)

// wrongTree counts the rows by which the tree and what parent_id says differ.
const wrongTree = `
	WITH RECURSIVE up AS (
		SELECT id AS descendant, id AS ancestor, 0 AS depth FROM organizations
		UNION ALL SELECT up.descendant, o.parent_id, up.depth + 1 FROM up JOIN organizations o ON o.id = up.ancestor WHERE o.parent_id IS NOT NULL
	)
	SELECT (SELECT count(*) FROM (SELECT * FROM (SELECT ancestor, descendant, depth FROM up) u EXCEPT SELECT ancestor, descendant, depth FROM organization_tree) x)
	     + (SELECT count(*) FROM (SELECT ancestor, descendant, depth FROM organization_tree EXCEPT SELECT ancestor, descendant, depth FROM up) x)`

func superuser(t *testing.T, w *portaltest.World) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) }) //nolint:errcheck // the database goes with the test
	return conn
}

func wantRightTree(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	var wrong int
	if err := conn.QueryRow(t.Context(), wrongTree).Scan(&wrong); err != nil || wrong != 0 {
		t.Errorf("the tree differs from what parent_id says in %d rows (%v)", wrong, err)
	}
}

func newOrganization(kind app.OrganizationKind, slug string) portal.NewOrganization {
	return portal.NewOrganization{Kind: kind, Name: "Demo " + slug, Slug: slug, Owner: portal.NewMember{Email: slug + "@example.test"}}
}

func TestSellersMakeOrganizationsBelowThemselves(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	reseller := w.Reseller(t)
	inner := w.Below(t, reseller, app.Reseller, "inner")
	leaf := w.Below(t, inner, app.Customer, "leaf")
	wantRightTree(t, superuser(t, w))
	for name, who := range map[string]app.Actor{"its seller": inner, "the seller above": reseller, "the operator": w.Operator} {
		if err := w.Store.Read(t.Context(), who, func(tx *store.Tx) error { _, err := tx.Organization(t.Context(), leaf.Organization); return err }); err != nil {
			t.Errorf("%s does not see the customer: %v", name, err)
		}
	}
	for name, who := range map[string]app.Actor{"a sibling": w.Tenant, "another customer": w.Resold(t)} {
		err := w.Store.Read(t.Context(), who, func(tx *store.Tx) error { _, err := tx.Organization(t.Context(), leaf.Organization); return err })
		if app.CodeOf(err) != app.NotFound {
			t.Errorf("%s sees the customer: %v", name, err)
		}
	}
	if _, err := w.Portal.CreateOrganization(t.Context(), w.Tenant, newOrganization(app.Customer, "below")); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a customer makes an organization: %v", err)
	}
}

func TestWrongOrganizations(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	cases := map[string]struct {
		field  string
		change func(*portal.NewOrganization)
	}{
		"no kind":          {"kind", func(n *portal.NewOrganization) { n.Kind = "" }},
		"an operator":      {"kind", func(n *portal.NewOrganization) { n.Kind = app.Operator }},
		"no name":          {"name", func(n *portal.NewOrganization) { n.Name = " \t" }},
		"control in name":  {"name", func(n *portal.NewOrganization) { n.Name = "Gar\x07den" }},
		"newline in name":  {"name", func(n *portal.NewOrganization) { n.Name = "Garden\nClub" }},
		"long name":        {"name", func(n *portal.NewOrganization) { n.Name = strings.Repeat("ü", 121) }},
		"no slug":          {"slug", func(n *portal.NewOrganization) { n.Slug = "" }},
		"dots in slug":     {"slug", func(n *portal.NewOrganization) { n.Slug = "a.b" }},
		"long slug":        {"slug", func(n *portal.NewOrganization) { n.Slug = strings.Repeat("a", 41) }},
		"taken slug":       {"slug", func(n *portal.NewOrganization) { n.Slug = "tenant" }},
		"no language":      {"language", func(n *portal.NewOrganization) { n.Owner.Language = "xx" }},
		"no address":       {"email", func(n *portal.NewOrganization) { n.Owner.Email = "nobody" }},
		"a short password": {"password", func(n *portal.NewOrganization) { n.Owner.Password = "short" }},
	}
	for name, c := range cases {
		n := newOrganization(app.Customer, "fresh")
		c.change(&n)
		if _, err := w.Portal.CreateOrganization(t.Context(), w.Reseller(t), n); app.FieldsOf(err)[c.field] == "" {
			t.Errorf("%s: %v, want a message at the field %s", name, err, c.field)
		}
	}
	var made int
	if err := superuser(t, w).QueryRow(t.Context(), `SELECT count(*) FROM organizations WHERE slug = 'fresh'`).Scan(&made); err != nil || made != 0 {
		t.Errorf("%d organizations were made by wrong forms (%v)", made, err)
	}
}

// TestTheDatabaseKeepsTheTree tries what no verb would do, as the program's own role and as staff.
func TestTheDatabaseKeepsTheTree(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	reseller, resold := w.Reseller(t), w.Resold(t)
	inner := w.Below(t, reseller, app.Reseller, "inner")
	program, err := pgx.Connect(t.Context(), w.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close(t.Context()) //nolint:errcheck // the database goes with the test
	as := func(actor app.Actor, sql string, args ...any) error {
		tx, err := program.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(t.Context()) //nolint:errcheck // nothing is to stay
		open := `SET LOCAL allotment.organization = '` + actor.Organization.String() + `'`
		if actor.Staff() {
			open += `; SET LOCAL ROLE allotment_operator`
		}
		if _, err := tx.Exec(t.Context(), open); err != nil {
			t.Fatal(err)
		}
		tag, err := tx.Exec(t.Context(), sql, args...)
		if err == nil && tag.RowsAffected() == 0 {
			return app.Errorf(app.NotFound, "Nothing was found.")
		}
		return err
	}
	const insert = `INSERT INTO organizations (id, parent_id, kind, name, slug, created_at) VALUES (gen_random_uuid(), $1, $2, 'x', 'x', now())`
	refused := map[string]error{
		"below a sibling":           as(reseller, insert, w.Tenant.Organization, "customer"),
		"below the operator":        as(reseller, insert, w.Operator.Organization, "customer"),
		"below a customer":          as(reseller, insert, resold.Organization, "customer"),
		"below a customer, staff":   as(w.Operator, insert, resold.Organization, "customer"),
		"a second operator":         as(reseller, insert, nil, "operator"),
		"out of the sub-tree":       as(reseller, `UPDATE organizations SET parent_id = $1 WHERE id = $2`, w.Operator.Organization, resold.Organization),
		"another kind":              as(w.Operator, `UPDATE organizations SET kind = 'reseller' WHERE id = $1`, resold.Organization),
		"a circle":                  as(w.Operator, `UPDATE organizations SET parent_id = $1 WHERE id = $2`, inner.Organization, reseller.Organization),
		"below itself":              as(w.Operator, `UPDATE organizations SET parent_id = id WHERE id = $1`, reseller.Organization),
		"a suspended operator":      as(w.Operator, `UPDATE organizations SET state = 'suspended' WHERE id = $1`, w.Operator.Organization),
		"suspend a sibling":         as(reseller, `UPDATE organizations SET state = 'suspended' WHERE id = $1`, w.Tenant.Organization),
		"suspend oneself":           as(reseller, `UPDATE organizations SET state = 'suspended' WHERE id = $1`, reseller.Organization),
		"write the tree":            as(reseller, `INSERT INTO organization_tree VALUES ($1, $2, 1)`, reseller.Organization, w.Tenant.Organization),
		"a seller changes its slug": as(reseller, `UPDATE organizations SET slug = 'other' WHERE id = $1`, reseller.Organization),
	}
	for name, err := range refused {
		if err == nil {
			t.Errorf("the database takes: %s", name)
		}
	}
	allowed := map[string]error{
		"below itself":   as(reseller, insert, reseller.Organization, "customer"),
		"further below":  as(reseller, insert, inner.Organization, "reseller"),
		"rename oneself": as(reseller, `UPDATE organizations SET name = 'Other' WHERE id = $1`, reseller.Organization),
		"suspend below":  as(reseller, `UPDATE organizations SET state = 'suspended', reason = 'x' WHERE id = $1`, resold.Organization),
		"close oneself":  as(resold, `UPDATE organizations SET state = 'closed' WHERE id = $1`, resold.Organization),
	}
	for name, err := range allowed {
		if err != nil {
			t.Errorf("the database refuses: %s: %v", name, err)
		}
	}
}

// TestTreeAfterMoves moves a reseller with all below it, as staff, and wants the tree to follow.
func TestTreeAfterMoves(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	inner := w.Below(t, w.Reseller(t), app.Reseller, "inner")
	w.Below(t, inner, app.Customer, "leaf")
	conn := superuser(t, w)
	for _, parent := range []app.ID{w.Operator.Organization, w.Reseller(t).Organization} {
		if _, err := conn.Exec(t.Context(), `UPDATE organizations SET parent_id = $1 WHERE id = $2`, parent, inner.Organization); err != nil {
			t.Fatal(err)
		}
		wantRightTree(t, conn)
	}
}
