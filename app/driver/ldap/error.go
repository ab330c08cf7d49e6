package ldap

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"github.com/go-ldap/ldap/v3"

	"allotment/app"
)

// classify gives err its code and words. A nil err and one with words stay as they are.
func classify(err error) error {
	var known *app.Error
	var answer *ldap.Error
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(err, syscall.ECONNREFUSED):
		return app.Because(app.Retryable, err, "The directory cannot be reached at the moment.")
	case errors.Is(err, context.Canceled):
		return app.Because(app.Unknown, err, "The change of the directory was interrupted.")
	case errors.As(err, &answer) && answer.ResultCode < ldap.ErrorNetwork:
		return classifyAnswer(answer)
	default:
		return app.Because(app.Unknown, err, "The directory does not answer at the moment.")
	}
}

// classifyAnswer is for what the directory itself said (RFC 4511 appendix A).
func classifyAnswer(err *ldap.Error) error {
	switch err.ResultCode {
	case ldap.LDAPResultEntryAlreadyExists, ldap.LDAPResultNoSuchObject, ldap.LDAPResultAttributeOrValueExists,
		ldap.LDAPResultNoSuchAttribute, ldap.LDAPResultAssertionFailed: // someone else was at work between our reading and our writing
		return app.Because(app.Retryable, err, "The directory is being changed by someone else at this moment.")
	case ldap.LDAPResultBusy, ldap.LDAPResultUnavailable:
		return app.Because(app.Retryable, err, "The directory is busy.")
	case ldap.LDAPResultNotAllowedOnNonLeaf:
		return app.Because(app.Permanent, err, "Something that was not made here is in this service's place in the directory.")
	case ldap.LDAPResultInsufficientAccessRights:
		return app.Because(app.Permanent, err, "The directory does not let this portal do that.")
	case ldap.LDAPResultConstraintViolation:
		if strings.Contains(err.Error(), "unique") {
			return app.Because(app.Permanent, err, "A mail address belongs to someone else in the directory already.")
		}
		return app.Because(app.Permanent, err, "The directory refused a password or a value.")
	case ldap.LDAPResultOperationsError, ldap.LDAPResultOther, ldap.LDAPResultTimeLimitExceeded:
		return app.Because(app.Unknown, err, "The directory had a problem.")
	default:
		return app.Because(app.Permanent, err, "The directory refused the change.")
	}
}
