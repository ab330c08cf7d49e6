package proxmox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/driver/proxmox"
	"allotment/app/provision"
	"allotment/app/provision/drivertest"
	"allotment/e2e/pve"
)

var _ provision.Guests = (*proxmox.Driver)(nil)

// emulator is one node with simulated guests, seen by the operator's eyes.
type emulator struct {
	*pve.Server
	claims *memoryClaims
}

func newEmulator(t testing.TB) *emulator {
	t.Helper()
	server, err := pve.Start(t.Context(), pve.Options{Dir: t.TempDir(), Plain: true, WorkerDelay: 2 * time.Millisecond,
		LockWait: time.Second, AuthDelay: -1, AgentDelay: -1, ResourcesLag: -1, Grace: -1,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	e := &emulator{Server: server, claims: newClaims(5000, 5999)}
	e.call(t, http.MethodPost, "/pools", url.Values{"poolid": {"portal"}}, nil)
	d := e.driver(t, nil)
	for _, name := range []string{"demo.tar.zst", "demo.qcow2"} {
		if err := d.Upload(t.Context(), bytes.NewReader([]byte(name)), "local", name); err != nil {
			t.Fatalf("Upload: %v", err)
		}
	}
	return e
}

// driver is what a process has that starts now. Its link may be nil.
func (e *emulator) driver(t testing.TB, link *drivertest.GuestsHTTP) *proxmox.Driver {
	t.Helper()
	c := testConfig(e.URL())
	c.TokenID, c.Secret = e.TokenID(), e.TokenSecret()
	return e.driverOf(t, c, link)
}

func (e *emulator) driverOf(t testing.TB, c proxmox.Config, link *drivertest.GuestsHTTP) *proxmox.Driver {
	t.Helper()
	opts := []proxmox.Option{proxmox.WithPatience(10*time.Second, 7*time.Second, 300*time.Millisecond)}
	var claims proxmox.Claims = e.claims
	if link != nil {
		opts = append(opts, proxmox.WithTransport(link.Wrap))
		claims = mortalClaims{e.claims, link.Crashed}
	}
	d, err := proxmox.New(c, claims, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// call asks the API as root, and wants it done.
func (e *emulator) call(t testing.TB, method, path string, params url.Values, out any) {
	t.Helper()
	if status, text := e.try(t, method, path, params, out); status != http.StatusOK {
		t.Fatalf("%s %s: %d: %s", method, path, status, text)
	}
}

func (e *emulator) try(t testing.TB, method, path string, params url.Values, out any) (status int, text []byte) {
	t.Helper()
	address, body := e.URL()+path, io.Reader(nil)
	if method == http.MethodGet {
		address += "?" + params.Encode()
	} else {
		body = strings.NewReader(params.Encode())
	}
	req, err := http.NewRequest(method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "PVEAPIToken="+e.TokenID()+"="+e.TokenSecret())
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ = io.ReadAll(res.Body)
	if res.StatusCode == http.StatusOK && out != nil {
		if err := json.Unmarshal(text, &struct{ Data any }{out}); err != nil {
			t.Fatal(err)
		}
	}
	return res.StatusCode, text
}

// objects lists the guests with all of their configuration.
func (e *emulator) objects(t testing.TB) []drivertest.Object {
	t.Helper()
	var guests []struct {
		Type, Status string
		VMID         int
	}
	e.call(t, http.MethodGet, "/cluster/resources", url.Values{"type": {"vm"}}, &guests)
	var list []drivertest.Object
	for _, g := range guests {
		var config map[string]any
		path := fmt.Sprintf("/nodes/%s/%s/%d/config", e.Node(), g.Type, g.VMID)
		if status, text := e.try(t, http.MethodGet, path, nil, &config); status != http.StatusOK {
			if strings.Contains(string(text), "does not exist") { // a task has just removed it
				continue
			}
			t.Fatalf("%s: %s", path, text)
		}
		o := drivertest.Object{Name: fmt.Sprintf("%s/%d", g.Type, g.VMID), Content: fmt.Sprintln(g.Status, config)}
		if _, rest, ok := strings.Cut(fmt.Sprint(config["description"]), "allotment resource="); ok {
			o.Mark, _, _ = strings.Cut(rest, " ")
		}
		list = append(list, o)
	}
	return list
}

// isos lists the ISO files.
func (e *emulator) isos(t testing.TB) []string {
	t.Helper()
	var volumes []struct{ Volid string }
	e.call(t, http.MethodGet, "/nodes/"+e.Node()+"/storage/local/content", url.Values{"content": {"iso"}}, &volumes)
	var names []string
	for _, v := range volumes {
		names = append(names, v.Volid)
	}
	return names
}

// strangers makes a guest of someone else under the number that the next claim gets.
func (e *emulator) strangers(t testing.TB, container bool) {
	t.Helper()
	params := url.Values{"vmid": {strconv.Itoa(e.claims.next())}, "description": {"someone else's"}}
	kind := "qemu"
	if container {
		kind = "lxc"
		params.Set("ostemplate", "local:vztmpl/demo.tar.zst")
		params.Set("rootfs", "local:1")
	}
	var upid string
	e.call(t, http.MethodPost, "/nodes/"+e.Node()+"/"+kind, params, &upid)
	e.wait(t, upid)
}

func (e *emulator) wait(t testing.TB, upid string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		var task struct{ Status, ExitStatus string }
		e.call(t, http.MethodGet, "/nodes/"+e.Node()+"/tasks/"+url.PathEscape(upid)+"/status", nil, &task)
		if task.Status == "stopped" && task.ExitStatus == "OK" {
			return
		}
		if task.Status == "stopped" || time.Now().After(end) {
			t.Fatalf("task %s: %+v", upid, task)
		}
	}
}

func (e *emulator) inject(t testing.TB, f pve.Fault) {
	t.Helper()
	if err := e.Inject(f); err != nil {
		t.Fatal(err)
	}
}

const creates = "^/nodes/[^/]+/(lxc|qemu)$"

func (e *emulator) harness(t testing.TB, containers bool) drivertest.GuestsHarness {
	link := &drivertest.GuestsHTTP{}
	h := drivertest.GuestsHarness{Containers: containers, Template: "demo"}
	h.Driver, h.Links = e.driver(t, link), []drivertest.Link{link}
	h.Objects = e.objects
	h.Version = func(testing.TB) string { return strconv.Itoa(link.Writes()) }
	h.Foreign = func(t testing.TB, _ app.Ref, _ app.GuestSpec) { e.strangers(t, containers) }
	h.Hidden = []string{e.Addr(), e.TokenSecret(), "Proxmox", e.Node(), "UPID"}
	h.Restart = func(t testing.TB) (provision.Guests, drivertest.GuestsLink) {
		link := &drivertest.GuestsHTTP{}
		return e.driver(t, link), link
	}
	h.Fill = func(t testing.TB) func() {
		e.inject(t, pve.Fault{Method: http.MethodPost, PathPattern: creates, Effect: pve.Full})
		return e.ClearFaults
	}
	h.Seeds = func(t testing.TB, ref app.Ref) []string {
		return slices.DeleteFunc(e.isos(t), func(name string) bool { return !strings.Contains(name, ref.Resource.String()) })
	}
	return h
}
