package app

import (
	"errors"
	"fmt"
	"strings"
)

// Code says what kind of failure an Error is. The web layer maps it to a status, the engine to a decision.
type Code string

// The codes. Retryable, Permanent, Unknown and Full are a driver's words: see package provision.
const (
	Invalid         Code = "invalid"         // what was asked is not well formed; Fields says where
	Unauthenticated Code = "unauthenticated" // nobody is signed in
	Forbidden       Code = "forbidden"       // the actor may not do this
	Unconfirmed     Code = "unconfirmed"     // the person must prove who they are once more first
	NotFound        Code = "not_found"       // it does not exist, or not for this actor
	Conflict        Code = "conflict"        // the state does not allow it, or someone else was first
	Gone            Code = "gone"            // it existed and can be used no more (a spent token)
	TooMany         Code = "too_many"        // a limit on attempts
	Internal        Code = "internal"        // everything that nobody classified

	Retryable Code = "retryable" // did not happen; trying again may help
	Unknown   Code = "unknown"   // may have happened; observe before trying again
	Permanent Code = "permanent" // will not happen, however often it is tried
	Full      Code = "full"      // no room on the remote side; nothing was left behind there
)

// Error is the one error type that reaches people. Message is written for the reader of a page and ends with a full stop;
// the wrapped error is for the operator and the log only.
type Error struct {
	Code    Code
	Message string
	Format  string            // the sentence before its arguments were put in: the key of its translations
	Args    []any             // the arguments of Format
	Fields  map[string]string // form field -> message, for Invalid and Conflict
	Err     error
}

// Error implements error: the words for people, then the cause.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	for name, message := range e.Fields {
		fmt.Fprintf(&b, " [%s: %s]", name, message)
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error with words for people. A %w in format keeps its cause.
func Errorf(code Code, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Format: format, Args: args, Err: errors.Unwrap(err)}
}

// Because is Errorf with a cause that people do not see.
func Because(code Code, cause error, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Format: format, Args: args, Err: cause}
}

// FieldError is an Invalid error at one form field.
func FieldError(field, message string) error {
	return &Error{Code: Invalid, Message: message, Format: message, Fields: map[string]string{field: message}}
}

// CodeOf returns the code of the first Error in err's chain, Internal for any other error and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// Words returns what a person may read of err: its message, or a plain sentence when nobody wrote one.
func Words(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Code != Internal {
		return e.Message
	}
	return "Something broke on our side."
}

// FieldsOf returns the form fields that err names, or nil.
func FieldsOf(err error) map[string]string {
	var e *Error
	if errors.As(err, &e) {
		return e.Fields
	}
	return nil
}
