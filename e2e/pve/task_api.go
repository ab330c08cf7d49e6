package pve

import (
	"strings"
)

// taskFor finds the task of a call that the caller may see.
func (s *Server) taskFor(c *call, privilege string) (*task, error) {
	t, err := s.tasks.find(c.params.str("upid"))
	if err != nil {
		return nil, err
	}
	if !t.visibleTo(c.user) {
		if err := s.check(c.user, "/nodes/"+s.opts.Node, privilege); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// taskStatus: GET /nodes/{node}/tasks/{upid}/status.
func taskStatus(s *Server, c *call) (any, error) {
	t, err := s.taskFor(c, "Sys.Audit")
	if err != nil {
		return nil, err
	}
	m := t.fields()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.Exit == "" {
		m["status"] = "running"
		return m, nil
	}
	m["status"], m["exitstatus"] = "stopped", t.Exit
	return m, nil
}

// taskLog: GET /nodes/{node}/tasks/{upid}/log. An empty log has one line saying so.
func taskLog(s *Server, c *call) (any, error) {
	t, err := s.taskFor(c, "Sys.Audit")
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	start, limit := c.params.integer("start"), 50
	if c.params.has("limit") {
		limit = c.params.integer("limit")
	}
	lines := []any{}
	for i, text := range t.Lines {
		if i >= start && (limit == 0 || len(lines) < limit) {
			lines = append(lines, map[string]any{"n": i + 1, "t": text})
		}
	}
	if len(t.Lines) == 0 {
		return result{[]any{map[string]any{"n": 1, "t": "no content"}}, 1}, nil
	}
	return result{lines, len(t.Lines)}, nil
}

// stopTask: DELETE /nodes/{node}/tasks/{upid}. The worker is interrupted and cleans up.
func stopTask(s *Server, c *call) (any, error) {
	t, err := s.taskFor(c, "Sys.Modify")
	if err != nil {
		return nil, err
	}
	t.cancel(errInterrupted)
	return nil, nil
}

// listTasks: GET /nodes/{node}/tasks.
func listTasks(s *Server, c *call) (any, error) {
	p := c.params
	source, limit := p.or("source", "archive"), 50
	if p.has("limit") {
		limit = p.integer("limit")
	}
	auditor := s.check(c.user, "/nodes/"+s.opts.Node, "Sys.Audit") == nil
	count, list := 0, []any{}
	for _, t := range s.tasks.all() {
		running := t.running()
		if running && source == "archive" || !running && source == "active" {
			continue
		}
		if !(auditor || t.visibleTo(c.user)) || !t.wanted(p) {
			continue
		}
		count++
		if count > p.integer("start") && len(list) < limit {
			list = append(list, t.listed())
		}
	}
	return result{list, count}, nil
}

// listed is a task as a list shows it. A running one keeps its token in the user's name, as the real list does.
func (t *task) listed() map[string]any {
	m := t.fields()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.Exit == "" {
		m["status"], m["user"] = "RUNNING", t.User
		delete(m, "tokenid")
		return m
	}
	m["status"], m["endtime"] = t.Exit, t.End
	return m
}

// wanted applies the filters of the list.
func (t *task) wanted(p values) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case p.has("userfilter") && !strings.Contains(strings.ToLower(t.User), strings.ToLower(p.str("userfilter"))):
		return false
	case p.has("typefilter") && t.Type != p.str("typefilter"):
		return false
	case p.integer("vmid") != 0 && t.ID != p.str("vmid"):
		return false
	case p.has("since") && t.Start < int64(p.integer("since")), p.has("until") && t.Start > int64(p.integer("until")):
		return false
	case p.flag("errors"):
		return statusKind(t.Exit) != "ok"
	case p.has("statusfilter"):
		return contains(p.items("statusfilter"), statusKind(t.Exit))
	}
	return true
}

// statusKind sorts exit statuses as upid_normalize_status_type does.
func statusKind(exit string) string {
	switch {
	case exit == "OK":
		return "ok"
	case strings.HasPrefix(exit, "WARNINGS: "):
		return "warning"
	case exit == "" || exit == "unexpected status":
		return "unknown"
	}
	return "error"
}

// clusterTasks: GET /cluster/tasks, the recent tasks of all nodes.
func clusterTasks(s *Server, c *call) (any, error) {
	auditor := s.check(c.user, "/", "Sys.Audit") == nil
	list := []any{}
	for _, t := range s.tasks.all() {
		if (auditor || t.visibleTo(c.user)) && len(list) < 25 {
			m := t.listed()
			if t.running() {
				delete(m, "status")
			}
			m["saved"] = "1"
			list = append(list, m)
		}
	}
	return list, nil
}
