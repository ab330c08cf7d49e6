package crash

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/e2e/pve"
	"allotment/e2e/site"
)

// TestFullNode: without room the tenant is told, the operator sees the cause, nothing half-made stays, and a retry after making room
// works.
func TestFullNode(t *testing.T) {
	w := theWorld(t)
	c := w.start(t, nil)
	var services []service
	for _, full := range []struct {
		name string
		fill func(t *testing.T, label string) (free func())
	}{
		{"memory", w.fillMemory},
		{"storage", w.fillStorage},
		{"storage runs full", w.fillAt("POST guest")},
		{"memory runs out", w.fillAt("POST guest/{number}/status/start")},
	} {
		t.Run(full.name, func(t *testing.T) {
			free := full.fill(t, fmt.Sprintf("full-%d", w.ordered+1))
			s := w.order(t, "roundcube", "full")
			services = append(services, s)
			w.wantTold(t, s)
			w.wantEmpty(t, s)
			free()
			if _, err := w.program.Portal.RetryOperation(t.Context(), w.tenant, w.detail(t, s).Operation.ID); err != nil {
				t.Fatalf("retry: %v", err)
			}
			w.untilAll(t, time.Minute, app.ServiceActive, s)
			w.wantRemote(t, s, expectedOf[s.App], 1)
			w.wantEvents(t, s, "ordered", "failed", "undone", "retried", "active")
		})
	}
	w.endAll(t, c, services)
}

// wantTold waits until the order has failed and all of it is undone, and checks what each party is told.
func (w *world) wantTold(t *testing.T, s service) {
	t.Helper()
	w.until(t, time.Minute, "what was made is undone", func() bool {
		o := w.detail(t, s).Operation
		return o.Kind == app.OperationUndo && o.State == app.OperationDone
	}, s)
	mine, err := w.program.Portal.Service(t.Context(), w.tenant, s.Service)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(mine.Service.Failure, "no room") || jargon.MatchString(mine.Service.Failure) {
		t.Errorf("the tenant reads %q by a service that is %s", mine.Service.Failure, mine.Service.State)
	}
	page, err := w.program.Portal.Operations(t.Context(), w.operator, portal.OperationFilter{Text: s.host, Kind: app.OperationCreate})
	if err != nil || len(page.Operations) != 1 {
		t.Fatalf("the operator sees %d orders of %s: %v", len(page.Operations), s.label, err)
	}
	var causes []string
	for _, step := range page.Operations[0].Steps {
		if step.State == app.StepFailed {
			causes = append(causes, step.RawError)
		}
	}
	if len(causes) != 1 || causes[0] == "" {
		t.Errorf("the operator reads %q", causes)
	}
	t.Logf("tenant: %q; operator: %q", mine.Service.Failure, causes)
}

// bigNumber is the number of a guest that is not ours.
const bigNumber = 900

// fillMemory lets somebody else's guest take the node's memory.
func (w *world) fillMemory(t *testing.T, _ string) (free func()) {
	var templates []struct {
		ID string `json:"volid"`
	}
	w.hypervisor(t, http.MethodGet, "/nodes/pve1/storage/"+site.Storage+"/content?content=vztmpl", "", &templates)
	var nodes []struct {
		All  int64 `json:"maxmem"`
		Used int64 `json:"mem"`
	}
	w.hypervisor(t, http.MethodGet, "/nodes", "", &nodes)
	w.task(t, http.MethodPost, "/nodes/pve1/lxc", fmt.Sprintf(`{"vmid":%d,"ostemplate":%q,"memory":%d,"rootfs":"local:1","start":1,"unprivileged":1}`,
		bigNumber, templates[0].ID, (nodes[0].All-nodes[0].Used)>>20))
	return func() {
		w.task(t, http.MethodPost, fmt.Sprintf("/nodes/pve1/lxc/%d/status/stop", bigNumber), "")
		w.task(t, http.MethodDelete, fmt.Sprintf("/nodes/pve1/lxc/%d", bigNumber), "")
	}
}

// fillStorage lets somebody else's guest take the storage.
func (w *world) fillStorage(t *testing.T, _ string) (free func()) {
	var status struct {
		Available int64 `json:"avail"`
	}
	w.hypervisor(t, http.MethodGet, "/nodes/pve1/storage/"+site.Storage+"/status", "", &status)
	w.task(t, http.MethodPost, "/nodes/pve1/qemu", fmt.Sprintf(`{"vmid":%d,"scsi0":"local:%d"}`, bigNumber, status.Available>>30-2))
	return func() { w.task(t, http.MethodDelete, fmt.Sprintf("/nodes/pve1/qemu/%d", bigNumber), "") }
}

// fillAt lets the room run out during a call, since others were faster.
func (w *world) fillAt(call string) func(*testing.T, string) (free func()) {
	return func(_ *testing.T, label string) func() {
		w.gate.strikeAt(label, &strike{name: call, nth: 1, fault: pve.Fault{Effect: pve.Full}})
		return func() {}
	}
}

// task calls the hypervisor and waits for the end of the task.
func (w *world) task(t *testing.T, method, path, body string) {
	t.Helper()
	var upid string
	w.hypervisor(t, method, path, body, &upid)
	w.until(t, 20*time.Second, "the task has ended", func() bool {
		var status struct {
			Status string `json:"status"`
			Exit   string `json:"exitstatus"`
		}
		w.hypervisor(t, http.MethodGet, "/nodes/pve1/tasks/"+upid+"/status", "", &status)
		if status.Status == "stopped" && status.Exit != "OK" {
			t.Fatalf("%s %s: %s", method, path, status.Exit)
		}
		return status.Status == "stopped"
	})
}
