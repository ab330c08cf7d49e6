// Package stripe is a pretend Stripe on the loopback, for tests and for `allotment dev`: it keeps what it is told, as Stripe's own test mode does, and
// moves no money. It speaks the part of API version 2023-10-16 that Allotment uses. Its behaviour follows https://docs.stripe.com/testing (cards and
// accounts with a fate), https://docs.stripe.com/api/idempotent_requests and https://docs.stripe.com/webhooks.
package stripe

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Version is the API version that is spoken; requests that name another are refused.
const Version = "2023-10-16"

// Options say how the server behaves.
type Options struct {
	Listen string           // "" is any free port of 127.0.0.1
	Key    string           // the secret key that requests must bear
	Now    func() time.Time // nil is the machine's clock
	Debit  time.Duration    // how long a direct debit is on its way; 0 means five days
	Mark   string           // stands in every ID, so that those of two starts are not the same; "" means "pretend"
	Any    bool             // every account that is named is a connected one
}

// Recorded is a request as it came.
type Recorded struct {
	Method, Path, Query, Body string
	Header                    http.Header
}

// Server is the pretend Stripe.
type Server struct {
	options Options
	http    *http.Server
	listen  net.Listener
	mux     *http.ServeMux

	mutex    sync.Mutex
	shift    time.Duration // how far the clock was turned
	serial   int
	accounts map[string]*books
	replies  map[string]reply
	faults   []Fault
	requests []Recorded
	hooks    hooks
}

// reply is what was answered under an idempotency key.
type reply struct {
	sum    [32]byte
	status int
	body   []byte
}

// Start starts it. Close must be called.
func Start(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Mark == "" {
		o.Mark = "pretend"
	}
	if o.Debit == 0 {
		o.Debit = 5 * 24 * time.Hour
	}
	l, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("pretend stripe: %w", err)
	}
	s := &Server{options: o, listen: l, accounts: map[string]*books{"": newBooks("")}, replies: map[string]reply{}}
	s.mux = s.routes()
	s.http = &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: 5 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	go s.http.Serve(l) //nolint:errcheck // Close ends it
	return s, nil
}

// URL is where it is reached.
func (s *Server) URL() string { return "http://" + s.listen.Addr().String() }

// Close ends it.
func (s *Server) Close() error {
	s.hooks.close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		return s.http.Close()
	}
	return nil
}

// Connect makes an account of a seller's, connected with the installation's.
func (s *Server) Connect(id string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.accounts[id] = newBooks(id)
}

// meet connects an account when it is named for the first time, where every one is.
func (s *Server) meet(id string) {
	if _, known := s.accounts[id]; !known && s.options.Any {
		s.accounts[id] = newBooks(id)
	}
}

// Requests returns every request of the API so far.
func (s *Server) Requests() []Recorded {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]Recorded(nil), s.requests...)
}

// Fault is what goes wrong with the next request to which it applies, once.
type Fault struct {
	Method, Path string // of the request: exactly, or the beginning of the path
	Lost         bool   // it is carried out, and the answer is lost
	Status       int    // or it is not carried out, and this is the answer; 0 drops the connection before anything happens
}

// Break makes the next request go wrong.
func (s *Server) Break(f Fault) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.faults = append(s.faults, f)
}

func (s *Server) fault(r *http.Request) (Fault, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for i, f := range s.faults {
		if f.Method == r.Method && strings.HasPrefix(r.URL.Path, f.Path) {
			s.faults = append(s.faults[:i], s.faults[i+1:]...)
			return f, true
		}
	}
	return Fault{}, false
}

// serve takes the API's requests, and those of the pages that people see.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/v1/") {
		s.mux.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	f, broken := s.fault(r)
	if broken && !f.Lost {
		if f.Status == 0 {
			hangUp(w)
			return
		}
		write(w, f.Status, problem("api_error", "", "Something went wrong."))
		return
	}
	status, answer := s.once(r, body)
	if broken {
		breakOff(w, status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

// once carries out a request, or says again what was said under its key.
func (s *Server) once(r *http.Request, body []byte) (int, []byte) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.requests = append(s.requests, Recorded{r.Method, r.URL.Path, r.URL.RawQuery, string(body), r.Header.Clone()})
	if refused := s.admit(r); refused != nil {
		return refused.status, encode(refused.body)
	}
	key, sum := r.Header.Get("Idempotency-Key"), sha256.Sum256(append([]byte(r.URL.Path+"\n"), body...))
	key = r.Header.Get("Stripe-Account") + "\n" + key
	if said, again := s.replies[key]; again && r.Method == http.MethodPost && !strings.HasSuffix(key, "\n") {
		if said.sum != sum {
			return http.StatusBadRequest, encode(problem("idempotency_error", "", "Keys for idempotent requests can only be used with the same parameters they were first used with."))
		}
		return said.status, said.body
	}
	status, answer := s.answer(r, body)
	if r.Method == http.MethodPost && !strings.HasSuffix(key, "\n") && status < 500 && status != http.StatusConflict {
		s.replies[key] = reply{sum, status, answer}
	}
	return status, answer
}

type refusal struct {
	status int
	body   object
}

// admit checks who asks, for which account and in which version.
func (s *Server) admit(r *http.Request) *refusal {
	s.meet(r.Header.Get("Stripe-Account"))
	switch _, known := s.accounts[r.Header.Get("Stripe-Account")]; {
	case r.Header.Get("Authorization") != "Bearer "+s.options.Key:
		return &refusal{http.StatusUnauthorized, problem("invalid_request_error", "", "Invalid API Key provided.")}
	case r.Header.Get("Stripe-Version") != Version:
		return &refusal{http.StatusBadRequest, problem("invalid_request_error", "", "Another API version.")}
	case !known:
		return &refusal{http.StatusForbidden, problem("invalid_request_error", "account_invalid", "The key does not have access to this account.")}
	}
	return nil
}

// answer carries a request out.
func (s *Server) answer(r *http.Request, body []byte) (int, []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return http.StatusBadRequest, encode(problem("invalid_request_error", "", "No form."))
	}
	if r.Method == http.MethodGet {
		form = r.URL.Query()
	}
	c := &request{s: s, books: s.accounts[r.Header.Get("Stripe-Account")], form: form, now: s.clock()}
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/"), "/")
	status, out := c.route(r.Method, parts)
	if status == http.StatusOK && out["object"] != "list" {
		out = c.books.render(out, c.expand())
	}
	return status, encode(out)
}

// breakOff ends the connection within the answer: a client that only saw it end would ask again by itself.
func breakOff(w http.ResponseWriter, status int) {
	if h, ok := w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			fmt.Fprintf(conn, "HTTP/1.1 %d Broken\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", status)
			conn.Close()
		}
	}
}

func hangUp(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			conn.Close()
		}
	}
}

func encode(o object) []byte {
	var out bytes.Buffer
	_ = json.NewEncoder(&out).Encode(o) // maps of plain values always encode
	return out.Bytes()
}

func write(w http.ResponseWriter, status int, o object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(encode(o))
}

// problem is an error as Stripe words it.
func problem(kind, code, message string) object {
	e := object{"type": kind, "message": message}
	if code != "" {
		e["code"] = code
	}
	return object{"error": e}
}
