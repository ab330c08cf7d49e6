package pve

import (
	"context"
	"sort"
	"strings"
	"sync"
	"time"
)

// keptTasks is how many ended tasks are remembered.
const keptTasks = 2000

// tasks are the workers of the node.
type tasks struct {
	server *Server
	mu     sync.Mutex
	byUPID map[string]*task
	pid    int
	ended  int
	wg     sync.WaitGroup
}

func (ts *tasks) init(s *Server) {
	ts.server, ts.byUPID, ts.pid = s, map[string]*task{}, 1000
}

// add registers a new task that is about to run.
func (ts *tasks) add(node, kind, id, user string) *task {
	ctx, cancel := context.WithCancelCause(context.Background())
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.pid++
	now := time.Now()
	t := &task{Node: node, PID: ts.pid, PStart: int(now.UnixMilli()/10) & 0xfffffff, Start: now.Unix(), Type: kind, ID: id, User: user,
		ctx: ctx, cancel: cancel, tasks: ts}
	t.UPID = upid(node, t.PID, t.PStart, t.Start, kind, id, user)
	ts.byUPID[t.UPID] = t
	ts.forget()
	return t
}

// forget drops the oldest ended tasks beyond keptTasks.
func (ts *tasks) forget() {
	if len(ts.byUPID) <= keptTasks {
		return
	}
	var oldest *task
	for _, t := range ts.byUPID {
		if !t.running() && (oldest == nil || t.order < oldest.order) {
			oldest = t
		}
	}
	if oldest != nil {
		delete(ts.byUPID, oldest.UPID)
		_ = ts.server.disk.remove(taskFile(oldest))
	}
}

// find returns a task by its UPID, with the 400 of the real API for what is none.
func (ts *tasks) find(id string) (*task, error) {
	if !upidRE.MatchString(id) {
		return nil, badParam("upid", "unable to parse worker upid")
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.byUPID[id]
	if t == nil {
		return nil, badParam("upid", "no such task")
	}
	return t, nil
}

// all returns every task: those that run first, then the others by their end, newest first.
func (ts *tasks) all() []*task {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	list := make([]*task, 0, len(ts.byUPID))
	for _, t := range ts.byUPID {
		list = append(list, t)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].before(list[j]) })
	return list
}

func (t *task) before(o *task) bool {
	a, b := t.running(), o.running()
	switch {
	case a != b:
		return a
	case a || t.order == o.order:
		return t.PID > o.PID
	}
	return t.order > o.order
}

func (ts *tasks) next() int {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.ended++
	return ts.ended
}

// close lets running tasks end for a while and kills those that do not.
func (ts *tasks) close(grace time.Duration) {
	done := make(chan struct{})
	go func() { ts.wg.Wait(); close(done) }()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-done:
		return
	case <-timer.C:
	}
	for _, t := range ts.all() {
		if t.running() {
			t.cancel(errKilled)
		}
	}
	<-done
}

// taskFile is where a task is kept.
func taskFile(t *task) string {
	return "tasks/" + strings.NewReplacer(":", "_", "/", "_").Replace(t.UPID)
}

func (s *Server) saveTask(t *task) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.save(taskFile(t), t)
}

// loadTasks reads the tasks of earlier runs. One that was running then was killed with its node.
func (s *Server) loadTasks() error {
	names, err := s.disk.names("tasks")
	if err != nil {
		return err
	}
	var list []*task
	for _, name := range names {
		t := &task{tasks: &s.tasks}
		if err := s.disk.load(name, t); err != nil {
			return err
		}
		list = append(list, t)
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].End < list[j].End })
	for _, t := range list {
		t.ctx, t.cancel = context.WithCancelCause(context.Background())
		t.cancel(nil)
		if t.Exit == "" {
			t.Exit, t.End = "unexpected status", time.Now().Unix()
		}
		t.order = s.tasks.next()
		s.tasks.pid = max(s.tasks.pid, t.PID)
		s.tasks.byUPID[t.UPID] = t
	}
	return nil
}
