package smtp

import (
	"errors"
	"net/textproto"

	"github.com/wneessen/go-mail"

	"allotment/app"
)

// classifyDial is for what went wrong before there was a letter on the way: it was certainly not taken.
func classifyDial(err error) error {
	return app.Because(app.Retryable, err, "The mail server cannot be reached, or does not let the portal in.")
}

// classify gives err its code and words (RFC 5321 section 4.2.1: what begins with 5 is for good). Once the letter was on the way and no answer
// came, nobody knows.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var failed *mail.SendError
	if !errors.As(err, &failed) {
		return app.Because(app.Unknown, err, "The mail server's answer was lost.")
	}
	code := codeOf(err, failed)
	switch {
	case code >= 500 && failed.Reason == mail.ErrSMTPRcptTo:
		return app.Because(app.Permanent, err, "The mail server does not take mail for this address.")
	case code >= 500:
		return app.Because(app.Permanent, err, "The mail server refused the mail.")
	case code >= 400:
		return app.Because(app.Retryable, err, "The mail server asks to be tried again later.")
	case failed.Reason == mail.ErrSMTPDataClose:
		return app.Because(app.Unknown, err, "The mail server's answer was lost.")
	}
	return app.Because(app.Retryable, err, "The mail server went away before it had taken the mail.")
}

// codeOf is the reply code that the server gave, or 0.
func codeOf(err error, failed *mail.SendError) int {
	if code := failed.ErrorCode(); code > 0 {
		return code
	}
	if reply := (*textproto.Error)(nil); errors.As(err, &reply) {
		return reply.Code
	}
	return 0
}
