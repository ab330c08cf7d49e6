package proxmox

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"allotment/app"
)

// task is what the API knows of one task.
type task struct {
	UPID   string `json:"upid"`
	Kind   string `json:"type"` // qmcreate, vzcreate, qmstart, ...
	Status string `json:"status"`
	Exit   string `json:"exitstatus"`
}

func (t task) running() bool { return t.Status == "running" }

// failed reports an end other than OK. `WARNINGS: n` is success as well.
func (t task) failed() bool {
	return !t.running() && t.Exit != "OK" && !strings.HasPrefix(t.Exit, "WARNINGS")
}

// is reports whether the task is one of these actions, whatever the kind of its guest: qmstart and vzstart are both "start".
func (t task) is(actions ...string) bool {
	return slices.ContainsFunc(actions, func(action string) bool { return t.Kind == "qm"+action || t.Kind == "vz"+action })
}

// makes reports whether the task makes a guest: only these leave a placeholder behind when they are killed.
func (t task) makes() bool { return t.is("create") }

// upidNode returns the node that a task ID names: UPID:node:pid:pstart:starttime:type:id:user:
func upidNode(upid string) string {
	parts := strings.Split(upid, ":")
	if len(parts) < 8 {
		return ""
	}
	return parts[1]
}

// task reads how a task stands. An ID that the node does not know (any more) counts as ended with unknown success.
func (d *Driver) task(ctx context.Context, upid string) (task, error) {
	var t task
	err := d.get(ctx, nodePath(upidNode(upid), "tasks", upid, "status"), nil, &t)
	var answer *Error
	if errors.As(err, &answer) && answer.Status == http.StatusBadRequest {
		return task{UPID: upid, Status: "stopped", Exit: "OK"}, nil
	}
	t.UPID = upid
	return t, err
}

// log returns the last lines of a task's log; none where it cannot be read.
func (d *Driver) log(ctx context.Context, upid string) []string {
	var lines []struct {
		Text string `json:"t"`
	}
	path := nodePath(upidNode(upid), "tasks", upid, "log")
	if d.get(ctx, path, url.Values{"limit": {"500"}}, &lines) != nil {
		return nil
	}
	var texts []string
	for _, line := range lines {
		texts = append(texts, line.Text)
	}
	return texts[max(0, len(texts)-20):]
}

// liveTask returns the ID of a task that is making or removing guest number on node now, "" when none is. The list of active tasks may
// still show a killed one, so each is asked for itself.
func (d *Driver) liveTask(ctx context.Context, node string, number int) (string, error) {
	var active []task
	query := url.Values{"source": {"active"}, "vmid": {strconv.Itoa(number)}}
	if err := d.get(ctx, nodePath(node, "tasks"), query, &active); err != nil {
		return "", err
	}
	for _, candidate := range active {
		if !candidate.is("create", "destroy") {
			continue
		}
		t, err := d.task(ctx, candidate.UPID)
		if err != nil {
			return "", err
		}
		if t.running() {
			return t.UPID, nil
		}
	}
	return "", nil
}

// await asks for a task with growing pauses until it ended or the time is up, and returns how it stands then.
func (d *Driver) await(ctx context.Context, upid string, until time.Time) (task, error) {
	pause := 20 * time.Millisecond
	for {
		t, err := d.task(ctx, upid)
		if err != nil || !t.running() || time.Now().Add(pause).After(until) {
			return t, err
		}
		if err := sleep(ctx, pause); err != nil {
			return t, err
		}
		pause = min(pause*3/2, time.Second)
	}
}

// sleep waits for d, shorter when ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return app.Because(app.Unknown, ctx.Err(), "The servers did not answer in time.")
	}
}
