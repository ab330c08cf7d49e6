package web_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"allotment/app"
	"allotment/app/driver/stripe"
	"allotment/app/payment"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
	"allotment/app/web"
	pretend "allotment/e2e/stripe"
)

// hooked is a running server whose sellers collect through a pretend Stripe, which tells it over HTTP what happens.
type hooked struct {
	*site
	t      *testing.T
	stripe *pretend.Server
	conn   *pgx.Conn
}

const ownSecret, connectSecret, resellersAccount = "whsec_own", "whsec_connect", "acct_pretendreseller"

func newHooked(t *testing.T) *hooked {
	t.Helper()
	h := &hooked{t: t}
	var err error
	if h.stripe, err = pretend.Start(pretend.Options{Key: "sk_test_pretend"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.stripe.Close() })
	driver, err := stripe.New(stripe.Config{URL: h.stripe.URL(), Key: "sk_test_pretend", Secret: ownSecret, ConnectSecret: connectSecret, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	h.site = &site{World: portaltest.New(t, func(c *portal.Config) { c.Payments = driver }), log: &record{}}
	log := slog.New(slog.NewTextHandler(h.log, nil))
	cfg := web.Config{BaseURL: "http://portal.example.test", Ready: func(context.Context) error { return nil }}
	if h.server, err = web.New(cfg, h.Portal, h.Store, log, prometheus.NewRegistry()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h.server.Handler())
	t.Cleanup(func() { h.server.Shutdown(); server.Close() })
	h.URL = server.URL
	h.stripe.Deliver(pretend.Hook{URL: h.URL + "/hooks/stripe", Secret: ownSecret}, pretend.Hook{URL: h.URL + "/hooks/stripe/connect", Secret: connectSecret}, false)
	h.stripe.Connect(resellersAccount)
	if err := h.Portal.ConnectPayments(t.Context(), h.Reseller(t), resellersAccount); err != nil {
		t.Fatal(err)
	}
	if h.conn, err = pgx.Connect(t.Context(), h.Superuser); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.conn.Close(context.Background()) })
	return h
}

func (h *hooked) count(sql string) (n int) {
	h.t.Helper()
	if err := h.conn.QueryRow(h.t.Context(), sql).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// saves lets a customer save ways to pay on the provider's pages, and close the browser there.
func (h *hooked) saves(actor app.Actor, numbers ...string) {
	h.t.Helper()
	for _, number := range numbers {
		page, err := h.Portal.AddMethod(h.t.Context(), actor, payment.Places{Done: "https://portal.example.test/", Back: "https://portal.example.test/"})
		if err != nil || !h.stripe.Complete(path.Base(page), number) {
			h.t.Fatalf("%s is not saved (%v)", number, err)
		}
	}
}

// work applies what came in, as workers do.
func (h *hooked) work() {
	h.t.Helper()
	var waiting []store.NoticeJob
	err := h.Store.InTenant(h.t.Context(), h.Operator, func(tx *store.Tx) (err error) {
		waiting, err = tx.WaitingNotices(h.t.Context(), time.Now().Add(time.Hour), 1000)
		return err
	})
	for _, job := range waiting {
		if err == nil {
			err = h.Portal.Collector().Apply(h.t.Context(), job)
		}
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// send posts a body to an endpoint as Stripe does, and returns the status and what was said.
func (h *hooked) send(endpoint, body, signature string) (int, string) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.URL+endpoint, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	if signature != "" {
		r.Header.Set("Stripe-Signature", signature)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(said)
}

// TestHooksInAStorm: over the real endpoints, notices come twice, in any order, and some never: what was saved in two sellers' accounts is there once in the
// end, and each notice was kept once.
func TestHooksInAStorm(t *testing.T) {
	t.Parallel()
	h := newHooked(t)
	h.saves(h.Tenant, pretend.GoodCard, pretend.GoodIBAN, "ideal")
	h.saves(h.Other, "bancontact")
	h.saves(h.Resold(t), pretend.GoodCard, "ideal")
	sent, dropped := h.stripe.Release(t.Context(), pretend.Weather{Drop: 0.5, Twice: 0.6, Seed: 3})
	if sent == 0 || dropped == 0 {
		t.Fatalf("%d sent and %d dropped: no storm", sent, dropped)
	}
	kept := h.count(`SELECT count(*) FROM webhook_events`)
	if kept >= sent {
		t.Errorf("%d notices were sent, and %d kept: none came twice", sent, kept)
	}
	h.work()
	for range 2 { // what was dropped is fetched by the sweep, and again
		if err := h.Portal.Collector().Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.work()
	}
	for name, c := range map[string]struct {
		actor app.Actor
		want  int
	}{"tenant": {h.Tenant, 3}, "other": {h.Other, 1}, "resold": {h.Resold(t), 2}} {
		page, err := h.Portal.Methods(t.Context(), c.actor)
		if err != nil || len(page.Methods) != c.want {
			t.Errorf("%s has %d ways to pay, want %d (%v)", name, len(page.Methods), c.want, err)
		}
	}
	if n := h.count(`SELECT count(*) FROM webhook_events WHERE applied_at IS NULL`); n != 0 {
		t.Errorf("%d notices are not applied", n)
	}
	if n := h.count(`SELECT count(*) FROM payment_attempts WHERE state <> 'succeeded'`); n != 0 {
		t.Errorf("%d attempts hang", n)
	}
}

// TestForgedHooks: what Stripe did not say, says in another version, or says of another account is refused without a word, and nothing of it is kept.
func TestForgedHooks(t *testing.T) {
	t.Parallel()
	h := newHooked(t)
	event := func(version, account string) string {
		return fmt.Sprintf(`{"id": "evt_forged", "object": "event", "type": "setup_intent.succeeded", "created": %d, "api_version": %q%s,
			"data": {"object": {"id": "seti_1", "object": "setup_intent", "status": "succeeded"}}}`, time.Now().Unix(), version, account)
	}
	const own, connect = "/hooks/stripe", "/hooks/stripe/connect"
	fine, ours, foreign := event(pretend.Version, ""), `, "account": "`+resellersAccount+`"`, `, "account": "acct_foreign1234"`
	now, signed := time.Now(), func(body, secret string, at time.Time) string { return pretend.Signature([]byte(body), secret, at) }
	for name, c := range map[string]struct{ endpoint, body, signature string }{
		"no signature":               {own, fine, ""},
		"nonsense":                   {own, fine, "t=1,v1=00"},
		"another secret":             {own, fine, signed(fine, "whsec_other", now)},
		"the secret of the other":    {own, fine, signed(fine, connectSecret, now)},
		"signed an hour ago":         {own, fine, signed(fine, ownSecret, now.Add(-time.Hour))},
		"signed in an hour":          {own, fine, signed(fine, ownSecret, now.Add(time.Hour))},
		"changed after it":           {own, fine + " ", signed(fine, ownSecret, now)},
		"another version":            {own, event("2020-08-27", ""), signed(event("2020-08-27", ""), ownSecret, now)},
		"an account at our own":      {own, event(pretend.Version, ours), signed(event(pretend.Version, ours), ownSecret, now)},
		"no account at the other":    {connect, fine, signed(fine, connectSecret, now)},
		"an account of nobody here":  {connect, event(pretend.Version, foreign), signed(event(pretend.Version, foreign), connectSecret, now)},
		"nothing, signed":            {own, "", signed("", ownSecret, now)},
		"an event without an object": {own, `{"api_version": "2023-10-16"}`, signed(`{"api_version": "2023-10-16"}`, ownSecret, now)},
	} {
		if status, said := h.send(c.endpoint, c.body, c.signature); status != http.StatusBadRequest || said != "" {
			t.Errorf("%s: %d %q, want 400 and no word", name, status, said)
		}
	}
	large := strings.Repeat(" ", 300<<10) + fine
	if status, _ := h.send(own, large, signed(large, ownSecret, now)); status < http.StatusBadRequest || status >= http.StatusInternalServerError {
		t.Errorf("300 kB: %d", status)
	}
	if n := h.count(`SELECT count(*) FROM webhook_events`); n != 0 {
		t.Errorf("%d of them are kept", n)
	}
	for range 3 {
		if status, said := h.send(own, fine, signed(fine, ownSecret, now)); status != http.StatusOK || said != "" {
			t.Errorf("a genuine one: %d %q", status, said)
		}
	}
	h.work() // of an object that is not there
	if n := h.count(`SELECT count(*) FROM webhook_events WHERE result = 'not there'`); n != 1 {
		t.Errorf("the genuine one is kept %d times", n)
	}
	if strings.Contains(h.log.String(), "whsec_") {
		t.Error("a secret is in the log")
	}
}
