package views

import (
	"context"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"allotment/app/portal"
	"allotment/views/words"
)

// RunForm is the form that starts a run, as it was sent.
type RunForm struct {
	AsOf    string
	Dry     bool
	Problem string
}

// RunList is the page of runs.
type RunList struct {
	Page  portal.BillingRunPage
	After string
	Look  *portal.BillingRun // the newest look at the books
	Form  RunForm
}

func (l RunList) first() string {
	if l.After == "" {
		return ""
	}
	return RunsPath
}

func runName(ctx context.Context, r portal.BillingRun) string {
	switch r.Kind {
	case portal.RunDry:
		return words.T(ctx, "Trial run")
	case portal.RunVerify:
		return words.T(ctx, "Look at the books")
	}
	return words.T(ctx, "Billing run")
}

// asker is who asked for a run.
func asker(ctx context.Context, r portal.BillingRun) string {
	switch r.AskedBy {
	case "the schedule":
		return words.T(ctx, "the schedule")
	case "the command line":
		return words.T(ctx, "the command line")
	}
	return r.AskedBy
}

// runState is a run's badge.
func runState(ctx context.Context, r portal.BillingRun) (tone, icon, label string) {
	switch {
	case r.Error != "":
		return "bad", "circle-x", words.T(ctx, "broke off")
	case !r.EndedAt.IsZero() && len(r.Off) > 0:
		return "bad", "triangle-alert", words.T(ctx, "something is off")
	case !r.EndedAt.IsZero() && r.Parked > 0:
		return "wait", "triangle-alert", words.T(ctx, "done, some parked")
	case !r.EndedAt.IsZero():
		return "good", "circle-check", words.T(ctx, "done")
	case r.StartedAt.IsZero():
		return "plain", "clock", words.T(ctx, "waits")
	}
	return "busy", "loader-circle", words.T(ctx, "runs")
}

// runTook is how long a run took, or has taken so far.
func runTook(r portal.BillingRun, now time.Time) string {
	end := r.EndedAt
	if end.IsZero() {
		end = now
	}
	return words.Clock(end.Sub(r.StartedAt))
}

// grouped writes a number as its readers do: 1,812.
func grouped(ctx context.Context, n int) string {
	return message.NewPrinter(language.Make(words.Locale(ctx))).Sprint(n)
}
