package proxmox

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"allotment/app"
)

// Error is an answer of the API other than 2xx, as it came: version 9 repeats the reason phrase as message, version 8 gives the
// words of a 500 in the reason phrase only.
type Error struct {
	Method  string
	Path    string // without host and query
	Status  int
	Reason  string            // the HTTP reason phrase
	Message string            // the body's message
	Fields  map[string]string // the body's errors: parameter -> what is wrong with it
}

// Error implements error, for the operator.
func (e *Error) Error() string {
	return fmt.Sprintf("%s %s: %d %s", e.Method, e.Path, e.Status, e.words())
}

// words is what the server said: reason, message and fields.
func (e *Error) words() string {
	var b strings.Builder
	b.WriteString(e.Reason)
	if message := strings.TrimSpace(e.Message); message != "" && message != e.Reason {
		fmt.Fprintf(&b, ": %s", message)
	}
	names := make([]string, 0, len(e.Fields))
	for name := range e.Fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, " [%s: %s]", name, strings.TrimSpace(e.Fields[name]))
	}
	return b.String()
}

// lost says that the answer tells nothing about whether the request was carried out: a proxy in between gave up. 595, 596 and
// 599 are pveproxy's own, with empty bodies.
func (e *Error) lost() bool {
	switch e.Status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, 595, 596, 599:
		return true
	}
	return false
}

// TaskError is a task that ended in any other way than OK or with warnings.
type TaskError struct {
	UPID string
	Exit string
	Log  []string // its last lines
}

// Error implements error, for the operator.
func (e *TaskError) Error() string {
	return fmt.Sprintf("task %s: %s (log: %s)", e.UPID, e.Exit, strings.Join(e.Log, " / "))
}

// said reports whether err is an answer or a task's end that contains one of the words.
func said(err error, words ...string) bool {
	var text string
	var answer *Error
	var ended *TaskError
	switch {
	case errors.As(err, &answer):
		text = answer.words()
	case errors.As(err, &ended):
		text = ended.Exit + "\n" + strings.Join(ended.Log, "\n")
	}
	text = strings.ToLower(text)
	return text != "" && slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, strings.ToLower(w)) })
}

// missing: the guest does not exist. The API says so with a 500.
func missing(err error) bool {
	return said(err, "unable to find configuration file") || said(err, "configuration file") && said(err, "does not exist")
}

// taken: a guest with this number exists already.
func taken(err error) bool { return said(err, "already exists") }

// storageFull: the storage ran out of room. Each kind of storage says it in its own words, often only in the task's log.
func storageFull(err error) bool {
	return said(err, "no space left", "not enough free space", "insufficient free space", "out of space", "not enough space",
		"disk quota exceeded", "insufficient space")
}

// explain gives err the code and the words that a driver owes its caller. The cause stays wrapped.
func explain(err error) error {
	var answer *Error
	var known *app.Error
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.As(err, &answer):
		return explainAnswer(err, answer)
	case notSent(err):
		return app.Because(app.Retryable, err, "The servers cannot be reached at the moment.")
	}
	return app.Because(app.Unknown, err, "The servers did not answer in time.")
}

func explainAnswer(err error, answer *Error) error {
	switch {
	case answer.lost():
		return app.Because(app.Unknown, err, "The servers did not answer in time.")
	case answer.Status == http.StatusTooManyRequests:
		return app.Because(app.Retryable, err, "The servers cannot be reached at the moment.")
	case answer.Status == http.StatusUnauthorized:
		return app.Because(app.Permanent, fmt.Errorf("the API token is refused: %w", err), "We may not make this change to the server.")
	case answer.Status == http.StatusForbidden:
		return app.Because(app.Permanent, fmt.Errorf("the API token lacks a privilege (path, privilege): %w", err),
			"We may not make this change to the server.")
	case answer.Status == http.StatusBadRequest, answer.Status == http.StatusNotImplemented, answer.Status == http.StatusNotFound:
		return app.Because(app.Permanent, err, "The server cannot be made in this way.")
	case said(err, "is locked", "got timeout", "can't lock file"):
		return app.Because(app.Retryable, err, "The server is busy with something else.")
	case said(err, "protection mode"):
		return app.Because(app.Permanent, err, "The server is protected against removal.")
	case storageFull(err):
		return app.Because(app.Full, err, "There is no room for this server at the moment.")
	}
	return app.Because(app.Retryable, err, "The server could not be changed.")
}

// notSent reports whether err says that no connection was made, so that nothing can have happened.
func notSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}
