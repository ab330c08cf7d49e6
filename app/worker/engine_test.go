package worker_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/planner"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/provision"
	"allotment/app/provision/drivertest"
	"allotment/app/worker"
	"allotment/catalog"
)

// rig is an installation whose remote systems are maps in memory, with one worker.
type rig struct {
	*portaltest.World
	guests    *drivertest.FakeGuests
	records   *drivertest.Fake[app.RecordsSpec, app.RecordsState]
	mail      *drivertest.Fake[app.MailSpec, app.MailState]
	directory *drivertest.Fake[app.DirectorySpec, app.DirectoryState]
	clients   *drivertest.Fake[app.ClientSpec, app.ClientState]
	own       provision.Clients             // in the place of clients, where set
	answers   atomic.Bool                   // whether services answer their health check
	fails     atomic.Bool                   // whether guests fail to set themselves up
	site      string                        // host:port at which services answer
	told      atomic.Pointer[catalog.Order] // what the last guest was told
}

// bootingGuests lets each new guest fetch its configuration and report, as a real one does after it has booted.
type bootingGuests struct {
	provision.Guests
	boot func(app.GuestSpec)
}

func (g bootingGuests) Ensure(ctx context.Context, ref app.Ref, spec app.GuestSpec) (string, app.GuestState, error) {
	id, state, err := g.Guests.Ensure(ctx, ref, spec)
	if err == nil && spec.Enrolment != nil {
		go g.boot(spec)
	}
	return id, state, err
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := newIdleRig(t)
	r.work(t, r.engine(t, r.site), 100*time.Millisecond)
	return r
}

// newIdleRig is a rig without a worker.
func newIdleRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{
		World: portaltest.New(t), guests: drivertest.NewGuests(), records: drivertest.NewRecords(), mail: drivertest.NewMail(),
		directory: drivertest.NewDirectory(), clients: drivertest.NewClients(),
	}
	r.answers.Store(true)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !r.answers.Load() {
			http.Error(w, "not yet", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("Redmine Roundcube Webmail installed"))
	}))
	t.Cleanup(site.Close)
	r.site = site.Listener.Addr().String()
	return r
}

// work starts a worker that looks for what others left behind with each beat.
func (r *rig) work(t *testing.T, engine *provision.Engine, beat time.Duration) {
	t.Helper()
	w, err := worker.Start(t.Context(), r.Store, engine, worker.Config{Beat: beat}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := w.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
}

func (r *rig) engine(t *testing.T, dial string) *provision.Engine {
	drivers := provision.Drivers{
		Guests:  bootingGuests{r.guests, func(spec app.GuestSpec) { r.boot(t, spec) }},
		Records: r.records, Mail: r.mail, Directory: r.directory, Clients: r.clients,
	}
	if r.own != nil {
		drivers.Clients = r.own
	}
	cfg := provision.Config{
		Addresses: provision.Pool{First: netip.MustParseAddr("198.18.0.10"), Last: netip.MustParseAddr("198.18.0.200"), Bits: 16,
			Gateway: netip.MustParseAddr("198.18.0.1")},
		Mail: planner.MailSite{Host: "mail.example.test", Port: 587}, EnrolURL: "https://portal.example.test", CheckDial: dial,
		BackoffMax: 200 * time.Millisecond,
	}
	return provision.New(r.Store, r.Catalog, r.Vault, drivers, cfg, slog.New(slog.DiscardHandler))
}

// boot is what a guest does at its first boot.
func (r *rig) boot(t *testing.T, spec app.GuestSpec) {
	ctx := context.WithoutCancel(t.Context())
	token := spec.Enrolment.URL[strings.LastIndex(spec.Enrolment.URL, "/")+1:]
	data, err := r.Portal.Enrol(ctx, token)
	if err != nil {
		return // an earlier boot fetched it
	}
	order := guestOrder(t, data)
	r.told.Store(&order)
	report := order.Portal.ReportToken
	last := portal.Report{Done: true}
	if r.fails.Load() {
		last = portal.Report{Failed: true, Step: "Setting up the database.", Exit: 1, Tail: "no space left"}
	}
	for _, said := range []portal.Report{{Line: "Setting up the database."}, last} {
		if err := r.Portal.Report(ctx, report, said); err != nil && app.CodeOf(err) != app.Gone {
			t.Errorf("report: %v", err)
		}
	}
}

func (r *rig) order(t *testing.T, host string) app.Order {
	t.Helper()
	order, err := r.Portal.PlaceOrder(t.Context(), r.Tenant, portal.OrderRequest{
		App: "redmine", Plan: "small", Name: "Our projects", Host: host + "." + portaltest.Zone, Key: host,
	})
	if err != nil {
		t.Fatal(err)
	}
	return order
}

// until waits for a service to be in a state and returns what its page shows.
func (r *rig) until(t *testing.T, service app.ID, what string, ok func(portal.ServiceDetail) bool) portal.ServiceDetail {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		d, err := r.Portal.Service(t.Context(), r.Operator, service)
		if err != nil {
			t.Fatal(err)
		}
		if ok(d) {
			return d
		}
		if time.Now().After(deadline) {
			for _, s := range d.Operation.Steps {
				t.Logf("%d %s %s: %s after %d attempts: %s (%s)", s.Position, s.Action, s.Kind, s.State, s.Attempts, s.Message, s.RawError)
			}
			t.Fatalf("it did not become %s: it is %s", what, d.Service.State)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func inState(state app.ServiceState) func(portal.ServiceDetail) bool {
	return func(d portal.ServiceDetail) bool { return d.Service.State == state }
}

func (r *rig) wantThings(t *testing.T, n int) {
	t.Helper()
	for kind, got := range map[string]int{
		"guests": len(r.guests.Present()), "records": len(r.records.Present()), "mail domains": len(r.mail.Present()),
		"directory entries": len(r.directory.Present()),
	} {
		if got != n {
			t.Errorf("%d %s, want %d", got, kind, n)
		}
	}
}
