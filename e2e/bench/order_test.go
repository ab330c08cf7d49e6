package bench

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/planner"
	"allotment/app/portal/portaltest"
)

// BenchmarkPlaceOrder places orders, each one transaction with everything that hangs on it, against pgbench running the same
// statements as prepared ones in a pipeline.
func BenchmarkPlaceOrder(b *testing.B) {
	w := portaltest.New(b)
	orders(b, w, w.Tenant, 200)
	settle(b, w)
	script := filepath.Join(b.TempDir(), "order.sql")
	if err := os.WriteFile(script, []byte(orderScript(b, w)), 0o600); err != nil {
		b.Fatal(err)
	}
	round := 0
	for range b.N {
		ours, limit := best(3,
			func() float64 {
				round++
				return rate(b, clients, func(n int64) { place(b, w, w.Tenant, fmt.Sprintf("r%d-%d", round, n)) })
			},
			func() float64 { return pgbench(b, w.URL, script) })
		report(b, "placing an order", ours, limit, "orders/s", 0.6)
	}
}

// orderScript writes, for pgbench, the statements of one order, with IDs made of a random number.
func orderScript(b *testing.B, w *portaltest.World) string {
	b.Helper()
	entry, _ := w.Catalog.App("redmine")
	s := app.Service{ID: app.NewID(), Organization: w.Tenant.Organization, App: "redmine", Plan: "small", Host: "h." + portaltest.Zone}
	resources, err := planner.Resources(planner.Want(entry, &entry.Plans[0], s, "tenant", planner.Site{Zone: portaltest.Zone}), s)
	if err != nil {
		b.Fatal(err)
	}
	o := planner.Operation(app.OperationCreate, s, resources, s.CreatedAt)
	org := "'" + w.Tenant.Organization.String() + "'::uuid"
	id := func(kind string, n int) string {
		return fmt.Sprintf(`('%s%06d-0000-7000-8000-' || lpad(to_hex(:n::bigint), 12, '0'))::uuid`, kind, n)
	}
	place := map[app.ID]int{}
	for i, r := range resources {
		place[r.Resource] = i
	}
	var out strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }
	line(`\set n random(1, 200000000000000)`)
	line(`\startpipeline`)
	line(`BEGIN;`)
	line(`SELECT set_config('allotment.organization', '%s', true);`, w.Tenant.Organization)
	line(`SELECT DISTINCT ON (p.app, p.plan, p.currency, p.period) p.id, p.amount_minor FROM prices p JOIN organization_tree t ON t.ancestor = p.organization_id AND t.descendant = %s WHERE p.app = 'redmine' ORDER BY p.app, p.plan, p.currency, p.period, t.depth, p.version DESC;`, org)
	line(`INSERT INTO orders (organization_id, id, key, placed_by, created_at) VALUES (%s, %s, 'key-' || :n::bigint, '%s', now());`, org, id("aa", 0), w.Tenant.User)
	line(`INSERT INTO services (organization_id, id, app, plan, name, host, url, state, answers, created_at) VALUES (%s, %s, 'redmine', 'small', 'Bench', 'pg' || :n::bigint || '.x', 'http://x', 'creating', '{}', now());`, org, id("ab", 0))
	line(`INSERT INTO subscriptions (organization_id, id, service_id, currency, amount_minor, setup_minor, period, created_at) VALUES (%s, %s, %s, 'EUR', 950, 0, 'month', now());`, org, id("ac", 0), id("ab", 0))
	for i, r := range resources {
		line(`INSERT INTO resources (organization_id, id, service_id, kind, role, name, state, spec, created_at, changed_at) VALUES (%s, %s, %s, '%s', '%s', 'x', 'wanted', '%s', now(), now());`,
			org, id("ad", i), id("ab", 0), r.Kind, r.Role, strings.ReplaceAll(string(r.Spec), ":", ": "))
	}
	line(`INSERT INTO operations (organization_id, id, service_id, kind, state, started_by, created_at) VALUES (%s, %s, %s, 'create', 'running', 'x', now());`, org, id("ae", 0), id("ab", 0))
	for i, step := range o.Steps {
		line(`INSERT INTO steps (organization_id, id, operation_id, service_id, resource_id, kind, position, action, depends_on, state) VALUES (%s, %s, %s, %s, %s, '%s', %d, '%s', '{}', '%s');`,
			org, id("af", i), id("ae", 0), id("ab", 0), id("ad", place[step.Resource]), step.Kind, step.Position, step.Action, step.State)
	}
	line(`INSERT INTO order_items (organization_id, id, order_id, service_id, operation_id, app, plan, answers, price_id, currency, amount_minor, setup_minor, period) VALUES (%s, %s, %s, %s, %s, 'redmine', 'small', '{}', %s, 'EUR', 950, 0, 'month');`,
		org, id("ba", 0), id("aa", 0), id("ab", 0), id("ae", 0), id("ba", 1))
	line(`INSERT INTO events (organization_id, id, service_id, operation_id, at, actor, kind, message) VALUES (%s, %s, %s, %s, now(), 'x', 'ordered', 'It was ordered.');`, org, id("bb", 0), id("ab", 0), id("ae", 0))
	line(`INSERT INTO service_access (organization_id, service_id, user_id, level, granted_by, at) SELECT organization_id, %s, user_id, 'admin', 'x', now() FROM memberships WHERE organization_id = %s AND user_id = '%s';`, id("ab", 0), org, w.Tenant.User)
	line(`UPDATE access_versions SET started = wanted WHERE organization_id = %s AND service_id = %s;`, org, id("ab", 0))
	for range planner.Due(o) {
		line(`INSERT INTO river.river_job (args, kind, max_attempts, queue) VALUES ('{"organization": "%s", "step": "%s"}', 'step', 10000, 'default');`, w.Tenant.Organization, s.ID)
	}
	line(`INSERT INTO audit (organization_id, seq, at, actor_id, actor_name, action, outcome, target, before, after, address, previous, hash) VALUES (%s, 0, now(), '%s', 'x', 'service.order', 'done', 'service %s', '', '{"app": "redmine"}', '192.0.2.1', '', '');`, org, w.Tenant.User, s.ID)
	line(`COMMIT;`)
	line(`\endpipeline`)
	return out.String()
}

// pgbench runs a script from as many clients as we use and returns how often it ran each second.
func pgbench(b *testing.B, address, script string) float64 {
	b.Helper()
	programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	if len(programs) == 0 {
		b.Skip("pgbench is missing: apt-get install postgresql-contrib")
	}
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		b.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(programs[0], "-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", "2", "-T", strconv.Itoa(int(span.Seconds())),
		"-f", script, "-h", u.Query().Get("host"), "-p", u.Query().Get("port"), "-U", cfg.User, cfg.Database)
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("pgbench: %v\n%s", err, out)
	}
	found := regexp.MustCompile(`tps = ([0-9.]+)`).FindSubmatch(out)
	if found == nil {
		b.Fatalf("pgbench: %s", out)
	}
	tps, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return tps
}
