package mirror

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// upstream is a stand-in for a Debian mirror that counts its requests.
func upstream(t *testing.T) (host string, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		_, _ = fmt.Fprintf(w, "content of %s", r.URL.Path)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://"), asked
}

// through returns a client that uses a proxy with these settings.
func through(t *testing.T, p *Proxy) (*http.Client, string) {
	t.Helper()
	address, err := p.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: address}), DisableKeepAlives: true}
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}, address
}

func TestProxyRefusesOthers(t *testing.T) {
	t.Parallel()
	allowed, _ := upstream(t)
	foreign, asked := upstream(t)
	client, address := through(t, &Proxy{Hosts: []string{allowed}})
	tests := []struct {
		method, target string
		status         int
	}{
		{http.MethodGet, "http://" + allowed + "/debian/dists/x", http.StatusOK},
		{http.MethodHead, "http://" + allowed + "/debian/dists/x", http.StatusOK},
		{http.MethodPost, "http://" + allowed + "/debian/dists/x", http.StatusForbidden},
		{http.MethodGet, "http://" + foreign + "/debian/dists/x", http.StatusForbidden},
		{http.MethodGet, "http://x" + allowed + "/", http.StatusForbidden},
		{http.MethodGet, "http://user@" + foreign + "/", http.StatusForbidden},
	}
	for _, test := range tests {
		request, err := http.NewRequestWithContext(t.Context(), test.method, test.target, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != test.status {
			t.Errorf("%s %s: %d, want %d", test.method, test.target, answer.StatusCode, test.status)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the foreign host was asked %d times", n)
	}
	for host, want := range map[string]string{allowed: "200", foreign: "403"} {
		if got := connect(t, address, host); got != want {
			t.Errorf("CONNECT %s: %s, want %s", host, got, want)
		}
	}
}

// connect asks for a tunnel to host and, when there is one, that the host answers through it; it returns the status.
func connect(t *testing.T, proxy, host string) string {
	t.Helper()
	conn, err := net.Dial("tcp", proxy)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", host, host)
	reader := bufio.NewReader(conn)
	line, err := reader.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	status := strings.Fields(line)[1]
	if status == "200" {
		_, _ = reader.ReadString('\n')
		_, _ = fmt.Fprintf(conn, "GET /inside HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host)
		if all, _ := io.ReadAll(reader); !strings.Contains(string(all), "content of /inside") {
			t.Errorf("through the tunnel came %q", all)
		}
	}
	return status
}

func TestProxyKeepsPoolFilesOnly(t *testing.T) {
	t.Parallel()
	host, asked := upstream(t)
	cache := t.TempDir()
	client, _ := through(t, &Proxy{Hosts: []string{host}, Cache: cache})
	for _, path := range []string{"/debian/pool/main/j/jq/jq_1_amd64.deb", "/debian/dists/x/InRelease"} {
		for range 2 {
			answer, err := client.Get("http://" + host + path)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			_ = answer.Body.Close()
			if want := "content of " + path; err != nil || string(body) != want {
				t.Errorf("GET %s: %q, %v; want %q", path, body, err, want)
			}
		}
	}
	if n := asked.Load(); n != 3 {
		t.Errorf("the mirror was asked %d times, want 3: once for the pool file, twice for the index", n)
	}
	kept, err := os.ReadFile(filepath.Join(cache, host, "debian/pool/main/j/jq/jq_1_amd64.deb"))
	if err != nil || string(kept) != "content of /debian/pool/main/j/jq/jq_1_amd64.deb" {
		t.Errorf("kept %q, %v", kept, err)
	}
}

func TestSources(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, text string) {
		name = filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := hosts(debian(folder)); len(got) != 0 {
		t.Errorf("without sources: %v, want none", got)
	}
	write("sources.list", "# deb http://old.example/debian x main\ndeb [arch=amd64] http://one.example:8080/debian bookworm main\n")
	write("sources.list.d/tools.list", "deb https://tools.example/apt stable main\n")
	write("sources.list.d/debian.sources", "Types: deb\n# URIs: http://no.example/debian\nURIs: http://Two.example/debian-security http://one.example:8080/debian\n")
	want := []string{"one.example:8080", "two.example"}
	if got := hosts(debian(folder)); !slices.Equal(got, want) {
		t.Errorf("hosts are %v, want %v", got, want)
	}
}
