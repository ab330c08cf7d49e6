package pve

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// answer is what a request got.
type answer struct {
	status int
	reason string
	body   []byte
}

// data decodes the answer's data.
func (a answer) data(t *testing.T) any {
	t.Helper()
	var body struct{ Data any }
	if err := json.Unmarshal(a.body, &body); err != nil {
		t.Fatalf("answer is no JSON: %v: %q", err, a.body)
	}
	return body.Data
}

// client sends requests as one token.
type client struct {
	base, token string
}

// startServer starts an emulator with short delays on a folder of its own, unless o says otherwise.
func startServer(t *testing.T, o Options) *Server {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	for _, d := range []*time.Duration{&o.AuthDelay, &o.AgentDelay, &o.WorkerDelay, &o.ResourcesLag} {
		if *d == 0 {
			*d = -1
		}
	}
	o.Plain, o.Log = true, slog.New(slog.DiscardHandler)
	s, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func rootOf(s *Server) client { return client{s.URL(), s.TokenID() + "=" + s.TokenSecret()} }

// do sends one request; params go into the query or the form, as PVE wants them.
func (c client) do(t *testing.T, method, path string, params map[string]string) answer {
	t.Helper()
	form := url.Values{}
	for k, v := range params {
		form.Set(k, v)
	}
	target, body := c.base+path, ""
	if method == http.MethodPost || method == http.MethodPut {
		body = form.Encode()
	} else if len(form) > 0 {
		target += "?" + form.Encode()
	}
	req, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.send(t, req)
}

func (c client) send(t *testing.T, req *http.Request) answer {
	t.Helper()
	a, err := c.try(req)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// try sends a request whose connection may be cut.
func (c client) try(req *http.Request) (answer, error) {
	if c.token != "" {
		req.Header.Set("Authorization", "PVEAPIToken="+c.token)
	}
	resp, err := (&http.Client{Timeout: 30 * time.Second}).Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	_, reason, _ := strings.Cut(resp.Status, " ")
	return answer{resp.StatusCode, reason, b}, err
}

// upload sends a file; fields come before it, or after it when late is set.
func (c client) upload(t *testing.T, path, name string, content []byte, fields map[string]string, late bool) answer {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	putFields := func() {
		for k, v := range fields {
			_ = w.WriteField(k, v)
		}
	}
	if !late {
		putFields()
	}
	f, err := w.CreateFormFile("filename", name)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.Write(content)
	if late {
		putFields()
	}
	_ = w.Close()
	req, err := http.NewRequest(http.MethodPost, c.base+path, &b)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	return c.send(t, req)
}

// must sends a request that has to succeed and waits for its task, if it made one.
func (c client) must(t *testing.T, method, path string, params map[string]string) any {
	t.Helper()
	a := c.do(t, method, path, params)
	if a.status != http.StatusOK {
		t.Fatalf("%s %s: %d %s %s", method, path, a.status, a.reason, a.body)
	}
	return c.finished(t, method+" "+path, a)
}

// finished waits for the task of an answer and wants it to have ended well.
func (c client) finished(t *testing.T, what string, a answer) any {
	t.Helper()
	data := a.data(t)
	if id, ok := data.(string); ok && strings.HasPrefix(id, "UPID:") {
		if exit := c.wait(t, id); exit != "OK" {
			t.Fatalf("%s: task ended with %q", what, exit)
		}
	}
	return data
}

// wait waits for a task and returns its exit status.
func (c client) wait(t *testing.T, upid string) string {
	t.Helper()
	for range 600 {
		a := c.do(t, "GET", "/nodes/pve1/tasks/"+url.PathEscape(upid)+"/status", nil)
		m, ok := a.data(t).(map[string]any)
		if !ok {
			t.Fatalf("task %s: %d %s", upid, a.status, a.body)
		}
		if m["status"] == "stopped" {
			return m["exitstatus"].(string)
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("task %s does not end", upid)
	return ""
}

// exit sends a request that makes a task and returns how that ended.
func (c client) exit(t *testing.T, method, path string, params map[string]string) string {
	t.Helper()
	a := c.do(t, method, path, params)
	id, ok := a.data(t).(string)
	if a.status != http.StatusOK || !ok {
		t.Fatalf("%s %s: %d %s", method, path, a.status, a.reason)
	}
	return c.wait(t, id)
}

// template uploads a container template and returns its volume ID.
func (c client) template(t *testing.T) string {
	t.Helper()
	a := c.upload(t, "/nodes/pve1/storage/local/upload", "alpine-3.20-lab_1_amd64.tar.gz", []byte("a root file system"),
		map[string]string{"content": "vztmpl"}, false)
	c.finished(t, "upload", a)
	return "local:vztmpl/alpine-3.20-lab_1_amd64.tar.gz"
}
