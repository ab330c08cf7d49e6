package pve

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// both sends the same request twice at once.
func bothAtOnce(t *testing.T, c client, method, path string, params map[string]string) [2]answer {
	t.Helper()
	var out [2]answer
	var wg sync.WaitGroup
	for i := range out {
		wg.Add(1)
		go func() {
			defer wg.Done()
			out[i] = c.do(t, method, path, params)
		}()
	}
	wg.Wait()
	if out[0].status != http.StatusOK {
		out[0], out[1] = out[1], out[0]
	}
	return out
}

// TestTwoCreates: the first wins, the other is told at once.
func TestTwoCreates(t *testing.T) {
	t.Parallel()
	root := rootOf(startServer(t, Options{WorkerDelay: 100 * time.Millisecond}))
	got := bothAtOnce(t, root, "POST", "/nodes/pve1/qemu", map[string]string{"vmid": "100", "scsi0": "local:1"})
	if got[0].status != 200 || got[1].status != 500 || got[1].reason != "unable to create VM 100 - VM 100 already exists on node 'pve1'" {
		t.Errorf("got %d %s and %d %s", got[0].status, got[0].reason, got[1].status, got[1].reason)
	}
	root.finished(t, "create", got[0])
}

// TestTwoClones: both get a task, and one of them fails.
func TestTwoClones(t *testing.T) {
	t.Parallel()
	root := rootOf(startServer(t, Options{WorkerDelay: 100 * time.Millisecond}))
	root.must(t, "POST", "/nodes/pve1/qemu", map[string]string{"vmid": "100", "scsi0": "local:1"})
	got := bothAtOnce(t, root, "POST", "/nodes/pve1/qemu/100/clone", map[string]string{"newid": "101", "full": "1"})
	exits := map[string]bool{}
	for _, a := range got {
		if a.status != 200 {
			t.Fatalf("a clone was refused at once: %d %s", a.status, a.reason)
		}
		exits[root.wait(t, a.data(t).(string))] = true
	}
	if !exits["OK"] || !exits["unable to create VM 101: config file already exists"] {
		t.Errorf("the tasks ended with %v", exits)
	}
}

// TestHalfMadeGuest: during a create the configuration holds only the lock, and a token of the pool has no rights on
// its own guest yet; a change waits for the worker.
func TestHalfMadeGuest(t *testing.T) {
	t.Parallel()
	s := startServer(t, Options{WorkerDelay: 300 * time.Millisecond})
	root := rootOf(s)
	portal := poolToken(t, s, "PVEVMAdmin")
	a := portal.do(t, "POST", "/nodes/pve1/qemu", map[string]string{"vmid": "100", "scsi0": "local:1", "name": "a", "pool": "p"})
	if a.status != 200 {
		t.Fatalf("create: %d %s", a.status, a.reason)
	}
	config := root.do(t, "GET", "/nodes/pve1/qemu/100/config", nil).data(t).(map[string]any)
	if len(config) != 2 || config["lock"] != "create" || config["digest"] == nil {
		t.Errorf("configuration during create: %v", config)
	}
	if own := portal.do(t, "GET", "/nodes/pve1/qemu/100/config", nil); own.status != 403 || own.reason != "Permission check failed (/vms/100, VM.Audit)" {
		t.Errorf("own guest in progress: %d %s", own.status, own.reason)
	}
	time.Sleep(50 * time.Millisecond) // until the worker has its lock
	start := time.Now()
	root.must(t, "PUT", "/nodes/pve1/qemu/100/config", map[string]string{"cores": "2"})
	if time.Since(start) < 100*time.Millisecond {
		t.Error("the change did not wait for the worker")
	}
	if own := portal.do(t, "GET", "/nodes/pve1/qemu/100/config", nil); own.status != 200 {
		t.Errorf("own guest when done: %d %s", own.status, own.reason)
	}
}

// TestLockTimeout: a change that waits too long is told so.
func TestLockTimeout(t *testing.T) {
	t.Parallel()
	root := rootOf(startServer(t, Options{WorkerDelay: 400 * time.Millisecond, LockWait: 50 * time.Millisecond}))
	a := root.do(t, "POST", "/nodes/pve1/qemu", map[string]string{"vmid": "100", "scsi0": "local:1"})
	time.Sleep(50 * time.Millisecond) // until the worker has its lock
	late := root.do(t, "PUT", "/nodes/pve1/qemu/100/config", map[string]string{"cores": "2"})
	if late.reason != "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout" {
		t.Errorf("change: %d %s", late.status, late.reason)
	}
	root.finished(t, "create", a)
}

// TestStopTask: DELETE of a clone's task leaves nothing of the clone.
func TestStopTask(t *testing.T) {
	t.Parallel()
	root := rootOf(startServer(t, Options{WorkerDelay: 300 * time.Millisecond}))
	root.must(t, "POST", "/nodes/pve1/qemu", map[string]string{"vmid": "100", "scsi0": "local:1"})
	a := root.do(t, "POST", "/nodes/pve1/qemu/100/clone", map[string]string{"newid": "101", "full": "1"})
	id := a.data(t).(string)
	if !strings.Contains(id, ":qmclone:100:") {
		t.Errorf("the clone's task is %s, want the number of the source in it", id)
	}
	time.Sleep(50 * time.Millisecond)
	root.must(t, "DELETE", "/nodes/pve1/tasks/"+id, nil)
	if exit := root.wait(t, id); exit != "clone failed: interrupted by signal" {
		t.Errorf("task ended with %q", exit)
	}
	if a := root.do(t, "GET", "/nodes/pve1/qemu/101/config", nil); a.status != 500 {
		t.Errorf("the clone is still there: %d", a.status)
	}
	root.must(t, "POST", "/nodes/pve1/qemu/100/clone", map[string]string{"newid": "101", "full": "1"})
}
