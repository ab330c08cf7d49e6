package template

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The guest's programs run here against a folder in place of the guest's file system (ALLOTMENT_ROOT).

// guestProgram prepares a program of the template for a guest whose root is root.
func guestProgram(t *testing.T, root, name string, args ...string) *exec.Cmd {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("the guest's programs need python3")
	}
	cmd := exec.Command("python3", append([]string{"files/" + name}, args...)...)
	cmd.Env = append(os.Environ(), "ALLOTMENT_ROOT="+root)
	return cmd
}

func put(t *testing.T, root, name, text string) {
	t.Helper()
	name = filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, root, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(raw)
}

func TestEnrol(t *testing.T) {
	t.Parallel()
	const url = "https://portal.example.org/enrol/abc"
	comment, err := KeyComment(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, environ, keys string
		enrolled            bool
		want                string // user-data
		fails               bool
	}{
		{name: "environment", environ: "container=lxc\x00ALLOTMENT_ENROL_URL=" + url + "\x00", want: "#include-once\n" + url + "\n"},
		{name: "ssh key", environ: "container=lxc\x00", keys: "ssh-ed25519 AAAA admin\nssh-ed25519 AAAA " + comment, want: "#include-once\n" + url + "\n"},
		{name: "nobody said", environ: "container=lxc\x00", keys: "ssh-ed25519 AAAA admin\n"},
		{name: "enrolled already", environ: "ALLOTMENT_ENROL_URL=" + url, enrolled: true},
		{name: "without TLS", environ: "ALLOTMENT_ENROL_URL=http://portal.example.org/", fails: true},
		{name: "a second line", environ: "ALLOTMENT_ENROL_URL=" + url + "\n#cloud-config", fails: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			put(t, root, "proc/1/environ", test.environ)
			if test.keys != "" {
				put(t, root, "root/.ssh/authorized_keys", test.keys)
			}
			if test.enrolled {
				put(t, root, "var/lib/allotment/enrolled", "")
			}
			out, err := guestProgram(t, root, "allotment-enrol").CombinedOutput()
			if (err != nil) != test.fails {
				t.Fatalf("%v: %s", err, out)
			}
			if got := content(t, root, "var/lib/cloud/seed/nocloud/user-data"); got != test.want {
				t.Errorf("user-data is %q, want %q", got, test.want)
			}
		})
	}
}

func TestEnrolAgainIsANewInstance(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	put(t, root, "proc/1/environ", "ALLOTMENT_ENROL_URL=https://portal.example.org/enrol/abc")
	seen := map[string]bool{}
	for range 3 {
		if out, err := guestProgram(t, root, "allotment-enrol").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		seen[content(t, root, "var/lib/cloud/seed/nocloud/meta-data")] = true
	}
	if len(seen) != 3 {
		t.Errorf("three boots without a configuration gave %d instances, want 3", len(seen))
	}
}

// receiver takes a guest's reports; the first answers are as given, all later ones 204.
type receiver struct {
	mu      sync.Mutex
	answers []int
	got     []string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	var report map[string]any
	if err := json.NewDecoder(q.Body).Decode(&report); err != nil || q.Header.Get("Authorization") != "Bearer secret" {
		http.Error(w, "no", http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.answers) > 0 {
		status := r.answers[0]
		if r.answers = r.answers[1:]; status >= 300 {
			w.WriteHeader(status)
			return
		}
	}
	raw, _ := json.Marshal(report)
	r.got = append(r.got, string(raw))
	w.WriteHeader(http.StatusNoContent)
}

func TestGuestRun(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, script string
		answers      []int
		want         []string
		status       int
	}{
		{
			name: "success", script: "echo ':: One'\necho noise\necho ':: Two' >&2\n",
			want: []string{`{"line":"One"}`, `{"line":"Two"}`, `{"done":true}`},
		},
		{
			name: "a report is repeated", script: "echo ':: One'\n", answers: []int{500, 503, 429},
			want: []string{`{"line":"One"}`, `{"done":true}`},
		},
		{
			name: "a refused line does not hold the end up", script: "echo ':: One'\n", answers: []int{422},
			want: []string{`{"done":true}`},
		},
		{
			name: "failure in a function", script: "f() { (exit 4); echo no; }\necho ':: One'\nf\n", status: 4,
			want: []string{`{"line":"One"}`, `{"exit":4,"failed":true,"step":"One","tail":[":: One","setup.sh: line 1: exit 4: ( exit 4 )"]}`},
		},
		{
			name: "failure in a pipe", script: "false | cat\n", status: 1,
			want: []string{`{"exit":1,"failed":true,"step":"","tail":["setup.sh: line 1: exit 1: cat"]}`},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := &receiver{answers: test.answers}
			root, run := orderedGuest(t, r, test.script)
			out, _ := run.CombinedOutput()
			if got := run.ProcessState.ExitCode(); got != test.status {
				t.Errorf("exit status %d, want %d: %s", got, test.status, out)
			}
			if got := strings.Join(r.got, "\n"); got != strings.Join(test.want, "\n") {
				t.Errorf("reports are\n%s\nwant\n%s", got, strings.Join(test.want, "\n"))
			}
			if info, err := os.Stat(filepath.Join(root, "var/log/allotment-setup.log")); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the log: %v, %v; want mode 0600", info, err)
			}
		})
	}
}

// orderedGuest is a folder like a guest whose configuration arrived, and `allotment-guest run` in it.
func orderedGuest(t *testing.T, r http.Handler, script string) (root string, run *exec.Cmd) {
	t.Helper()
	server := httptest.NewTLSServer(r)
	t.Cleanup(server.Close)
	root = t.TempDir()
	order, _ := json.Marshal(map[string]any{"portal": map[string]string{"report_url": server.URL + "/report", "report_token": "secret"}})
	put(t, root, "etc/allotment/order.json", string(order))
	put(t, root, "etc/allotment/setup.sh", script)
	if err := os.MkdirAll(filepath.Join(root, "var/log"), 0o755); err != nil {
		t.Fatal(err)
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	put(t, root, "ca.pem", string(ca))
	run = guestProgram(t, root, "allotment-guest", "run")
	run.Env = append(run.Env, "SSL_CERT_FILE="+filepath.Join(root, "ca.pem"))
	return root, run
}

func TestGuestRunsOnce(t *testing.T) {
	t.Parallel()
	r := &receiver{}
	root, run := orderedGuest(t, r, "echo ':: One'\necho ran >> \"$ALLOTMENT_ROOT/ran\"\n")
	put(t, root, "root/.ssh/authorized_keys", "ssh-ed25519 AAAA admin\nssh-ed25519 AAAA allotment-enrol=e30\n")
	again := guestProgram(t, root, "allotment-guest", "run")
	for _, cmd := range []*exec.Cmd{run, again} {
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if got := content(t, root, "ran"); got != "ran\n" {
		t.Errorf("setup.sh wrote %q, want one run", got)
	}
	if len(r.got) != 2 {
		t.Errorf("reports are %v, want one line and the end", r.got)
	}
	if got := content(t, root, "root/.ssh/authorized_keys"); got != "ssh-ed25519 AAAA admin\n" {
		t.Errorf("authorized_keys is %q, want the admin's key alone", got)
	}
}

func TestKeyComment(t *testing.T) {
	t.Parallel()
	comment, err := KeyComment("https://portal.example.org/?a=1&b=2", []byte{0xfb, 0xff})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(comment, "allotment-enrol="))
	if err != nil {
		t.Fatal(err)
	}
	var order struct{ URL, CA string }
	if err := json.Unmarshal(raw, &order); err != nil {
		t.Fatal(err)
	}
	if order.URL != "https://portal.example.org/?a=1&b=2" || order.CA != "+/8=" {
		t.Errorf("the comment holds %+v", order)
	}
	if strings.ContainsAny(comment, " \t\n") {
		t.Errorf("the comment %q has a blank, which would cut it", comment)
	}
}
