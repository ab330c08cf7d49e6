package stripe

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"
)

// Hook is where events are sent to, and the secret that signs them.
type Hook struct{ URL, Secret string }

// hooks are the endpoints, and what waits to be sent to them.
type hooks struct {
	own, connect Hook
	at           bool // events are sent as they happen
	waiting      []delivery
	sending      sync.WaitGroup
}

// delivery is an event on its way.
type delivery struct {
	hook Hook
	body []byte
	at   time.Time
}

func (h *hooks) close() { h.sending.Wait() }

// Deliver names the endpoints of the installation's own account and of connected ones. With now, events are sent as they happen; without, they wait for
// Release.
func (s *Server) Deliver(own, connect Hook, now bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.hooks.own, s.hooks.connect, s.hooks.at = own, connect, now
}

// tell makes an event of what happened to an object.
func (c *request) tell(kind string, o object) {
	e := object{
		"id": c.id("evt"), "object": "event", "created": c.now.Unix(), "livemode": false, "type": kind, "api_version": Version, "pending_webhooks": 1,
		"data": object{"object": c.books.render(o, nil)}, "request": object{"id": nil, "idempotency_key": nil},
	}
	hook := c.s.hooks.own
	if c.books.account != "" {
		e["account"], hook = c.books.account, c.s.hooks.connect
	}
	c.books.put(e)
	if hook.URL == "" {
		return
	}
	one := delivery{hook, encode(e), c.now}
	if !c.s.hooks.at {
		c.s.hooks.waiting = append(c.s.hooks.waiting, one)
		return
	}
	c.s.hooks.sending.Go(func() {
		for try := range 5 {
			if send(context.Background(), one) == http.StatusOK {
				return
			}
			time.Sleep(time.Duration(try+1) * 200 * time.Millisecond)
		}
	})
}

// Weather is how events travel: in any order, some of them twice, some not at all.
type Weather struct {
	Drop, Twice float64 // how many, from 0 to 1
	Seed        uint64
}

// Release sends the events that wait. It returns how many were sent and how many were dropped.
func (s *Server) Release(ctx context.Context, w Weather) (sent, dropped int) {
	s.mutex.Lock()
	waiting := s.hooks.waiting
	s.hooks.waiting = nil
	s.mutex.Unlock()
	random := rand.New(rand.NewPCG(w.Seed, 1))
	var out []delivery
	for _, one := range waiting {
		if random.Float64() < w.Drop {
			dropped++
			continue
		}
		out = append(out, one)
		for random.Float64() < w.Twice {
			out = append(out, one)
		}
	}
	random.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	for _, one := range out {
		if send(ctx, one) == http.StatusOK {
			sent++
		}
	}
	return sent, dropped
}

// send posts an event, and returns what was answered; 0 for nothing.
func send(ctx context.Context, d delivery) int {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.hook.URL, bytes.NewReader(d.body))
	if err != nil {
		return 0
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("Stripe-Signature", Signature(d.body, d.hook.Secret, d.at))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	answer.Body.Close()
	return answer.StatusCode
}

// Signature is the header with which a body is sent.
func Signature(body []byte, secret string, at time.Time) string {
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(webhook.ComputeSignature(at, body, secret)))
}

// Truth is what an account has at the end: what each payment brought and what was sent back or taken, by IDs, in minor units.
type Truth struct {
	Paid     map[string]int64 // payment intent -> received
	Refunded map[string]int64 // refund -> sent
	Taken    map[string]int64 // dispute -> taken
	Balance  int64            // what Stripe has for the account
}

// Truth reads what an account has.
func (s *Server) Truth(account string) Truth {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	b := s.accounts[account]
	t := Truth{Paid: map[string]int64{}, Refunded: map[string]int64{}, Taken: map[string]int64{}}
	for _, o := range b.all("payment_intent", func(o object) bool { return o["status"] == "succeeded" }) {
		t.Paid[o["id"].(string)] = o["amount_received"].(int64)
	}
	for _, o := range b.all("refund", func(o object) bool { return o["status"] == "succeeded" }) {
		t.Refunded[o["id"].(string)] = o["amount"].(int64)
	}
	for _, o := range b.all("dispute", nil) {
		t.Taken[o["id"].(string)] = o["amount"].(int64)
	}
	for _, o := range b.all("balance_transaction", nil) {
		t.Balance += o["net"].(int64)
	}
	return t
}
