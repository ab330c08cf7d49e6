package views

import (
	"context"
	"net/http"
	"strings"

	"allotment/app"
	"allotment/billing"
	"allotment/views/words"
)

// A tone says how a state feels: "good", "bad", "wait", "busy" or "plain". The style sheet gives it a colour, and an icon and a
// word always go with it.

func serviceState(ctx context.Context, s app.ServiceState) string {
	switch s {
	case app.ServiceCreating:
		return words.T(ctx, "Being made")
	case app.ServiceActive:
		return words.T(ctx, "Running")
	case app.ServiceChanging:
		return words.T(ctx, "Being changed")
	case app.ServiceSuspending:
		return words.T(ctx, "Being stopped")
	case app.ServiceSuspended:
		return words.T(ctx, "Stopped")
	case app.ServiceResuming:
		return words.T(ctx, "Being started")
	case app.ServiceFailed:
		return words.T(ctx, "Failed")
	case app.ServiceTerminating:
		return words.T(ctx, "Being removed")
	case app.ServiceTerminated:
		return words.T(ctx, "Removed")
	}
	return string(s)
}

func serviceTone(s app.ServiceState) (tone, icon string) {
	switch s {
	case app.ServiceActive:
		return "good", "circle-check"
	case app.ServiceFailed:
		return "bad", "circle-alert"
	case app.ServiceSuspended:
		return "wait", "circle-pause"
	case app.ServiceTerminated:
		return "plain", "circle-x"
	}
	return "busy", "loader-circle"
}

// ServiceStates lists the states that a list can be narrowed to, in the order of a service's life.
func ServiceStates() []app.ServiceState {
	return []app.ServiceState{app.ServiceCreating, app.ServiceActive, app.ServiceChanging, app.ServiceSuspended, app.ServiceFailed,
		app.ServiceTerminating, app.ServiceTerminated}
}

func operationState(ctx context.Context, s app.OperationState) string {
	switch s {
	case app.OperationRunning:
		return words.T(ctx, "Under way")
	case app.OperationFailed:
		return words.T(ctx, "Failed")
	case app.OperationDone:
		return words.T(ctx, "Done")
	case app.OperationCancelled:
		return words.T(ctx, "Cancelled")
	}
	return string(s)
}

func operationTone(s app.OperationState) (tone, icon string) {
	switch s {
	case app.OperationDone:
		return "good", "circle-check"
	case app.OperationFailed:
		return "bad", "circle-alert"
	case app.OperationCancelled:
		return "plain", "circle-x"
	}
	return "busy", "loader-circle"
}

// OperationStates lists the states that the queue can be narrowed to, those that want a person first.
func OperationStates() []app.OperationState {
	return []app.OperationState{app.OperationFailed, app.OperationRunning, app.OperationDone, app.OperationCancelled}
}

func operationKind(ctx context.Context, k app.OperationKind) string {
	switch k {
	case app.OperationCreate:
		return words.T(ctx, "Make the service")
	case app.OperationUndo:
		return words.T(ctx, "Take back what was made")
	case app.OperationChange:
		return words.T(ctx, "Give the service another size")
	case app.OperationSuspend:
		return words.T(ctx, "Stop the service")
	case app.OperationResume:
		return words.T(ctx, "Start the service")
	case app.OperationTerminate:
		return words.T(ctx, "Remove the service")
	case app.OperationRepair:
		return words.T(ctx, "Repair the service")
	case app.OperationAccess:
		return words.T(ctx, "Tell the app who may use it")
	}
	return string(k)
}

func stepState(ctx context.Context, s app.StepState) string {
	switch s {
	case app.StepPending:
		return words.T(ctx, "Not yet begun")
	case app.StepQueued:
		return words.T(ctx, "Next in line")
	case app.StepRunning:
		return words.T(ctx, "Working on it")
	case app.StepWaiting:
		return words.T(ctx, "Waiting")
	case app.StepDone:
		return words.T(ctx, "Done")
	case app.StepFailed:
		return words.T(ctx, "Failed")
	case app.StepCancelled:
		return words.T(ctx, "Not needed any more")
	}
	return string(s)
}

func stepTone(s app.StepState) (tone, icon string) {
	switch s {
	case app.StepDone:
		return "good", "circle-check"
	case app.StepFailed:
		return "bad", "circle-alert"
	case app.StepWaiting:
		return "wait", "hourglass"
	case app.StepRunning:
		return "busy", "loader-circle"
	case app.StepCancelled:
		return "plain", "circle-x"
	case app.StepQueued:
		return "plain", "circle"
	}
	return "plain", "circle-dashed"
}

// stepName says what a step does, in words.
func stepName(ctx context.Context, s app.Step) string {
	switch s.Action {
	case app.ActionRemove:
		return removal(ctx, s.Kind)
	case app.ActionConfigure:
		return words.T(ctx, "Set up the app inside its server")
	case app.ActionSeal:
		return words.T(ctx, "Lock the way that the server was set up")
	case app.ActionCheck:
		return words.T(ctx, "Check from outside that it answers")
	}
	switch s.Kind {
	case app.KindSecret:
		return words.T(ctx, "Make passwords and keys")
	case app.KindAddress:
		return words.T(ctx, "Reserve an address")
	case app.KindGuest:
		return words.T(ctx, "Build the server and start it")
	case app.KindRecords:
		return words.T(ctx, "Publish the name on the internet")
	case app.KindMail:
		return words.T(ctx, "Prepare mail")
	case app.KindDirectory:
		return words.T(ctx, "Prepare the people and groups")
	case app.KindClient:
		return words.T(ctx, "Prepare signing in")
	}
	return string(s.Kind)
}

func removal(ctx context.Context, k app.Kind) string {
	switch k {
	case app.KindSecret:
		return words.T(ctx, "Destroy passwords and keys")
	case app.KindAddress:
		return words.T(ctx, "Give the address back")
	case app.KindGuest:
		return words.T(ctx, "Stop the server and delete it")
	case app.KindRecords:
		return words.T(ctx, "Take the name off the internet")
	case app.KindMail:
		return words.T(ctx, "Remove mail")
	case app.KindDirectory:
		return words.T(ctx, "Remove the groups from the directory")
	case app.KindClient:
		return words.T(ctx, "End signing in")
	}
	return string(k)
}

func kindName(ctx context.Context, k app.Kind) (name, icon string) {
	switch k {
	case app.KindSecret:
		return words.T(ctx, "Passwords and keys"), "key-round"
	case app.KindAddress:
		return words.T(ctx, "Address"), "network"
	case app.KindGuest:
		return words.T(ctx, "Server"), "server"
	case app.KindRecords:
		return words.T(ctx, "Name on the internet"), "globe"
	case app.KindMail:
		return words.T(ctx, "Mail"), "mail"
	case app.KindDirectory:
		return words.T(ctx, "People and groups"), "users"
	case app.KindClient:
		return words.T(ctx, "Signing in"), "shield-check"
	}
	return string(k), "boxes"
}

func perInterval(ctx context.Context, i billing.Interval) string {
	switch i {
	case billing.Month:
		return words.T(ctx, "a month")
	case billing.Quarter:
		return words.T(ctx, "a quarter")
	case billing.Year:
		return words.T(ctx, "a year")
	}
	return string(i)
}

// What is less than nothing has a minus, not a hyphen: it is as wide as a digit, and no line breaks after it.
func money(ctx context.Context, m billing.Money) string {
	return strings.Replace(m.Format(words.Locale(ctx)), "-", "−", 1)
}

// problemTitle is the headline of an error page.
func problemTitle(ctx context.Context, status int) string {
	switch status {
	case http.StatusForbidden:
		return words.T(ctx, "This is not yours to do")
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return words.T(ctx, "There is nothing here")
	case http.StatusConflict:
		return words.T(ctx, "That does not go together")
	case http.StatusGone:
		return words.T(ctx, "This is over")
	case http.StatusRequestEntityTooLarge:
		return words.T(ctx, "That was too much")
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return words.T(ctx, "That does not fit")
	case http.StatusTooManyRequests:
		return words.T(ctx, "Slow down a little")
	}
	return words.T(ctx, "Something broke")
}
