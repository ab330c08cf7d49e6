package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"time"

	"allotment/app"
)

// sink takes an answer in the same process. A live stream ends with its first event.
type sink struct {
	header http.Header
	status int
	body   bytes.Buffer
	end    context.CancelFunc
}

func (s *sink) Header() http.Header { return s.header }

func (s *sink) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
}

func (s *sink) Write(data []byte) (int, error) {
	s.WriteHeader(http.StatusOK)
	return s.body.Write(data)
}

// Flush ends a stream: what was written so far is what it says.
func (s *sink) Flush() { s.end() }

func (s *sink) SetReadDeadline(time.Time) error  { return nil }
func (s *sink) SetWriteDeadline(time.Time) error { return nil }

// visitorAs is who sends the requests of the walk: a role's person, its key, or nobody.
type visitorAs struct {
	label string
	party *party // nil for nobody
	actor app.Actor
	key   bool

	confirms *party // whose service's host is typed to confirm its removal; nil for the visitor's own
}

// entry is one line of the pages' table, or one operation of the API, with parameters as ":name".
type entry struct {
	method, path string
	permission   app.Permission
	api          bool
	body         []property // of the API
	query        []string   // of the API
}

// property is one field of a body of the API.
type property struct{ name, kind string }

func (e entry) String() string { return e.method + " " + e.path }

// parameters are what its path names: "services/:id".
func (e entry) parameters() (all []string) {
	parts := strings.Split(e.path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, ":") {
			all = append(all, parts[i-1]+"/"+part)
		}
	}
	return all
}

// address puts what each parameter names into the path.
func (e entry) address(value func(parameter string) string) string {
	parts := strings.Split(e.path, "/")
	for i, part := range strings.Split(e.path, "/") {
		if strings.HasPrefix(part, ":") {
			parts[i] = url.PathEscape(value(strings.Split(e.path, "/")[i-1] + "/" + part))
		}
	}
	return strings.Join(parts, "/")
}

// send sends one request, with fields whose values come from ids, and returns what was answered.
func (m *matrix) send(who visitorAs, e entry, address string, ids *party) *sink {
	method, body, kind := e.method, "", ""
	if e.api {
		address = "/api/v1" + address
	}
	values := m.values(who, e, ids)
	switch {
	case method == http.MethodGet && ids != nil && len(values) > 0:
		address += "?" + encoded(values).Encode()
	case method != http.MethodGet && e.api && len(e.body) > 0:
		data, _ := json.Marshal(values)
		body, kind = string(data), "application/json"
	case method != http.MethodGet && !e.api:
		body, kind = encoded(values).Encode(), "application/x-www-form-urlencoded"
	}
	ctx, cancel := context.WithTimeout(m.t.Context(), 20*time.Second)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	r.RemoteAddr = "192.0.2.1:1"
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if e.api && method == http.MethodPost {
		r.Header.Set("Idempotency-Key", app.NewID().String())
	}
	switch {
	case who.party == nil:
	case who.key:
		r.Header.Set("Authorization", "Bearer "+who.party.keys[who.actor.Role])
	default:
		r.Header.Set("Cookie", "allotment="+who.party.sessions[who.actor.Role])
	}
	answer := &sink{header: http.Header{}, end: cancel}
	m.handler.ServeHTTP(answer, r)
	m.calls.Add(1)
	return answer
}

// encoded writes values as a form does.
func encoded(values map[string]any) url.Values {
	out := url.Values{}
	for name, value := range values {
		if text, ok := value.(string); ok {
			out.Set(name, text)
		}
	}
	return out
}

// refused reports whether an answer sends the visitor away: as one who may not, or must sign in first.
func (a *sink) refused() bool {
	return a.status == http.StatusForbidden || a.status == http.StatusUnauthorized || a.signIn()
}

func (a *sink) signIn() bool {
	return a.status == http.StatusSeeOther && strings.HasPrefix(a.header.Get("Location"), "/signin")
}

// all is what an answer says, in its body and its headers.
func (a *sink) all() string {
	var out strings.Builder
	_ = a.header.Write(&out)
	out.Write(a.body.Bytes())
	return out.String()
}

var tags = regexp.MustCompile(`<[^>]*>`)

// words is the end of what an answer says to people: the beginning is the same on every page.
func (a *sink) words() string {
	text := strings.Join(strings.Fields(tags.ReplaceAllString(a.body.String(), " ")), " ")
	return text[max(0, len(text)-300):]
}
