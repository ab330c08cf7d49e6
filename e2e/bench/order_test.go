package bench

import (
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"

	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
)

// BenchmarkPlaceOrder places orders, each one transaction with everything that hangs on it, against pgbench running the very statements
// that an order sends, as prepared ones in a pipeline.
func BenchmarkPlaceOrder(b *testing.B) {
	w := portaltest.New(b)
	orders(b, w, w.Tenant, 200)
	script := filepath.Join(b.TempDir(), "order.sql")
	if err := os.WriteFile(script, []byte(orderScript(b, w)), 0o600); err != nil {
		b.Fatal(err)
	}
	settle(b, w)
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

// orderScript writes, for pgbench, the statements of one order: those that two orders sent, with what differs between the two made anew each time.
func orderScript(b *testing.B, w *portaltest.World) string {
	b.Helper()
	var r recorder
	st, err := store.Open(b.Context(), store.Config{URL: w.URL, MaxConns: 1, Tracer: &r})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(st.Close)
	p := portal.New(st, w.Catalog, w.Vault, portaltest.Config(), slog.New(slog.DiscardHandler))
	record := func(name string) recording {
		r.sent = nil
		if _, err := p.PlaceOrder(b.Context(), w.Tenant, request(name)); err != nil {
			b.Fatal(err)
		}
		return recording{name: name, sent: r.sent}
	}
	record("warm") // the connection prepares what it sends for the first time
	script, err := replay(record("recorded-one"), record("recorded-two"))
	if err != nil {
		b.Fatal(err)
	}
	return script
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
