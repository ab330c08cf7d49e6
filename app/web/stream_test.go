package web_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app/store"
	"allotment/app/web"
)

// silent is a listener that has nothing to say.
type silent struct{}

func (silent) Listen(ctx context.Context, _ func(store.Notice)) error {
	<-ctx.Done()
	return ctx.Err()
}

// events is an open stream; next returns the next event's name and data, and "" at the end.
type events struct {
	t       *testing.T
	answer  *http.Response
	scanner *bufio.Scanner
}

func (v *visitor) stream(path string) *events {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), 20*time.Second)
	v.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.base+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	answer, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { answer.Body.Close() })
	scanner := bufio.NewScanner(answer.Body)
	scanner.Buffer(nil, 1<<20)
	return &events{v.t, answer, scanner}
}

func (e *events) next() (name, data string) {
	e.t.Helper()
	for e.scanner.Scan() {
		line := e.scanner.Text()
		switch {
		case strings.HasPrefix(line, "event: "):
			name = strings.TrimPrefix(line, "event: ")
		case strings.HasPrefix(line, "data:"):
			data += strings.TrimPrefix(line, "data:") + "\n"
		case line == "" && name != "":
			return name, data
		}
	}
	return "", ""
}

func TestStream(t *testing.T) {
	t.Parallel()
	s := open(t)
	placed := s.place(t, s.Tenant, "office")
	path := "/operations/" + placed.Operation.String() + "/stream"
	stream := s.tenant(t).stream(path)
	if kind := stream.answer.Header.Get("Content-Type"); stream.answer.StatusCode != http.StatusOK || kind != "text/event-stream" {
		t.Fatalf("stream: %d %s", stream.answer.StatusCode, kind)
	}
	if name, data := stream.next(); name != "progress" || !strings.Contains(data, "Project office is growing") || !strings.Contains(data, `hx-swap-oob`) {
		t.Fatalf("first event %q: %s", name, data)
	}
	s.notify(t, 100, s.Tenant.Organization.String()+" "+placed.Operation.String())
	if _, err := s.Portal.CancelOperation(t.Context(), s.Tenant, placed.Operation); err != nil {
		t.Fatal(err)
	}
	last, count := "", 0
	for name := ""; name != "end"; count++ {
		data := ""
		if name, data = stream.next(); name == "progress" {
			last = data
		}
		if name == "" || count > 10 {
			t.Fatalf("event %d is %q", count, name)
		}
	}
	if !strings.Contains(last, "was cancelled") {
		t.Errorf("the last state is not the newest: %s", last)
	}
	if name, _ := stream.next(); name != "" {
		t.Errorf("%q comes after the end", name)
	}
	if over := s.tenant(t).stream(path); over.answer.StatusCode != http.StatusOK {
		t.Errorf("a stream of what is over: %d", over.answer.StatusCode)
	} else if name, _ := over.next(); name != "progress" {
		t.Errorf("a stream of what is over begins with %q", name)
	} else if name, _ := over.next(); name != "end" {
		t.Errorf("a stream of what is over ends with %q", name)
	}
}

// notify makes noise: it tells listeners of a change n times, as that many committed transactions would.
func (s *site) notify(t *testing.T, n int, payload string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	for range n {
		if _, err := conn.Exec(t.Context(), `SELECT pg_notify('allotment_operation', $1)`, payload); err != nil {
			t.Fatal(err)
		}
	}
}

func TestStreamsEndFirst(t *testing.T) {
	t.Parallel()
	s := open(t)
	placed := s.place(t, s.Tenant, "office")
	stream := s.tenant(t).stream("/operations/" + placed.Operation.String() + "/stream")
	if name, _ := stream.next(); name != "progress" {
		t.Fatalf("first event %q", name)
	}
	s.server.Shutdown()
	if name, _ := stream.next(); name != "" {
		t.Errorf("%q comes after the stop: the browser would not connect again", name)
	}
	v := s.visitor(t)
	if got := v.get("/readyz"); got.status != http.StatusServiceUnavailable {
		t.Errorf("a stopping server says it is ready: %d", got.status)
	}
	if got := v.get("/healthz"); got.status != http.StatusOK {
		t.Errorf("a stopping server is not healthy: %d", got.status)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *web.Config) { c.MaxStreams = 25 })
	placed, theirs := s.place(t, s.Tenant, "office"), s.place(t, s.Other, "theirs")
	one, other := s.tenant(t), s.as(t, s.Other.Email)
	path := "/operations/" + placed.Operation.String() + "/stream"
	for i := range 21 {
		want := http.StatusOK
		if i == 20 {
			want = http.StatusTooManyRequests
		}
		if got := one.stream(path).answer.StatusCode; got != want {
			t.Fatalf("stream %d of one person: %d", i+1, got)
		}
	}
	for i := range 6 {
		want := http.StatusOK
		if i == 5 {
			want = http.StatusServiceUnavailable
		}
		if got := other.stream("/operations/" + theirs.Operation.String() + "/stream").answer.StatusCode; got != want {
			t.Fatalf("stream %d of another person: %d", i+1, got)
		}
	}
}
