package views

import (
	"context"

	"allotment/app"
	"allotment/views/words"
)

// operationTitle is the headline of an operation: what becomes, or became, of which service.
func operationTitle(ctx context.Context, op app.Operation) string {
	switch {
	case op.State == app.OperationCancelled:
		return words.T(ctx, "%s was cancelled", op.ServiceName)
	case op.State == app.OperationFailed:
		return words.T(ctx, "%s needs your attention", op.ServiceName)
	case op.State == app.OperationDone:
		return doneTitle(ctx, op)
	}
	switch op.Kind {
	case app.OperationCreate:
		return words.T(ctx, "%s is growing", op.ServiceName)
	case app.OperationTerminate:
		return words.T(ctx, "%s is being removed", op.ServiceName)
	case app.OperationUndo:
		return words.T(ctx, "%s is being taken back", op.ServiceName)
	case app.OperationChange:
		return words.T(ctx, "%s gets its new size", op.ServiceName)
	case app.OperationAccess:
		return words.T(ctx, "%s learns who may use it", op.ServiceName)
	}
	return words.T(ctx, "%s is being changed", op.ServiceName)
}

func doneTitle(ctx context.Context, op app.Operation) string {
	switch op.Kind {
	case app.OperationCreate:
		return words.T(ctx, "%s is ready", op.ServiceName)
	case app.OperationTerminate:
		return words.T(ctx, "%s is removed", op.ServiceName)
	case app.OperationUndo:
		return words.T(ctx, "%s could not be made", op.ServiceName)
	case app.OperationChange:
		return words.T(ctx, "%s has its new size", op.ServiceName)
	case app.OperationAccess:
		return words.T(ctx, "%s knows who may use it", op.ServiceName)
	}
	return words.T(ctx, "%s is done", op.ServiceName)
}

// operationLede says what that means for the reader.
func operationLede(ctx context.Context, op app.Operation) string {
	switch {
	case op.State == app.OperationFailed:
		return words.T(ctx, "One step could not be done. What was made so far is kept until you decide.")
	case op.State == app.OperationCancelled:
		return words.T(ctx, "Nothing more happens here.")
	case op.State == app.OperationDone && op.Kind == app.OperationCreate:
		return words.T(ctx, "It answered from outside and can be opened now.")
	case op.State == app.OperationDone && op.Kind == app.OperationUndo:
		return words.T(ctx, "Nothing of it was left behind, and nothing is charged. You can try again.")
	case op.State == app.OperationDone:
		return words.T(ctx, "Every step is done.")
	case op.Kind == app.OperationUndo:
		return words.T(ctx, "It could not be made. What there is of it is removed again.")
	case waiting(op):
		return words.T(ctx, "It waits for something at the moment and goes on by itself. You need not stay on this page.")
	}
	return words.T(ctx, "You can watch, or close this page and come back: it goes on by itself.")
}

// saying is the newest state of affairs in one sentence.
func saying(ctx context.Context, op app.Operation) string {
	done, all := op.Progress()
	for _, step := range op.Steps {
		if step.State == app.StepRunning || step.State == app.StepWaiting || step.State == app.StepFailed {
			return words.T(ctx, "Step %d of %d, %s: %s", step.Position, all, stepName(ctx, step), stepState(ctx, step.Shown()))
		}
	}
	if op.State.Ended() {
		return operationTitle(ctx, op)
	}
	return words.T(ctx, "%d of %d steps are done", done, all)
}

// Waiting reports whether a step waits and none is being worked on.
func waiting(op app.Operation) bool {
	found := false
	for _, step := range op.Steps {
		if step.Shown() == app.StepRunning || step.State == app.StepQueued {
			return false
		}
		found = found || step.Shown() == app.StepWaiting
	}
	return found
}

// troubled returns the step that a person should look at: the failed one, else the one that waits.
func troubled(op app.Operation) (app.Step, bool) {
	var candidate app.Step
	for _, step := range op.Steps {
		if step.State == app.StepFailed {
			return step, true
		}
		if step.Shown() == app.StepWaiting && candidate.State == "" {
			candidate = step
		}
	}
	return candidate, candidate.State != ""
}

// canRetry reports whether a person can set the operation going again: it failed, or all that it had made was taken back.
func canRetry(op app.Operation) bool {
	return op.State == app.OperationFailed || (op.Kind == app.OperationUndo && op.State == app.OperationDone)
}

// canCancel reports whether the order behind the operation can be given up: only while its service has never run.
func canCancel(op app.Operation) bool {
	unfinished := op.State == app.OperationRunning || op.State == app.OperationFailed
	return (op.Kind == app.OperationCreate && unfinished) || (op.Kind == app.OperationUndo && op.State == app.OperationDone)
}

func mayRun(p Page) bool { return p.May(app.ChangeServices) || p.May(app.RunOperations) }

// newest returns the last n lines.
func newest(lines []string, n int) []string { return lines[max(0, len(lines)-n):] }
