package store_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
	"allotment/app/store/storetest"
)

// withoutTenant are the tables that belong to no organization, with the reason.
var withoutTenant = map[string]string{
	"users":            "a person may be in several organizations",
	"sessions":         "found by the hash of a token before a tenant is known",
	"attempts":         "counted before anybody is known",
	"totps":            "a person may be in several organizations",
	"recovery_codes":   "a person may be in several organizations",
	"passkeys":         "a person may be in several organizations",
	"links":            "found by the hash of a token before a tenant is known",
	"challenges":       "found by the hash of a token before a tenant is known",
	"ended_sessions":   "found by the hash of a token before a tenant is known",
	"guest_quarantine": "numbers of the hypervisor, for the operator",
	"signing_keys":     "the OpenID provider's own, one set for the installation",
	"sign_ins":         "ways to a provider, before anybody is known",
	"vat_rates":        "the same for everybody",
	"exchange_rates":   "the same for everybody",
	"schema_version":   "the schema's own",
}

func TestNoTableWithoutPolicy(t *testing.T) {
	t.Parallel()
	d := storetest.Open(t)
	conn := connect(t, d.Superuser)
	rows, err := conn.Query(t.Context(), `
		SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, pg_get_userbyid(c.relowner) = 'allotment_program',
		       EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped),
		       ARRAY(SELECT polname::text FROM pg_policy p WHERE p.polrelid = c.oid)
		FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')`)
	if err != nil {
		t.Fatal(err)
	}
	var name string
	var enabled, forced, owns, tenant bool
	var policies []string
	n := 0
	_, err = pgx.ForEachRow(rows, []any{&name, &enabled, &forced, &owns, &tenant, &policies}, func() error {
		n++
		if owns {
			t.Errorf("the program's role owns %s", name)
		}
		if reason := withoutTenant[name]; reason != "" {
			if tenant {
				t.Errorf("%s has an organization_id and is listed as a table without tenant", name)
			}
			return nil
		}
		if !enabled || !forced || len(policies) == 0 {
			t.Errorf("%s: row-level security enabled %t, forced %t, policies %v", name, enabled, forced, policies)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 15 {
		t.Errorf("only %d tables were looked at", n)
	}
	for name := range withoutTenant {
		var there bool
		if err := conn.QueryRow(t.Context(), `SELECT to_regclass('public.' || $1) IS NOT NULL`, name).Scan(&there); err != nil || !there {
			t.Errorf("%s is listed as a table without tenant, and does not exist (%v)", name, err)
		}
	}
}

// TestEveryPolicyAsksForTheTenant holds what a table without rows cannot show: each policy for the program's role asks who the tenant is, none is
// for everybody, and what only staff may do is for staff's role alone.
func TestEveryPolicyAsksForTheTenant(t *testing.T) {
	t.Parallel()
	conn := connect(t, storetest.Open(t).Superuser)
	rows, err := conn.Query(t.Context(), `
		SELECT tablename || '.' || policyname, roles::text[], coalesce(qual, '') || ' ' || coalesce(with_check, '') FROM pg_policies WHERE schemaname = 'public'`)
	if err != nil {
		t.Fatal(err)
	}
	var name, says string
	var roles []string
	n := 0
	_, err = pgx.ForEachRow(rows, []any{&name, &roles, &says}, func() error {
		n++
		switch {
		case len(roles) != 1:
			t.Errorf("%s is for %v: say which", name, roles)
		case roles[0] == "allotment_program" && !strings.Contains(says, "tenant()"):
			t.Errorf("%s does not ask for the tenant: %s", name, says)
		case roles[0] != "allotment_program" && roles[0] != "allotment_operator" && roles[0] != "allotment_auditor":
			t.Errorf("%s is for %s", name, roles[0])
		}
		return nil
	})
	if err != nil || n < 30 {
		t.Errorf("%d policies were looked at (%v)", n, err)
	}
}

// TestForeignKeysBetweenTenantTablesHoldTheTenant looks for a key that could point from one tenant's row to another's.
func TestForeignKeysBetweenTenantTablesHoldTheTenant(t *testing.T) {
	t.Parallel()
	conn := connect(t, storetest.Open(t).Superuser)
	rows, err := conn.Query(t.Context(), `
		SELECT k.conrelid::regclass::text || '.' || k.conname
		FROM pg_constraint k
		JOIN pg_attribute mine  ON mine.attrelid  = k.conrelid  AND mine.attname  = 'organization_id'
		JOIN pg_attribute other ON other.attrelid = k.confrelid AND other.attname = 'organization_id'
		WHERE k.contype = 'f' AND NOT (mine.attnum = ANY (k.conkey) AND other.attnum = ANY (k.confkey))`)
	if err != nil {
		t.Fatal(err)
	}
	loose, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(loose) > 0 {
		t.Errorf("foreign keys without the tenant: %v (%v)", loose, err)
	}
}

func TestForgottenTenantIsAnError(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	if err := w.Store.InTenant(t.Context(), app.Actor{}, func(*store.Tx) error { return nil }); app.CodeOf(err) != app.Unauthenticated {
		t.Errorf("a transaction without a tenant: %v", err)
	}
	_, err := w.Portal.PlaceOrder(t.Context(), w.Tenant, portal.OrderRequest{
		App: "redmine", Plan: "small", Name: "Ours", Host: "team." + portaltest.Zone, Key: "team",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Portal.SaveBrand(t.Context(), w.Reseller(t), portal.BrandRequest{Name: "Ours"}); err != nil {
		t.Fatal(err)
	}
	conn, tables := connect(t, w.URL), tenantTablesWithRows(t, connect(t, w.Superuser))
	if len(tables) < 14 {
		t.Errorf("only %v have rows to look at", tables)
	}
	for _, table := range append(tables, "organizations", "organization_tree") {
		for range 7 { // the sixth run of a prepared statement may get another plan
			_, err := conn.Exec(t.Context(), `SELECT * FROM `+table)
			if err == nil || !strings.Contains(err.Error(), "allotment.organization") {
				t.Errorf("%s without a tenant: %v, want an error that names the setting", table, err)
				break
			}
		}
	}
}

// tenantTablesWithRows lists the tables of tenants in which there is something to see.
func tenantTablesWithRows(t *testing.T, conn *pgx.Conn) (tables []string) {
	t.Helper()
	rows, err := conn.Query(t.Context(), `
		SELECT a.attrelid::regclass::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
		WHERE a.attname = 'organization_id' AND NOT a.attisdropped AND c.relnamespace = 'public'::regnamespace ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range all {
		var filled bool
		if err := conn.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM `+table+`)`).Scan(&filled); err != nil {
			t.Fatal(err)
		}
		if filled {
			tables = append(tables, table)
		}
	}
	return tables
}

func TestProgramCannotBecomeMore(t *testing.T) {
	t.Parallel()
	conn := connect(t, storetest.Open(t).URL)
	for _, sql := range []string{
		`ALTER TABLE services DISABLE ROW LEVEL SECURITY`, `DROP POLICY tenant ON services`, `UPDATE events SET message = ''`, `DELETE FROM events`,
		`UPDATE prices SET amount_minor = 0`, `DELETE FROM services`, `SET ROLE postgres`,
		`SET ROLE allotment_auditor`, `UPDATE audit SET after = ''`, `DELETE FROM audit`, `TRUNCATE audit`, `UPDATE audit_heads SET seq = 0`,
		`SET ROLE allotment_operator; UPDATE audit SET after = ''`, `SET ROLE allotment_operator; UPDATE audit_heads SET seq = 0`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("the program's role may: %s", sql)
		}
	}
}

// TestFunctionsThatLookPastTheTenant holds what runs with the operator's rights: it resolves names in a fixed place only, and no
// stranger may call it.
func TestFunctionsThatLookPastTheTenant(t *testing.T) {
	t.Parallel()
	conn := connect(t, storetest.Open(t).Superuser)
	rows, err := conn.Query(t.Context(), `
		SELECT p.proname, coalesce(array_to_string(p.proconfig, ' '), ''), pg_get_userbyid(p.proowner), has_function_privilege('pg_monitor', p.oid, 'EXECUTE')
		FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef`)
	if err != nil {
		t.Fatal(err)
	}
	var name, config, owner string
	var strangers bool
	n := 0
	_, err = pgx.ForEachRow(rows, []any{&name, &config, &owner, &strangers}, func() error {
		n++
		wanted := "allotment_operator"
		if name == "chain_audit" {
			wanted = "allotment_auditor"
		}
		if config != "search_path=public, pg_temp" || owner != wanted || strangers {
			t.Errorf("%s: %q, owned by %s, strangers may call it: %t", name, config, owner, strangers)
		}
		return nil
	})
	if err != nil || n < 5 {
		t.Errorf("%d functions were looked at (%v)", n, err)
	}
}

func TestStoreRefusesASuperuser(t *testing.T) {
	t.Parallel()
	d := storetest.Open(t)
	if st, err := store.Open(t.Context(), store.Config{URL: d.Superuser}); err == nil {
		st.Close()
		t.Error("the store opens as a role that row-level security does not bind")
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}
