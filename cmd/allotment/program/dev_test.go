package program

import (
	"context"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/payment"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/catalog"
	"allotment/e2e/site"
)

// TestDemoPays: on a fresh site the demo tenant and the demo reseller save ways to pay on the pretend provider's page, and the tenant pays an invoice by a
// direct debit, which is on its way first. What happens there is told to the serving portal over HTTP, and its workers apply it.
func TestDemoPays(t *testing.T) {
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
	kept, err := Load(settingsOf(s), nil) // by which other commands reach the site
	if err != nil || kept.Check() != nil || kept.Database.URL != cfg.Database.URL || !strings.HasPrefix(kept.Exports.Folder, s.Lab.Dir()) {
		t.Errorf("the settings that were written are not good: %+v (%v, %v)", kept, err, kept.Check())
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
	if err == nil {
		err = s.PutTemplates(t.Context(), guests, entries.Apps(), func(string) {})
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- p.Serve(ctx, true) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Errorf("serve ended with %v", err)
		}
	})
	wantStatus(t, cfg.Web.URL+"/readyz", http.StatusOK)
	if host := p.Portal.PasskeyHost(); host != "localhost" { // browsers make no passkeys for an IP address
		t.Errorf("passkeys belong to %q", host)
	}
	s.Pay.Debits(3 * time.Second)
	tenant, reseller := signedIn(t, p, demo, demo.Tenant), signedIn(t, p, demo, demo.Reseller)
	for how, actor := range map[string]app.Actor{"ideal": tenant, "5555555555554444": reseller} {
		saveMethod(t, p, s, actor, how)
	}
	settings, err := p.Portal.PaymentSettings(t.Context(), reseller)
	if err != nil || settings.Account == "" {
		t.Errorf("the reseller collects on %+v (%v)", settings, err)
	}
	orderAndWait(t, p, demo, "pays")
	payInvoice(t, p, s, tenant)
}

func signedIn(t *testing.T, p *Program, demo Demo, email string) app.Actor {
	t.Helper()
	session, err := p.Portal.SignIn(t.Context(), portal.SignInRequest{Email: email, Password: demo.Password, Address: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	actor, err := p.Portal.Actor(t.Context(), session.Token)
	if err != nil {
		t.Fatal(err)
	}
	return actor
}

// here are addresses of the portal's to come back to.
var here = payment.Places{Done: "http://127.0.0.1/done", Back: "http://127.0.0.1/back"}

// saveMethod saves a way to pay, and waits until the portal has heard of it.
func saveMethod(t *testing.T, p *Program, s *site.Site, actor app.Actor, how string) {
	t.Helper()
	page, err := p.Portal.AddMethod(t.Context(), actor, here)
	if err != nil || !s.Pay.Complete(path.Base(page), how) {
		t.Fatalf("%s is not saved (%v)", how, err)
	}
	wait(t, how+" is saved", func() bool {
		list, err := p.Portal.Methods(t.Context(), actor)
		if err != nil {
			t.Fatal(err)
		}
		return len(list.Methods) == 1
	})
}

// payInvoice issues what is due and pays it on the provider's page.
func payInvoice(t *testing.T, p *Program, s *site.Site, actor app.Actor) {
	t.Helper()
	if _, err := p.Biller().Bill(t.Context(), biller.Run{AsOf: billing.DateIn(time.Now(), time.UTC)}); err != nil {
		t.Fatal(err)
	}
	list, err := p.Portal.Invoices(t.Context(), actor, portal.InvoiceFilter{})
	if err != nil || len(list.Invoices) != 1 {
		t.Fatalf("%d invoices (%v)", len(list.Invoices), err)
	}
	invoice := list.Invoices[0].ID
	page, err := p.Portal.PayInvoice(t.Context(), actor, invoice, false, here)
	if err != nil || !s.Pay.Complete(path.Base(page), "AT611904300234573201") {
		t.Fatalf("nothing can be paid (%v)", err)
	}
	seen := map[app.AttemptState]bool{}
	wait(t, "the invoice is paid", func() bool {
		state, err := p.Portal.PayStateOf(t.Context(), actor, invoice)
		if err != nil {
			t.Fatal(err)
		}
		seen[state.Last.State] = true
		return state.Open.Minor == 0
	})
	if !seen[app.AttemptProcessing] {
		t.Errorf("it never was on its way: %v", seen)
	}
}

func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 300 {
		if done() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("%s: not within half a minute", what)
}
