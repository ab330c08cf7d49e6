package pve

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// failure is an error as the API gives it: a status, a message (usually ending in a newline; its first line is the
// reason phrase) and, for parameters, one message each.
type failure struct {
	status  int
	message string
	errors  map[string]string
	bare    bool // no body at all, as with 401 and the 59x family
	text    bool // the message itself is the body
}

// Error is the message without its last newline: what a task's exit status says.
func (f *failure) Error() string { return strings.TrimSuffix(f.message, "\n") }

// reason is the first line of the message, which is all that fits into a status line.
func (f *failure) reason() string {
	line, _, _ := strings.Cut(f.message, "\n")
	return line
}

// die is Perl's: a plain error, answered as 500.
func die(format string, args ...any) error {
	return &failure{status: http.StatusInternalServerError, message: fmt.Sprintf(format, args...) + "\n"}
}

// dieAs puts a prefix before the words of err, as "unable to create VM 100 - ..." does.
func dieAs(prefix string, err error) error {
	return &failure{status: http.StatusInternalServerError, message: prefix + " " + err.Error() + "\n"}
}

// badParam is a failed check of one parameter.
func badParam(name, message string) error { return badParams(map[string]string{name: message}) }

// badParams is the 400 with one message for each parameter.
func badParams(errs map[string]string) error {
	return &failure{status: http.StatusBadRequest, message: "Parameter verification failed.\n", errors: errs}
}

// forbidden is the 403; what names the path and the privilege, and may be blank.
func forbidden(what string) error {
	message := "Permission check failed"
	if what != "" {
		message += " (" + strings.TrimSuffix(what, "\n") + ")"
	}
	return &failure{status: http.StatusForbidden, message: message + "\n"}
}

// notImplemented is the 501 for an unknown path or method; its message has no newline.
func notImplemented(method, path string) error {
	return &failure{status: http.StatusNotImplemented, message: fmt.Sprintf("Method '%s %s' not implemented", method, path)}
}

// unauthorized is the 401, which has no body and comes late.
func unauthorized(reason string) error {
	return &failure{status: http.StatusUnauthorized, message: reason + "\n", bare: true}
}

// asFailure classifies any error: what is no failure is an ordinary 500.
func asFailure(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	return &failure{status: http.StatusInternalServerError, message: strings.TrimSpace(err.Error()) + "\n"}
}
