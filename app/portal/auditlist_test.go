package portal_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
)

// note writes a row as a verb would.
func note(t *testing.T, w *portaltest.World, actor app.Actor, action, target string, at time.Time) {
	t.Helper()
	err := w.Store.Write(context.Background(), actor, action, at, func(tx *store.Tx) error {
		tx.Note(target, nil, map[string]string{"name": target})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAuditLog(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx, now := t.Context(), time.Now()
	seller, below, beside := w.Reseller(t), w.Resold(t), w.Below(t, w.Operator, app.Reseller, "beside")
	key := below
	key.Key = app.NewID()
	note(t, w, below, "member.invite", "first", now.Add(-72*time.Hour))
	note(t, w, key, "member.remove", "second", now.Add(-48*time.Hour))
	note(t, w, seller, "brand.save", "third", now.Add(-24*time.Hour))
	note(t, w, beside, "brand.save", "foreign", now.Add(-24*time.Hour))
	if err := w.Store.Refused(ctx, below, "member.invite", now, app.Errorf(app.Forbidden, "Your role does not allow this.")); err != nil {
		t.Fatal(err)
	}
	targets := func(actor app.Actor, f portal.AuditFilter) (all []string) {
		t.Helper()
		f.Limit = 2
		for {
			page, err := w.Portal.AuditLog(ctx, actor, f)
			if err != nil {
				t.Fatalf("%+v: %v", f, err)
			}
			for _, l := range page.Lines {
				if strings.HasPrefix(l.Action, "member.") || strings.HasPrefix(l.Action, "brand.") {
					all = append(all, l.Target+"/"+string(l.Outcome))
				}
			}
			if f.After = page.Next; f.After == "" {
				return all
			}
		}
	}
	for _, c := range []struct {
		name  string
		actor app.Actor
		f     portal.AuditFilter
		want  []string
	}{
		{"the seller's own and its customer's", seller, portal.AuditFilter{}, []string{"/refused", "third/done", "second/done", "first/done"}},
		{"the customer's", below, portal.AuditFilter{}, []string{"/refused", "second/done", "first/done"}},
		{"another seller's", beside, portal.AuditFilter{}, []string{"foreign/done"}},
		{"staff sees all", w.Operator, portal.AuditFilter{}, []string{"/refused", "foreign/done", "third/done", "second/done", "first/done"}},
		{"one organization", seller, portal.AuditFilter{Organization: below.Organization}, []string{"/refused", "second/done", "first/done"}},
		{"a foreign organization", seller, portal.AuditFilter{Organization: beside.Organization}, nil},
		{"a group", w.Operator, portal.AuditFilter{Group: "brand"}, []string{"foreign/done", "third/done"}},
		{"part of a group's name", w.Operator, portal.AuditFilter{Group: "bran"}, nil},
		{"a person", seller, portal.AuditFilter{Person: "OWNER OF RESELLER"}, []string{"third/done"}},
		{"refused", seller, portal.AuditFilter{Outcome: app.AuditRefused}, []string{"/refused"}},
		{"from", seller, portal.AuditFilter{From: now.Add(-30 * time.Hour)}, []string{"/refused", "third/done"}},
		{"until", seller, portal.AuditFilter{Until: now.Add(-30 * time.Hour)}, []string{"second/done", "first/done"}},
	} {
		if got := targets(c.actor, c.f); strings.Join(got, " ") != strings.Join(c.want, " ") {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	for _, after := range []string{"x", "1.2", "1.2.3", "-5.1." + below.Organization.String(), "99999999999999999999.1." + below.Organization.String()} {
		if _, err := w.Portal.AuditLog(ctx, seller, portal.AuditFilter{After: after}); app.CodeOf(err) != app.NotFound {
			t.Errorf("after %q: %v", after, err)
		}
	}
	developer := below
	developer.Role = app.RoleCustomerDeveloper
	if _, err := w.Portal.AuditLog(ctx, developer, portal.AuditFilter{}); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a developer reads the audit log: %v", err)
	}
}

// TestAuditExport writes more rows than a batch has, some of which a spreadsheet would run.
func TestAuditExport(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	actor := w.Tenant
	actor.Name = `=HYPERLINK("http://evil.example")`
	fillFast(t, w, actor, 2300)
	before := 0
	read := func(format portal.AuditFormat) string {
		var out bytes.Buffer
		err := w.Portal.ExportAudit(t.Context(), w.Tenant, portal.AuditFilter{Group: "test"}, format, &out, func() { before++ })
		if err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	rows, err := csv.NewReader(strings.NewReader(read(portal.AuditCSV))).ReadAll()
	if err != nil || len(rows) != 2301 || before != 3 {
		t.Fatalf("%d rows in %d batches (%v)", len(rows), before, err)
	}
	seen := map[string]bool{}
	for _, row := range rows[1:] {
		seen[row[3]] = true
		for _, cell := range row {
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@") {
				t.Fatalf("a cell begins a formula: %q", cell)
			}
		}
	}
	if len(seen) != 2300 {
		t.Errorf("%d different rows", len(seen))
	}
	lines := strings.Split(strings.TrimSpace(read(portal.AuditLines)), "\n")
	var first portal.AuditRecord
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || len(lines) != 2300 || first.Person != actor.Name || string(first.After) != `{"n":2300}` {
		t.Errorf("%d lines, the first %+v (%v)", len(lines), first, err)
	}
}

// fillFast writes rows as the program's verbs would, many in one transaction.
func fillFast(t testing.TB, w *portaltest.World, actor app.Actor, n int) {
	t.Helper()
	conn := asSuperuser(t, w)
	_, err := conn.Exec(t.Context(), fmt.Sprintf(`
		INSERT INTO audit (organization_id, seq, at, actor_id, actor_name, action, outcome, target, before, after, address, previous, hash)
		SELECT '%s', 0, now() - make_interval(secs => %d - n), '%s', $1, 'test.fill', 'done', 'thing ' || n, '', '{"n":' || n || '}', '192.0.2.1', '', ''
		FROM generate_series(1, %d) n`, actor.Organization, n, actor.User, n), actor.Name)
	if err != nil {
		t.Fatal(err)
	}
}
