package program

import (
	"context"

	"allotment/app"
)

// noMail stands in where no mail system is configured: nothing new wants one, and what was made with an earlier one waits for it.
type noMail struct{}

func waitForMail() error {
	return app.Errorf(app.Retryable, "The mail system is not set up at the moment.")
}

// Observe says that there is no mail system.
func (noMail) Observe(context.Context, app.Ref) (app.MailState, error) {
	return app.MailState{}, waitForMail()
}

// Ensure says that there is no mail system.
func (noMail) Ensure(context.Context, app.Ref, app.MailSpec) (string, app.MailState, error) {
	return "", app.MailState{}, waitForMail()
}

// Remove says that there is no mail system.
func (noMail) Remove(context.Context, app.Ref) error { return waitForMail() }
