package payment_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/payment"
	"allotment/app/store"
	"allotment/billing"
	pretend "allotment/e2e/stripe"
)

// TestStripeMockTakesEveryRequest plays every request of the engine's again to stripe-mock, Stripe's own server that checks requests against the description
// of its API: a parameter, an expansion or a path that does not exist is refused there.
func TestStripeMockTakesEveryRequest(t *testing.T) {
	t.Parallel()
	base := startMock(t)
	w := newWorld(t, 1, 4)
	w.everyRequest()
	kinds := map[string]bool{}
	for _, r := range w.stripe.Requests() {
		kind := r.Method + " " + kindOfPath(r.Path)
		kinds[kind] = true
		if status, answer := replay(t, base, r); status >= http.StatusBadRequest {
			t.Errorf("stripe-mock refuses %s %s?%s %q with %d: %s", r.Method, r.Path, r.Query, r.Body, status, answer)
		}
	}
	for _, kind := range []string{
		"POST customers", "POST checkout/sessions", "GET checkout/sessions/:id", "GET checkout/sessions", "GET payment_intents", "GET payment_intents/:id", "POST payment_intents",
		"GET setup_intents/:id", "GET payment_methods/:id", "POST payment_methods/:id/detach", "GET refunds", "GET refunds/:id", "POST refunds",
		"GET disputes/:id", "GET events", "GET balance_transactions", "GET accounts/:id",
	} {
		if !kinds[kind] {
			t.Errorf("no request of the kind %s was made: the test does not try it", kind)
		}
	}
	for _, wrong := range []pretend.Recorded{ // it does look
		{Method: http.MethodPost, Path: "/v1/payment_intents", Body: "amount=100&currency=eur&nonsense=1"},
		{Method: http.MethodPost, Path: "/v1/refunds", Body: "amount=lots"},
		{Method: http.MethodGet, Path: "/v1/payment_intents", Query: "nonsense=1"},
		{Method: http.MethodGet, Path: "/v1/nonsense"},
	} {
		if status, _ := replay(t, base, wrong); status < http.StatusBadRequest {
			t.Errorf("stripe-mock takes %+v", wrong)
		}
	}
}

// everyRequest makes the engine ask for all that it ever asks for.
func (w *world) everyRequest() {
	w.t.Helper()
	ctx, account := w.t.Context(), w.connect()
	for i, d := range w.debts() {
		w.saved(d, account[d.seller], []string{pretend.GoodCard, pretend.GoodIBAN, "ideal", "4000000000000341"}[i])
	}
	w.later(14)
	w.collect()
	w.later(6)
	if err := w.engine.Sweep(ctx); err != nil {
		w.t.Fatal(err)
	}
	paid := w.attempts(`kind = 'charge' AND state = 'succeeded'`)
	for _, name := range account {
		if name != "" && w.engine.CheckAccount(ctx, name) != nil {
			w.t.Fatal("the account is not fine")
		}
	}
	w.credit(paid[0].Invoice)
	w.house(func(tx *store.Tx) error {
		_, err := w.engine.BeginRefund(ctx, tx, paid[0].ID, billing.Money{Minor: 100, Currency: "EUR"}, "It was ordered by mistake.")
		return err
	})
	w.work()
	w.stripe.Contest(paid[1].Account, paid[1].Reference)
	for _, a := range w.attempts(`kind IN ('refund', 'setup', 'charge')`) {
		if _, err := w.driver.Look(ctx, a.Account, a.Reference); err != nil {
			w.t.Error(err)
		}
	}
	w.checkout(account)
	if _, err := w.engine.Reconcile(ctx); err != nil {
		w.t.Error(err)
	}
	w.house(func(tx *store.Tx) error {
		m, err := tx.Methods(ctx, paid[0].Seller, paid[0].Customer)
		if err != nil || len(m) == 0 {
			return err
		}
		return w.engine.Forget(ctx, paid[0].Account, m[0])
	})
}

// checkout opens a page on which an unpaid invoice is paid and the way to pay is kept, after a card that is refused.
func (w *world) checkout(account map[app.ID]string) {
	w.t.Helper()
	for _, d := range w.debts() {
		if w.open(d) == 0 {
			continue
		}
		a := app.Attempt{
			ID: app.NewID(), Customer: d.customer, Seller: d.seller, Account: account[d.seller], Through: payment.Stripe, Kind: app.AttemptCheckout, Invoice: d.invoice, Keep: true,
			Amount: d.amount, State: app.AttemptCreated, CreatedAt: w.Today,
		}
		w.house(func(tx *store.Tx) error { return tx.InsertAttempt(w.t.Context(), a) })
		if _, err := w.engine.Open(w.t.Context(), a, "de", "Invoice 1", payment.Places{Done: "https://portal.example.test/done", Back: "https://portal.example.test/"}); err != nil {
			w.t.Fatal(err)
		}
		a = w.attempt(a.ID)
		w.stripe.Complete(a.Page, "4000000000000002")
		w.stripe.Release(w.t.Context(), pretend.Weather{})
		w.apply()
		if w.stripe.Complete(a.Page, pretend.GoodCard) {
			w.stripe.Release(w.t.Context(), pretend.Weather{})
			w.apply()
		}
		if w.open(d) != 0 {
			w.t.Error("a page was paid, and the invoice is open")
		}
	}
}

func kindOfPath(path string) string {
	parts := strings.Split(strings.TrimPrefix(path, "/v1/"), "/")
	for i, part := range parts {
		if prefix, _, ok := strings.Cut(part, "_"); ok && len(prefix) <= 4 && prefix != "" && strings.ContainsAny(part, "0123456789") || strings.HasPrefix(part, "acct_") {
			parts[i] = ":id"
		}
	}
	return strings.Join(parts, "/")
}

// replay sends a request again, and returns what is answered.
func replay(t *testing.T, base string, r pretend.Recorded) (int, string) {
	t.Helper()
	again, err := http.NewRequestWithContext(t.Context(), r.Method, base+r.Path+"?"+r.Query, strings.NewReader(r.Body))
	if err != nil {
		t.Fatal(err)
	}
	if again.Header = r.Header.Clone(); again.Header == nil {
		again.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	}
	again.Header.Set("Authorization", "Bearer sk_test_123")
	again.Header.Del("Accept-Encoding")
	answer, err := http.DefaultClient.Do(again)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var said struct{ Error struct{ Message string } }
	_ = json.Unmarshal(body, &said)
	return answer.StatusCode, said.Error.Message
}

// startMock builds stripe-mock from its Go module and starts it. Where it cannot be built, the test is skipped.
func startMock(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "stripe-mock")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/stripe/stripe-mock")
	build.Dir = "../../e2e/stripemock"
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("stripe-mock cannot be built here (%v), so no request is checked against Stripe's own description: %s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(address)
	mock := exec.CommandContext(t.Context(), program, "-http-addr", "127.0.0.1:"+port, "-strict-version-check=false")
	if err := mock.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mock.Process.Kill(); _ = mock.Wait() })
	for range 300 {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return fmt.Sprintf("http://%s", address)
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("stripe-mock does not listen")
	return ""
}
