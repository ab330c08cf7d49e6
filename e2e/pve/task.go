package pve

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Why a task's context ended.
var (
	errInterrupted = errors.New("received interrupt") // DELETE /tasks/{upid}: the worker cleans up
	errKilled      = errors.New("killed")             // kill -9: nothing cleans up, locks stay
)

// task is one worker of the node, running or ended.
type task struct {
	UPID   string   `json:"upid"`
	Node   string   `json:"node"`
	PID    int      `json:"pid"`
	PStart int      `json:"pstart"`
	Start  int64    `json:"starttime"`
	Type   string   `json:"type"`
	ID     string   `json:"id"`
	User   string   `json:"user"` // with its token, as in the UPID
	End    int64    `json:"endtime,omitempty"`
	Exit   string   `json:"exitstatus,omitempty"` // blank while it runs
	Lines  []string `json:"log"`

	mu     sync.Mutex
	ctx    context.Context
	cancel context.CancelCauseFunc
	doomed bool // dies half-way
	full   bool // finds no room
	tasks  *tasks
	order  int // in which it ended
}

// work is what a task does. A returned error ends the task with its words.
type work func(t *task) error

// fork starts a task for the caller and returns its UPID, as fork_worker does.
func (s *Server) fork(c *call, kind, id string, do work) (any, error) {
	t := s.tasks.add(s.opts.Node, kind, id, c.user)
	t.doomed, t.full = c.is(KillWorker), c.is(Full)
	s.saveTask(t)
	s.tasks.wg.Add(1)
	go func() {
		defer s.tasks.wg.Done()
		s.runTask(t, do)
	}()
	return t.UPID, nil
}

// runTask runs the work and records how it ended. A killed worker ends by Goexit: only deferred calls run, as only
// the kernel cleans up after kill -9.
func (s *Server) runTask(t *task, do work) {
	exit := "unexpected status"
	defer func() {
		t.end(exit)
		s.saveTask(t)
		t.cancel(nil)
	}()
	err := do(t)
	if err == nil && t.doomed {
		return
	}
	switch {
	case err != nil:
		exit = strings.ReplaceAll(strings.TrimSuffix(asFailure(err).message, "\n"), "\n", " ")
		t.log("TASK ERROR: %s", exit)
	default:
		exit = "OK"
		t.log("TASK OK")
	}
}

// log appends lines to the task's log.
func (t *task) log(format string, args ...any) {
	line := format
	if len(args) > 0 {
		line = fmt.Sprintf(format, args...)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Lines = append(t.Lines, strings.Split(line, "\n")...)
}

// halfway is the point in a task's work where an injected kill strikes.
func (t *task) halfway() {
	if t.doomed {
		t.cancel(errKilled)
		runtime.Goexit()
	}
}

// sleep spends d on the task's work. It ends early with an error when the task is stopped, and not at all when it is
// killed.
func (t *task) sleep(d time.Duration) error {
	return t.check(sleep(t.ctx, d))
}

// check judges the error of something that ran with the task's context.
func (t *task) check(err error) error {
	switch context.Cause(t.ctx) {
	case errKilled:
		runtime.Goexit()
	case errInterrupted:
		return die("%s", errInterrupted)
	}
	return err
}

func (t *task) end(exit string) {
	order := t.tasks.next() // before our own lock: whoever lists tasks takes theirs first
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Exit, t.End, t.order = exit, time.Now().Unix(), order
}

func (t *task) running() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.Exit == ""
}

// owner splits the user of a task into user and token.
func (t *task) owner() (user, token string) {
	user, token, _ = strings.Cut(t.User, "!")
	return user, token
}

// visibleTo tells whether user may see the task without Sys.Audit: a token sees its own, a user also its tokens'.
func (t *task) visibleTo(user string) bool {
	owner, _ := t.owner()
	return user == t.User || user == owner
}

// fields are what status and list have in common.
func (t *task) fields() map[string]any {
	user, token := t.owner()
	m := map[string]any{"upid": t.UPID, "node": t.Node, "pid": t.PID, "pstart": t.PStart, "starttime": t.Start,
		"type": t.Type, "id": t.ID, "user": user}
	if token != "" {
		m["tokenid"] = token
	}
	return m
}

var upidRE = regexp.MustCompile(`^UPID:([a-zA-Z0-9]([a-zA-Z0-9\-]*[a-zA-Z0-9])?):([0-9A-Fa-f]{8}):([0-9A-Fa-f]{8,9}):([0-9A-Fa-f]{8}):([^:\s]+):([^:\s]*):([^:\s]+):$`)

// upid spells the ID of a task: node, process, its start, the time, what, on what, for whom.
func upid(node string, pid, pstart int, start int64, kind, id, user string) string {
	return fmt.Sprintf("UPID:%s:%08X:%08X:%08X:%s:%s:%s:", node, pid, pstart, start, kind, id, user)
}

// vmids spells a guest's number as a task's ID.
func vmids(vmid int) string { return strconv.Itoa(vmid) }
