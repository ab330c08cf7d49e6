package pve

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Effect is what an injected fault does to a call.
type Effect string

// The effects. "Before" means that the call does nothing, "after" that it did all it does and only the answer is lost.
const (
	Latency      Effect = "latency"       // the call takes Delay longer
	Error        Effect = "error"         // 500 (or Status) with Message, before the effect
	StatusBefore Effect = "status-before" // Status, for example 595, 596 or 599, without a body, before the effect
	StatusAfter  Effect = "status-after"  // the same after the effect
	CutBefore    Effect = "cut-before"    // the connection is cut, before the effect
	CutAfter     Effect = "cut-after"     // the connection is cut after the effect: the UPID is lost
	KillWorker   Effect = "kill-worker"   // the task's worker dies half-way and leaves its locks
	Full         Effect = "full"          // the storage or memory is used up for this call
)

var effects = []string{string(Latency), string(Error), string(StatusBefore), string(StatusAfter), string(CutBefore), string(CutAfter),
	string(KillWorker), string(Full)}

// Fault is one injected disturbance.
type Fault struct {
	Method      string        `json:"method,omitempty"`       // blank: any
	PathPattern string        `json:"path_pattern,omitempty"` // regular expression over the path below /api2/json; blank: any
	Nth         int           `json:"nth,omitempty"`          // only the nth matching call, from 1 on
	Every       int           `json:"every,omitempty"`        // every so many matching calls; with neither, each of them
	Effect      Effect        `json:"effect"`
	Delay       time.Duration `json:"delay,omitempty"` // of Latency
	Status      int           `json:"status,omitempty"`
	Message     string        `json:"message,omitempty"`

	re   *regexp.Regexp
	seen int
}

// faults are those injected now.
type faults struct {
	mu   sync.Mutex
	list []*Fault
}

// Inject adds a fault; it stays until ClearFaults.
func (s *Server) Inject(f Fault) error {
	if !contains(effects, string(f.Effect)) {
		return fmt.Errorf("pve: unknown effect %q, allowed are %s", f.Effect, strings.Join(effects, ", "))
	}
	re, err := regexp.Compile(f.PathPattern)
	if err != nil {
		return err
	}
	f.re = re
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = append(s.faults.list, &f)
	return nil
}

// Faults lists what is injected now.
func (s *Server) Faults() []Fault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	list := make([]Fault, 0, len(s.faults.list))
	for _, f := range s.faults.list {
		list = append(list, *f)
	}
	return list
}

// ClearFaults removes all faults.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = nil
}

// take returns the first fault that strikes this call, and counts the call for all that match it.
func (fs *faults) take(method, path string) *Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	var hit *Fault
	for _, f := range fs.list {
		if f.Method != "" && f.Method != method || !f.re.MatchString(path) {
			continue
		}
		f.seen++
		if hit == nil && f.due() {
			copied := *f
			hit = &copied
		}
	}
	return hit
}

func (f *Fault) due() bool {
	switch {
	case f.Nth > 0:
		return f.seen == f.Nth
	case f.Every > 0:
		return f.seen%f.Every == 0
	}
	return true
}

// is tells whether a call is struck by an effect.
func (c *call) is(e Effect) bool { return c.fault != nil && c.fault.Effect == e }

// before carries out the effects that come before the call; true means that the call is over.
func (s *Server) before(w http.ResponseWriter, c *call) bool {
	switch {
	case c.is(Latency):
		_ = sleep(c.request.Context(), c.fault.Delay)
	case c.is(Error):
		writeFailure(w, c.fault.failure())
		return true
	case c.is(StatusBefore):
		writeRaw(w, c.fault.Status, first(c.fault.Message, proxyReasons[c.fault.Status]), nil)
		return true
	case c.is(CutBefore):
		cut(w)
		return true
	}
	return false
}

// after carries out the effects that come after a call that worked; true means that the answer is lost.
func (s *Server) after(w http.ResponseWriter, c *call, _ any, err error) bool {
	switch {
	case err != nil:
		return false
	case c.is(StatusAfter):
		writeRaw(w, c.fault.Status, first(c.fault.Message, proxyReasons[c.fault.Status]), nil)
		return true
	case c.is(CutAfter):
		cut(w)
		return true
	}
	return false
}

// proxyReasons are what a node says when another part of it, or another node, did not answer (AnyEvent::HTTP).
var proxyReasons = map[int]string{595: "Connection refused", 596: "Connection timed out", 599: "Too many redirections"}

func (f *Fault) failure() *failure {
	out := &failure{status: f.Status, message: f.Message + "\n"}
	if f.Status == 0 {
		out.status = http.StatusInternalServerError
	}
	if f.Message == "" {
		out.message = "got no worker upid - start worker failed\n"
	}
	return out
}

// cut drops the connection without an answer.
func cut(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			_ = conn.Close()
			return
		}
	}
	panic(http.ErrAbortHandler)
}
