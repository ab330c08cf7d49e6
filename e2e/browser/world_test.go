package browser

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/driver/proxmox"
	"allotment/app/portal"
	"allotment/catalog"
	"allotment/cmd/allotment/program"
	"allotment/e2e/site"
)

// world is a whole provider with its portal, and a browser. All tests of a run share one, each with a tenant of its own.
//
// Redmine and Roundcube run in real guests where there can be some; Nextcloud is always simulated, so that tests which are not
// about an app get a service within seconds.
type world struct {
	site     *site.Site
	program  *program.Program
	url      string // of the portal's pages
	password string // everybody's
	operator app.Actor
	chromium context.Context

	operatorEmail string

	entries   *catalog.Catalog
	guests    *proxmox.Driver
	templates sync.Mutex
	log       locked // of the portal
	served    chan error
	stops     []func()
}

var shared struct {
	sync.Once
	world *world
	err   error
}

// theWorld returns the provider, started by the first test that asks. Without a browser, or without mail, there is nothing to test.
func theWorld(t *testing.T) *world {
	t.Helper()
	needChromium(t)
	shared.Do(func() {
		begin := time.Now()
		shared.world = &world{served: make(chan error, 1)}
		shared.err = shared.world.start(context.Background())
		t.Logf("the site took %v to start", time.Since(begin).Round(time.Millisecond))
	})
	if shared.err != nil {
		t.Fatalf("the site does not start: %v", shared.err)
	}
	for _, missing := range shared.world.site.Lab.Unavailable {
		t.Skip(missing)
	}
	return shared.world
}

func (w *world) start(ctx context.Context) (err error) {
	if w.entries, err = catalog.Load(catalog.Embedded); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	w.stops = append(w.stops, cancel)
	if w.site, err = site.Start(ctx, site.Options{Catalog: w.entries}); err != nil {
		return err
	}
	if len(w.site.Lab.Unavailable) > 0 {
		return nil // every test skips
	}
	cfg, demo, err := program.Prepare(ctx, w.site)
	if err != nil {
		return err
	}
	cfg.Work.LongestGap = 2 * time.Second // a server that is back is noticed soon
	w.url, w.password = cfg.Web.URL, demo.Password
	if w.program, err = program.Open(ctx, cfg, program.Logger(program.Log{Level: "warn", Format: "text"}, &w.log)); err != nil {
		return err
	}
	if w.guests, err = w.program.Guests(); err != nil {
		return err
	}
	if err := w.populate(ctx, demo); err != nil {
		return err
	}
	go func() { w.served <- w.program.Serve(ctx, true) }()
	return errors.Join(w.ready(ctx), w.openBrowser(ctx))
}

// ready waits until the portal answers.
func (w *world) ready(ctx context.Context) error {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/readyz", nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err == nil && errors.Join(answer.Body.Close()) == nil && answer.StatusCode == http.StatusOK {
			return nil
		}
		select {
		case err := <-w.served:
			w.served <- err // end looks for it too
			return fmt.Errorf("the portal ended: %w", err)
		default:
		}
	}
	return errors.New("the portal does not answer")
}

// populate makes the operator, the demo tenant and the template of the app that is simulated.
func (w *world) populate(ctx context.Context, demo program.Demo) (err error) {
	p := w.program.Portal
	w.operatorEmail = demo.Operator
	w.operator, err = p.CreateOperator(ctx, "Demo Hosting", portal.NewMember{Name: "Demo operator", Email: demo.Operator, Password: w.password})
	if err != nil {
		return err
	}
	if err := p.PublishPrices(ctx, w.operator); err != nil {
		return err
	}
	if err := p.SaveSellingTerms(ctx, w.operator, program.DemoTerms()); err != nil {
		return err
	}
	nextcloud, _ := w.entries.App("nextcloud")
	return w.site.PutPlaceholder(ctx, w.guests, nextcloud)
}

// customer makes a tenant and returns who its owner is.
func (w *world) customer(t *testing.T, name, slug string) app.Actor {
	t.Helper()
	owner := portal.NewMember{Name: "Owner of " + name, Email: slug + "@demo.example", Password: w.password}
	made, err := w.program.Portal.CreateCustomer(t.Context(), w.operator, name, slug, owner)
	if err == nil {
		err = w.program.Portal.SaveBillingDetails(t.Context(), w.operator, program.DemoDetails(made.ID, name))
	}
	if err != nil {
		t.Fatalf("customer %s: %v", name, err)
	}
	return w.actor(t, owner.Email)
}

func (w *world) actor(t *testing.T, email string) app.Actor {
	t.Helper()
	actor, err := w.program.Portal.Actor(t.Context(), w.session(t, email).Token)
	if err != nil {
		t.Fatal(err)
	}
	return actor
}

// session signs somebody in without the sign-in page, each time from another address, since the page counts attempts by address.
func (w *world) session(t *testing.T, email string) app.Session {
	t.Helper()
	session, err := w.program.Portal.SignIn(t.Context(), portal.SignInRequest{Email: email, Password: w.password, Address: app.NewID().String()})
	if err != nil {
		t.Fatalf("sign in %s: %v", email, err)
	}
	return session.Session
}

// needReal skips t where an app cannot run in a real guest. The first time that takes minutes: the template is built.
func (w *world) needReal(t *testing.T, appID string) {
	t.Helper()
	w.templates.Lock()
	defer w.templates.Unlock()
	entry, ok := w.entries.App(appID)
	if !ok {
		t.Fatalf("the catalog has no %s", appID)
	}
	if err := w.site.PutTemplates(t.Context(), w.guests, []*catalog.App{entry}, func(line string) { t.Log(line) }); err != nil {
		t.Fatal(err)
	}
	for _, note := range w.site.Notes {
		if strings.Contains(note, "simulated") && (!w.site.Real() || strings.HasPrefix(note, entry.Name)) {
			t.Skip(note)
		}
	}
}

// end stops the portal, the browser and the servers.
func end() error {
	w := shared.world
	if w == nil || w.site == nil {
		return nil
	}
	for i := len(w.stops) - 1; i >= 0; i-- {
		w.stops[i]()
	}
	if w.chromium != nil {
		if err := <-w.served; err != nil {
			fmt.Println("the portal ended with:", err)
		}
	}
	if w.program != nil {
		w.program.Close()
	}
	return w.site.Close()
}

// locked is a text that several goroutines write.
type locked struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
