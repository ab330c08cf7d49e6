package bench

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"

	"allotment/app"
	"allotment/app/portal/portaltest"
	"allotment/app/provision"
	"allotment/app/provision/drivertest"
	"allotment/app/worker"
	"allotment/catalog"
	"allotment/cmd/allotment/program"
	"allotment/e2e/site"
)

// BenchmarkStepStart measures how long a step's job waits from the order's commit until a worker has begun it, at 20 orders a second.
func BenchmarkStepStart(b *testing.B) {
	w := portaltest.New(b)
	var mu sync.Mutex
	begun := map[app.ID]time.Time{} // by service, its first step
	drivers := provision.Drivers{
		Guests: drivertest.NewGuests(), Records: drivertest.NewRecords(), Mail: drivertest.NewMail(), Directory: drivertest.NewDirectory(),
	}
	log := slog.New(slog.DiscardHandler)
	engine := provision.New(w.Store, w.Catalog, w.Vault, drivers, provision.Config{Addresses: provision.Pool{
		First: netip.MustParseAddr("198.18.1.1"), Last: netip.MustParseAddr("198.18.9.254"), Bits: 16, Gateway: netip.MustParseAddr("198.18.0.1"),
	}}, log)
	engine.Before = func(s app.Step) {
		mu.Lock()
		defer mu.Unlock()
		if _, known := begun[s.Service]; !known {
			begun[s.Service] = time.Now()
		}
	}
	run, err := worker.Start(b.Context(), w.Store, engine, worker.Config{}, log)
	if err != nil {
		b.Fatal(err)
	}
	defer run.Stop(b.Context()) //nolint:errcheck // the database goes with the test
	for range b.N {
		waits := stepWaits(b, w, &mu, begun)
		p50, p99 := quantile(waits, 0.5), quantile(waits, 0.99)
		b.ReportMetric(float64(p99.Microseconds())/1000, "p99-ms")
		fmt.Printf("%-28s p50 %s, p99 %s over %d orders\n", "order to first step", p50.Round(100*time.Microsecond), p99.Round(100*time.Microsecond), len(waits))
	}
}

func stepWaits(b *testing.B, w *portaltest.World, mu *sync.Mutex, begun map[app.ID]time.Time) []time.Duration {
	b.Helper()
	placed := map[app.ID]time.Time{}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for n := range 100 {
		<-tick.C
		order, err := w.Portal.PlaceOrder(b.Context(), w.Tenant, request(fmt.Sprintf("wait-%d-%d", time.Now().UnixNano(), n)))
		if err != nil {
			b.Fatal(err)
		}
		placed[order.Service] = time.Now()
	}
	time.Sleep(2 * time.Second)
	mu.Lock()
	defer mu.Unlock()
	var waits []time.Duration
	for service, at := range placed {
		first, ok := begun[service]
		if !ok {
			b.Fatalf("an order's first step has not begun after two seconds")
		}
		waits = append(waits, max(0, first.Sub(at)))
	}
	return waits
}

// BenchmarkStart measures the built program: how long from its start until it is ready, over a migrated database, and its memory
// when it has been idle for a while.
func BenchmarkStart(b *testing.B) {
	entries, err := catalog.Load(catalog.Embedded)
	if err != nil {
		b.Fatal(err)
	}
	s, err := site.Start(b.Context(), site.Options{Simulated: true, Catalog: entries})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // a private folder
	cfg, _, err := program.Prepare(b.Context(), s)
	if err != nil {
		b.Fatal(err)
	}
	binary := filepath.Join(b.TempDir(), "allotment")
	if out, err := exec.Command("go", "build", "-trimpath", "-o", binary, "allotment/cmd/allotment").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	settings := write(b, cfg)
	for range b.N {
		ready, idle := startOnce(b, binary, settings, cfg.Web.URL)
		b.ReportMetric(ready.Seconds(), "s-to-ready")
		b.ReportMetric(idle, "MiB-idle")
		fmt.Printf("%-28s %.2f s (goal < 1 s); %.0f MiB when idle (goal < 60 MiB)\n", "start to ready", ready.Seconds(), idle)
	}
}

func write(b *testing.B, cfg program.Config) string {
	b.Helper()
	k := koanf.New(".")
	if err := k.Load(structs.Provider(cfg, "koanf"), nil); err != nil {
		b.Fatal(err)
	}
	k.Delete("demo")
	for name, value := range map[string]string{
		"work.step_time": cfg.Work.StepTime.String(), "work.enrol_for": cfg.Work.EnrolFor.String(), "work.longest_pause": cfg.Work.LongestGap.String(),
	} {
		if err := k.Set(name, value); err != nil {
			b.Fatal(err)
		}
	}
	data, err := k.Marshal(yaml.Parser())
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), "config.yaml")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

func startOnce(b *testing.B, binary, settings, address string) (ready time.Duration, idle float64) {
	b.Helper()
	cmd := exec.Command(binary, "--config", settings, "serve")
	cmd.Stderr = os.Stderr
	start := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}()
	for {
		response, err := http.Get(address + "/readyz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Since(start) > 20*time.Second {
			b.Fatal("not ready after 20 s")
		}
		time.Sleep(5 * time.Millisecond)
	}
	ready = time.Since(start)
	time.Sleep(5 * time.Second)
	return ready, resident(b, cmd.Process.Pid)
}

// resident is the memory that a process holds, in MiB (proc(5), VmRSS).
func resident(b *testing.B, pid int) float64 {
	b.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				b.Fatal(err)
			}
			return float64(kib) / 1024
		}
	}
	b.Fatal("no VmRSS")
	return 0
}
