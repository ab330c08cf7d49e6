package portal_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
)

// rewrite computes an organization's chain anew, as one who knows how it is made would.
const rewrite = `
DO $$
DECLARE
    r record;
    link bytea := '';
    place bigint := 0;
BEGIN
    FOR r IN SELECT * FROM audit WHERE organization_id = 'ORG' ORDER BY seq LOOP
        place := place + 1;
        UPDATE audit SET seq = place, previous = link, hash = sha256(link || convert_to(
            netstring(r.organization_id::text) || netstring(place::text) || netstring((extract(epoch FROM r.at) * 1000000)::bigint::text)
            || netstring(coalesce(r.actor_id::text, '')) || netstring(r.actor_name) || netstring(coalesce(r.key_id::text, ''))
            || netstring(coalesce(r.impersonation_id::text, '')) || netstring(r.action) || netstring(r.outcome) || netstring(r.target)
            || netstring(r.before) || netstring(r.after) || netstring(r.address), 'UTF8')) WHERE organization_id = 'ORG' AND seq = r.seq RETURNING hash INTO link;
    END LOOP;
    UPDATE audit_heads SET seq = place, hash = link WHERE organization_id = 'ORG';
END $$`

// TestAuditChain tampers with the log as the database's superuser does, in every way, and wants each found and its row named.
func TestAuditChain(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	fill(t, w, 10)
	conn := asSuperuser(t, w)
	clean, faults := verify(t, w, nil)
	if len(faults) > 0 || clean.Rows < 20 || clean.Organizations < 2 {
		t.Fatalf("before anything was done to it: %+v %v", clean, faults)
	}
	org := w.Tenant.Organization.String()
	const row = `UPDATE audit SET %s WHERE organization_id = 'ORG' AND seq = 5`
	cases := []struct{ name, sql, finds string }{
		{"another actor's name", fmt.Sprintf(row, `actor_name = 'Somebody'`), "row 5 ("},
		{"another actor", fmt.Sprintf(row, `actor_id = gen_random_uuid()`), "row 5 ("},
		{"no actor", fmt.Sprintf(row, `actor_id = NULL`), "row 5 ("},
		{"a key", fmt.Sprintf(row, `key_id = gen_random_uuid()`), "row 5 ("},
		{"an impersonation", fmt.Sprintf(row, `impersonation_id = gen_random_uuid()`), "row 5 ("},
		{"another action", fmt.Sprintf(row, `action = 'member.remove'`), "row 5 ("},
		{"another outcome", fmt.Sprintf(row, `outcome = CASE outcome WHEN 'done' THEN 'refused' ELSE 'done' END`), "row 5 ("},
		{"another target", fmt.Sprintf(row, `target = target || '0'`), "row 5 ("},
		{"text moved between fields", fmt.Sprintf(row, `target = target || left(after, 1), after = substr(after, 2)`), "row 5 ("},
		{"another before", fmt.Sprintf(row, `before = '{}'`), "row 5 ("},
		{"another after", fmt.Sprintf(row, `after = '{}'`), "row 5 ("},
		{"another address", fmt.Sprintf(row, `address = '198.51.100.7'`), "row 5 ("},
		{"another time", fmt.Sprintf(row, `at = at + interval '1 microsecond'`), "row 5 ("},
		{"another hash", fmt.Sprintf(row, `hash = sha256('x')`), "row 5 ("},
		{"another hash before", fmt.Sprintf(row, `previous = sha256('x')`), "row 5 does not follow row 4"},
		{"a row alone made to fit", strings.ReplaceAll(fmt.Sprintf(row, `address = '198.51.100.7'`)+`; UPDATE audit SET hash = sha256(previous || convert_to(
			netstring(organization_id::text) || netstring(seq::text) || netstring((extract(epoch FROM at) * 1000000)::bigint::text)
			|| netstring(coalesce(actor_id::text, '')) || netstring(actor_name) || netstring(coalesce(key_id::text, '')) || netstring(coalesce(impersonation_id::text, ''))
			|| netstring(action) || netstring(outcome) || netstring(target) || netstring(before) || netstring(after) || netstring(address), 'UTF8'))
			WHERE organization_id = 'ORG' AND seq = 5`, "\n", " "), "row 6 does not follow row 5"},
		{"the first row removed", `DELETE FROM audit WHERE organization_id = 'ORG' AND seq = 1`, "row 1 is missing"},
		{"one in the middle removed", `DELETE FROM audit WHERE organization_id = 'ORG' AND seq = 5`, "row 5 is missing"},
		{"some in the middle removed", `DELETE FROM audit WHERE organization_id = 'ORG' AND seq BETWEEN 5 AND 7`, "rows 5 to 7 are missing"},
		{"the last removed", `DELETE FROM audit a WHERE organization_id = 'ORG' AND seq = (SELECT max(seq) FROM audit WHERE organization_id = a.organization_id)`, "is missing"},
		{"all removed", `DELETE FROM audit WHERE organization_id = 'ORG'`, "rows 1 to "},
		{"one removed and the rest numbered anew", `DELETE FROM audit WHERE organization_id = 'ORG' AND seq = 5; UPDATE audit SET seq = seq - 1000 WHERE organization_id = 'ORG' AND seq > 5;
			UPDATE audit SET seq = seq + 999 WHERE organization_id = 'ORG' AND seq < 0`, "row 5 ("},
		{"two swapped", `UPDATE audit SET seq = CASE seq WHEN 5 THEN -6 ELSE -5 END WHERE organization_id = 'ORG' AND seq IN (5, 6);
			UPDATE audit SET seq = -seq WHERE organization_id = 'ORG' AND seq < 0`, "row 5 ("},
		{"one put in at the end", `INSERT INTO audit SELECT organization_id, seq + 1, at, actor_id, actor_name, key_id, impersonation_id, action, outcome, target, before, after, address, hash, sha256('x')
			FROM audit WHERE organization_id = 'ORG' ORDER BY seq DESC LIMIT 1`, "beyond the end of the chain"},
		{"one put in before the first", `INSERT INTO audit SELECT organization_id, 0, at, actor_id, actor_name, key_id, impersonation_id, action, outcome, target, before, after, address, hash, sha256('x')
			FROM audit WHERE organization_id = 'ORG' AND seq = 1`, "row 0 was put in by hand"},
		{"another organization's row moved here", `UPDATE audit SET organization_id = 'ORG', seq = (SELECT seq + 1 FROM audit_heads WHERE organization_id = 'ORG')
			WHERE organization_id <> 'ORG' AND seq = 1 AND organization_id = (SELECT min(organization_id::text)::uuid FROM audit WHERE organization_id <> 'ORG')`, "row 1 is missing"},
		{"the end of the chain removed", `DELETE FROM audit_heads WHERE organization_id = 'ORG'`, "the end of the chain is not known any more"},
		{"the end of the chain moved back", `UPDATE audit_heads SET seq = seq - 1 WHERE organization_id = 'ORG'`, "beyond the end of the chain"},
		{"the end of the chain replaced", `UPDATE audit_heads SET hash = sha256('x') WHERE organization_id = 'ORG'`, "is not the one that the end of the chain names"},
	}
	for _, c := range cases {
		undo := tamper(t, conn, strings.ReplaceAll(c.sql, "ORG", org))
		report, found := verify(t, w, nil)
		if report.Faults == 0 || !strings.Contains(strings.Join(found, "\n"), c.finds) {
			t.Errorf("%s: %d faults %q, want one with %q", c.name, report.Faults, found, c.finds)
		}
		undo()
	}
	if _, faults := verify(t, w, nil); len(faults) > 0 {
		t.Errorf("after everything was undone: %v", faults)
	}

	// What a superuser writes anew from the beginning fits in itself; an anchor that was noted elsewhere finds it.
	for _, c := range []struct{ name, sql, finds string }{
		{"a row changed and the chain written anew", `UPDATE audit SET address = '198.51.100.7' WHERE organization_id = 'ORG' AND seq = 2;` + rewrite, "is another than the one that the anchor names"},
		{"a row removed and the chain written anew", `DELETE FROM audit WHERE organization_id = 'ORG' AND seq = 2;` + rewrite, "is missing"},
		{"everything of an organization removed", `DELETE FROM audit WHERE organization_id = 'ORG'; DELETE FROM audit_heads WHERE organization_id = 'ORG'`, "rows 1 to "},
	} {
		undo := tamper(t, conn, strings.ReplaceAll(c.sql, "ORG", org))
		if _, found := verify(t, w, nil); len(found) > 0 {
			t.Errorf("%s: %q without an anchor: the test does not tamper well enough", c.name, found)
		}
		if _, found := verify(t, w, clean.Heads); !strings.Contains(strings.Join(found, "\n"), c.finds) {
			t.Errorf("%s: %q with an anchor, want one with %q", c.name, found, c.finds)
		}
		undo()
	}
	fill(t, w, 3)
	if _, found := verify(t, w, clean.Heads); len(found) > 0 {
		t.Errorf("an older anchor and a log that went on: %q", found)
	}
}

// TestAuditChainOfManyWriters lets fifty write at once for several organizations.
func TestAuditChainOfManyWriters(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	before, _ := verify(t, w, nil)
	actors := []app.Actor{w.Operator, w.Tenant, w.Other}
	var writers sync.WaitGroup
	for n := range 50 {
		writers.Go(func() {
			for m := range 10 {
				err := w.Store.Write(context.Background(), actors[(n+m)%3], "test.write", time.Now(), func(tx *store.Tx) error {
					tx.Note(fmt.Sprintf("number %d of %d", m, n), nil, map[string]int{"n": n, "m": m})
					return nil
				})
				if err != nil {
					t.Errorf("writer %d: %v", n, err)
				}
			}
		})
	}
	writers.Wait()
	after, faults := verify(t, w, before.Heads)
	if len(faults) > 0 || after.Rows != before.Rows+500 {
		t.Errorf("%d rows, want %d more than %d; faults %q", after.Rows, 500, before.Rows, faults)
	}
}

// fill makes both customers do things, with words of every kind in them.
func fill(t *testing.T, w *portaltest.World, n int) {
	t.Helper()
	for i := range n {
		for _, actor := range []app.Actor{w.Tenant, w.Other} {
			actor.Name, actor.Address = "Zoë Ümlaut, 3:xyz, 日本語 🙂", "2001:db8::7"
			err := w.Store.Write(t.Context(), actor, "test.fill", time.Now(), func(tx *store.Tx) error {
				tx.Note(fmt.Sprintf("thing %d", i), map[string]string{"name": "a\x00b\n\"é\""}, map[string]any{"name": "→", "n": i})
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func verify(t *testing.T, w *portaltest.World, anchors []app.AuditHead) (report portal.AuditReport, faults []string) {
	t.Helper()
	report, err := w.Portal.VerifyAudit(t.Context(), anchors, func(f app.AuditFault) { faults = append(faults, f.What) }, func(int64) {})
	if err != nil {
		t.Fatal(err)
	}
	return report, faults
}

func asSuperuser(t testing.TB, w *portaltest.World) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// tamper changes the log with its triggers off, and returns what puts it back as it was.
func tamper(t *testing.T, conn *pgx.Conn, sql string) (undo func()) {
	t.Helper()
	run := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), `SET session_replication_role = replica; `+sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	run(`CREATE TEMP TABLE kept AS SELECT * FROM audit; CREATE TEMP TABLE ends AS SELECT * FROM audit_heads`)
	run(sql)
	return func() {
		run(`DELETE FROM audit; INSERT INTO audit SELECT * FROM kept; DELETE FROM audit_heads; INSERT INTO audit_heads SELECT * FROM ends; DROP TABLE kept; DROP TABLE ends`)
	}
}
