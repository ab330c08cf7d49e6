package postfix

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"github.com/emersion/go-imap/v2"
	"github.com/jackc/pgx/v5/pgconn"

	"allotment/app"
)

// classify gives err its code and words. A nil err and one with words stay as they are.
func classify(err error) error {
	var known *app.Error
	var sql *pgconn.PgError
	var answer *imap.Error
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(err, syscall.ECONNREFUSED):
		return app.Because(app.Retryable, err, "The mail system cannot be reached at the moment.")
	case errors.Is(err, context.Canceled):
		return app.Because(app.Unknown, err, "The change of the mail domain was interrupted.")
	case errors.As(err, &sql):
		return classifySQL(sql)
	case errors.As(err, &answer) && answer.Type != imap.StatusResponseTypeBye:
		return app.Because(app.Retryable, err, "The mail server refused a mailbox for now.")
	default:
		return app.Because(app.Unknown, err, "The mail system does not answer at the moment.")
	}
}

// classifySQL is for what PostgreSQL itself said (https://www.postgresql.org/docs/15/errcodes-appendix.html). Such a statement's
// transaction has not happened.
func classifySQL(err *pgconn.PgError) error {
	switch {
	case err.Code == "23505": // unique_violation: the resource or domain was taken while we wrote
		return app.Because(app.Retryable, err, "The mail domain is being changed by someone else at this moment.")
	case err.Code == "57P01", err.Code == "57P02", strings.HasPrefix(err.Code, "08"): // the connection ends, perhaps while it commits
		return app.Because(app.Unknown, err, "The mail system was interrupted.")
	case strings.HasPrefix(err.Code, "28"), strings.HasPrefix(err.Code, "42"), strings.HasPrefix(err.Code, "3D"), strings.HasPrefix(err.Code, "39"):
		return app.Because(app.Permanent, err, "The mail system is not set up for this portal.") // no login, table, database; another key
	case strings.HasPrefix(err.Code, "22"), strings.HasPrefix(err.Code, "23"):
		return app.Because(app.Permanent, err, "The mail system refused the mail domain.")
	default: // starting, stopping, out of connections, a deadlock
		return app.Because(app.Retryable, err, "The mail system is busy.")
	}
}
