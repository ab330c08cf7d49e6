package crash

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"allotment/app"
	"allotment/app/portal"
	"allotment/catalog"
	"allotment/cmd/allotment/program"
	"allotment/e2e/site"
)

// world is a whole provider with its portal. The tests share one, and none of them runs beside another.
type world struct {
	site     *site.Site
	gate     *gate // before the hypervisor
	cfg      program.Config
	program  *program.Program
	database *pgxpool.Pool // the portal's, past row-level security
	mail     *pgxpool.Pool // the mail driver's
	operator app.Actor
	tenant   app.Actor
	ordered  int // orders so far
	stuck    int // placeholders that no API token can remove, since a fault left them
	stop     context.CancelFunc
}

var shared struct {
	sync.Once
	world *world
	err   error
}

// theWorld returns the provider, started by the first test that asks.
func theWorld(t *testing.T) *world {
	t.Helper()
	shared.Do(func() {
		begin := time.Now()
		shared.world, shared.err = newWorld(context.Background())
		t.Logf("the site took %v to start", time.Since(begin).Round(time.Millisecond))
	})
	if shared.err != nil {
		t.Fatalf("the site does not start: %v", shared.err)
	}
	if w := shared.world; w.site.Lab.Mail == nil {
		t.Skip(w.site.Lab.Unavailable)
	}
	return shared.world
}

func endWorld() error {
	w := shared.world
	if w == nil || w.site == nil {
		return nil
	}
	w.stop()
	if w.gate != nil {
		w.gate.down()
	}
	if w.program != nil {
		w.program.Close()
		w.database.Close()
		w.mail.Close()
	}
	return w.site.Close()
}

func newWorld(ctx context.Context) (*world, error) {
	ctx, stop := context.WithCancel(ctx)
	entries, err := catalog.Load(catalog.Embedded)
	if err != nil {
		stop()
		return nil, err
	}
	w := &world{stop: stop}
	if w.site, err = site.Start(ctx, site.Options{Simulated: true, Catalog: entries}); err != nil || w.site.Lab.Mail == nil {
		return w, err
	}
	if w.cfg, _, err = program.Prepare(ctx, w.site); err != nil {
		return w, err
	}
	w.cfg.Work.LongestGap = time.Second // a server that is back is noticed soon
	w.cfg.Database.Connections = 8
	w.gate = newGate(w.site.PVE)
	w.cfg.Proxmox.URL, w.cfg.Proxmox.Fingerprint = w.gate.url(), w.gate.fingerprint()
	return w, w.open(ctx, entries)
}

// open starts the portal without a worker, and fills it.
func (w *world) open(ctx context.Context, entries *catalog.Catalog) (err error) {
	if w.program, err = program.Open(ctx, w.cfg, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	if w.database, err = pgxpool.New(ctx, w.cfg.Database.OwnerURL); err != nil {
		return err
	}
	if w.mail, err = pgxpool.New(ctx, w.site.Lab.Postgres.URL("mail")); err != nil {
		return err
	}
	guests, err := w.program.Guests()
	if err != nil {
		return err
	}
	if err := w.site.PutTemplates(ctx, guests, entries.Apps(), func(string) {}); err != nil {
		return err
	}
	go w.program.Serve(ctx, false) //nolint:errcheck // a portal that does not serve fails every test
	return w.populate(ctx)
}

func (w *world) populate(ctx context.Context) error {
	const password = "correct horse battery"
	member := func(name, email string) portal.NewMember {
		return portal.NewMember{Name: name, Email: email, Password: password}
	}
	p := w.program.Portal
	var err error
	if w.operator, err = p.CreateOperator(ctx, "Demo Hosting", member("Demo operator", "operator@demo.example")); err != nil {
		return err
	}
	if err := p.PublishPrices(ctx, w.operator); err != nil {
		return err
	}
	if err := p.SaveSellingTerms(ctx, w.operator, program.DemoTerms()); err != nil {
		return err
	}
	tenant, err := p.CreateCustomer(ctx, w.operator, "Demo Garden Club", "demo", member("Demo tenant", "tenant@demo.example"))
	if err != nil {
		return err
	}
	if err := p.SaveBillingDetails(ctx, w.operator, program.DemoDetails(tenant.ID, tenant.Name)); err != nil {
		return err
	}
	session, err := p.SignIn(ctx, portal.SignInRequest{Email: "tenant@demo.example", Password: password, Address: "192.0.2.1"})
	if err != nil {
		return err
	}
	w.tenant, err = p.Actor(ctx, session.Token)
	return err
}
