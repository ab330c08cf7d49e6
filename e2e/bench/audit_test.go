package bench

import (
	"fmt"
	"testing"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
)

// BenchmarkAuditLog asks for the first page of the audit log among 1,000,000 rows of three organizations, against the same among 3,000: as a
// customer, as the seller of one, and as staff that sees all; and for a page deep within.
func BenchmarkAuditLog(b *testing.B) {
	large, small := auditWorld(b, 1_000_000), auditWorld(b, 3_000)
	deep, shallow := large.page(b, large.Operator, portal.AuditFilter{Limit: 200}), small.page(b, small.Operator, portal.AuditFilter{})
	for range 20 {
		deep = large.page(b, large.Operator, portal.AuditFilter{Limit: 200, After: deep.Next})
	}
	for _, c := range []struct {
		name       string
		ours, bare func(int64)
	}{
		{"customer", func(int64) { large.page(b, large.Tenant, portal.AuditFilter{}) }, func(int64) { small.page(b, small.Tenant, portal.AuditFilter{}) }},
		{"seller", func(int64) { large.page(b, large.Reseller(b), portal.AuditFilter{}) }, func(int64) { small.page(b, small.Reseller(b), portal.AuditFilter{}) }},
		{"staff", func(int64) { large.page(b, large.Operator, portal.AuditFilter{}) }, func(int64) { small.page(b, small.Operator, portal.AuditFilter{}) }},
		{"staff, deep", func(int64) { large.page(b, large.Operator, portal.AuditFilter{After: deep.Next}) }, func(int64) { small.page(b, small.Operator, portal.AuditFilter{After: shallow.Next}) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			for range b.N {
				ours, limit := best(2, func() float64 { return rate(b, clients, c.ours) }, func() float64 { return rate(b, clients, c.bare) })
				report(b, "audit log, "+c.name+", 1,000,000 rows against 3,000", ours, limit, "pages/s", 0.67)
			}
		})
	}
}

type auditInstallation struct{ *portaltest.World }

// auditWorld fills the log of a customer, of a reseller's customer and of the operator. Its rows are not chained: nobody verifies them here.
func auditWorld(b *testing.B, rows int) auditInstallation {
	b.Helper()
	w := portaltest.New(b)
	conn := connect(b, w.Superuser)
	defer conn.Close(b.Context()) //nolint:errcheck // the measure goes on
	for n, actor := range []app.Actor{w.Tenant, w.Resold(b), w.Operator} {
		_, err := conn.Exec(b.Context(), fmt.Sprintf(`
			SET session_replication_role = replica;
			INSERT INTO audit (organization_id, seq, at, actor_id, actor_name, action, outcome, target, before, after, address, previous, hash)
			SELECT '%s', 1000 + n, now() - make_interval(secs => n * 3 + %d), '%s', 'Somebody', 'service.order', 'done', 'service ' || n, '', '{"host":"x"}', '192.0.2.1', '', ''
			FROM generate_series(1, %d) n`, actor.Organization, n, actor.User, rows/3))
		if err != nil {
			b.Fatal(err)
		}
	}
	settle(b, w)
	return auditInstallation{w}
}

func (w auditInstallation) page(b *testing.B, actor app.Actor, f portal.AuditFilter) portal.AuditPage {
	page, err := w.Portal.AuditLog(b.Context(), actor, f)
	if err != nil || len(page.Lines) == 0 || page.Next == "" {
		b.Errorf("%d lines (%v)", len(page.Lines), err)
	}
	return page
}
