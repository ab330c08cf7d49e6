package program

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/catalog"
	"allotment/e2e/lab"
	"allotment/e2e/site"
)

// TestDatabaseAway stops PostgreSQL under a serving portal. It says that it is not ready, goes on by itself when the database is
// back, carries out a fresh order, and stops in good order.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	entries, err := catalog.Load(catalog.Embedded)
	if err != nil {
		t.Fatal(err)
	}
	s, err := site.Start(t.Context(), site.Options{Simulated: true, Catalog: entries})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if s.Lab.Mail == nil {
		t.Skip(s.Notes)
	}
	cfg, demo, err := Prepare(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if err := demo.populate(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	guests, err := p.Guests()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutTemplates(t.Context(), guests, entries.Apps(), func(line string) { t.Log(line) }); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- p.Serve(ctx, true) }()
	wantStatus(t, cfg.Web.URL+"/readyz", http.StatusOK)
	orderAndWait(t, p, demo, "before")

	up, err := s.Lab.Down(lab.ServerPostgres)
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, cfg.Web.URL+"/readyz", http.StatusServiceUnavailable)
	time.Sleep(2 * time.Second)
	if err := up(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, cfg.Web.URL+"/readyz", http.StatusOK)
	orderAndWait(t, p, demo, "after")

	stop()
	select {
	case err := <-served:
		if err != nil {
			t.Errorf("serve ended with %v", err)
		}
	case <-time.After(40 * time.Second):
		t.Error("serve did not stop")
	}
}

// wantStatus waits until an address answers with a status.
func wantStatus(t *testing.T, address string, want int) {
	t.Helper()
	var last string
	for range 200 {
		response, err := http.Get(address)
		if err == nil {
			response.Body.Close()
			if response.StatusCode == want {
				return
			}
			last = response.Status
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s says %s, want %d", address, last, want)
}

func orderAndWait(t *testing.T, p *Program, demo Demo, host string) {
	t.Helper()
	session, err := p.Portal.SignIn(t.Context(), portal.SignInRequest{Email: demo.Tenant, Password: demo.Password, Address: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	actor, err := p.Portal.Actor(t.Context(), session.Token)
	if err != nil {
		t.Fatal(err)
	}
	order, err := p.Portal.PlaceOrder(t.Context(), actor, portal.OrderRequest{
		App: "redmine", Plan: "small", Name: "Ours", Host: host + "." + site.Zone, Key: host,
	})
	if err != nil {
		t.Fatal(err)
	}
	var seen string
	for range 600 {
		d, err := p.Portal.Service(t.Context(), actor, order.Service)
		if err != nil {
			t.Fatal(err)
		}
		if d.Service.State == app.ServiceActive {
			return
		}
		seen = fmt.Sprintf("%s: %+v", d.Service.State, d.Operation.Steps)
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("the order did not become active: %s", seen)
}
