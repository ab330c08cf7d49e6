package powerdns

import (
	"context"
	"errors"
	"net/http"
	"syscall"

	"github.com/joeig/go-powerdns/v3"

	"allotment/app"
)

// classify gives err its code and words. A nil err and one with words stay as they are.
func classify(err error) error {
	var known *app.Error
	var api *powerdns.Error
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.As(err, &api):
		return classifyStatus(api)
	case errors.Is(err, syscall.ECONNREFUSED):
		return app.Because(app.Retryable, err, "The name servers cannot be reached at the moment.")
	case errors.Is(err, context.Canceled):
		return app.Because(app.Unknown, err, "The change of the DNS records was interrupted.")
	default:
		return app.Because(app.Unknown, err, "The name servers do not answer at the moment.")
	}
}

func classifyStatus(err *powerdns.Error) error {
	switch status := err.StatusCode; {
	case status == http.StatusNotFound:
		return app.Because(app.NotFound, err, "There is no such domain on the name servers.")
	case status == http.StatusConflict:
		return app.Because(app.Conflict, err, "The domain exists already.")
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return app.Because(app.Permanent, err, "The name servers do not accept this portal.")
	case status == http.StatusUnprocessableEntity, status == http.StatusBadRequest:
		return app.Because(app.Permanent, err, "The name servers refused the DNS records.")
	case status == http.StatusInternalServerError: // PowerDNS itself: it took its transaction back (SQLite: "database is locked")
		return app.Because(app.Retryable, err, "The name servers had a problem.")
	default: // a gateway before the server, which may have done it
		return app.Because(app.Unknown, err, "The name servers had a problem.")
	}
}
